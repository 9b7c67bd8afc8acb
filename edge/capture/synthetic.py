"""A camera in the simulated street: `edge.scene` rendered at the pace of a clock.

The detector sees its frames as it sees any camera's; the scene's truth never leaves `edge.scene`.
"""

from collections.abc import Iterator
from datetime import datetime

from contract.clock import Clock
from contract.errors import UsageError
from contract.ids import CameraId
from edge.scene.camera import PinholeCamera
from edge.scene.render import Renderer
from edge.scene.streets import demo_street
from edge.scene.world import World
from edge.values import Frame

SCHEME = "scene:"


class SyntheticCamera:
    """Frames of one rendered camera, `every_s` apart. World time 0 is `epoch`, for all cameras of a node alike."""

    def __init__(
        self, camera_id: CameraId, world: World, pose: PinholeCamera, epoch: datetime, every_s: float, clock: Clock
    ) -> None:
        self._camera_id = camera_id
        self._world = world
        self._pose = pose
        self._epoch = epoch
        self._every_s = every_s
        self._clock = clock

    @property
    def camera_id(self) -> CameraId:
        return self._camera_id

    @property
    def name(self) -> str:
        return f"{SCHEME}{self._pose.camera_id}"

    def frames(self) -> Iterator[Frame]:
        renderer = Renderer(self._world, self._pose)
        index = 0
        while True:
            started_s = self._clock.monotonic()
            at = self._clock.now()
            yield Frame(self._camera_id, renderer.frame((at - self._epoch).total_seconds()), at, index)
            index += 1
            self._clock.sleep(self._every_s - (self._clock.monotonic() - started_s))


def parse_scene(source: str) -> tuple[World, PinholeCamera]:
    """The world and the camera that ``scene:demo/cam-1`` or ``scene:demo@SEED/cam-1`` names.

    Raises:
        UsageError: no such street or camera; the message says which there are.
    """
    street_name, _, camera_name = source.removeprefix(SCHEME).partition("/")
    name, _, seed = street_name.partition("@")
    if name != "demo" or (seed and not seed.isdecimal()):
        raise UsageError(f"{source}: no such street; write scene:demo/cam-1 or scene:demo@SEED/cam-1")
    street = demo_street(int(seed)) if seed else demo_street()
    for camera in street.cameras:
        if camera.camera_id == camera_name:
            return street.world, camera
    known = ", ".join(camera.camera_id for camera in street.cameras)
    raise UsageError(f"{source}: the street has no camera {camera_name!r}; it has {known}")
