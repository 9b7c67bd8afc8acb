"""Association of a whole file of events at once: the live rule's own functions, without a database.

Nothing depends on the order of the lines. What is told of late events follows the file's order, which stands for the
order of arrival.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from central.domain.alarms import CalibrationAlarm, alarms_of
from central.domain.board import Board
from central.domain.explain import links_of
from central.domain.geometry import fuse
from central.domain.partition import Partition, partition
from central.domain.reconcile import case_id_of
from central.domain.recurrence import Stay, recurrences
from central.domain.register import cautious, learn
from central.domain.registration import UNREGISTERED, Registration
from central.domain.rules import AssociationRules
from central.domain.sightings import observations_of
from central.domain.twins import twins
from central.domain.values import Link, Observation, Revision
from central.domain.view_learning import learn_views
from central.services.observing import to_revision
from contract.events import Event, GroundPoint
from contract.ids import CaseId, IncidentId
from contract.plane import Origin

LEARNING_ROUNDS = 4
"""Cases teach where the cameras err, and that gives better cases; it settles after two rounds, with badly measured
poses after four."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A sighting, its case, and why. `recurs_after`: an earlier case at the same place, when this one is new there."""

    sighting: Observation
    case_id: CaseId
    link: Link
    recurs_after: CaseId | None = None


@dataclass(slots=True)
class Ledger:
    """What a file said, incident by incident. `newest` is the latest capture time so far."""

    events: dict[IncidentId, dict[str, Event]] = field(default_factory=dict)
    late: set[IncidentId] = field(default_factory=set)
    taken: int = 0
    repeated: int = 0
    newest: datetime | None = None

    def take(self, event: Event, late_after: timedelta) -> None:
        """Adds one event; a known id changes nothing."""
        own = self.events.setdefault(IncidentId(event.data.incident_id), {})
        if event.id in own:
            self.repeated += 1
            return
        self.taken += 1
        own[event.id] = event
        if self.newest is not None and event.time < self.newest - late_after:
            self.late.add(IncidentId(event.data.incident_id))
        self.newest = event.time if self.newest is None else max(self.newest, event.time)

    def revisions(self, origin: Origin) -> dict[IncidentId, list[Revision]]:
        return {key: [to_revision(event.data, origin) for event in own.values()] for key, own in self.events.items()}

    def origin(self) -> Origin:
        """The middle of all ground points, for a file that comes without a site."""
        points = [ground for own in self.events.values() for event in own.values() if (ground := event.data.ground)]
        return _middle(points)


@dataclass(frozen=True, slots=True)
class Associated:
    """The outcome: every sighting in (first seen, member id) order, and what it says about the cameras."""

    placed: tuple[Placed, ...]
    registration: Registration
    alarms: tuple[CalibrationAlarm, ...]


def associate(
    revisions: Mapping[IncidentId, Sequence[Revision]],
    rules: AssociationRules,
    rounds: int = LEARNING_ROUNDS,
    known: Registration = UNREGISTERED,
) -> Associated:
    """Puts every sighting into its case.

    Args:
        revisions: of every incident, in any order.
        rules: of joining.
        rounds: how often the cameras' errors are learnt from the cases; 0 takes `known` as it is.
        known: what is known of the cameras beforehand.
    """
    parts = [observations_of(own, rules) for _, own in sorted(revisions.items())]
    known = learn_cameras(parts, rules, rounds, known)
    cases = _cases(parts, rules, known)
    placed = [entry for case in _with_recurrence(cases, rules) for entry in case]
    placed.sort(key=lambda entry: (entry.sighting.first_seen_at, entry.sighting.member_id))
    return Associated(tuple(placed), known, alarms_of(known, rules))


def learn_cameras(
    parts: Sequence[tuple[Observation, ...]], rules: AssociationRules, rounds: int, known: Registration = UNREGISTERED
) -> Registration:
    """What the sightings say of the cameras: cases teach it, and it gives better cases, `rounds` times over.

    What came and went together teaches before there are cases, and beside them. Views are learnt last, from cases that
    were made without them: a wrong one would teach itself.
    """
    if not rounds:
        return known
    is_first = known == UNREGISTERED
    known = replace(known, views={})
    groups: list[list[Observation]] = []
    paired = list(twins(parts))
    if is_first:
        known = cautious(learn(paired, rules))
    for number in range(rounds):
        asking = _generous(rules) if number == 0 and is_first else rules
        groups = [
            [found.sightings[place] for place in group]
            for found in _partitions(parts, asking, known)
            for group in found.groups
        ]
        learnt = learn([*paired, *groups], rules)
        if learnt == known:
            break
        known = learnt
    return replace(known, views=learn_views(groups, rules, known))


def _partitions(
    parts: Iterable[tuple[Observation, ...]], rules: AssociationRules, known: Registration
) -> Iterator[Partition]:
    board = Board(rules, known)
    for own in parts:
        board.put(own)
    for component in board.components(rules.largest):
        yield partition(component, rules, known=known)


def _generous(rules: AssociationRules) -> AssociationRules:
    """For the first round, when nothing is known: cameras that err a lot must meet at all."""
    return rules.model_copy(update={"bias_m": max(rules.bias_m, rules.unknown_bias_m)})


def _cases(
    parts: Iterable[tuple[Observation, ...]], rules: AssociationRules, known: Registration
) -> list[list[Placed]]:
    cases = []
    for found in _partitions(parts, rules, known):
        for number, group in enumerate(found.groups):
            case_id = case_id_of(found.sightings[group[0]])
            links = links_of(found, number, rules)
            cases.append(
                [Placed(found.sightings[place], case_id, link) for place, link in zip(group, links, strict=True)]
            )
    return sorted(cases, key=lambda case: (case[0].sighting.first_seen_at, case[0].sighting.member_id))


def _with_recurrence(cases: Sequence[list[Placed]], rules: AssociationRules) -> list[list[Placed]]:
    earlier = recurrences([_stay(case) for case in cases], rules)
    return [[replace(entry, recurs_after=earlier.get(entry.case_id)) for entry in case] for case in cases]


def _stay(case: Sequence[Placed]) -> Stay:
    sightings = [entry.sighting for entry in case]
    place = fuse([sighting.position for sighting in sightings if sighting.position is not None])
    return Stay(
        case_id=case[0].case_id,
        group=sightings[0].group,
        point=None if place is None else place.point,
        start=min(sighting.first_seen_at for sighting in sightings),
        end=max(sighting.last_seen_at for sighting in sightings),
    )


def _middle(points: Sequence[GroundPoint]) -> Origin:
    if not points:
        return Origin(0.0, 0.0)
    lats, lons = [point.lat for point in points], [point.lon for point in points]
    return Origin(round((min(lats) + max(lats)) / 2, 4), round((min(lons) + max(lons)) / 2, 4))
