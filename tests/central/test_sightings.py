"""A track whose tracker took a neighbour for its thing is cut; one that shakes is not."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.domain.geometry import Covariance, Position
from central.domain.rules import AssociationRules, SeenRule
from central.domain.sightings import observations_of
from central.domain.values import Revision
from contract.events import BoxNorm
from contract.ids import CameraId, IncidentId, NodeId
from contract.plane import Point
from contract.taxonomy import Seen
from tests.central.builders import T0

RULES = AssociationRules()


def track(places: Sequence[tuple[float, float]], noise_m: float = 0.5, score: float = 0.8) -> list[Revision]:
    rng = random.Random(7)
    return [
        Revision(
            incident_id=IncidentId("i"),
            revision=number,
            node_id=NodeId("n"),
            camera_id=CameraId("c"),
            seen=Seen.STALL,
            first_seen_at=T0,
            last_seen_at=T0 + timedelta(minutes=number),
            is_gone=number == len(places),
            position=Position(
                Point(east + rng.gauss(0, noise_m), north + rng.gauss(0, noise_m)),
                Covariance(noise_m**2, 0, noise_m**2),
            ),
            score=score,
        )
        for number, (east, north) in enumerate(places, start=1)
    ]


def test_a_track_that_stays_is_one_sighting_and_its_place_is_the_mean() -> None:
    (whole,) = observations_of(track([(10, 5)] * 30, noise_m=1.0), RULES)
    assert (whole.part, whole.looks, whole.is_gone) == (1, 30, True)
    assert whole.position is not None
    assert whole.position.point.east_m == pytest.approx(10, abs=0.6)
    assert (whole.first_seen_at, whole.last_seen_at) == (T0, T0 + timedelta(minutes=30))


def test_a_thing_is_boxed_as_most_looks_boxed_it() -> None:
    """One look that shook, and one at which a lorry hid the foot, move nothing."""
    looks = track([(10, 5)] * 5)
    bottoms = (0.61, 0.60, 0.59, 0.60, 0.35)
    boxed = [replace(look, box=BoxNorm(x1=0.4, y1=0.3, x2=0.5, y2=y2)) for look, y2 in zip(looks, bottoms, strict=True)]
    (whole,) = observations_of(boxed, RULES)
    assert whole.box == BoxNorm(x1=0.4, y1=0.3, x2=0.5, y2=0.6)


def test_a_jump_that_stays_cuts_the_track_where_it_happened() -> None:
    before, after = observations_of(track([(0, 0)] * 12 + [(5, 0)] * 8), RULES)
    assert (before.member_id, after.member_id) == ("i", "i#2")
    assert (before.looks, after.looks) == (12, 8)
    assert before.is_gone
    assert after.first_seen_at == T0 + timedelta(minutes=13)


def test_there_and_back_again_are_three_parts() -> None:
    parts = observations_of(track([(0, 0)] * 10 + [(6, 0)] * 10 + [(0, 0)] * 10), RULES)
    assert [part.looks for part in parts] == [10, 10, 10]


def test_a_track_that_shakes_more_than_it_claims_is_not_cut() -> None:
    understated = [
        replace(revision, position=Position(revision.position.point, Covariance(0.04, 0, 0.04)))
        for revision in track([(0, 0)] * 40, noise_m=2.0)
        if revision.position
    ]
    assert len(observations_of(understated, RULES)) == 1


def test_one_wild_look_cuts_nothing() -> None:
    assert len(observations_of(track([(0, 0)] * 10 + [(20, 0)] + [(0, 0)] * 10), RULES)) == 1


@given(st.permutations(track([(0, 0)] * 8 + [(5, 0)] * 8)), st.integers(0, 15))
def test_order_and_repetition_of_revisions_change_nothing(order: list[Revision], again: int) -> None:
    assert observations_of([*order, order[again]], RULES) == observations_of(
        sorted(order, key=lambda revision: revision.revision), RULES
    )


def test_a_kind_that_asks_for_it_is_believed_after_n_of_m() -> None:
    rule = SeenRule(confirm_n=2, confirm_of=3, confirm_score=0.5)
    rules = RULES.model_copy(update={"seen": {Seen.STALL: rule}})
    sure, unsure = track([(0, 0)] * 3), track([(0, 0)] * 3, score=0.3)
    assert observations_of(sure, rules)[0].is_confirmed
    assert not observations_of(sure[:1], rules)[0].is_confirmed
    assert not observations_of([*unsure[:2], sure[2]], rules)[0].is_confirmed


def test_without_ground_a_jump_in_the_picture_cuts_the_track() -> None:
    def box(number: int) -> BoxNorm:
        x = (0.2 if number <= 10 else 0.45) + 0.002 * (number % 3)
        return BoxNorm(x1=x, y1=0.3, x2=x + 0.1, y2=0.4)

    blind = [
        replace(revision, position=None, box=box(revision.revision), seen=Seen.BANNER)
        for revision in track([(0, 0)] * 20)
    ]
    assert [part.first_seen_at for part in observations_of(blind, RULES)] == [T0, T0 + timedelta(minutes=11)]
    assert len(observations_of(blind[:10], RULES)) == 1
