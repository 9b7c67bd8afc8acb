"""The parts of the targets file: secrets by name, patience, and a platform's interface request by request."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from central.domain.delivery_pace import Pace
from central.gateways.http import Request, Said
from central.gateways.mapping import FieldRule, check_path, check_template
from contract.configfile import Settings
from contract.errors import UsageError
from contract.events import Name

Seconds = Annotated[float, Field(gt=0, le=30 * 86400)]
Word = str | int | bool


def _checked(check: Any, value: str) -> str:
    try:
        check(value)
    except UsageError as error:
        raise ValueError(str(error)) from error
    return value


class SecretRef(Settings):
    """The name of a secret; its value is in ``XUNJIE_SECRET_NAME`` or in the file that ``…_FILE`` names."""

    secret: Name
    prefix: Annotated[str, Field(max_length=50)] = ""


class PaceBlock(Settings):
    """How patiently the target is tried; see `central.domain.delivery_pace.Pace`."""

    first_s: Seconds = 2
    longest_s: Seconds = 300
    settle_s: Seconds = 30
    reply_within_s: Seconds = 120
    opens_after: Annotated[int, Field(ge=1, le=1000)] = 5
    give_up_days: Annotated[float, Field(ge=2, le=365)] = 14

    def to_pace(self) -> Pace:
        return Pace(
            first=timedelta(seconds=self.first_s),
            longest=timedelta(seconds=self.longest_s),
            settle=timedelta(seconds=self.settle_s),
            reply_within=timedelta(seconds=self.reply_within_s),
            opens_after=self.opens_after,
            give_up=timedelta(days=self.give_up_days),
        )


class TlsBlock(Settings):
    """Certificates are checked unless it says ``verify: false``, which is for a test bench only."""

    ca: Path | None = None
    verify: bool = True


class FieldBlock(Settings):
    """One of the platform's fields: a path into the case, or a value that is always the same."""

    path: str = ""
    value: Word | None = None
    words: dict[str, Word] = Field(default_factory=dict)
    time_format: Annotated[str, Field(max_length=50)] = ""
    zone: str = "Asia/Shanghai"
    default: Word | None = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if bool(self.path) == (self.value is not None):
            raise ValueError("give either a path into the case or a value")
        if self.path:
            _checked(check_path, self.path)
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"no time zone {self.zone!r}; write it as Asia/Shanghai") from error
        return self

    def to_rule(self) -> FieldRule:
        return FieldRule(self.path, self.value, self.words, self.time_format, self.zone, self.default)


class SaidBlock(Settings):
    """Answers with status 200 that mean no: the field's values that mean yes, and those that mean later."""

    path: str
    accepts: Annotated[tuple[Word, ...], Field(min_length=1)]
    later: tuple[Word, ...] = ()


class RequestBlock(Settings):
    """One request of the platform's interface; the last seven are paths into its answer."""

    method: Literal["GET", "POST", "PUT", "PATCH"] = "GET"
    path: str
    body: Literal["json", "form"] = "json"
    fields: dict[Annotated[str, Field(min_length=1, max_length=200)], str | FieldBlock] = Field(default_factory=dict)
    said: SaidBlock | None = None
    complaint: str = ""
    id: str = ""
    case_id: str = ""
    revision: str = ""
    state: str = ""
    version: str = ""
    items: str = ""

    @field_validator("path")
    @classmethod
    def _is_relative(cls, value: str) -> str:
        return _checked(check_template, value)

    @field_validator("fields")
    @classmethod
    def _are_there(cls, value: dict[str, str | FieldBlock]) -> dict[str, str | FieldBlock]:
        for entry in value.values():
            if isinstance(entry, str):
                _checked(check_path, entry)
        return value

    def to_request(self) -> Request:
        rules = {
            name: FieldRule(entry) if isinstance(entry, str) else entry.to_rule() for name, entry in self.fields.items()
        }
        said = Said(complaint=self.complaint)
        if self.said is not None:
            said = Said(self.said.path, _words(self.said.accepts), _words(self.said.later), self.complaint)
        return Request(
            self.method,
            self.path,
            self.body,
            rules,
            said,
            id_path=self.id,
            case_id_path=self.case_id,
            revision_path=self.revision,
            state_path=self.state,
            version_path=self.version,
            items_path=self.items,
        )


def _words(values: tuple[Word, ...]) -> frozenset[str]:
    return frozenset(str(value) for value in values)
