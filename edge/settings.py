"""A node's configuration: YAML + environment secrets → frozen settings, once, at start.

Nothing else in the edge reads a file of settings or an environment variable.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from contract.configfile import Settings, load_yaml, parse_settings
from contract.errors import UsageError
from contract.events import Name
from contract.ids import CameraId, NodeId
from contract.manifest import Engine
from contract.taxonomy import Seen
from edge.position.settings import CalibrationSettings
from edge.rules.places import CameraPose, Zone
from edge.rules.policy import Policies
from edge.rules.regions import Mask
from edge.values import Backend, DecodeMode

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_POLICIES = ROOT / "configs" / "edge" / "policies.yaml"
DEFAULT_MODEL = ROOT / "models" / "zoo" / "default"

LOOPBACK = ("127.0.0.1", "localhost")

Point = tuple[Annotated[float, Field(ge=0, le=1)], Annotated[float, Field(ge=0, le=1)]]


class ZoneSettings(Settings):
    """A region of the camera's picture; vertices in shares of width and height, origin top left."""

    name: Name
    polygon: Annotated[tuple[Point, ...], Field(min_length=3, max_length=200)]
    kinds: Annotated[tuple[Seen, ...], Field(max_length=16)] = ()
    """Only these count as standing in it; none given: everything does."""

    def to_zone(self) -> Zone:
        return Zone(self.name, self.polygon, frozenset(self.kinds))


class MaskSettings(Settings):
    """A region that is not watched: a chimney, a steam vent, a screen that glows, somebody's windows."""

    polygon: Annotated[tuple[Point, ...], Field(min_length=3, max_length=200)]
    kinds: Annotated[tuple[Seen, ...], Field(max_length=16)] = ()
    """Only these are not reported there; none given: nothing is."""

    def to_mask(self) -> Mask:
        return Mask(self.polygon, frozenset(self.kinds))


class PoseSettings(Settings):
    """Where the camera hangs, in metres from the site's origin; see `edge.rules.places.CameraPose`."""

    origin_lat: Annotated[float, Field(ge=-90, le=90)]
    origin_lon: Annotated[float, Field(ge=-180, le=180)]
    east_m: float
    north_m: float
    height_m: Annotated[float, Field(gt=0.5, le=200)]
    yaw_deg: Annotated[float, Field(ge=-360, le=360)]
    tilt_deg: Annotated[float, Field(gt=-45, le=90)]
    fov_deg: Annotated[float, Field(gt=5, lt=170)]
    sigma_m: Annotated[float, Field(gt=0, le=100)] = 0.5

    def to_pose(self, aspect: float) -> CameraPose:
        return CameraPose(**self.model_dump(), aspect=aspect)


class ResolverSettings(Settings):
    """Who says the present address of a platform's stream, asked at every connect: an HTTP address or a command."""

    http: str | None = None
    token_secret: Name | None = None
    """Bearer token for `http`, as `secret` names one."""
    field: Annotated[str, Field(max_length=200)] | None = None
    """Where the address stands in a JSON answer, as ``data.url``; None: the whole answer is the address."""
    command: Annotated[tuple[str, ...], Field(max_length=64)] = ()
    """Program and arguments; the first line it prints is the address. Runs without a shell."""
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 5.0

    @field_validator("http")
    @classmethod
    def _is_http(cls, url: str | None) -> str | None:
        return url if url is None else _require_address(url, "http", "https")

    @model_validator(mode="after")
    def _asks_one(self) -> Self:
        if (self.http is None) == (not self.command):
            raise ValueError("resolver: give either `http` or `command`")
        return self


class PresetSettings(Settings):
    """One direction that a turning camera is sent to, with what holds there."""

    name: Name
    picture: Path | None = None
    """What the camera shows at this preset; `known_by: picture` compares with it."""
    zones: Annotated[tuple[ZoneSettings, ...], Field(max_length=32)] = ()
    pose: PoseSettings | None = None
    calibration: CalibrationSettings | None = None
    """Instead of a measured pose, points on the ground; see `python -m edge calibrate`."""


class PtzSettings(Settings):
    """A camera that turns. Nothing is reported while it moves or is aimed at none of its presets."""

    known_by: Literal["picture", "status"] = "picture"
    status_url: str | None = None
    """Asked for the preset's name (`known_by: status`); the answer is text, or JSON with it at `status_field`."""
    status_field: Annotated[str, Field(max_length=200)] | None = None
    check_every_s: Annotated[float, Field(gt=0, le=60)] = 1.0
    presets: Annotated[tuple[PresetSettings, ...], Field(min_length=1, max_length=32)]

    @field_validator("status_url")
    @classmethod
    def _is_http(cls, url: str | None) -> str | None:
        return url if url is None else _require_address(url, "http", "https")

    @model_validator(mode="after")
    def _can_tell_presets_apart(self) -> Self:
        names = [preset.name for preset in self.presets]
        if len(set(names)) < len(names):
            raise ValueError("ptz: presets: a name is used twice; every preset needs its own")
        if self.known_by == "status" and self.status_url is None:
            raise ValueError("ptz: known_by: status needs `status_url`")
        blind = [preset.name for preset in self.presets if preset.picture is None]
        if self.known_by == "picture" and blind:
            raise ValueError(f"ptz: known_by: picture needs `picture` of preset {blind[0]}")
        return self


class CameraSettings(Settings):
    """One camera. `source` is ``rtsp://…``, a clip's path, or ``scene:NAME/CAMERA`` for the simulated street."""

    camera_id: Name
    source: Annotated[str, Field(min_length=1, max_length=500)]
    secret: Name | None = None
    """Name of the environment variable ``XUNJIE_SECRET_<NAME>`` that holds ``user:password`` for the stream."""
    look_every_s: Annotated[float, Field(gt=0, le=600)] = 0.5
    """Seconds between looks; over budget, looks are skipped and counted."""
    sub_source: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    """The camera's small stream: looks are taken from it, evidence from `source`."""
    resolver: ResolverSettings | None = None
    """For a platform's stream whose address expires; `source` is then only what messages call it."""
    decode: DecodeMode = DecodeMode.ALL
    """In patrol. While attention is wanted, everything is decoded."""
    attention_every_s: Annotated[float, Field(ge=0.04, le=60)] = 0.2
    """Seconds between looks while something is being confirmed."""
    hwaccel: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,32}$")] | None = None
    """libav's name of a hardware decoder (``vaapi``, ``qsv``, ``cuda``, ``drm`` …); where it is missing, software."""
    ptz: PtzSettings | None = None
    loop: bool = True
    """A clip starts again at its end (`run` only)."""
    zones: Annotated[tuple[ZoneSettings, ...], Field(max_length=32)] = ()
    masks: Annotated[tuple[MaskSettings, ...], Field(max_length=32)] = ()
    tile_every_s: Annotated[float, Field(gt=0, le=600)] | None = None
    """One tile of the full picture besides the whole in this time, so that far things keep their pixels. A 1080p
    picture has 12: at 4 s each a place is seen so every 48 s. None: never."""
    pose: PoseSettings | None = None
    calibration: CalibrationSettings | None = None
    """Instead of a measured pose, points on the ground; see `python -m edge calibrate`."""

    @field_validator("source", "sub_source")
    @classmethod
    def _has_no_password(cls, source: str | None) -> str | None:
        if source is not None and "://" in source and urlsplit(source).password is not None:
            raise ValueError("carries a password; name it with `secret:` and put the value in the environment")
        return source

    @property
    def id(self) -> CameraId:
        return CameraId(self.camera_id)


class UplinkSettings(Settings):
    """Where findings go. Without `mqtt_url` they stay in the outbox."""

    mqtt_url: str | None = None
    topic_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_/-]{1,100}$")] = "xunjie/v1"
    central_url: str | None = None
    """Base of central's HTTP interface, for evidence."""
    password_secret: Name | None = None
    """Name of the environment variable ``XUNJIE_SECRET_<NAME>`` that holds the password of `mqtt_url`'s user."""
    node_token_secret: Name = "node-token"
    resend_after_s: Annotated[float, Field(ge=1, le=3600)] = 15.0
    """Unreceipted for this long while connected: sent again."""
    status_every_s: Annotated[float, Field(ge=1, le=3600)] = 10.0

    @field_validator("mqtt_url")
    @classmethod
    def _is_mqtt(cls, url: str | None) -> str | None:
        return url if url is None else _require_address(url, "mqtt", "mqtts")

    @field_validator("central_url")
    @classmethod
    def _is_http(cls, url: str | None) -> str | None:
        return url if url is None else _require_address(url, "http", "https")


class EvidenceSettings(Settings):
    """Pictures that prove an incident."""

    jpeg_quality: Annotated[int, Field(ge=40, le=100)] = 85
    max_width_px: Annotated[int, Field(ge=320, le=7680)] = 1920
    redact_hold_s: Annotated[float, Field(ge=0, le=30)] = 1.0
    """A person's box stays pixelated this long after the detector last saw it (it blinks)."""
    redact_finely: bool = True
    """Pictures that are kept are searched for people once more, in tiles: some 0.2 s of CPU a picture."""
    context_every_s: Annotated[float, Field(ge=0, le=3600)] = 60.0
    """How often the whole scene is remembered, so that an incident shows the place before it; 0: never."""
    clips_of: tuple[Seen, ...] = ()
    """Kinds whose incidents get a short film of what led to them; ``[smoke, flame]`` is worth its price. None by
    default: a film shows more of people's ways than pictures do. Only for streams and clips."""
    clip_pictures: Annotated[int, Field(ge=2, le=60)] = 20
    """Four of them are a second of film."""
    clip_work_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    """What one film may keep a core busy with hiding people; then it is as short as it is."""
    max_bytes: Annotated[int, Field(ge=1_000_000, le=10**13)] = 8_000_000_000
    """What evidence may take up on the node; the disk is never filled above 95 % whatever this says."""
    keep_days: Annotated[float, Field(ge=0, le=3650)] = 30.0
    """Pictures that central has go after this long."""
    keep_originals_days: Annotated[float, Field(ge=0, le=3650)] = 30.0
    keep_unsent_days: Annotated[float, Field(ge=1, le=3650)] = 90.0
    """Pictures that central never took go after this long."""


class NodeSettings(Settings):
    """The whole node."""

    node_id: Name = "node-1"
    state_dir: Path = Path("var/edge")
    model: Path = DEFAULT_MODEL
    engine: Engine | None = None
    """None: the cheapest variant of the model that passes its self-test on this machine."""
    backend: Backend = Backend.AUTO
    """The runtime: ``openvino``, ``onnxruntime``, ``ultralytics`` (TensorRT, RKNN …; requirements/ultralytics.txt)."""
    threads: Annotated[int, Field(ge=1, le=64)] = 1
    """Looks that run side by side, one inference stream and one core each."""
    attention_cameras: Annotated[int, Field(ge=0, le=64)] = 4
    """So many cameras at once are watched closely; the others wait their turn in patrol."""
    policies: Path = DEFAULT_POLICIES
    clock: Literal["system", "assume-synchronised", "unknown"] = "unknown"
    """``system`` asks chrony or the kernel; the other two are the installer's word."""
    http: str | None = None
    """The node's own status page and metrics, ``127.0.0.1:9180``: loopback only, without a password. null: none."""
    uplink: UplinkSettings = UplinkSettings()
    evidence: EvidenceSettings = EvidenceSettings()
    cameras: Annotated[tuple[CameraSettings, ...], Field(min_length=1, max_length=256)]

    @field_validator("http")
    @classmethod
    def _is_loopback(cls, address: str | None) -> str | None:
        if address is None:
            return None
        host, _, port = address.rpartition(":")
        if host not in LOOPBACK or not port.isdecimal() or int(port) > 65535:
            raise ValueError("the page knows no password: write it as 127.0.0.1:9180 and reach it through ssh -L")
        return address

    @model_validator(mode="after")
    def _has_unique_cameras(self) -> Self:
        names = [camera.camera_id for camera in self.cameras]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(f"cameras: camera_id {', '.join(doubled)} is used twice; every camera needs its own")
        return self

    @property
    def id(self) -> NodeId:
        return NodeId(self.node_id)


class ReplaySettings(Settings):
    """How `replay` looks at a clip: the whole picture unless zones are given."""

    camera_id: Name = "clip"
    node_id: Name = "replay"
    look_every_s: Annotated[float, Field(gt=0, le=600)] = 0.2
    policies: Path = DEFAULT_POLICIES
    evidence: EvidenceSettings = EvidenceSettings()
    zones: Annotated[tuple[ZoneSettings, ...], Field(max_length=32)] = ()
    masks: Annotated[tuple[MaskSettings, ...], Field(max_length=32)] = ()
    tile_every_s: Annotated[float, Field(gt=0, le=600)] | None = None
    pose: PoseSettings | None = None
    calibration: CalibrationSettings | None = None
    """Instead of a measured pose, points on the ground; see `python -m edge calibrate`."""


def load_node(path: Path) -> NodeSettings:
    """The node's settings; relative paths in the file are taken from the file's own folder.

    Raises:
        UsageError: one line per problem.
    """
    settings = load_yaml(path, NodeSettings)
    named = settings.model_fields_set & {"policies", "model", "state_dir"}
    update: dict[str, object] = {key: _beside(path, getattr(settings, key)) for key in named}
    update["cameras"] = tuple(_with_pictures_beside(path, camera) for camera in settings.cameras)
    return settings.model_copy(update=update)


def with_overrides(
    settings: NodeSettings,
    mqtt_url: str | None,
    central_url: str | None,
    state_dir: Path | None,
    model: Path | None,
) -> NodeSettings:
    """`settings` with what the command line says instead; None leaves the file's value.

    Raises:
        UsageError: a value is out of bounds.
    """
    uplink = {"mqtt_url": mqtt_url, "central_url": central_url}
    content = settings.model_dump()
    content["uplink"] |= {key: value for key, value in uplink.items() if value is not None}
    content |= {key: value for key, value in {"state_dir": state_dir, "model": model}.items() if value is not None}
    return parse_settings(content, NodeSettings, "command line")


def load_replay(path: Path) -> ReplaySettings:
    """The replay's settings; see `load_node` for paths and errors."""
    settings = load_yaml(path, ReplaySettings)
    if "policies" in settings.model_fields_set:
        settings = settings.model_copy(update={"policies": _beside(path, settings.policies)})
    return settings


def load_policies(path: Path) -> Policies:
    """The presence policies at `path`."""
    return load_yaml(path, Policies)


def settings_version(*blocks: Settings) -> str:
    """A short hash of everything that changes what is decided; stands in every event."""
    text = "\n".join(block.model_dump_json() for block in blocks)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def secret_value(name: str, environment: Mapping[str, str] | None = None) -> str:
    """The secret `name` from the environment: ``XUNJIE_SECRET_`` and the name in capitals, ``-`` and ``.`` as ``_``.

    Raises:
        UsageError: the variable is not set; the message names it.
    """
    variable = "XUNJIE_SECRET_" + name.upper().replace("-", "_").replace(".", "_")
    value = (os.environ if environment is None else environment).get(variable)
    if not value:
        raise UsageError(f"secret {name!r}: environment variable {variable} is not set")
    return value


def _require_address(url: str, *schemes: str) -> str:
    """A wrong address is said at start: later it would only look like a broker that is away."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # raises if it is no port
    except ValueError as error:
        raise ValueError(f"is no address ({error}); write it as {schemes[0]}://host:port") from error
    if parts.scheme not in schemes:
        raise ValueError(f"must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    if not parts.hostname:
        raise ValueError(f"names no host; write it as {schemes[0]}://host:port")
    return url


def _with_pictures_beside(config: Path, camera: CameraSettings) -> CameraSettings:
    """Pictures of presets, like every path of the file, are taken from the file's own folder."""
    if camera.ptz is None:
        return camera
    presets = tuple(
        preset if preset.picture is None else preset.model_copy(update={"picture": _beside(config, preset.picture)})
        for preset in camera.ptz.presets
    )
    return camera.model_copy(update={"ptz": camera.ptz.model_copy(update={"presets": presets})})


def _beside(config: Path, path: Path) -> Path:
    return path if path.is_absolute() else (config.parent / path).resolve()
