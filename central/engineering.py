"""The engineers' and officers' pages, put together: fleet, drawing, calibration, roll-outs, letters, people, street."""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from fastapi import APIRouter

from central.artifacts import Artifacts
from central.console.bundling import bundling_pages
from central.console.calibrating import Ground, calibrating_pages
from central.console.fleet_pages import Gate, fleet_pages
from central.console.letter_pages import letter_pages
from central.console.pages import Pages
from central.console.people_pages import people_pages
from central.console.rollout_pages import rollout_pages
from central.console.rules_pages import rules_pages
from central.console.shaping import shaping_pages
from central.console.street import street_pages
from central.console.street_offline import offline_pages
from central.domain.rules import AssociationRules
from central.foundation import Foundation
from central.rulebook import make_rules
from central.services.basemap import BaseMap
from central.services.casefile import CaseFiles
from central.services.delivery_hearing import ReplyDesk
from central.services.fleet import FleetDesk
from central.services.fleet_book import FleetBook
from central.services.letters import LetterDesk
from central.services.people import PeopleDesk
from central.services.photobook import PhotoBook
from central.services.policies import Findings
from central.services.reading import Reader
from central.services.rollouts import RolloutDesk
from central.services.street import Darkroom, StreetDesk
from central.services.tailoring import Tailor
from central.services.whatif import WhatIf, day_span, what_if_stored
from central.store.database import Database
from contract.clock import Clock


@dataclass(frozen=True, slots=True)
class Workshop:
    """What is there only in the whole service: keys to sign with, files for nodes."""

    desk: FleetDesk
    artifacts: Artifacts
    ground: Ground
    clock: Clock
    letters: LetterDesk
    people: PeopleDesk
    prefix: str
    """The topics'."""
    reader: Reader
    street: StreetDesk
    photographs: PhotoBook
    rules: AssociationRules
    timezone: tzinfo


def workshop_of(base: Foundation, replies: ReplyDesk | None = None) -> Workshop:
    """On a process's own ground; `replies` takes what platforms said, when a letter of theirs is read again."""
    reader = Reader(base.database, base.law, base.plane, base.laws)
    desk = FleetDesk(base.database, lambda: base.keys, base.clock)
    darkroom = Darkroom(base.objects, lambda: base.keys.sealing.public)
    return Workshop(
        desk,
        Artifacts(base.settings.artifacts_folder),
        Ground(base.plane, reader.zones, BaseMap(base.settings.map_folder).current),
        base.clock,
        LetterDesk(base.database, base.clock, base.around(), lambda: replies),
        PeopleDesk(base.database, base.hasher, base.clock),
        base.topics.prefix,
        reader,
        StreetDesk(base.database, reader, darkroom, base.stepper, base.clock, base.plane, base.feed.notify),
        PhotoBook(base.database, base.objects.find),
        make_rules(base.site, base.settings.association),
        base.law.timezone,
    )


def engineers_pages(workshop: Workshop, database: Database, gate: Gate, pages: Pages) -> list[APIRouter]:
    """All of them, as routers of the console."""
    book, tailor = FleetBook(database, workshop.desk), Tailor(workshop.desk)

    def what_if(rules: AssociationRules, start: datetime) -> WhatIf:
        return what_if_stored(database, rules, *day_span(start))

    around = CaseFiles(database, workshop.reader, workshop.clock).around

    def today() -> date:
        return workshop.clock.now().astimezone(workshop.timezone).date()

    return [
        shaping_pages(book, tailor, gate, pages),
        calibrating_pages(book, tailor, workshop.ground, gate, pages),
        bundling_pages(book, workshop.desk, tailor, Findings(database, workshop.clock), gate, pages),
        rollout_pages(RolloutDesk(book, workshop.desk, tailor), gate, pages),
        letter_pages(workshop.letters, workshop.prefix, gate, pages),
        offline_pages(gate, pages),
        street_pages(workshop.street, workshop.photographs, workshop.reader, around, gate, pages),
        rules_pages(workshop.rules, what_if, workshop.timezone, today, gate, pages),
        people_pages(workshop.people, gate, pages),
        fleet_pages(book, workshop.desk, gate, pages),
    ]
