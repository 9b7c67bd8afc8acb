"""Pictures that look alike: a leak where one is learnt from and the other judged on, else at most twice the weight."""

from collections.abc import Iterator, Sequence

from datasets.audit.values import Finding, Kind, Seen, Shown
from datasets.looks import DUPLICATE_DISTANCE, HASH_BITS, AlikePair, alike_pairs


def alike_findings(pictures: Sequence[Seen]) -> Iterator[Finding]:
    """Leaks between the halves at scene distance, and twins at duplicate distance, across all sources."""
    for pair in alike_pairs([seen.look for seen in pictures]):
        one, other = pictures[pair.first], pictures[pair.second]
        if {one.half, other.half} == {"train", "val"}:
            yield _finding(Kind.LEAK, one, other, pair)
        elif pair.distance <= DUPLICATE_DISTANCE:
            yield _finding(Kind.TWIN, one, other, pair)


def _finding(kind: Kind, one: Seen, other: Seen, pair: AlikePair) -> Finding:
    names = " and ".join(f"{seen.source}/{seen.picture.path.name} ({seen.half or 'unsplit'})" for seen in (one, other))
    across = ", across sources" if one.source != other.source else ""
    return Finding(
        kind,
        f"{names} differ by {pair.distance} of {HASH_BITS} bits{across}",
        (Shown(one.source, one.picture), Shown(other.source, other.picture)),
        -pair.distance,
    )
