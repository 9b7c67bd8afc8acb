"""The clips of a folder, and what is truly to be seen in each: by clips.json, else by the clip's name.

    pos_fire_smoke_burning_car.mp4    flame and smoke from its first second to its last ("fire" is a flame)
    neg_street.mp4                    nothing to report
    clips.json                        {"a.mp4": {"events": [{"seen": "smoke", "from_s": 12, "to_s": 90}]}}

A clip that neither names is watched, and its incidents are told, but they count for nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from contract.errors import UsageError
from contract.problems import first_problem
from contract.taxonomy import Seen
from datasets.json_file import read_json
from models.classes import MEANING_BY_LABEL

FACTS_FILE = "clips.json"
SUFFIXES = frozenset(
    {".avi", ".flv", ".h264", ".h265", ".hevc", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".ts"}
    | {".webm", ".wmv", ".3gp"}
)

_SEEN_BY_WORD: Mapping[str, Seen] = {
    "fire": Seen.FLAME,
    **{label: meaning for label, meaning in MEANING_BY_LABEL.items() if isinstance(meaning, Seen)},
    **{seen.value: seen for seen in Seen},
}


@dataclass(frozen=True, slots=True)
class Truth:
    """Something truly there, in seconds of the clip; `to_s` None: until it ends."""

    seen: Seen
    from_s: float = 0.0
    to_s: float | None = None


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip. `truths` is None where nobody says what it shows."""

    path: Path
    truths: tuple[Truth, ...] | None


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    seen: str
    from_s: Annotated[float, Field(ge=0)] = 0.0
    to_s: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> "_Event":
        if self.seen not in _SEEN_BY_WORD:
            raise ValueError(f"seen {self.seen!r}: write one of {', '.join(sorted(_SEEN_BY_WORD))}")
        if self.to_s is not None and self.to_s <= self.from_s:
            raise ValueError(f"to_s {self.to_s:g} must lie after from_s {self.from_s:g}")
        return self


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    events: list[_Event]


_FILE = TypeAdapter(dict[str, _Facts])


def read_clips(folder: Path) -> tuple[Clip, ...]:
    """The clips directly in `folder`, by name.

    Raises:
        UsageError: no such folder, no clip in it, or a faulty clips.json.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder; give a folder of video clips")
    named = _read_facts(folder / FACTS_FILE)
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and not path.name.startswith(".")]
    strangers = sorted(set(named) - {path.name for path in files})
    if strangers:
        raise UsageError(f"{folder / FACTS_FILE}: names {strangers[0]}, which is no file beside it; remove it")
    clips = [path for path in files if path.suffix.lower() in SUFFIXES or path.name in named]
    if not clips:
        raise UsageError(f"{folder}: holds no clips; put .mp4, .avi, .mkv or other video files there")
    return tuple(Clip(path, named.get(path.name, truths_of_name(path.stem))) for path in clips)


def truths_of_name(stem: str) -> tuple[Truth, ...] | None:
    """What a clip's name says is there: () for nothing, None if it doesn't say.

    >>> [truth.seen.value for truth in truths_of_name("pos_fire_smoke_burning_car")]
    ['flame', 'smoke']
    >>> truths_of_name("neg_street"), truths_of_name("holiday"), truths_of_name("pos_burning_car")
    ((), None, None)
    """
    kind, *words = stem.lower().split("_")
    if kind == "neg":
        return ()
    if kind != "pos":
        return None
    found: list[Seen] = []
    while words:
        length = next((size for size in (2, 1) if "_".join(words[:size]) in _SEEN_BY_WORD), 0)
        if not length:
            break
        found.append(_SEEN_BY_WORD["_".join(words[:length])])
        words = words[length:]
    return tuple(Truth(seen) for seen in dict.fromkeys(found)) or None


def _read_facts(path: Path) -> dict[str, tuple[Truth, ...]]:
    if not path.exists():
        return {}
    try:
        content = _FILE.validate_python(read_json(path, 'remove it, or write {"a.mp4": {"events": []}}'))
    except ValidationError as error:
        raise UsageError(f"{path}: {first_problem(error, 'file')}") from error
    return {
        name: tuple(Truth(_SEEN_BY_WORD[event.seen], event.from_s, event.to_s) for event in facts.events)
        for name, facts in content.items()
    }
