"""The whole main job on the demo's street, from each camera's look to the cases, in virtual time and in one process.

Only the detector is scripted (from the scene's truth, with jitter and misses); tracker, rules, outbox, intake,
association and judge are the real ones, with the demo's own configuration.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from central.catalogue import load_catalogue, make_law
from central.domain.values import CaseFilter
from central.rulebook import make_rules
from central.services.admission import Admission
from central.services.association import Association
from central.services.intake import Intake
from central.services.reading import Reader
from central.services.views import CaseSummary
from central.services.workingset import Bench
from central.site import load_site
from central.store.database import Database
from contract.clock import VirtualClock
from contract.events import ClockState
from contract.ids import uuid7
from edge.events import RandomIds, Sender
from edge.evidence.locker import EvidenceLocker
from edge.evidence.pictures import PictureFolder
from edge.outbox.sqlite import Outbox
from edge.pipeline import Pipeline, View
from edge.scene.render import Renderer
from edge.scene.streets import demo_street
from edge.settings import ROOT, load_node, load_policies
from edge.values import Frame
from tests.central.parts import TOPICS, ScriptedLink
from tests.edge.fakes import SureJudge
from tests.street.eyes import TruthfulDetector

START = datetime(2026, 7, 1, 4, tzinfo=UTC)
WATCHED_S = 110
BLANK = np.zeros((360, 640, 3), np.uint8)


class Street:
    """The demo's node and central on one virtual clock."""

    def __init__(self, folder: Path, cameras: int, seed: int) -> None:
        node = load_node(ROOT / "configs" / "edge" / "demo.yaml")
        self._clock = VirtualClock(START)
        self._detector = TruthfulDetector(seed)
        sender = Sender(
            node_id=node.id,
            boot_id=uuid7(START),
            model=self._detector.manifest.ref(self._detector.engine),
            config_version="test",
            clock_state=ClockState.SYNCHRONISED,
        )
        self._views = [
            View(camera.id, camera.look_every_s, (), camera.pose.to_pose(16 / 9))
            for camera in node.cameras[:cameras]
            if camera.pose is not None
        ]
        self._outbox = Outbox(folder / "outbox.sqlite3", node.node_id, self._clock)
        locker = EvidenceLocker(PictureFolder(folder / "evidence"), node.evidence, self._clock)
        policies = load_policies(node.policies)
        self._pipeline = Pipeline(
            self._detector, policies, self._views, node.evidence, locker, self._outbox, sender, RandomIds(), SureJudge()
        )
        street = demo_street()
        self._renderers = {pose.camera_id: Renderer(street.world, pose) for pose in street.cameras[:cameras]}
        site = load_site(ROOT / "configs" / "site" / "demo.yaml")
        law = make_law(load_catalogue(), site)
        self._database = Database(f"sqlite:///{folder}/central.db")
        self._database.create()
        self._link = ScriptedLink()
        admission = Admission(self._database, TOPICS, self._clock, site.to_surroundings())
        self._intake = Intake(admission, self._link, TOPICS, self._clock, lambda _taken: None, lambda: None)
        bench = Bench(make_rules(site), law, site.to_origin())
        self._association = Association(self._database, bench, self._clock, lambda: None)
        self._reader = Reader(self._database, law, site.to_origin())

    def watch(self, seconds: int) -> None:
        """One look per camera and second; central works each second's events off before the next."""
        for second in range(seconds):
            self._clock.move_to(START + timedelta(seconds=second))
            for view in self._views:
                self._detector.show(self._renderers[view.camera_id].truth(float(second)))
                for event in self._pipeline.look(Frame(view.camera_id, BLANK, self._clock.now(), second)):
                    self._link.push_event(event)
            while self._intake.step():
                pass
            while self._association.step():
                pass

    def cases(self) -> list[CaseSummary]:
        return list(self._reader.page(CaseFilter(), 100).items)

    def close(self) -> None:
        self._outbox.close()
        self._database.close()


@pytest.mark.parametrize(("cameras", "seed"), [(2, 1), (2, 2), (4, 3)])
def test_each_thing_in_the_street_becomes_one_case_whichever_cameras_see_it(
    tmp_path: Path, cameras: int, seed: int
) -> None:
    street = Street(tmp_path, cameras, seed)
    street.watch(WATCHED_S)
    cases = street.cases()
    street.close()
    assert Counter((case.kind, str(case.state)) for case in cases) == {
        ("open_bbq", "pending_review"): 1,
        ("waste_burning", "pending_review"): 1,
        ("road_occupation", "pending_review"): 1,
        (None, "suppressed"): 1,
    }
    assert all(len(case.cameras) == cameras for case in cases), [case.cameras for case in cases]
