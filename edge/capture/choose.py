"""Opens the adapter that a camera's `source` names; connects to nothing."""

from datetime import datetime
from functools import partial
from pathlib import Path

from av.container import InputContainer

from contract.clock import Clock
from contract.errors import UsageError
from edge.camera_settings import CameraSettings, ResolverSettings
from edge.capture.main_stream import MainStream
from edge.capture.opening import SCHEMES, open_clip, open_stream
from edge.capture.paired import PairedCamera
from edge.capture.port import Camera
from edge.capture.resolver import CommandResolver, HttpResolver, Resolver
from edge.capture.stream import Opener, StreamCamera, Watching
from edge.capture.streams import Streams
from edge.capture.synthetic import SCHEME, SyntheticCamera, parse_scene
from edge.presets.camera import aimed
from edge.settings import secret_value

USUAL_ASPECT = 16 / 9


def open_camera(
    camera: CameraSettings, clock: Clock, started_at: datetime, streams: Streams | None = None
) -> tuple[Camera, float]:
    """The adapter for the camera's source, and the picture's width over height as far as it is known beforehand.

    `started_at` is time 0 of the simulated street, one for all cameras of the node. A stream's mode, packets and
    counters are found in `streams` by the camera's id.

    Raises:
        UsageError: no such scene camera, clip or kind of source, or a secret is not set.
    """
    if camera.source.startswith(SCHEME):
        world, pose = parse_scene(camera.source)
        synthetic = SyntheticCamera(camera.id, world, pose, started_at, camera.look_every_s, clock)
        return synthetic, pose.width_px / pose.height_px
    looked_at = camera.sub_source or camera.source
    opener, name = _opener(camera, looked_at, camera.resolver)
    state = (streams or Streams()).begin(camera.id, has_main=camera.sub_source is not None)
    watching = Watching(
        patrol=camera.decode,
        look_every_s=camera.look_every_s,
        attention_every_s=camera.attention_every_s,
        hwaccel=camera.hwaccel,
        is_in_full=camera.tile_every_s is not None,
        is_paced="://" not in looked_at,
    )
    small: Camera = StreamCamera(camera.id, name, opener, watching, state, clock)
    if camera.sub_source is not None and state.main is not None:
        main_opener, main_name = _opener(camera, camera.source, None)
        small = PairedCamera(small, partial(MainStream, camera.id, main_name, main_opener, state.main, clock), clock)
    return aimed(small, camera.ptz, clock), USUAL_ASPECT


def _opener(camera: CameraSettings, source: str, resolver: ResolverSettings | None) -> tuple[Opener, str]:
    """How to open `source`, and what to call it."""
    credentials = None if camera.secret is None else secret_value(camera.secret)
    if resolver is not None:
        asked = _resolver(resolver)
        name = f"{source} by {asked.name}"
        return partial(_open_resolved, asked, name, credentials), name
    if source.partition("://")[0] in SCHEMES:
        return partial(open_stream, source, source, credentials), source
    if "://" in source:
        raise UsageError(
            f"camera {camera.camera_id}: source {source}: write rtsp://…, http://…, a clip's path or scene:demo/cam-1"
        )
    path = Path(source)
    if not path.is_file():
        raise UsageError(f"camera {camera.camera_id}: {path}: no such clip; check `source`")
    return partial(open_clip, path), str(path)


def _open_resolved(resolver: Resolver, name: str, credentials: str | None) -> InputContainer:
    return open_stream(resolver.resolve(), name, credentials)


def _resolver(settings: ResolverSettings) -> Resolver:
    if settings.http is not None:
        token = None if settings.token_secret is None else secret_value(settings.token_secret)
        return HttpResolver(settings.http, token, settings.field, settings.timeout_s)
    return CommandResolver(settings.command, settings.timeout_s)
