"""Our notice → a platform's fields, and its answer → what it says. Pure; what may be named is checked at load."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from contract.errors import UsageError
from contract.notices import CaseNotice

EXTRAS = ("code", "code_standard", "lat", "lon", "picture_url", "picture_urls", "name_zh", "name_en")
"""What a notice holds deeper down or not as such, under a short name."""
PLACEHOLDERS = frozenset({"external_id", "case_id", "revision", "delivery_id", "page"})
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
Json = Any


@dataclass(frozen=True, slots=True)
class FieldRule:
    """Where one of the platform's fields comes from: a dotted path into the notice, or a constant.

    `words` translates; a word that is missing there is an error, because a platform that is told a wrong kind or state
    is worse than one that is not told. `time_format` is strftime's, in `zone`.
    """

    path: str = ""
    constant: Json = None
    words: Mapping[str, Json] = field(default_factory=dict)
    time_format: str = ""
    zone: str = "Asia/Shanghai"
    default: Json = None


def check_path(path: str) -> None:
    """Raises:
    UsageError: no notice has anything there.
    """
    root = path.split(".")[0]
    if root not in CaseNotice.model_fields and root not in EXTRAS:
        known = ", ".join(sorted([*CaseNotice.model_fields, *EXTRAS]))
        raise UsageError(f"{path!r}: a case has no {root!r}; it has: {known}")


def check_template(path: str) -> None:
    """Raises:
    UsageError: it names something that can't be filled in, or leaves the target's address.
    """
    unknown = set(_PLACEHOLDER.findall(path)) - PLACEHOLDERS
    if unknown:
        names = ", ".join(sorted(PLACEHOLDERS))
        raise UsageError(f"{path!r}: {{{min(unknown)}}} can't be filled in; there are: {names}")
    if path.startswith("/") or "://" in path or ".." in path.split("/"):
        raise UsageError(f"{path!r}: write it relative to the target's url, without a leading slash")


def filled(template: str, values: Mapping[str, str]) -> str:
    """The template with quoted values: what a platform once called an id can't lead anywhere else.

    >>> filled("cases/{external_id}", {"external_id": "../admin?x"})
    'cases/..%2Fadmin%3Fx'
    """
    return _PLACEHOLDER.sub(lambda found: quote(values.get(found.group(1), ""), safe=""), template)


def document_of(notice: CaseNotice) -> dict[str, Json]:
    """The notice as paths see it."""
    found: dict[str, Json] = notice.model_dump(mode="json")
    urls = [picture.url for picture in notice.pictures if picture.url]
    found |= {
        "code": notice.codes[0].code if notice.codes else None,
        "code_standard": notice.codes[0].standard if notice.codes else None,
        "lat": notice.place.lat if notice.place else None,
        "lon": notice.place.lon if notice.place else None,
        "picture_url": urls[0] if urls else None,
        "picture_urls": urls,
        "name_zh": notice.kind_name.zh if notice.kind_name else None,
        "name_en": notice.kind_name.en if notice.kind_name else None,
    }
    return found


def fields_of(notice: CaseNotice, rules: Mapping[str, FieldRule]) -> dict[str, Json]:
    """The platform's fields by their (dotted) names; those without a value are left out.

    Raises:
        UsageError: a word has no translation.
    """
    document = document_of(notice)
    found = {name: _value(name, rule, document) for name, rule in rules.items()}
    return {name: value for name, value in found.items() if value is not None}


def to_json(fields: Mapping[str, Json]) -> bytes:
    """Dotted names become nested objects.

    >>> to_json({"a.b": 1, "a.c": 2, "d": 3})
    b'{"a": {"b": 1, "c": 2}, "d": 3}'
    """
    whole: dict[str, Json] = {}
    for name, value in fields.items():
        *outer, last = name.split(".")
        place = whole
        for part in outer:
            place = place.setdefault(part, {})
        place[last] = value
    return json.dumps(whole, ensure_ascii=False).encode()


def to_form(fields: Mapping[str, Json]) -> bytes:
    """A form as browsers send it; a list repeats its name."""
    return urlencode({name: _plain(value) for name, value in fields.items()}, doseq=True).encode()


def read_json(body: bytes) -> Json:
    """The answer's content; None if it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def at(content: Json, path: str) -> Json:
    """What lies at the dotted path, numbers counting in lists; None where there is nothing. An empty path is all.

    >>> at({"data": [{"id": 7}]}, "data.0.id")
    7
    """
    for part in path.split(".") if path else ():
        if isinstance(content, Mapping):
            content = content.get(part)
        elif isinstance(content, Sequence) and not isinstance(content, str) and part.isdecimal():
            content = content[int(part)] if int(part) < len(content) else None
        else:
            return None
    return content


def text_at(content: Json, path: str) -> str | None:
    """The same as a text of at most 200 characters; None for nothing and for what is no plain value."""
    found = at(content, path)
    if found is None or isinstance(found, bool | Mapping | list):
        return None
    return str(found)[:200] or None


def number_at(content: Json, path: str) -> int | None:
    found = text_at(content, path) if path else None
    return int(found) if found is not None and found.isdecimal() and len(found) < 10 else None


def _value(name: str, rule: FieldRule, document: Mapping[str, Json]) -> Json:
    if not rule.path:
        return rule.constant
    value = at(document, rule.path)
    if value is None:
        return rule.default
    if rule.words:
        if str(value) not in rule.words:
            raise UsageError(f"field {name}: `words` has nothing for {value!r} of {rule.path}; add it")
        return rule.words[str(value)]
    if rule.time_format:
        return datetime.fromisoformat(str(value)).astimezone(ZoneInfo(rule.zone)).strftime(rule.time_format)
    return value


def _plain(value: Json) -> Json:
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | bool) else value
