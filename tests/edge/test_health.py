"""What a camera's own pictures say about it: said in seconds, taken back in seconds, never by what passes by."""

from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from structlog.testing import capture_logs

from contract.events import CameraCondition
from edge.health.judge import AFTER_S
from edge.health.reference import LEARN_S
from edge.health.watch import KEEP_EVERY_S, HealthWatch
from edge.values import Frame
from tests.edge.fakes import CAM, T0

Picture = NDArray[np.uint8]
EVERY_S = 2.0


def street(shift_px: int = 0) -> Picture:
    """Houses, a road, windows: shapes everywhere. A camera that turned sees them elsewhere."""
    picture = np.full((360, 640 + 200, 3), 150, np.uint8)
    random = np.random.default_rng(5)
    for _ in range(160):
        x, y = (int(v) for v in random.integers(0, (820, 340)))
        width, height = (int(v) for v in random.integers(15, 90, 2))
        colour = tuple(int(v) for v in random.integers(20, 235, 3))
        cv2.rectangle(picture, (x, y), (x + width, y + height), colour, -1)
    return np.ascontiguousarray(picture[:, shift_px : shift_px + 640])


class Camera:
    """A watched camera with its own noise and time."""

    def __init__(self, folder: Path | None = None) -> None:
        self.watch = HealthWatch(folder)
        self.watch.admit(CAM)
        self.now_s = 0.0
        random = np.random.default_rng(1)
        self._noises = [random.integers(0, 7, (180, 320, 3), np.uint8) for _ in range(8)]
        self._shown = 0

    def noisy(self, picture: Picture) -> Picture:
        self._shown += 1
        small = cv2.resize(picture, (320, 180), interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.add(small, self._noises[self._shown % 8]), np.uint8)

    def show(self, picture: Picture, seconds: float, *, noise: bool = True, **how: object) -> list[CameraCondition]:
        """Each look's condition."""
        said = []
        until_s = self.now_s + seconds
        while self.now_s < until_s:
            self.now_s += EVERY_S
            image = self.noisy(picture) if noise else picture
            self.watch.look(Frame(CAM, image, T0 + timedelta(seconds=self.now_s), 0, **how))  # type: ignore[arg-type]
            said.append(self.watch.condition(CAM) or CameraCondition.CLEAR)
        return said

    def delay_s(self, picture: Picture, condition: CameraCondition, *, noise: bool = True) -> float:
        """Seconds until `condition` is said."""
        said = self.show(picture, 300, noise=noise)
        return EVERY_S * (said.index(condition) + 1)


@pytest.fixture
def camera() -> Camera:
    made = Camera()
    assert set(made.show(street(), LEARN_S + 20)) == {CameraCondition.CLEAR}
    return made


COVER = np.full((360, 640, 3), 90, np.uint8)


@pytest.mark.parametrize(
    ("picture", "condition", "within_s"),
    [
        (np.zeros((360, 640, 3), np.uint8), CameraCondition.BLACK, 10),
        (COVER, CameraCondition.COVERED, 60),
        (cv2.GaussianBlur(street(), (0, 0), 9), CameraCondition.BLURRED, 70),
        (street(60), CameraCondition.MOVED, 300),
        ((street() * 0.3 + 130).astype(np.uint8), CameraCondition.FOG, 100),
        (np.where(np.arange(640)[None, :, None] < 140, 255, street()).astype(np.uint8), CameraCondition.GLARE, 70),
    ],
    ids=lambda value: value.value if isinstance(value, CameraCondition) else None,
)
def test_a_sick_camera_is_known_in_time_and_well_again_afterwards(
    camera: Camera, picture: Picture, condition: CameraCondition, within_s: float
) -> None:
    with capture_logs() as logs:
        assert camera.delay_s(picture, condition) <= within_s
        assert camera.show(street(), AFTER_S[condition] + 10)[-1] is CameraCondition.CLEAR
    assert [entry["log_level"] for entry in logs][:1] == ["warning"]


def test_a_frozen_stream_is_known_within_half_a_minute(camera: Camera) -> None:
    still = camera.noisy(street())
    assert camera.delay_s(still, CameraCondition.FROZEN, noise=False) <= 30
    assert camera.show(street(), 30)[-1] is CameraCondition.CLEAR


def test_the_beginning_is_told_not_the_moment_of_certainty(camera: Camera) -> None:
    began_s = camera.now_s + EVERY_S
    camera.show(COVER, 60)
    verdict = camera.watch.verdict(CAM)
    assert verdict is not None
    assert (verdict.since - T0).total_seconds() == began_s


def test_a_bus_before_the_lens_is_no_cover_and_a_crowd_no_move(camera: Camera) -> None:
    """Ten seconds of every half minute the lens shows a wall of paint."""
    said: set[CameraCondition] = set()
    for _ in range(8):
        said |= set(camera.show(COVER, 10)) | set(camera.show(street(), 20))
    assert said == {CameraCondition.CLEAR}


def test_what_is_learned_follows_the_light(camera: Camera) -> None:
    """Dusk over an hour: the same street at a third of its light."""
    said: set[CameraCondition] = set()
    by_day = street()
    for step in range(60):
        said |= set(camera.show((by_day * (1 - step / 90)).astype(np.uint8), 60))
    assert said == {CameraCondition.CLEAR}


def test_an_accepted_new_view_is_learned_anew(camera: Camera) -> None:
    assert camera.delay_s(street(60), CameraCondition.MOVED) <= 300
    camera.watch.accept(CAM)
    assert set(camera.show(street(60), 200)) == {CameraCondition.CLEAR}
    assert camera.delay_s(street(), CameraCondition.MOVED) <= 300


def test_a_restart_remembers_where_the_camera_looked(tmp_path: Path) -> None:
    before = Camera(tmp_path)
    before.show(street(), KEEP_EVERY_S + LEARN_S)
    after = Camera(tmp_path)
    assert after.delay_s(street(60), CameraCondition.MOVED) <= 130
    after.watch.accept(CAM)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_memory_is_learned_anew(tmp_path: Path) -> None:
    (tmp_path / f"{CAM}@.npz").write_bytes(b"PK no archive")
    with capture_logs() as logs:
        camera = Camera(tmp_path)
        assert set(camera.show(street(), 100)) == {CameraCondition.CLEAR}
    assert logs[0]["event"] == "a camera's usual picture is learned anew"


def test_a_turning_camera_is_not_judged_and_each_preset_has_its_own_picture(camera: Camera) -> None:
    assert set(camera.show(street(60), 200, is_moving=True)) == {CameraCondition.CLEAR}
    assert set(camera.show(street(60), 200, preset="gate")) == {CameraCondition.CLEAR}


def test_a_camera_nobody_has_seen_has_no_condition() -> None:
    watch = HealthWatch()
    watch.admit(CAM)
    assert watch.condition(CAM) is None


def test_a_thumbnail_keeps_the_street_and_loses_what_is_as_small_as_a_face() -> None:
    face = np.indices((360, 640)).sum(axis=0) // 8 % 2 * 255  # features of eight pixels: an eye of a head of sixty
    watch = HealthWatch()
    watch.admit(CAM)
    watch.look(Frame(CAM, np.repeat(face.astype(np.uint8)[..., None], 3, axis=2), T0, 0))
    jpeg = watch.thumbnail_jpeg(CAM)
    assert jpeg is not None
    shown = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert shown is not None
    assert shown.shape == (90, 160)
    assert shown.std() < 40  # black and white in the picture: 127
