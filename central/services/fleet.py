"""The fleet's desk: enrols nodes, gives them bundles, says how each stands, asks them for pictures."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog
from pydantic import ValidationError

from central.services.fleet_views import NodeView, diff_lines, view_of
from central.store import fleet, fleet_history, fleet_requests, nodes
from central.store.database import Database
from central.store.fleet import StoredBundle
from central.store.fleet_history import Standing
from central.store.fleet_requests import StoredRequest
from contract.bundle import Bundle, parse_bundle, secret_context
from contract.clock import Clock, format_rfc3339
from contract.errors import PermanentError, UsageError
from contract.ids import CameraId, NodeId, uuid7
from contract.keys import KeyPairs, PublicKeys
from contract.problems import every_problem
from contract.reported import mark_of
from contract.requests import LONGEST_LIFE, Ask, Original, Request
from contract.signing import Purpose

LOG = structlog.get_logger("central.fleet")


class UnknownNode(Exception):
    """There is no such node, bundle or request."""


class Overtaken(UsageError):
    """Somebody set a newer version while this one was being made."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a node shall run from now on, and who wants it why. `secrets` are sealed to the node and then forgotten.

    `after` is the version it was made from (0: none): it is refused if there is a newer one by now.
    """

    content: Mapping[str, object]
    by: str
    why: str
    secrets: Mapping[str, str]
    goes_back_from: int | None = None
    after: int | None = None


class FleetDesk:
    """Each call is one transaction. `keys` is called when something is to be signed."""

    def __init__(
        self, database: Database, keys: Callable[[], KeyPairs], clock: Clock, wake: Callable[[], None] = lambda: None
    ) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self._wake = wake

    def enrol(self, keys: PublicKeys, renew: bool) -> None:
        """Takes a node into the register.

        Raises:
            UsageError: it is there with other keys and `renew` was not said.
        """
        with self._database.write() as connection:
            known = fleet.node(connection, keys.name)
            if known is not None and known.keys not in (None, keys) and not renew:
                assert known.keys is not None
                raise UsageError(
                    f"node {keys.name} is enrolled with fingerprint {known.keys.fingerprint}, this file says "
                    f"{keys.fingerprint}: if the node was set up anew, repeat with --renew"
                )
            fleet.enrol(connection, keys, self._clock.now())

    def set_bundle(self, node_id: str, order: Order) -> StoredBundle:
        """Signs the next version of what the node shall run; it is published by the watch.

        Raises:
            UnknownNode: secrets for a node that was never enrolled.
            Overtaken: there is a newer version than the one it was made from.
            UsageError: the content is no bundle, or a camera belongs to another node.
        """
        with self._database.write() as connection:
            history = fleet.bundles_of(connection, node_id)
            newest = history[0].version if history else 0
            if order.after is not None and order.after != newest:
                raise Overtaken(
                    f"version {newest} of node {node_id} was set by {history[0].made_by if history else 'nobody'} "
                    f"meanwhile; this was made from version {order.after}: look at it and make the change again"
                )
            version = newest + 1
            enrolled = fleet.node(connection, node_id)
            sealed = self._seal(node_id, None if enrolled is None else enrolled.keys, order.secrets)
            bundle = self._make(node_id, version, order, sealed)
            owners = fleet.nodes_of_cameras(connection)
            _refuse_foreign_cameras(bundle, owners)
            stored = self._sign(bundle, order)
            fleet.add_bundle(connection, stored, [camera.camera_id for camera in bundle.cameras])
        LOG.info("bundle set", node_id=node_id, version=version, by=order.by, why=order.why)
        self._wake()
        return stored

    def nodes(self) -> list[NodeView]:
        """Every node that is enrolled, has a bundle, or ever spoke."""
        now = self._clock.now()
        with self._database.read() as connection:
            enrolled = {entry.node_id: entry for entry in fleet.every_node(connection)}
            wanted = fleet.desired(connection)
            heard = {NodeId(entry.status.node_id): entry for entry in nodes.every(connection)}
        names = sorted({*enrolled, *wanted, *heard})
        return [view_of(name, enrolled.get(name), wanted.get(name), heard.get(name), now) for name in names]

    def node(self, node_id: str) -> NodeView:
        """One of `nodes`.

        Raises:
            UnknownNode: there is none.
        """
        found = next((entry for entry in self.nodes() if entry.node_id == node_id), None)
        if found is None:
            raise UnknownNode(f"node {node_id}")
        return found

    def bundles(self, node_id: str) -> list[StoredBundle]:
        """All versions, newest first.

        Raises:
            UnknownNode: the node never had one.
        """
        with self._database.read() as connection:
            found = list(fleet.bundles_of(connection, node_id))
        if not found:
            raise UnknownNode(f"bundle of node {node_id}")
        return found

    def diff(self, node_id: str, old: int | None, new: int | None) -> list[str]:
        """What changed between two versions; by default between the last two.

        Raises:
            UnknownNode: no such version.
        """
        by_version = {entry.version: entry for entry in self.bundles(node_id)}
        newest = max(by_version) if new is None else new
        before = newest - 1 if old is None else old
        for version in (newest, before):
            if version not in by_version and version != 0:
                raise UnknownNode(f"version {version} of node {node_id}")
        return diff_lines(by_version.get(before), by_version[newest])

    def history(self, node_id: str, camera_id: str | None, limit: int) -> list[Standing]:
        """How the node and its cameras stood, newest first."""
        with self._database.read() as connection:
            return list(fleet_history.of_node(connection, node_id, camera_id, limit))

    def ask(self, node_id: str, ask: Ask, by: str, life: timedelta) -> Request:
        """Asks the node; the watch sends it until it is answered or expires.

        Raises:
            UsageError: it would live too long.
        """
        if not timedelta(0) < life <= LONGEST_LIFE:
            raise UsageError(f"a request lives up to {LONGEST_LIFE.days} days, not {life}")
        now = self._clock.now()
        request = Request(request_id=uuid7(now), node_id=node_id, ask=ask, by=by, issued_at=now, expires_at=now + life)
        wire = self._keys().signing.wrap(request.to_wire(), Purpose.REQUEST).to_wire()
        with self._database.write() as connection:
            fleet_requests.add(connection, request, wire)
        facts = (
            {"reason": ask.reason, "case_id": ask.case_id, "sha256": ask.sha256} if isinstance(ask, Original) else {}
        )
        LOG.info("asked a node", node_id=node_id, kind=ask.kind, by=by, request_id=request.request_id, **facts)
        self._wake()
        return request

    def request(self, request_id: str) -> StoredRequest:
        """How a request stands.

        Raises:
            UnknownNode: there is none.
        """
        with self._database.read() as connection:
            found = fleet_requests.find(connection, request_id)
        if found is None:
            raise UnknownNode(f"request {request_id}")
        return found

    def requests(self, node_id: str | None, limit: int) -> list[StoredRequest]:
        with self._database.read() as connection:
            return list(fleet_requests.newest(connection, node_id, limit))

    def note_answer(self, request_id: str, sha256: str, size_bytes: int) -> None:
        with self._database.write() as connection:
            fleet_requests.note_answer(connection, request_id, sha256, size_bytes)

    def _seal(self, node_id: str, keys: PublicKeys | None, secrets: Mapping[str, str]) -> dict[str, str]:
        if not secrets:
            return {}
        if keys is None:
            raise UnknownNode(f"enrolment of node {node_id}: nothing can be sealed to it")
        return {
            name: base64.b64encode(keys.seal_key.seal(value.encode(), secret_context(name))).decode()
            for name, value in secrets.items()
        }

    def _make(self, node_id: str, version: int, order: Order, sealed: Mapping[str, str]) -> Bundle:
        given = order.content.get("sealed_secrets")
        kept = given if isinstance(given, dict) else {}
        content = dict(order.content) | {
            "node_id": node_id,
            "version": version,
            "made_at": format_rfc3339(self._clock.now()),
            "goes_back_from": order.goes_back_from,
            "sealed_secrets": {**kept, **sealed},
        }
        try:
            return Bundle.model_validate(content, extra="forbid")
        except ValidationError as error:
            raise UsageError(every_problem(error, "bundle")) from error

    def _sign(self, bundle: Bundle, order: Order) -> StoredBundle:
        payload = bundle.to_wire()
        try:
            wire = self._keys().signing.wrap(payload, Purpose.BUNDLE).to_wire()
        except PermanentError as error:
            raise UsageError(str(error)) from error
        mark = mark_of(payload, bundle.version)
        return StoredBundle(
            NodeId(bundle.node_id), bundle.version, mark.sha256, payload, wire, bundle.made_at, order.by, order.why
        )


def content_of(stored: StoredBundle) -> dict[str, object]:
    """A stored version as the content of a new order: how one goes back to it."""
    bundle = parse_bundle(stored.payload, f"version {stored.version}")
    return bundle.model_dump(
        mode="json", exclude_none=True, exclude={"format", "node_id", "version", "made_at", "goes_back_from"}
    )


def _refuse_foreign_cameras(bundle: Bundle, owners: Mapping[CameraId, NodeId]) -> None:
    for index, camera in enumerate(bundle.cameras):
        owner = owners.get(CameraId(camera.camera_id), NodeId(bundle.node_id))
        if owner != bundle.node_id:
            raise UsageError(
                f"cameras.{index}: {camera.camera_id} belongs to node {owner}; take it out of that node's bundle first"
            )
