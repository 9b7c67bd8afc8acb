"""What a source says about itself (source.json) and how it was split (split.json)."""

from collections.abc import Set
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from contract.configfile import parse_settings
from contract.errors import UsageError
from contract.problems import first_problem
from datasets.faults import FaultSink
from datasets.json_file import read_json
from datasets.labels import STREET_WORDS, is_usable_label

UNKNOWN_LICENCE = "unknown"


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


Labels = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]


class SourceFacts(BaseModel):
    """source.json. Other keys (origin, commit, notes, counts) are the source's own business."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    name: str = Field(default="", max_length=80, pattern=r"^[^/\\\x00-\x1f]*$")
    """Empty: the folder's name."""
    classes: Labels
    """By the number that label files use."""
    exhaustive_for: Labels
    """Labels whose every visible instance is boxed, so that absence is real."""
    licence: str = Field(default=UNKNOWN_LICENCE, alias="licence_as_stated", min_length=1)

    @model_validator(mode="after")
    def _labels_make_sense(self) -> "SourceFacts":
        for field, labels in (("classes", self.classes), ("exhaustive_for", self.exhaustive_for)):
            twice = sorted({label for label in labels if labels.count(label) > 1})
            if twice:
                raise ValueError(f"{field} names {', '.join(twice)} more than once; keep one of each")
            bad = [label for label in labels if not is_usable_label(label)]
            if bad:
                raise ValueError(f"{field}: {bad[0]!r} can't be a class name (one line, none of = , / \\)")
        unknown = sorted(set(self.exhaustive_for) - set(self.classes) - STREET_WORDS)
        if unknown:
            raise ValueError(f"exhaustive_for names {', '.join(unknown)}, not a class; correct it or add it to classes")
        return self


def read_facts(root: Path) -> SourceFacts:
    """The facts in ``root/source.json``.

    Raises:
        UsageError: missing or malformed.
    """
    path = root / "source.json"
    remedy = 'write one with at least "classes" and "exhaustive_for"'
    if not path.exists():
        raise UsageError(f"{path}: no source.json; {remedy}")
    return parse_settings(read_json(path, remedy), SourceFacts, str(path))


_SPLITS = TypeAdapter(dict[str, Literal["train", "val"]])


def read_split(path: Path, stems: Set[str], sink: FaultSink) -> dict[str, Literal["train", "val"]]:
    """Which half each stem lies in; empty where there is no such file."""
    if not path.exists():
        return {}
    try:
        split = _SPLITS.validate_python(read_json(path, "remove it, or write stems with train or val"))
    except UsageError as error:
        sink.add(path, None, str(error).removeprefix(f"{path}: "))
        return {}
    except ValidationError as error:
        sink.add(path, None, f"{first_problem(error, 'file')}; expected train or val per stem")
        return {}
    for stem in sorted(set(split) - stems):
        sink.add(path, None, f"names {stem}, which is no picture in images/; remove it")
    return {stem: half for stem, half in split.items() if stem in stems}
