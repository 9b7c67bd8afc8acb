"""Central's word that it has events on disk: ranges of sequence numbers of one stream.

A node deletes an event from its outbox on a receipt and on nothing else: brokers acknowledge before their disk does.
"""

from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, Field

from contract.events import Uuid, WireModel

MAX_RANGES = 64


def _require_order(span: tuple[int, int]) -> tuple[int, int]:
    if not 1 <= span[0] <= span[1]:
        raise ValueError(f"range must be [from, to] with 1 <= from <= to, got {list(span)}")
    return span


Span = Annotated[tuple[int, int], AfterValidator(_require_order)]


class Receipt(WireModel):
    """Sequence numbers that are committed, as closed ranges ``[from, to]``."""

    stream_id: Uuid
    acked: Annotated[tuple[Span, ...], Field(min_length=1, max_length=MAX_RANGES)]

    def to_wire(self) -> bytes:
        return self.model_dump_json().encode()

    def covers(self, seq: int) -> bool:
        """Whether `seq` is committed at central.

        >>> Receipt(stream_id="019f1af2-ac00-7000-8000-000000000000", acked=((1, 3), (7, 7))).covers(7)
        True
        """
        return any(first <= seq <= last for first, last in self.acked)


def to_ranges(seqs: Iterable[int]) -> list[tuple[int, int]]:
    """Closed ranges that hold exactly `seqs`, ascending.

    >>> to_ranges([3, 1, 2, 7, 9, 8, 3])
    [(1, 3), (7, 9)]
    """
    ranges: list[tuple[int, int]] = []
    for seq in sorted(set(seqs)):
        if ranges and seq == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], seq)
        else:
            ranges.append((seq, seq))
    return ranges


def receipts_for(stream_id: str, seqs: Iterable[int]) -> list[Receipt]:
    """As many receipts as `seqs` need, none with more than `MAX_RANGES` ranges."""
    ranges = to_ranges(seqs)
    return [
        Receipt(stream_id=stream_id, acked=tuple(ranges[start : start + MAX_RANGES]))
        for start in range(0, len(ranges), MAX_RANGES)
    ]
