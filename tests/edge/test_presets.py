"""A camera that turns: nothing fires while it moves or looks where nobody knows."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from contract.clock import VirtualClock
from contract.errors import UsageError
from edge.camera_settings import PtzSettings
from edge.presets.aim import LOST, AimByPicture
from edge.presets.camera import aimed
from edge.presets.match import outline
from edge.scene.render import Renderer
from edge.scene.streets import demo_street
from edge.values import Frame
from tests.edge.fakes import CAM, T0, ScriptedCamera, frame
from tests.edge.test_resolver import platform

LEFT_DEG, RIGHT_DEG = 29.0, 75.0


def view(yaw_deg: float, second: float = 10.0) -> NDArray[np.uint8]:
    street = demo_street()
    return Renderer(street.world, replace(street.cameras[0], yaw_deg=yaw_deg)).frame(second)


@pytest.fixture(scope="module")
def views() -> dict[float, NDArray[np.uint8]]:
    return {yaw: view(yaw) for yaw in (LEFT_DEG, 40.0, 50.0, 62.0, RIGHT_DEG, 110.0)}


def finder(views: dict[float, NDArray[np.uint8]]) -> AimByPicture:
    return AimByPicture({"left": outline(views[LEFT_DEG]), "right": outline(views[RIGHT_DEG])})


def test_a_preset_is_known_again_at_another_hour_with_other_people(views: dict[float, NDArray[np.uint8]]) -> None:
    aim = finder(views)
    dusk = (view(LEFT_DEG, 60.0) * 0.4).astype(np.uint8)
    assert aim.note(outline(dusk)) == LOST
    assert aim.note(outline(dusk)).preset == "left"


def test_nothing_is_known_while_it_turns_from_one_to_the_other(views: dict[float, NDArray[np.uint8]]) -> None:
    aim = finder(views)
    way = [LEFT_DEG, LEFT_DEG, 40.0, 50.0, 62.0, RIGHT_DEG, RIGHT_DEG]
    found = [aim.note(outline(views[yaw])) for yaw in way]
    assert [entry.preset for entry in found] == [None, "left", None, None, None, None, "right"]
    assert all(entry.is_moving == (entry.preset is None) for entry in found)


def test_a_direction_that_is_no_preset_is_never_taken_for_one(views: dict[float, NDArray[np.uint8]]) -> None:
    aim = finder(views)
    assert all(aim.note(outline(views[110.0])) == LOST for _ in range(5))


def test_frames_carry_their_preset(views: dict[float, NDArray[np.uint8]], tmp_path: Path) -> None:
    for name, yaw in (("left", LEFT_DEG), ("right", RIGHT_DEG)):
        assert cv2.imwrite(str(tmp_path / f"{name}.jpg"), views[yaw])
    presets = [{"name": name, "picture": tmp_path / f"{name}.jpg"} for name in ("left", "right")]
    settings = PtzSettings.model_validate({"presets": presets})
    shown = [frame(second, CAM, views[RIGHT_DEG]) for second in range(3)]
    camera = aimed(ScriptedCamera(CAM, shown), settings, VirtualClock(T0))
    assert [(entry.preset, entry.is_moving) for entry in camera.frames()] == [
        (None, True),
        ("right", False),
        ("right", False),
    ]


def test_a_presets_picture_that_is_missing_is_named(tmp_path: Path) -> None:
    settings = PtzSettings.model_validate({"presets": [{"name": "left", "picture": tmp_path / "gone.jpg"}]})
    with pytest.raises(UsageError, match=r"gone\.jpg: no readable picture of a preset"):
        aimed(ScriptedCamera(CAM), settings, VirtualClock(T0))


def test_a_camera_that_says_its_preset_is_believed_only_when_it_names_one_of_them() -> None:
    clock = VirtualClock(T0)
    answers = [(200, '{"ptz": {"preset": "left"}}'), (200, '{"ptz": {"preset": "x"}}'), (500, ""), (200, "{}")]
    with platform(*answers, (200, '{"ptz": {"preset": "left"}}')) as (url, asked):
        settings = PtzSettings.model_validate(
            {
                "known_by": "status",
                "status_url": url,
                "status_field": "ptz.preset",
                "check_every_s": 1.0,
                "presets": [{"name": "left"}],
            }
        )

        class Ticking(ScriptedCamera):
            def frames(self) -> Iterator[Frame]:
                for entry in super().frames():
                    clock.sleep(0.5)
                    yield entry

        camera = aimed(Ticking(CAM, [frame(second) for second in range(9)]), settings, clock)
        found = [entry.preset for entry in camera.frames()]
    assert found == ["left", "left", None, None, None, None, None, None, "left"]
    assert len(asked) == 5
