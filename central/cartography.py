"""The map, put together: its layers over HTTP, its page, and what the public may see of it."""

from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from sqlalchemy import Connection

from central.api.access import Access
from central.api.map import map_router
from central.console.map_pages import map_pages, public_map_pages
from central.console.pages import Pages
from central.domain.registers.snapshot import Registers
from central.services.atlas import Atlas
from central.services.basemap import BaseMap
from central.services.case_atlas import CaseAtlas
from central.services.lawbook import LawBook
from central.services.reading import Reader
from central.site import SiteSettings
from central.store.database import Database
from contract.clock import Clock


@dataclass(frozen=True, slots=True)
class MapMeans:
    """What the map is made of. `folder` holds the background that somebody brings; without it nobody can."""

    database: Database
    laws: LawBook
    site: SiteSettings
    reader: Reader
    clock: Clock
    folder: Path | None = None
    is_public: bool = False


def maps(means: MapMeans, access: Access, pages: Pages) -> tuple[APIRouter, list[APIRouter]]:
    """The layers, which belong under ``/api/v1``, and the pages."""
    origin, timezone = means.site.to_origin(), ZoneInfo(means.site.timezone)

    def registers(connection: Connection) -> Registers:
        return means.laws.current(connection).registers

    base = None if means.folder is None else BaseMap(means.folder)
    atlas = Atlas(means.database, registers, origin, timezone, means.clock)
    cases = CaseAtlas(means.database, registers, origin, means.clock, means.reader.violation_name)
    shown = [map_pages(means.reader, base, access, pages, means.clock, timezone)]
    if means.is_public:
        shown.append(public_map_pages(atlas, base, pages))
    return map_router(atlas, cases, base, access), shown
