"""Central's settings: defaults, then the YAML file, then command-line flags. Secrets come from the environment only."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from central.domain.districts import REST, THE_REST, District
from central.domain.retention import RetentionRules
from contract.configfile import Settings, load_yaml, parse_settings
from contract.ids import NAME_PATTERN


class LogFormat(StrEnum):
    """How log lines look on stderr."""

    CONSOLE = "console"
    JSON = "json"


class Role(StrEnum):
    """What a central process does; one does all by default, several share the work over one PostgreSQL."""

    INGEST = "ingest"
    ASSOCIATE = "associate"
    API = "api"
    DISPATCH = "dispatch"


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


Roles = Annotated[tuple[Role, ...], Field(min_length=1), BeforeValidator(_split)]
MqttProtocol = Annotated[Literal["5", "3.1.1"], BeforeValidator(str)]


class CentralSettings(Settings):
    """One field per key of configs/central/central.yaml; all have defaults that run on one machine."""

    database_url: str = "sqlite:///var/central/central.db"
    mqtt_url: str = "mqtt://127.0.0.1:1883"
    mqtt_protocol: MqttProtocol = "5"
    roles: Roles = tuple(Role)
    districts: Annotated[tuple[str, ...], Field(max_length=100), BeforeValidator(_split)] | None = None
    backroom: Annotated[
        bool, Field(description="Whether the roles ingest and associate have a process of their own beside api.")
    ] = True
    worker: Annotated[str, Field(pattern=NAME_PATTERN)] = "1"
    ingest_group: Annotated[str, Field(pattern=NAME_PATTERN)] | None = None
    evidence_dir: Path = Path("var/central/evidence")
    keys_dir: Annotated[Path | None, Field(description="Central's own keys; beside the evidence unless given.")] = None
    artifacts_dir: Annotated[
        Path | None, Field(description="Models, software and nodes' answers; beside the evidence unless given.")
    ] = None
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    site: Path | None = None
    violations: Path | None = None
    association: Path | None = None
    workflow: Annotated[Path | None, Field(description="Who is told when; the packaged file unless given.")] = None
    deadlines: Annotated[Path | None, Field(description="Limits and calendar; the packaged file unless given.")] = None
    notices: Annotated[
        Path | None, Field(description="audience: [apprise URLs]; holds secrets. Without it nobody is told outside.")
    ] = None
    assessment: Path | None = None
    public: Annotated[bool, Field(description="Whether statistics and map are for everybody.")] = False
    targets: Annotated[Path | None, Field(description="Who is told of which cases; nobody unless given.")] = None
    open311: Annotated[Path | None, Field(description="Who may report over Open311; nobody unless given.")] = None
    log_format: LogFormat = LogFormat.CONSOLE
    retention: RetentionRules = RetentionRules()

    @property
    def own_districts(self) -> frozenset[District] | None:
        """The districts that this process is meant for; None for all."""
        if self.districts is None:
            return None
        return frozenset(REST if name == THE_REST else District(name) for name in self.districts)

    @property
    def keys_folder(self) -> Path:
        """Where central's own keys lie."""
        return self.keys_dir or self.evidence_dir.parent / "keys"

    @property
    def map_folder(self) -> Path:
        """Where the map's background lies that somebody brought."""
        return self.evidence_dir.parent / "map"

    @property
    def reports_folder(self) -> Path:
        """Where reports of imports lie for some days."""
        return self.evidence_dir.parent / "reports"

    @property
    def artifacts_folder(self) -> Path:
        """Where files lie that nodes fetch or bring."""
        return self.artifacts_dir or self.evidence_dir.parent / "artifacts"


class Secrets(Settings):
    """From ``XUNJIE_OPERATOR_TOKEN`` and ``XUNJIE_NODE_TOKEN``; one that is unset is made up at start and printed."""

    operator_token: Annotated[str, Field(min_length=8, max_length=500)] | None = None
    node_token: Annotated[str, Field(min_length=8, max_length=500)] | None = None


def load_settings(path: Path | None, flags: Mapping[str, object]) -> CentralSettings:
    """The settings of the file at `path`, if any, with those `flags` on top that are not None.

    Raises:
        UsageError: the file or a flag is wrong.
    """
    settings = CentralSettings() if path is None else load_yaml(path, CentralSettings)
    given = {key: value for key, value in flags.items() if value is not None}
    return parse_settings(settings.model_dump() | given, CentralSettings, "command line") if given else settings


def load_secrets(environment: Mapping[str, str]) -> Secrets:
    """The secrets in `environment`; empty counts as unset.

    Raises:
        UsageError: a token is too short.
    """
    content = {
        "operator_token": environment.get("XUNJIE_OPERATOR_TOKEN") or None,
        "node_token": environment.get("XUNJIE_NODE_TOKEN") or None,
    }
    return parse_settings(content, Secrets, "environment XUNJIE_…")
