"""A camera's part of the configuration: where its pictures come from, how often it is looked at, what lies where."""

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from contract.configfile import Settings
from contract.events import Name
from contract.ids import CameraId
from contract.taxonomy import Seen
from edge.position.settings import CalibrationSettings
from edge.rules.places import CameraPose, Zone
from edge.rules.regions import Mask
from edge.values import DecodeMode

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
        return url if url is None else require_address(url, "http", "https")

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
        return url if url is None else require_address(url, "http", "https")

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


def require_address(url: str, *schemes: str) -> str:
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
