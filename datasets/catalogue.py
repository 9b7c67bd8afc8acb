"""The catalogue of sources that can't be shipped: licence, what they label, how to obtain and import them."""

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from contract.configfile import Settings, load_yaml
from contract.errors import UsageError

DEFAULT_CATALOGUE = Path(__file__).resolve().parents[1] / "configs" / "datasets" / "catalogue.yaml"


class Entry(Settings):
    """One source; `unknown` is an answer, and says that somebody has to find out."""

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    title: str
    by: str
    kind: Literal["boxes", "masks", "frames"]
    """What was labelled: boxes can be imported, the others need work first."""
    licence: str
    labels: tuple[str, ...]
    """In the source's own words."""
    exhaustive_for: tuple[str, ...]
    """In our words: what an import may claim."""
    exhaustive_note: str
    obtain: str
    prepare: str
    import_command: str
    """Empty where there is nothing to import yet."""
    note: str


class Catalogue(Settings):
    """All entries, each name once."""

    entries: tuple[Entry, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_are_unique(self) -> "Catalogue":
        names = [entry.name for entry in self.entries]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"entries name {', '.join(twice)} more than once; keep one of each")
        return self


def read_catalogue(path: Path) -> Catalogue:
    """The catalogue in `path`.

    Raises:
        UsageError: unreadable, malformed, an unknown key.
    """
    return load_yaml(path, Catalogue)


def entry_named(catalogue: Catalogue, name: str) -> Entry:
    """The entry.

    Raises:
        UsageError: there is none; names those there are.
    """
    for entry in catalogue.entries:
        if entry.name == name:
            return entry
    known = ", ".join(entry.name for entry in catalogue.entries)
    raise UsageError(f"{name!r} is not in the catalogue; there are: {known}")
