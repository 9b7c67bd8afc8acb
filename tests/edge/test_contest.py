"""What looks clearly more like something else is not what it was called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.taxonomy import Context, Seen
from edge.rules.contest import uncontested
from edge.values import Detection
from tests.edge.fakes import LEFT, RIGHT, saw
from tests.edge.test_boxes import boxes


@pytest.mark.parametrize(
    ("other", "called"),
    [
        (Seen.BILLBOARD, Seen.CART),
        (Context.WASTE_CONTAINER, Seen.GRILL),
        (Seen.GARBAGE, Seen.STALL),
        (Context.VEHICLE, Seen.PARASOL),
    ],
)
def test_what_is_surer_to_be_something_else_is_not_what_it_was_called(other: Seen | Context, called: Seen) -> None:
    surer, fainter = saw(other, LEFT, 0.6), saw(called, LEFT, 0.4)
    assert uncontested([fainter, surer]) == (surer,)


@pytest.mark.parametrize(
    ("other", "called", "why"),
    [
        (Seen.STALL, Seen.PARASOL, "a parasol stands over a stall"),
        (Seen.FLAME, Seen.GARBAGE, "burning rubbish is both"),
        (Seen.GARBAGE, Seen.FLAME, "burning rubbish is both"),
        (Seen.BILLBOARD, Seen.SIGN, "boards are compared with a baseline"),
    ],
)
def test_kinds_that_may_share_a_place_both_stay(other: Seen | Context, called: Seen, why: str) -> None:
    assert len(uncontested([saw(other, LEFT, 0.9), saw(called, LEFT, 0.2)])) == 2, why


def test_what_is_no_surer_or_elsewhere_contests_nothing() -> None:
    cart = saw(Seen.CART, LEFT, 0.4)
    assert cart in uncontested([cart, saw(Seen.BILLBOARD, LEFT, 0.4)])
    assert cart in uncontested([cart, saw(Seen.BILLBOARD, RIGHT, 0.9)])


def test_somebody_under_an_umbrella_is_no_parasol_but_who_stands_before_one_takes_nothing_away() -> None:
    parasol = saw(Seen.PARASOL, LEFT, 0.5)
    x1, y1, x2, y2 = LEFT
    umbrella = saw(Context.PERSON, (x1, y1 + 0.02, x2, y2), 0.45)
    beside = saw(Context.PERSON, (x1, y1, (x1 + x2) / 2, y2), 0.9)
    assert uncontested([parasol, umbrella]) == (umbrella,)
    assert parasol in uncontested([parasol, beside])
    assert parasol in uncontested([parasol, saw(Context.PERSON, LEFT, 0.3)]), "the model is not sure of the person"


@given(st.lists(st.tuples(st.sampled_from(list(Seen)), boxes(), st.integers(1, 99)), max_size=8))
def test_the_surest_always_stays_and_nothing_is_made_up(found: list[tuple[Seen, tuple[float, ...], int]]) -> None:
    seen = [saw(kind, (box[0], box[1], box[2], box[3]), score / 100) for kind, box, score in found]
    left: tuple[Detection, ...] = uncontested(seen)
    assert set(left) <= set(seen)
    assert not seen or max(seen, key=lambda entry: entry.score).score == max(entry.score for entry in left)
