"""Receipts cover exactly what is committed, in messages of bounded size."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contract.receipts import MAX_RANGES, Receipt, receipts_for, to_ranges
from tests.contract.builders import uuid_of

STREAM = uuid_of("stream")
seqs = st.one_of(
    st.lists(st.integers(1, 400), max_size=300),
    st.lists(st.integers(1, 2**53), max_size=30),
    st.integers(1, 500).map(lambda count: list(range(1, 2 * count, 2))),
)


@given(seqs)
def test_ranges_hold_exactly_their_input(numbers: list[int]) -> None:
    ranges = to_ranges(numbers)
    assert [seq for first, last in ranges for seq in range(first, last + 1)] == sorted(set(numbers))


@given(seqs)
def test_ranges_are_as_few_as_they_can_be(numbers: list[int]) -> None:
    ranges = to_ranges(numbers)
    assert all(earlier[1] + 1 < later[0] for earlier, later in pairwise(ranges))


@given(seqs)
def test_receipts_cover_their_input_and_nothing_else_in_bounded_messages(numbers: list[int]) -> None:
    receipts = receipts_for(STREAM, numbers)
    assert all(1 <= len(receipt.acked) <= MAX_RANGES for receipt in receipts)
    probes = set(numbers) | {seq + 1 for seq in numbers} | {seq - 1 for seq in numbers}
    assert {seq for seq in probes if any(receipt.covers(seq) for receipt in receipts)} == set(numbers)
    assert [Receipt.model_validate_json(receipt.to_wire()) for receipt in receipts] == receipts


@pytest.mark.parametrize("span", [[0, 3], [-1, 1], [5, 4], [1], [1, 2, 3], ["a", "b"], [1.5, 2]])
def test_a_range_that_is_none_is_refused(span: list[object]) -> None:
    with pytest.raises(ValidationError):
        Receipt.model_validate({"stream_id": STREAM, "acked": [span]})


@pytest.mark.parametrize("count", [0, MAX_RANGES + 1])
def test_a_receipt_holds_one_to_sixty_four_ranges(count: int) -> None:
    with pytest.raises(ValidationError):
        Receipt.model_validate({"stream_id": STREAM, "acked": [[2 * n + 1, 2 * n + 1] for n in range(count)]})
