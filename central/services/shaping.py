"""What the database holds → what people and programs are shown of it, piece by piece. Pure."""

import json
from collections.abc import Iterable, Sequence

from central.domain.law import Names
from central.domain.values import Observation
from central.services.fleet_views import Drift, compare, words_of
from central.services.records import Sentence
from central.services.views import DeadLetterView, HistoryView, NodeView, PictureView
from central.store import dead_letters
from central.store.cases import HistoryEntry, Projection
from central.store.fleet import StoredBundle
from central.store.nodes import KnownNode
from central.store.pictures import Picture
from contract.events import EvidenceRole
from contract.reported import Reported
from contract.status import NodeState

_BEST_FIRST = (EvidenceRole.LATEST, EvidenceRole.CONFIRMATION, EvidenceRole.LEAD_UP, EvidenceRole.CONTEXT)


def letter_view(letter: dead_letters.DeadLetter) -> DeadLetterView:
    """A dead letter as it is shown."""
    return DeadLetterView(
        id=letter.letter_id,
        received_at=letter.received_at,
        topic=letter.topic,
        outcome=letter.outcome,
        reason=letter.reason,
        node_id=letter.node_id,
        size_bytes=letter.size_bytes,
        sha256=letter.sha256,
        times=letter.times,
        is_whole=letter.is_whole,
        replayed_at=letter.replayed_at,
        head=letter.head[:4096].decode(errors="replace"),
    )


def both(names: Names) -> Sentence:
    """A name in both languages."""
    return Sentence(zh=names.zh, en=names.en)


def camera_names(members: Sequence[Observation]) -> tuple[str, ...]:
    """The cameras' names, with their node's where two nodes use one name."""
    cameras = sorted({(member.camera_id, member.node_id) for member in members})
    names = [camera for camera, _ in cameras]
    return tuple(camera if names.count(camera) == 1 else f"{node}/{camera}" for camera, node in cameras)


def best_picture(pictures: Iterable[Picture], case: Projection) -> PictureView | None:
    """The newest stored picture of the most telling sight; the latest look before the confirmation."""
    stored = [picture for picture in pictures if picture.is_stored and picture.role in _BEST_FIRST]
    best = max(
        stored,
        key=lambda picture: (picture.seen is case.seen, -_BEST_FIRST.index(picture.role), picture.captured_at),
        default=None,
    )
    return None if best is None else picture_view(best)


def picture_view(picture: Picture) -> PictureView:
    """A picture as it is shown."""
    return PictureView(
        sha256=picture.sha256,
        incident_id=picture.incident_id,
        camera_id=picture.camera_id,
        seen=picture.seen,
        role=picture.role,
        captured_at=picture.captured_at,
        width_px=picture.width_px,
        height_px=picture.height_px,
        box=picture.box,
        redaction=picture.redaction,
        is_stored=picture.is_stored,
    )


def history_view(entry: HistoryEntry) -> HistoryView:
    """A step of a case's history as it is shown."""
    return HistoryView(
        at=entry.at,
        event_at=entry.event_at,
        what=entry.what,
        action=entry.action,
        role=entry.role,
        actor=entry.actor,
        from_state=entry.from_state,
        to_state=entry.to_state,
        facts=json.loads(entry.facts),
    )


def node_view(node: KnownNode, wanted: StoredBundle | None, reported: Reported | None) -> NodeView:
    """As of the node's last word: a node that fell silent is told by its state."""
    drift = compare(wanted, reported, node.status.state is NodeState.ONLINE, node.received_at)
    reasons = () if reported is None or drift in (Drift.IN_STEP, Drift.UNMANAGED) else tuple(words_of(reported))
    return NodeView(
        node_id=node.status.node_id,
        received_at=node.received_at,
        status=node.status,
        drift=drift,
        drift_reasons=reasons,
    )
