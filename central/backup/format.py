"""The backup file: a zip whose last member tells what every other must be.

    tables/<name>.jsonl   the rows, see central.store.rows
    pictures.jsonl        {"sha256", "size_bytes"} of every picture that the evidence folder held
    pictures/<sha256>     the pictures themselves, if they were asked for
    manifest.json         written last: a file without it is no backup

The hashes tell damage and careless edits, not forgery: who can write the file can write its manifest. Keep the
manifest's own sha256, which `backup` prints, elsewhere if that matters.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

MANIFEST = "manifest.json"
PICTURES = "pictures.jsonl"
CHUNK_BYTES = 1 << 20
Progress = Callable[[str, int, int], None]
"""Called with what is under way, how much of it is done, and how much there is."""


class _Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Member(_Written):
    """A member of lines: how many, and the sha256 of all of them."""

    rows: Annotated[int, Field(ge=0)]
    sha256: str


class TableMember(Member):
    """One table; `columns` in the order of each line's values."""

    name: Annotated[str, Field(pattern=r"^[a-z_]+$")]
    columns: tuple[str, ...]


class Manifest(_Written):
    """What a backup holds. `revision`: of the tables; see central.store.migrating."""

    format: Literal[1] = 1
    made_at: datetime
    revision: str
    source: str
    tables: tuple[TableMember, ...]
    pictures: Member
    with_pictures: bool = False
    damaged_pictures: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)


class KnownPicture(_Written):
    """A picture by name and size."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size_bytes: Annotated[int, Field(ge=0)]


def table_file(name: str) -> str:
    return f"tables/{name}.jsonl"


def picture_file(sha256: str) -> str:
    return f"pictures/{sha256}"
