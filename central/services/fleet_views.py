"""How a node stands against what it shall run, in the form API, console and command line show."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from central.store.fleet import Enrolled, StoredBundle
from central.store.fleet_requests import StoredRequest
from central.store.nodes import KnownNode
from contract.reported import BundleState, Reported, Rollout, RolloutPhase
from contract.requests import Reply, Request
from contract.status import NodeState

REPORT_PATIENCE = timedelta(seconds=60)
"""How long a node that is online may take to say what it made of a bundle before that counts as drift."""


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class Drift(StrEnum):
    """How what a node runs compares with what it shall run."""

    IN_STEP = "in_step"
    UNMANAGED = "unmanaged"
    """No bundle was ever set: it runs on its own file."""
    WAITING = "waiting"
    """A new bundle is on its way, or the node is away."""
    REJECTED = "rejected"
    ROLLED_BACK = "rolled_back"
    """The bundle, or the model or software it names, was tried and did not do."""
    DRIFTED = "drifted"
    """It runs something else, and says nothing about the bundle it shall run."""


class NodeView(_View):
    """One node of the fleet."""

    node_id: str
    is_enrolled: bool
    fingerprint: str | None
    state: NodeState | None
    heard_at: datetime | None
    drift: Drift
    wanted_version: int | None
    wanted_since: datetime | None
    runs_version: int | None
    reasons: tuple[str, ...]
    reported: Reported | None
    reported_at: datetime | None


class BundleView(_View):
    """One version of what a node shall run."""

    version: int
    sha256: str
    made_at: datetime
    by: str
    why: str


class StandingView(_View):
    """How a node (`camera_id` empty) or camera stood from `at` on."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    at: datetime
    camera_id: str
    state: str
    detail: str


class RequestView(_View):
    """A request and how it stands."""

    request: Request
    state: str
    reply: Reply | None
    has_answer: bool


def view_of(
    node_id: str, enrolled: Enrolled | None, wanted: StoredBundle | None, heard: KnownNode | None, now: datetime
) -> NodeView:
    """What is known of the node."""
    reported = None if enrolled is None else enrolled.reported
    keys = None if enrolled is None else enrolled.keys
    state = None if heard is None else heard.status.state
    drift = compare(wanted, reported, state is NodeState.ONLINE, now)
    in_force = None if reported is None else reported.in_force
    return NodeView(
        node_id=node_id,
        is_enrolled=keys is not None,
        fingerprint=None if keys is None else keys.fingerprint,
        state=state,
        heard_at=None if heard is None else heard.received_at,
        drift=drift,
        wanted_version=None if wanted is None else wanted.version,
        wanted_since=None if wanted is None else wanted.made_at,
        runs_version=None if in_force is None else in_force.version,
        reasons=() if reported is None or drift is Drift.IN_STEP else tuple(words_of(reported)),
        reported=reported,
        reported_at=None if enrolled is None else enrolled.reported_at,
    )


def compare(wanted: StoredBundle | None, reported: Reported | None, is_online: bool, now: datetime) -> Drift:
    """How a node stands; a rejection counts only if it speaks of the version that is wanted now."""
    if wanted is None:
        return Drift.UNMANAGED
    if reported is not None and reported.in_force is not None and reported.in_force.sha256 == wanted.sha256:
        return Drift.ROLLED_BACK if any(_failed(reported)) else Drift.IN_STEP
    if reported is not None and reported.offered is not None and reported.offered.sha256 == wanted.sha256:
        if reported.state is BundleState.ROLLED_BACK:
            return Drift.ROLLED_BACK
        if reported.state is BundleState.REJECTED:
            return Drift.REJECTED
    is_late = is_online and now - wanted.made_at > REPORT_PATIENCE
    return Drift.DRIFTED if is_late else Drift.WAITING


def bundle_view(stored: StoredBundle) -> BundleView:
    return BundleView(
        version=stored.version, sha256=stored.sha256, made_at=stored.made_at, by=stored.made_by, why=stored.why
    )


def request_view(stored: StoredRequest) -> RequestView:
    has_answer = stored.answer_sha256 is not None
    return RequestView(request=stored.request, state=stored.state, reply=stored.reply, has_answer=has_answer)


def diff_lines(old: StoredBundle | None, new: StoredBundle) -> list[str]:
    """One line per difference, ``place: old → new``; secrets are named, never shown."""
    before = {} if old is None else dict(_leaves("", _comparable(old)))
    after = dict(_leaves("", _comparable(new)))
    changed = [place for place in sorted({*before, *after}) if before.get(place) != after.get(place)]
    return [f"{place}: {before.get(place, '—')} → {after.get(place, '—')}" for place in changed]


def _comparable(stored: StoredBundle) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(stored.payload)
    cameras = content.pop("cameras", [])
    sealed = content.pop("sealed_secrets", {})
    for key in ("version", "made_at", "format", "node_id"):
        content.pop(key, None)
    return content | {
        "cameras": {camera["camera_id"]: camera for camera in cameras},
        "sealed_secrets": dict.fromkeys(sealed, "sealed"),
    }


def _leaves(place: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(f"{place}.{key}".lstrip("."), inner)
    elif value != []:  # nothing where there may be something
        yield place, json.dumps(value, ensure_ascii=False)


def words_of(reported: Reported) -> Iterator[str]:
    """What the node says is wrong, a sentence each."""
    for reason in reported.reasons:
        yield f"{reason.where}: {reason.message}" if reason.where else reason.message
    for rollout in _failed(reported):
        yield f"{rollout.name or 'software'} {rollout.version}: {rollout.reason}"


def _failed(reported: Reported) -> Iterator[Rollout]:
    for rollout in (reported.model, reported.software):
        if rollout is not None and rollout.phase in (RolloutPhase.FAILED, RolloutPhase.ROLLED_BACK):
            yield rollout
