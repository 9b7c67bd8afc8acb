"""The simulated city: the same seed the same bytes, faults as they come in streets, a truth that accounts for all."""

from collections import Counter, defaultdict
from functools import cache

import pytest

from central.rulebook import load_rules
from central.services.observing import to_revision
from central.services.replaying import associate
from central.simulation.baselines import BASELINES
from central.simulation.grading import Decided, grade
from central.simulation.metrics import interval, same_pairs, score
from central.simulation.report import undivided
from central.simulation.simulate import Simulation, simulate
from central.simulation.world import ORIGIN, WORLDS, Conditions
from contract.events import Event, IncidentState
from contract.ids import IncidentId


@cache
def an_evening() -> Simulation:
    return simulate(11, 1, 2.0, Conditions(unposed_share=0.2, outage_share=0.4, swap_share=0.1, late_share=0.01))


def test_the_same_seed_gives_the_same_bytes_and_another_does_not() -> None:
    first, again, other = (simulate(seed, 1, 0.5) for seed in (1, 1, 2))
    assert [event.to_wire() for event in first.events] == [event.to_wire() for event in again.events]
    assert first.truth == again.truth
    assert first.events != other.events


def test_every_event_is_valid_on_the_wire_and_numbered_without_a_gap() -> None:
    seqs: dict[str, set[int]] = defaultdict(set)
    for event in an_evening().events:
        assert Event.model_validate_json(event.to_wire()) == event
        seqs[event.data.stream_id].add(event.data.seq)
    assert all(numbers == set(range(1, len(numbers) + 1)) for numbers in seqs.values())


def test_the_faults_of_real_streets_are_there() -> None:
    """Each would silently vanish with a slip in the simulator, and the scores would flatter."""
    done = an_evening()
    by_incident = Counter(span.incident_id for span in done.truth)
    seen_by = defaultdict(set)
    for span in done.truth:
        seen_by[span.real_id].add(span.camera_id)
    times = [event.time for event in done.events]
    assert max(by_incident.values()) > 1, "swaps"
    assert max(len(cameras) for cameras in seen_by.values()) > 1, "overlapping cameras"
    assert any(name.startswith("ghost") for name in seen_by), "inventions"
    assert any(event.data.ground is None for event in done.events), "cameras without a pose"
    assert len({event.id for event in done.events}) < len(done.events), "duplicates"
    assert times != sorted(times), "disorder"
    assert (max(times) - min(times[-20:])).total_seconds() > 1800, "events of hours ago come after everything else"
    assert {event.data.state for event in done.events} == set(IncidentState)


def test_every_incident_has_its_truth() -> None:
    done = an_evening()
    assert {event.data.incident_id for event in done.events} == {span.incident_id for span in done.truth}
    assert all(span.start < span.end for span in done.truth)


def test_b_cubed_counts_as_its_authors_do() -> None:
    """Bagga and Baldwin's worked example: five, two and five, the last two put together."""
    real = {f"{name}{i}": name for name, count in (("a", 5), ("b", 2), ("c", 5)) for i in range(count)}
    found = {sighting: "a" if name == "a" else "bc" for sighting, name in real.items()}
    graded = score(found, real)
    assert graded.precision == pytest.approx((5 + 2 * 2 / 7 + 5 * 5 / 7) / 12)
    assert graded.recall == 1
    assert (graded.mixed, graded.split) == (0.5, 0)
    assert graded.cases_per_incident == pytest.approx(2 / 3)


def test_a_perfect_partition_scores_one_and_singles_score_no_recall() -> None:
    real = {"a": "x", "b": "x", "c": "y"}
    assert score(real, real).f1 == 1
    alone = score({}, real)
    assert (alone.precision, alone.cases_per_incident) == (1, 1.5)
    assert alone.recall == pytest.approx((0.5 + 0.5 + 1) / 3)


def test_an_interval_holds_its_mean_and_shrinks_with_agreement() -> None:
    wide, narrow = interval([0.8, 0.9, 1.0]), interval([0.9, 0.9, 0.9])
    assert wide.low < wide.mean < wide.high
    assert narrow.low == narrow.high == pytest.approx(0.9)


def test_pairs_that_stay_together_are_counted() -> None:
    assert same_pairs({"a": "1", "b": "1", "c": "1"}, {"a": "x", "b": "x", "c": "y"}) == pytest.approx(1 / 3)
    assert same_pairs({"a": "1"}, {"a": "2"}) == 1


def test_ours_beats_every_simple_rule_and_reports_a_camera_that_was_moved() -> None:
    done = simulate(5, 1, 4.0, WORLDS["moved"])
    revisions = defaultdict(list)
    for event in done.events:
        revisions[IncidentId(event.data.incident_id)].append(to_revision(event.data, ORIGIN))
    overlaps = frozenset(frozenset(pair) for pair in done.city.overlaps)
    found = associate(revisions, load_rules().model_copy(update={"overlaps": overlaps}))
    decided: dict[str, list[Decided]] = defaultdict(list)
    for entry in found.placed:
        decided[entry.sighting.incident_id].append(Decided(entry.case_id, entry.sighting.last_seen_at))
    ours = grade(decided, done.truth)
    simple = {name: grade(undivided(rule(done.events, ORIGIN)), done.truth).f1 for name, rule in BASELINES.items()}
    assert ours.f1 > 0.9
    assert ours.f1 > max(simple.values()) + 0.05, simple
    moved = {f"{c.node_id}/{c.camera_id}" for c in done.city.cameras if len(c.offsets) > 1}
    assert {alarm.camera for alarm in found.alarms if alarm.kind == "moved"} & moved
