"""Photographs of a case as others read them: who took what when, the coarse picture, and the sealed clear one."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from central.services.views import CaseSummary
from central.store import photos
from central.store.database import Database
from central.store.photos import Photo

Find = Callable[[str], Path | None]
"""Where a file lies, by hash."""


@dataclass(frozen=True, slots=True)
class Before:
    """An earlier case at the place: how it was left, or where nobody photographed that, what a camera saw of it."""

    case: CaseSummary
    photo: Photo | None


class PhotoBook:
    """Any thread. Whether somebody may see the case is the caller's to ask."""

    def __init__(self, database: Database, find: Find) -> None:
        self._database, self._find = database, find

    def of_case(self, case_id: str) -> Sequence[Photo]:
        """Those of the case and of what was merged into it, oldest first."""
        with self._database.read() as connection:
            return photos.of_case(connection, case_id)

    def before(self, case: CaseSummary, around: Iterable[CaseSummary]) -> Iterator[Before]:
        """Of the cases around it those that began earlier and have a picture that is still kept, in their order."""
        for one in around:
            if one.first_seen_at >= case.first_seen_at:
                continue
            kept = [photo for photo in self.of_case(one.id) if self._find(photo.sha256) is not None]
            if kept or (one.picture is not None and self._find(one.picture.sha256) is not None):
                yield Before(one, kept[-1] if kept else None)

    def shown(self, case_id: str, sha256: str) -> Path | None:
        """The coarse picture's file; None where it is no photograph of this case, or its file is gone."""
        found = self._named(case_id, sha256)
        return None if found is None else self._find(found.sha256)

    def sealed(self, case_id: str, sha256: str) -> Path | None:
        """The sealed original's file of the photograph that is shown as `sha256`; None as for `shown`."""
        found = self._named(case_id, sha256)
        return None if found is None else self._find(found.sealed_sha256)

    def _named(self, case_id: str, sha256: str) -> Photo | None:
        return next((one for one in self.of_case(case_id) if one.sha256 == sha256), None)
