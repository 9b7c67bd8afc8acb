"""The engineers' pages, put together: fleet, drawing, calibration, roll-outs, letters, people."""

from dataclasses import dataclass

from fastapi import APIRouter

from central.artifacts import Artifacts
from central.console.bundling import Findings, bundling_pages
from central.console.calibrating import Ground, calibrating_pages
from central.console.fleet_pages import Gate, fleet_pages
from central.console.pages import Pages
from central.console.shaping import shaping_pages
from central.foundation import Foundation
from central.services.fleet import FleetDesk
from central.services.fleet_book import FleetBook
from central.services.reading import Reader
from central.services.tailoring import Tailor
from central.store.database import Database
from contract.clock import Clock


@dataclass(frozen=True, slots=True)
class Workshop:
    """What is there only in the whole service: keys to sign with, files for nodes."""

    desk: FleetDesk
    artifacts: Artifacts
    ground: Ground
    clock: Clock


def workshop_of(base: Foundation) -> Workshop:
    """On a process's own ground."""
    reader = Reader(base.database, base.law, base.plane, base.laws)
    desk = FleetDesk(base.database, lambda: base.keys, base.clock)
    return Workshop(desk, Artifacts(base.settings.artifacts_folder), Ground(base.plane, reader.zones), base.clock)


def engineers_pages(workshop: Workshop, database: Database, gate: Gate, pages: Pages) -> list[APIRouter]:
    """All of them, as routers of the console."""
    book, tailor = FleetBook(database, workshop.desk), Tailor(workshop.desk)
    return [
        shaping_pages(book, tailor, gate, pages),
        calibrating_pages(book, tailor, workshop.ground, gate, pages),
        bundling_pages(book, workshop.desk, tailor, Findings(database, workshop.clock), gate, pages),
        fleet_pages(book, workshop.desk, gate, pages),
    ]
