"""A node's configuration: YAML + environment secrets → frozen settings, once, at start.

Nothing else in the edge reads a file of settings or an environment variable.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from contract.configfile import Settings, load_yaml, parse_settings
from contract.errors import UsageError
from contract.events import Name
from contract.ids import NodeId
from contract.manifest import Engine
from edge.camera_settings import CameraSettings, MaskSettings, PoseSettings, ZoneSettings
from edge.evidence_settings import EvidenceSettings
from edge.position.settings import CalibrationSettings
from edge.rules.policy import Policies
from edge.uplink_settings import UplinkSettings
from edge.values import Backend

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_POLICIES = ROOT / "configs" / "edge" / "policies.yaml"
DEFAULT_MODEL = ROOT / "models" / "zoo" / "default"

LOOPBACK = ("127.0.0.1", "localhost")


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
