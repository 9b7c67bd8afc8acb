"""What a city files once, though it is seen as several things: the measure beside the strict one.

A seating is five tables and three parasols to a detector and one occupied pavement to the officer who walks there; a
grill and its smoke are one barbecue. Central joins by group, place and time, so one report of any of them is one case
with the place in the picture, and a table missed beside four found costs nobody anything. What no report tells of at
all is missed in both measures. Likewise a lamp taken for fire three times in a quarter of an hour is one case that one
person looks at; and a hoarding that stood there before the camera came up is told of once in the camera's life, which
short recordings would count once a quarter of an hour. The strict figures, thing by thing and report by report, stand
beside these everywhere.
"""

from collections.abc import Sequence

from contract.taxonomy import GROUP_BY_SEEN, KindGroup, Seen
from edge.rules.boxes import share_of_smaller
from models.street_days.matching import CameraVerdict, Verdict, Worth
from models.street_days.script import ACT_MARK
from models.street_days.truth import TrueIncident

Filed = tuple[int, str, KindGroup, str]
"""Street, camera, group, and whose it is."""
AGAIN_SHARE = 0.5
"""Two false reports of a group whose boxes cover each other this much are at one place."""
STANDING_S = 15.0
"""What is boxed so soon after the camera's first look stood there before it."""
AGAIN_WITHIN_S = 900.0
"""Longer: what a day's reports tell of one lamp would count once, though it costs a look each time."""


def incidents(truths: Sequence[tuple[CameraVerdict, TrueIncident]]) -> dict[Filed, bool]:
    """What would be filed of these truths, and whether anything of it was reported as something of its group."""
    found: dict[Filed, bool] = {}
    for entry, truth in truths:
        filed = (entry.seed, entry.camera_id, GROUP_BY_SEEN[truth.seen], owner_of(truth.identity))
        found[filed] = found.get(filed, False) or truth.identity in entry.found_as_group()
    return found


def owner_of(identity: str) -> str:
    """Whose it is: a stall with its parasol, a seating with its tables, a fire with its smoke.

    >>> owner_of("seating-6-1.parasol@0"), owner_of("grill-0.smoke@3")
    ('seating-6@0', 'grill-0@3')
    """
    name, mark, act = identity.partition(ACT_MARK)
    *words, last = name.split(".")[0].split("-")
    numbered = [place for place, word in enumerate((*words, last)) if word.isdecimal()]
    return "-".join((*words, last)[: numbered[0] + 1] if numbered else (*words, last)) + mark + act


def first_false(entry: CameraVerdict, kinds: Sequence[Seen]) -> list[Verdict]:
    """The false reports of some kinds, without those at a place and of a group falsely told of shortly before."""
    kept: list[Verdict] = []
    for one in entry.verdicts:
        if one.worth is Worth.FALSE and one.report.seen in kinds and not any(_is_again(one, other) for other in kept):
            kept.append(one)
    return kept


def standing_false(entry: CameraVerdict, kinds: Sequence[Seen]) -> int:
    """How many false reports are of what stood there when the camera came up."""
    return sum(
        one.worth is Worth.FALSE and one.report.seen in kinds and one.report.first_seen_s - entry.begins_s <= STANDING_S
        for one in entry.verdicts
    )


def _is_again(one: Verdict, other: Verdict) -> bool:
    return (
        GROUP_BY_SEEN[one.report.seen] is GROUP_BY_SEEN[other.report.seen]
        and one.report.opened_s - other.report.opened_s < AGAIN_WITHIN_S
        and share_of_smaller(one.report.box, other.report.box) >= AGAIN_SHARE
    )
