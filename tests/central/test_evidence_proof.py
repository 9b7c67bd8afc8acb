"""What central can prove of a picture: its bytes, and that an enrolled node signed for them; clips come in too."""

import base64
import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from central.store import fleet
from contract.events import ClockState, EvidenceRef, EvidenceRole
from contract.evidence_manifest import GENESIS, EvidenceItem, EvidenceManifest
from contract.keys import KeyPairs
from contract.signing import Purpose, SigningKey
from contract.taxonomy import Seen
from tests.central.asgi import AsgiClient
from tests.central.builders import JPEG, T0, Street, evidence_ref, minutes
from tests.central.parts import NODE_TOKEN, OPERATOR_TOKEN, Parts

SHA = hashlib.sha256(JPEG).hexdigest()
MP4 = b"\x00\x00\x00\x18ftypisom" + b"clip" * 20
KEYS = KeyPairs.generate()


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    return Parts(tmp_path)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def manifest(ref: EvidenceRef, node_id: str, key: SigningKey) -> dict[str, str]:
    """The header that carries a signed manifest over `ref`."""
    entry = EvidenceManifest(
        node_id=node_id,
        seq=7,
        previous=GENESIS,
        made_at=T0,
        camera_id="cam-1",
        incident_id="0" * 8 + "-0000-0000-0000-" + "0" * 12,
        revision=1,
        clock_state=ClockState.SYNCHRONISED,
        items=(
            EvidenceItem(
                sha256=ref.sha256,
                role=ref.role,
                media_type=ref.media_type,
                size_bytes=ref.size_bytes,
                width_px=ref.width_px,
                height_px=ref.height_px,
                captured_at=ref.captured_at,
                redaction=ref.redaction,
            ),
        ),
    )
    wire = key.wrap(entry.to_wire(), Purpose.EVIDENCE).to_wire()
    return {"X-Evidence-Manifest": base64.b64encode(wire).decode()}


def put(parts: Parts, ref: EvidenceRef, content: bytes, headers: dict[str, str]) -> int:
    parts.take(Street().event("g", Seen.GRILL, (0, 0), last=T0 + minutes(3), evidence=(ref,)))
    path = f"/api/v1/evidence/{ref.sha256}"
    return AsgiClient(parts.http).send("PUT", path, content=content, headers=bearer(NODE_TOKEN) | headers).status_code


def proof(parts: Parts, sha256: str) -> dict[str, object]:
    answer = AsgiClient(parts.http).get(f"/api/v1/evidence/{sha256}/proof", bearer(OPERATOR_TOKEN))
    assert answer.status_code == 200, answer.json()
    found: dict[str, object] = answer.json()
    return found


def enrol(parts: Parts, keys: KeyPairs, node_id: str = "node-1") -> None:
    with parts.database.write() as connection:
        fleet.enrol(connection, keys.public("node", node_id), datetime(2026, 7, 1, tzinfo=UTC))


def test_an_enrolled_nodes_signature_is_verified(parts: Parts) -> None:
    enrol(parts, KEYS)
    assert put(parts, evidence_ref(), JPEG, manifest(evidence_ref(), "node-1", KEYS.signing)) == 201
    found = proof(parts, SHA)
    assert (found["content"], found["signature"], found["node_id"], found["seq"]) == (
        "verified",
        "verified",
        "node-1",
        7,
    )


def test_an_unknown_key_and_no_manifest_are_told_apart(parts: Parts) -> None:
    assert put(parts, evidence_ref(), JPEG, {}) == 201
    assert proof(parts, SHA)["signature"] == "none"
    assert put(parts, evidence_ref(), JPEG, manifest(evidence_ref(), "node-1", KEYS.signing)) == 200
    assert proof(parts, SHA)["signature"] == "unknown_key"
    enrol(parts, KeyPairs.generate())
    assert proof(parts, SHA)["signature"] == "unknown_key"
    enrol(parts, KEYS)
    assert proof(parts, SHA)["signature"] == "verified"


def test_a_picture_changed_on_centrals_disk_is_told(parts: Parts) -> None:
    put(parts, evidence_ref(), JPEG, {})
    path = parts.objects.find(SHA)
    assert path is not None
    path.write_bytes(JPEG[:-1] + b"x")
    assert proof(parts, SHA)["content"] == "broken"


def test_a_manifest_of_another_picture_is_refused(parts: Parts) -> None:
    other = evidence_ref().model_copy(update={"sha256": "1" * 64})
    assert put(parts, evidence_ref(), JPEG, manifest(other, "node-1", KEYS.signing)) == 422
    assert put(parts, evidence_ref(), JPEG, {"X-Evidence-Manifest": "no base64!"}) == 422


def test_a_clip_is_taken_and_given_back_as_what_it_is(parts: Parts) -> None:
    sha256 = hashlib.sha256(MP4).hexdigest()
    ref = evidence_ref().model_copy(
        update={"sha256": sha256, "size_bytes": len(MP4), "media_type": "video/mp4", "role": EvidenceRole.CLIP}
    )
    assert put(parts, ref, MP4, {}) == 201
    answer = AsgiClient(parts.http).get(f"/api/v1/evidence/{sha256}", bearer(OPERATOR_TOKEN))
    assert (answer.content, answer.headers["content-type"]) == (MP4, "video/mp4")
