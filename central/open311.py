"""The Open311 file → who may report here, and how far what they say is believed. Keys are named, never written."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field, model_validator

from central.api.access import Access
from central.api.open311 import Door, open311_router
from central.api.reports import reports_router
from central.domain.workflow_words import Source
from central.services.byhand import HandDesk
from central.services.georeport import Client, ReportDesk, ReportParts
from central.services.georeport_raising import Raising
from central.services.lawbook import LawBook
from central.services.noticing import Surroundings
from central.services.steps import Stepper
from central.services.worker import Worker
from central.store.database import Database
from central.targets import secret_value
from contract.clock import Clock
from contract.configfile import Settings, load_yaml
from contract.errors import UsageError
from contract.events import Name

SHORTEST_KEY = 16


class ClientBlock(Settings):
    """One application or hotline. `secret` names its api_key: XUNJIE_SECRET_<NAME>, or the file that …_FILE names."""

    name: Name
    secret: Name
    source: Source = Source.CITIZEN
    per_minute: Annotated[int, Field(ge=1, le=10_000)] = 60
    per_day: Annotated[int, Field(ge=1, le=1_000_000)] = 5000

    @model_validator(mode="after")
    def _is_told(self) -> "ClientBlock":
        if self.source not in {Source.CITIZEN, Source.HOTLINE_12319, Source.HOTLINE_12345}:
            raise ValueError("source: citizen, '12319' or '12345'")
        return self


class Open311Settings(Settings):
    """The whole file; without it services and status can be read and nobody may report."""

    jurisdiction_id: Annotated[str, Field(max_length=100)] = ""
    url: Annotated[str, Field(max_length=300)] = ""
    contact: Annotated[str, Field(max_length=300)] = ""
    reads_need_key: bool = False
    sigma_m: Annotated[float, Field(gt=0, le=100)] = 8.0
    keep_texts_days: Annotated[float, Field(ge=1, le=3650)] = 365
    clients: Annotated[tuple[ClientBlock, ...], Field(max_length=200)] = ()

    @model_validator(mode="after")
    def _has_unique_names(self) -> "Open311Settings":
        names = [client.name for client in self.clients]
        double = sorted({name for name in names if names.count(name) > 1})
        if double:
            raise ValueError(f"clients: two are called {', '.join(double)}")
        return self

    @property
    def keep_texts(self) -> timedelta:
        return timedelta(days=self.keep_texts_days)

    def to_door(self, environment: Mapping[str, str]) -> Door:
        """Raises:
        UsageError: a key is not set, or too short.
        """
        door = Door(self.jurisdiction_id, (), self.reads_need_key, self.url, self.contact)
        return replace(door, clients=tuple(_client(block, environment) for block in self.clients))


def load_open311(path: Path | None) -> Open311Settings:
    """The settings in the file at `path`; without one, the defaults.

    Raises:
        UsageError: the file is wrong; the message says where and how.
    """
    return Open311Settings() if path is None else load_yaml(path, Open311Settings)


def _client(block: ClientBlock, environment: Mapping[str, str]) -> Client:
    key = secret_value(block.secret, environment)
    if len(key) < SHORTEST_KEY:
        raise UsageError(f"secret {block.secret!r}: an api_key has at least {SHORTEST_KEY} characters")
    return Client(block.name, key, block.source, block.per_minute, block.per_day)


@dataclass(frozen=True, slots=True)
class ReportMeans:
    """What reporting is made of."""

    database: Database
    laws: LawBook
    around: Surroundings
    hands: HandDesk
    stepper: Stepper
    clock: Clock
    wake: Callable[[], None]
    on_change: Callable[[], None]
    environment: Mapping[str, str] | None = None


class Reporting:
    """Everything about Open311 in one process."""

    def __init__(self, settings: Open311Settings, means: ReportMeans) -> None:
        """Builds everything and opens nothing.

        Raises:
            UsageError: a key is not set, or too short.
        """

        def taken() -> None:
            means.wake()
            means.on_change()

        parts = ReportParts(
            means.database, lambda: means.laws.newest, means.around, means.hands, means.clock, taken, settings.sigma_m
        )
        desk = ReportDesk(parts)
        door = settings.to_door(os.environ if means.environment is None else means.environment)
        raising = Raising(means.database, means.stepper, means.clock, means.on_change, settings.keep_texts)
        self.desk = desk
        self.public = open311_router(desk, door)
        self.worker = Worker("reports", raising.step, raising.recover, idle_s=1.0)

    def inside(self, access: Access) -> APIRouter:
        """For operators."""
        return reports_router(self.desk, access)
