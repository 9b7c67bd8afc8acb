"""What central wants of a node: one versioned bundle that says everything, signed and retained.

The node's own vocabulary (presence policies, evidence settings, further camera options) travels as plain JSON: central
carries it, the node validates it against its settings and rejects the whole bundle with reasons. Passwords never stand
in a bundle: it names secrets, and may bring them sealed to the node's key.
"""

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, JsonValue, ValidationError, model_validator

from contract.errors import UsageError
from contract.events import Instant, Name, Sha256, WireModel
from contract.problems import every_problem
from contract.signing import MAX_PAYLOAD_BYTES, Base64
from contract.taxonomy import Seen

MAX_CAMERAS = 256
MAX_MODEL_FILE_BYTES = 512 * 1024 * 1024
MAX_SOFTWARE_BYTES = 1024 * 1024 * 1024

Ordinate = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Polygon = Annotated[tuple[tuple[Ordinate, Ordinate], ...], Field(min_length=3, max_length=200)]
"""Vertices in shares of the picture's width and height, origin top left."""
Metres = Annotated[float, Field(ge=-100_000, le=100_000, allow_inf_nan=False)]
Degrees = Annotated[float, Field(ge=-360, le=360, allow_inf_nan=False)]
Options = Annotated[dict[Annotated[str, Field(max_length=64)], JsonValue], Field(max_length=64)]
SealedSecrets = Annotated[dict[Name, Annotated[Base64, Field(max_length=4096)]], Field(max_length=512)]


def _without_password(address: str) -> str:
    try:
        has_password = "://" in address and urlsplit(address).password is not None
    except ValueError as error:
        raise ValueError(f"is no address ({error})") from error
    if has_password:
        raise ValueError("carries a password; name it with `secret:` and keep the value on the node or seal it")
    return address


Source = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_without_password)]
Url = Annotated[str, Field(pattern=r"^https?://[^\s@]+$", max_length=500)]
"""Without user or password; an address inside central's network."""


class ZoneBlock(WireModel):
    """A named region of a camera's picture; only `kinds` stand in it, if any are given."""

    name: Name
    polygon: Polygon
    kinds: Annotated[tuple[Seen, ...], Field(max_length=16)] | None = None


class MaskBlock(WireModel):
    """A region that is looked away from; of `kinds` only, if any are given."""

    polygon: Polygon
    kinds: Annotated[tuple[Seen, ...], Field(max_length=16)] = ()


class PoseBlock(WireModel):
    """Where a camera hangs: metres from an origin in CGCS2000 degrees, angles in degrees."""

    origin_lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    origin_lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    east_m: Metres
    north_m: Metres
    height_m: Annotated[float, Field(gt=0, le=200, allow_inf_nan=False)]
    yaw_deg: Degrees
    tilt_deg: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    fov_deg: Annotated[float, Field(gt=0, lt=180, allow_inf_nan=False)]
    sigma_m: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] | None = None


class PresetBlock(WireModel):
    """One place where a turning camera stops, with what holds there."""

    name: Name
    zones: Annotated[tuple[ZoneBlock, ...], Field(max_length=32)] = ()
    pose: PoseBlock | None = None
    options: Options = Field(default_factory=dict)


class CameraBlock(WireModel):
    """One camera. `options` are further keys of the node's own camera settings, `ptz` for how presets are told."""

    camera_id: Name
    source: Source
    secret: Name | None = None
    look_every_s: Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)] | None = None
    zones: Annotated[tuple[ZoneBlock, ...], Field(max_length=32)] = ()
    masks: Annotated[tuple[MaskBlock, ...], Field(max_length=32)] = ()
    pose: PoseBlock | None = None
    presets: Annotated[tuple[PresetBlock, ...], Field(max_length=64)] = ()
    options: Options = Field(default_factory=dict)


class ModelTarget(WireModel):
    """The model a node shall run. `sha256` is its manifest's; the manifest names every other file by hash.

    Files are fetched one by one from ``url/<sha256>``; without `url`, from central.
    """

    name: Annotated[str, Field(min_length=1, max_length=64)]
    version: Annotated[str, Field(min_length=1, max_length=64)]
    sha256: Sha256
    url: Url | None = None
    shadow_looks: Annotated[int, Field(ge=0, le=100_000)] = 200
    """Looks the new model makes beside the old one before it takes over; 0 swaps right after the self-test."""
    max_look_ms: Annotated[float, Field(gt=0, le=60_000, allow_inf_nan=False)] | None = None
    """Slower than this on average while in shadow: not taken. None: four times the old model's time."""


class SoftwareTarget(WireModel):
    """The node software that shall run: one archive (tar), fetched from `url` or central by its hash."""

    version: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$")]
    sha256: Sha256
    size_bytes: Annotated[int, Field(gt=0, le=MAX_SOFTWARE_BYTES)]
    url: Url | None = None


class Bundle(WireModel):
    """Everything one node shall be. `version` only rises; see `goes_back_from` for the exception."""

    format: Literal["xunjie-bundle/1"] = "xunjie-bundle/1"
    node_id: Name
    version: Annotated[int, Field(ge=1, le=2**53)]
    goes_back_from: Annotated[int, Field(ge=1, le=2**53)] | None = None
    """Signed leave to replace a *newer* bundle, up to this version (central was restored from a backup)."""
    made_at: Instant
    cameras: Annotated[tuple[CameraBlock, ...], Field(min_length=1, max_length=MAX_CAMERAS)]
    policies: Options | None = None
    """Presence policies as in configs/edge/policies.yaml; None keeps the node's own file."""
    evidence: Options | None = None
    """The node's evidence settings; None keeps the node's own."""
    model: ModelTarget | None = None
    software: SoftwareTarget | None = None
    sealed_secrets: SealedSecrets = Field(default_factory=dict)
    """Values of secrets, each sealed to the node's key in the context ``secret:<name>``."""

    @model_validator(mode="after")
    def _has_unique_cameras(self) -> Self:
        names = [camera.camera_id for camera in self.cameras]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(f"cameras: camera_id {', '.join(doubled)} is used twice; every camera needs its own")
        return self

    def to_wire(self) -> bytes:
        """The bytes that are signed and hashed."""
        return self.model_dump_json(exclude_none=True).encode()


def secret_context(name: str) -> str:
    """The context in which a bundle's secret is sealed (`contract.sealing`).

    >>> secret_context("cam-17")
    'secret:cam-17'
    """
    return f"secret:{name}"


def parse_bundle(payload: bytes, source: str) -> Bundle:
    """The bundle in `payload`, fields of a newer central ignored.

    Raises:
        UsageError: too large or malformed; one line per problem, each with its place.
    """
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise UsageError(f"{source}: {len(payload)} bytes; a bundle has {MAX_PAYLOAD_BYTES} at most")
    try:
        return Bundle.model_validate_json(payload)
    except ValidationError as error:
        raise UsageError(every_problem(error, "bundle", source)) from error
