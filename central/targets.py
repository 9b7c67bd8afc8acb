"""The targets file → who is told of which cases, and how. Addresses come from here alone; secrets are only named."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from central.domain.delivery import UNREVIEWED, TargetRule, states_from
from central.domain.exchange import TO_HANDLE, Side
from central.domain.workflow import CaseState
from central.gateways.http import Interface
from central.services.delivery_notices import Form
from central.target_blocks import PaceBlock, RequestBlock, Seconds, SecretRef, TlsBlock
from contract.configfile import Settings, load_yaml
from contract.errors import UsageError
from contract.events import Name
from contract.taxonomy import Violation


class _Target(Settings):
    """What all targets have."""

    name: Name
    enabled: bool = True
    from_: Annotated[Literal["confirmed", "reported"], Field(alias="from")] = "confirmed"
    only_states: tuple[CaseState, ...] = ()
    kinds: frozenset[Violation] = frozenset()
    districts: Annotated[tuple[Annotated[str, Field(pattern=r"^[0-9A-Z]{1,15}$")], ...], Field(max_length=500)] = ()
    district: Annotated[str, Field(pattern=r"^[0-9]{6}$")] = "000000"
    codes: str | None = None
    coordinates: Literal["CGCS2000", "GCJ-02"] = "CGCS2000"
    pictures: bool = True
    senders: Annotated[int, Field(ge=1, le=16)] = 2
    pace: PaceBlock = PaceBlock()
    states: dict[Annotated[str, Field(max_length=100)], CaseState] = Field(default_factory=dict)
    poll_every_s: Seconds = 60

    @field_validator("only_states")
    @classmethod
    def _are_reviewed(cls, value: tuple[CaseState, ...]) -> tuple[CaseState, ...]:
        wrong = sorted(UNREVIEWED & set(value))
        if wrong:
            raise ValueError(f"{', '.join(wrong)}: nobody outside is told of what no person has confirmed")
        return value

    def to_rule(self) -> TargetRule:
        states = frozenset(self.only_states) or states_from(self.from_)
        return TargetRule(self.name, states, self.kinds, self.districts)

    def to_form(self) -> Form:
        return Form(self.codes, self.coordinates, self.district)


def _checked_address(value: str | None) -> str | None:
    try:
        parts = urlsplit(value or "")
        parts.port  # noqa: B018  # raises if it is no port
    except ValueError as error:
        raise ValueError(f"is no address ({error}); write it as https://platform.example/api/") from error
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise ValueError("write it as https://platform.example/api/")
    if parts.username or parts.password:
        raise ValueError("holds a password; name a secret in `headers` instead")
    return value


class _OverHttp(_Target):
    url: str
    tls: TlsBlock = TlsBlock()
    timeout_s: Annotated[float, Field(ge=0.1, le=120)] = 10
    headers: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")], str | SecretRef] = Field(default_factory=dict)

    _is_address = field_validator("url")(_checked_address)


class HttpTarget(_OverHttp):
    """A municipal platform's own interface."""

    kind: Literal["http"]
    idempotency_header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")] = "Idempotency-Key"
    knows_repeats: bool = False
    create: RequestBlock
    update: RequestBlock | None = None
    find: RequestBlock | None = None
    status: RequestBlock | None = None
    list: RequestBlock | None = None

    @model_validator(mode="after")
    def _can_resolve_doubt(self) -> Self:
        if self.find is None and not self.knows_repeats:
            raise ValueError(
                "find: is missing. After a time-out somebody must be able to ask whether the case arrived; say "
                "`knows_repeats: true` only if the platform drops a repeated idempotency key"
            )
        if self.find is not None and not self.find.id:
            raise ValueError("find.id: is missing; it says where the answer holds the platform's id of the case")
        if self.status is not None and not self.status.state:
            raise ValueError("status.state: is missing; it says where the answer holds the case's state")
        if self.update is not None and not self.create.id:
            raise ValueError("create.id: is missing; an update needs the platform's id of the case")
        return self

    def to_interface(self) -> Interface:
        update, find, status, listing = (
            None if block is None else block.to_request() for block in (self.update, self.find, self.status, self.list)
        )
        create = self.create.to_request()
        return Interface(create, update, find, status, listing, self.idempotency_header, self.knows_repeats)


class WebhookTarget(_OverHttp):
    """A signed webhook (standardwebhooks.com); `secret` also proves what comes back."""

    kind: Literal["webhook"]
    secret: Name


class ExchangeTarget(_OverHttp):
    """Another central with which cases are shared; both sign with the same `secret`.

    `side`: who the other one is. `url` ends in /api/v1/platforms/NAME, where NAME is how it calls us in its own targets
    file. Of a district, `districts` is its ground: the city's own cases there are handed to it to be handled; without
    it none is. `pictures_from`: where its pictures are fetched, if elsewhere than at `url`.
    """

    kind: Literal["exchange"]
    side: Side
    secret: Name
    pictures_from: str | None = None

    _has_pictures_at_an_address = field_validator("pictures_from")(_checked_address)

    @model_validator(mode="after")
    def _is_plain(self) -> Self:
        if self.states or self.only_states:
            raise ValueError("states, only_states: both centrals speak of states in the same words; leave them out")
        return self

    def to_rule(self) -> TargetRule:
        """A city is told of what was reported; a district of what it brought, and of what it is to handle."""
        handed = TO_HANDLE if self.districts else frozenset[CaseState]()
        states = states_from("reported") if self.side is Side.CITY else handed
        return TargetRule(self.name, states, self.kinds, self.districts, self.side)


class Open311Target(_OverHttp):
    """Another city's Open311 server; `url` ends in /open311/v2/, `secret` names the api_key.

    `services`: kind → its service code there; other kinds are not reported. `knows_repeats`: it drops a repeated
    Idempotency-Key, as ours does; without it a request that got no answer waits for a person, for the standard has no
    way to ask.
    """

    kind: Literal["open311"]
    secret: Name
    jurisdiction_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{0,100}$")] = ""
    services: Annotated[dict[Violation, Annotated[str, Field(max_length=100)]], Field(min_length=1)]
    knows_repeats: bool = False

    def to_rule(self) -> TargetRule:
        kinds = frozenset(self.services)
        return replace(super().to_rule(), kinds=self.kinds & kinds if self.kinds else kinds)


class MqttTarget(_Target):
    """Platform topics on a broker. Without `url` it is the broker of the nodes."""

    kind: Literal["mqtt"]
    url: str | None = None
    tls_ca: Path | None = None
    username: str | None = None
    password_secret: Name | None = None
    timeout_s: Annotated[float, Field(ge=0.1, le=120)] = 10
    clear_after_days: Annotated[float, Field(ge=0, le=3650)] = 30


class JournalTarget(_Target):
    """A folder of JSON lines."""

    kind: Literal["journal"]
    folder: Path
    file_mb: Annotated[float, Field(gt=0, le=1024)] = 64


Target = Annotated[
    HttpTarget | WebhookTarget | ExchangeTarget | Open311Target | MqttTarget | JournalTarget,
    Field(discriminator="kind"),
]


class TargetsSettings(Settings):
    """The whole file. `origin` names this central to others; `public_url` is where they reach its pictures."""

    origin: Name = "central"
    public_url: str | None = None
    picture_links_days: Annotated[float, Field(gt=0, le=3650)] = 30
    targets: Annotated[tuple[Target, ...], Field(max_length=50)] = ()

    @model_validator(mode="after")
    def _has_unique_names(self) -> Self:
        names = [target.name for target in self.targets]
        double = sorted({name for name in names if names.count(name) > 1})
        if double:
            raise ValueError(f"targets: two are called {', '.join(double)}")
        return self

    @property
    def in_use(self) -> tuple[Target, ...]:
        return tuple(target for target in self.targets if target.enabled)


def load_targets(path: Path | None) -> TargetsSettings:
    """The targets in the file at `path`; without one, none.

    Raises:
        UsageError: the file is wrong; the message says where and how.
    """
    return TargetsSettings() if path is None else load_yaml(path, TargetsSettings)


def secret_value(name: str, environment: Mapping[str, str]) -> str:
    """The secret in ``XUNJIE_SECRET_NAME``, or in the file that ``XUNJIE_SECRET_NAME_FILE`` names.

    Raises:
        UsageError: neither is set, or the file can't be read; the message names the variable, never the value.
    """
    variable = "XUNJIE_SECRET_" + name.upper().replace("-", "_").replace(".", "_")
    value, file = environment.get(variable), environment.get(f"{variable}_FILE")
    if not value and file:
        try:
            value = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"secret {name!r}: {variable}_FILE={file} can't be read ({error})") from error
    if not value:
        raise UsageError(f"secret {name!r}: neither {variable} nor {variable}_FILE is set")
    return value
