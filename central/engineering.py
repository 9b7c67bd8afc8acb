"""The engineers' pages, put together: fleet, drawing, calibration, roll-outs, letters, people."""

from dataclasses import dataclass

from fastapi import APIRouter

from central.artifacts import Artifacts
from central.console.fleet_pages import Gate, fleet_pages
from central.console.pages import Pages
from central.console.shaping import shaping_pages
from central.services.fleet import FleetDesk
from central.services.fleet_book import FleetBook
from central.services.tailoring import Tailor
from central.store.database import Database


@dataclass(frozen=True, slots=True)
class Workshop:
    """What is there only in the whole service: keys to sign with, files for nodes."""

    desk: FleetDesk
    artifacts: Artifacts


def engineers_pages(workshop: Workshop, database: Database, gate: Gate, pages: Pages) -> list[APIRouter]:
    """All of them, as routers of the console."""
    book, tailor = FleetBook(database, workshop.desk), Tailor(workshop.desk)
    return [
        shaping_pages(book, tailor, gate, pages),
        fleet_pages(book, workshop.desk, gate, pages),
    ]
