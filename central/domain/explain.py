"""Why every sighting is in its group: the member it fits best, in figures a person can check."""

from collections.abc import Sequence
from datetime import timedelta

from central.domain.likeness import FAR
from central.domain.partition import Partition
from central.domain.registration import camera_of, middle_s
from central.domain.rules import AssociationRules
from central.domain.values import Basis, Link, Observation
from contract.plane import Point


def links_of(found: Partition, group: int, rules: AssociationRules) -> tuple[Link, ...]:
    """One link for each member of the group, in the group's order; its first is what the others came to."""
    places = found.groups[group]
    return tuple(
        _first(found, place, rules) if place == places[0] else _link(found, place, places, rules) for place in places
    )


def _first(found: Partition, place: int, rules: AssociationRules) -> Link:
    return Link("first", 1.0, _rule(found, "first", rules), place=_point(found, found.sightings[place]))


def _point(found: Partition, sighting: Observation) -> Point | None:
    position = found.known.position(sighting)
    return None if position is None else position.point


def _rule(found: Partition, basis: Basis, rules: AssociationRules) -> str:
    """The rule's name; in a crowd only the nearest were compared, and it says so."""
    return rules.named(basis) + ("/crowd" if len(found.sightings) >= rules.largest else "")


def _link(found: Partition, place: int, places: tuple[int, ...], rules: AssociationRules) -> Link:
    like = found.likeness
    others = [other for other in places if other != place]
    near = [other for other in others if like.is_near[place, other]]
    compared = near or [other for other in others if like.is_compared[place, other]]
    if not compared:
        return _uncompared(found, place, others, rules)
    best = min(compared, key=lambda other: (like.sigmas[place, other], other))
    own, partner, sigmas = found.sightings[place], found.sightings[best], float(like.sigmas[place, best])
    is_ground = bool(like.metres[place, best] < FAR)
    is_place = bool(like.is_same_place[place, best])
    on_ground: Basis = "ground" if own.position and partner.position else "view"
    basis: Basis = "place" if is_place else "person" if not near else on_ground if is_ground else "picture"
    return Link(
        basis=basis,
        score=max(0.0, 1.0 - sigmas / rules.gate),
        rule=_rule(found, basis, rules),
        with_incident=partner.incident_id,
        distance=sigmas,
        distance_m=float(like.metres[place, best]) if is_ground else None,
        gate=rules.gate,
        gap=_gap(found, place, best),
        place=_point(found, own),
        with_place=_point(found, partner),
        shift=_shift(found, own) if is_ground else None,
        with_shift=_shift(found, partner) if is_ground else None,
    )


def _shift(found: Partition, sighting: Observation) -> Point | None:
    shift = found.known.at(camera_of(sighting), middle_s(sighting))
    return Point(shift.east_m, shift.north_m) if (shift.east_m, shift.north_m) != (0.0, 0.0) else None


def _uncompared(found: Partition, place: int, others: Sequence[int], rules: AssociationRules) -> Link:
    """For a member that nothing in its group can be compared with."""
    like = found.likeness
    declared = [other for other in others if like.is_declared[place, other]]
    best = min(declared or others, key=lambda other: (like.gap_s[place, other], other))
    basis: Basis = "overlap" if declared else "person"
    score = 0.5 if declared else 1.0
    return Link(
        basis, score, _rule(found, basis, rules), found.sightings[best].incident_id, gap=_gap(found, place, best)
    )


def _gap(found: Partition, place: int, other: int) -> timedelta:
    return timedelta(seconds=round(float(found.likeness.gap_s[place, other]), 3))
