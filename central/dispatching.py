"""Composes delivery: the targets file becomes gateways, senders, listeners and the nightly comparison."""

import hashlib
import os
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from fastapi import APIRouter

from central.api.access import Access
from central.api.deliveries import PlatformDoor, deliveries_router, platforms_router
from central.domain.law import Law
from central.domain.workflow import CaseState
from central.gateways.calling import Caller, Line
from central.gateways.exchange import ExchangeGateway, LinkedPictures
from central.gateways.http import HttpGateway
from central.gateways.journal import JournalGateway
from central.gateways.mqtt import BrokerLine, MqttGateway
from central.gateways.open311 import CLOSED, OPEN, Open311Gateway, interface
from central.gateways.webhook import WebhookGateway
from central.ingest.address import BrokerAddress, parse_address
from central.services.byhand import HandDesk
from central.services.delivery_clearing import Clearing
from central.services.delivery_hearing import Listener, ReplyDesk
from central.services.delivery_notices import PictureLinks, Presenter
from central.services.delivery_port import Gateway
from central.services.delivery_reconciling import Reconciler, Subject
from central.services.delivery_sending import SLACK, Point, Route, Sender, nobody_watches
from central.services.delivery_signature import key_of
from central.services.delivery_views import DeliveryReader
from central.services.evidence import ObjectStore
from central.services.exchange_pictures import FetchParts, PictureFetcher
from central.services.exchange_taking import ExchangeDesk, ExchangeParts
from central.services.steps import Stepper
from central.services.terrain import UNSURVEYED, Terrain
from central.services.worker import Worker
from central.store import delivery_targets
from central.store.database import Database
from central.target_blocks import SecretRef
from central.targets import (
    ExchangeTarget,
    HttpTarget,
    JournalTarget,
    MqttTarget,
    Open311Target,
    Target,
    TargetsSettings,
    WebhookTarget,
    secret_value,
)
from contract.clock import Clock
from contract.errors import UsageError
from contract.plane import Origin
from contract.signing import Purpose, SigningKey
from contract.topics import Topics

LOOK_S = 0.5
"""How soon a sender sees what another process has queued; its own process wakes it at once."""
CLEAR_EVERY_S = 600.0
RECONCILE_EVERY_S = 900.0
FETCH_EVERY_S = 2.0
MAX_PICTURE_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Means:
    """What delivery is made of.

    `broker`: the nodes'; `worker` names this process among others; without `links` pictures stay inside, without
    `objects` none are fetched.
    """

    database: Database
    clock: Clock
    law: Law
    plane: Origin
    broker: BrokerAddress
    stepper: Stepper
    worker: str
    links: PictureLinks | None = None
    objects: ObjectStore | None = None
    terrain: Terrain = UNSURVEYED
    on_change: Callable[[], None] = lambda: None
    environment: Mapping[str, str] | None = None
    reached: Callable[[Point], None] = nobody_watches
    slack: timedelta = SLACK


class Dispatching:
    """All targets of one process."""

    def __init__(self, settings: TargetsSettings, around: Means) -> None:
        """Builds everything and opens nothing.

        Raises:
            UsageError: a secret is not set, or a file of certificates can't be read.
        """
        self.settings = settings
        self._around = around
        self._environment = os.environ if around.environment is None else around.environment
        self._sides = {it.name: it.side for it in settings.in_use if isinstance(it, ExchangeTarget)}
        self.replies = ReplyDesk(
            around.database,
            around.clock,
            around.stepper,
            {target.name: _words(target) for target in settings.in_use},
            around.on_change,
            self._sides,
        )
        self.webhook_keys = {
            target.name: key_of(secret_value(target.secret, self._environment))
            for target in settings.in_use
            if isinstance(target, WebhookTarget | ExchangeTarget)
        }
        self.routes = {target.name: self._route(target) for target in settings.in_use}
        self.reconcilers = {target.name: self.reconciler(target) for target in settings.in_use}
        self._senders = [worker for target in settings.in_use for worker in self._sending(target)]
        self._others = [worker for target in settings.in_use for worker in self._looking_after(target)]

    @property
    def workers(self) -> list[Worker]:
        return [*self._senders, *self._others]

    def register(self) -> None:
        """Lets everybody who changes a case know the targets."""
        with self._around.database.write() as connection:
            delivery_targets.keep_rules(connection, [target.to_rule() for target in self.settings.in_use])

    def routers(self, access: Access, objects: ObjectStore) -> tuple[APIRouter, ...]:
        """The ways in: for operators, and for platforms."""
        around = self._around
        hands = HandDesk(around.database, around.law, around.stepper, around.clock, around.on_change, around.terrain)
        parts = ExchangeParts(around.database, hands, self.replies, around.plane, around.clock, self._sides)
        exchange = ExchangeDesk(parts)
        door = PlatformDoor(self.replies, self.webhook_keys, around.links, objects, around.clock, exchange)
        return deliveries_router(DeliveryReader(around.database, around.clock), access), platforms_router(door)

    def start(self) -> None:
        self.register()
        for route in self.routes.values():
            route.gateway.start()
        for worker in self.workers:
            worker.start()

    def wake(self) -> None:
        """Something may have been queued. Any thread."""
        for worker in self._senders:
            worker.wake()

    def stop(self) -> None:
        for worker in self.workers:
            worker.stop()
        for route in self.routes.values():
            route.gateway.stop()

    def reconciler(self, target: Target) -> Reconciler:
        words = {word.value: word for word in target.to_rule().states} | dict(target.states)
        subject = Subject(target.to_rule(), self.routes[target.name].gateway, words)
        around = self._around
        return Reconciler(around.database, subject, around.clock, f"{around.worker}/{target.name}"[:64], self.wake)

    def _route(self, target: Target) -> Route:
        around = self._around
        links = around.links if target.pictures else None
        presenter = Presenter(self.settings.origin, around.plane, around.law.violations, target.to_form(), links)
        return Route(target.name, self._gateway(target), presenter, target.pace.to_pace())

    def _gateway(self, target: Target) -> Gateway:
        clock = self._around.clock
        match target:
            case HttpTarget():
                return HttpGateway(self._caller(target), target.to_interface(), clock)
            case WebhookTarget():
                return WebhookGateway(self._caller(target), self.webhook_keys[target.name], clock)
            case Open311Target():
                key = secret_value(target.secret, self._environment)
                asked = interface(key, target.jurisdiction_id, target.services, target.knows_repeats)
                return Open311Gateway(self._caller(target), asked, clock)
            case ExchangeTarget():
                return ExchangeGateway(self._caller(target), self.webhook_keys[target.name], clock)
            case MqttTarget():
                return MqttGateway(self._broker_line(target))
            case JournalTarget():
                return JournalGateway(target.folder, target.name, int(target.file_mb * 1024 * 1024))

    def _caller(self, target: HttpTarget | WebhookTarget | ExchangeTarget | Open311Target) -> Caller:
        headers = {name: self._header(value) for name, value in target.headers.items()}
        is_whole = isinstance(target, WebhookTarget) or target.url.endswith("/")
        url = target.url if is_whole else f"{target.url}/"
        return Caller(Line(url, headers, target.timeout_s, target.tls.ca, target.tls.verify), self._around.clock)

    def _picture_line(self, target: ExchangeTarget) -> Caller:
        """The other's address alone: what its notices say of hosts is not believed."""
        parts = urlsplit(target.pictures_from or target.url)
        at = f"{parts.scheme}://{parts.netloc}/"
        line = Line(at, {}, target.timeout_s, target.tls.ca, target.tls.verify, MAX_PICTURE_BYTES)
        return Caller(line, self._around.clock)

    def _header(self, value: str | SecretRef) -> str:
        if isinstance(value, SecretRef):
            return value.prefix + secret_value(value.secret, self._environment)
        return value

    def _broker_line(self, target: MqttTarget) -> BrokerLine:
        own = self._around.broker
        named = own if target.url is None else parse_address(target.url)
        password = None if target.password_secret is None else secret_value(target.password_secret, self._environment)
        return BrokerLine(
            host=named.host,
            port=named.port,
            topics=Topics(named.prefix),
            client_id=f"xunjie-{self.settings.origin}-{target.name}-{self._around.worker}",
            is_tls=named.is_tls,
            ca_file=target.tls_ca,
            username=target.username or named.username,
            password=password or named.password,
            timeout_s=target.timeout_s,
        )

    def _sending(self, target: Target) -> list[Worker]:
        around, found = self._around, []
        for number in range(1, target.senders + 1):
            name = f"{around.worker}/{target.name}/{number}"[:64]
            draw = random.Random(name).random  # jitter only: no secret hangs on it
            route = self.routes[target.name]
            sender = Sender(
                around.database, route, around.clock, name, draw, around.on_change, around.reached, around.slack
            )
            found.append(Worker(f"send/{name}", sender.step, sender.recover, idle_s=LOOK_S))
        return found

    def _looking_after(self, target: Target) -> list[Worker]:
        around, gateway = self._around, self.routes[target.name].gateway
        found = []
        is_asked = isinstance(target, Open311Target) or (isinstance(target, HttpTarget) and target.status is not None)
        if isinstance(target, MqttTarget) or is_asked:
            holder = f"{around.worker}/{target.name}"[:64]
            speaks = isinstance(target, MqttTarget)
            every = None if speaks else timedelta(seconds=target.poll_every_s)
            listener = Listener(around.database, target.name, gateway, self.replies, around.clock, holder, every)
            idle_s = LOOK_S if speaks else min(5.0, target.poll_every_s)
            found.append(Worker(f"hear/{target.name}", listener.step, listener.recover, idle_s=idle_s))
        if isinstance(target, MqttTarget):
            after = timedelta(days=target.clear_after_days)
            presenter = self.routes[target.name].presenter
            clearing = Clearing(around.database, target.name, gateway, presenter, around.clock, after)
            found.append(Worker(f"clear/{target.name}", clearing.step, clearing.recover, idle_s=CLEAR_EVERY_S))
        if isinstance(target, ExchangeTarget) and around.objects is not None and target.pictures:
            parts = FetchParts(around.database, around.objects, around.clock, around.on_change)
            fetcher = PictureFetcher(parts, target.name, LinkedPictures(self._picture_line(target)))
            found.append(Worker(f"fetch/{target.name}", fetcher.step, fetcher.recover, idle_s=FETCH_EVERY_S))
        reconciler = self.reconcilers[target.name]
        found.append(Worker(f"reconcile/{target.name}", reconciler.step, reconciler.recover, idle_s=RECONCILE_EVERY_S))
        return found


def _words(target: Target) -> dict[str, CaseState]:
    """The target's words for states. Open311 has two; which steps lie between, nobody learns."""
    if not isinstance(target, Open311Target):
        return dict(target.states)
    return {OPEN: CaseState.ACCEPTED, CLOSED: CaseState.CLOSED} | target.states


def picture_links(settings: TargetsSettings, keys: SigningKey) -> PictureLinks | None:
    """Links under the file's `public_url`; their secret follows from central's own key. None without an address."""
    if settings.public_url is None:
        return None
    secret = hashlib.sha256(keys.sign(b"links to redacted pictures", Purpose.EVIDENCE)).digest()
    return PictureLinks(settings.public_url.rstrip("/"), secret, timedelta(days=settings.picture_links_days))


def known_target(settings: TargetsSettings, name: str) -> Target:
    """The target called `name`.

    Raises:
        UsageError: there is none; the message names those there are.
    """
    for target in settings.targets:
        if target.name == name:
            return target
    known = ", ".join(sorted(target.name for target in settings.targets)) or "none"
    raise UsageError(f"no target {name!r}; the targets file has: {known}")
