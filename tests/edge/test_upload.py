"""Evidence over real HTTP: what is tried again, what is parked, what is never sent."""

import base64
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from contract.clock import VirtualClock
from contract.errors import TransientError
from contract.events import Event, EvidenceRole
from contract.evidence_manifest import EvidenceManifest, read_entry
from contract.ids import StreamId, uuid7
from contract.keys import KeyPairs
from contract.receipts import receipts_for
from contract.signing import Purpose, open_signed
from edge.evidence.assemble import Signer, open_evidence
from edge.evidence.locker import Occasion, Shot
from edge.evidence.pictures import Picture, Shutter
from edge.evidence.verify import verify
from edge.evidence_settings import EvidenceSettings
from edge.outbox.sqlite import Outbox
from edge.uplink.evidence import BATCH, EvidenceUpload
from tests.contract.builders import event
from tests.edge.fakes import LEFT, T0, frame, noise
from tests.edge.waiting import PATIENCE_S, until
from tests.ports import free_port

TOKEN = "node-token-word"
KEYS = KeyPairs.generate()
GIVE_UP_AFTER = 4


class Store(ThreadingHTTPServer):
    """Central's evidence endpoint as the node sees it; `answers` are given in turn, then 201."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Take)
        self.answers: list[int] = []
        self.unknown: set[str] = set()
        self.stored: dict[str, bytes] = {}
        self.tokens: set[str] = set()
        self.manifests: list[str | None] = []
        self.asked = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class Take(BaseHTTPRequestHandler):
    """One request."""

    server: Store

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        status = self.server.answers.pop(0) if self.server.answers else 201
        if self.path.rpartition("/")[2] in self.server.unknown:
            status = 404
        self.server.asked += 1
        self.server.tokens.add(self.headers["authorization"])
        self.server.manifests.append(self.headers.get("x-evidence-manifest"))
        if status == 201:
            assert self.path.startswith("/api/v1/evidence/")
            self.server.stored[self.path.rpartition("/")[2]] = body
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def store() -> Iterator[Store]:
    with Store() as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.02,))
        thread.start()
        yield made
        made.shutdown()
        thread.join(PATIENCE_S)


class Node:
    """Receipted events with pictures, and the upload of those."""

    def __init__(self, folder: Path, url: str) -> None:
        self.outbox = Outbox(folder / "outbox.sqlite3", "node-1", VirtualClock(T0))
        self.clock = VirtualClock(T0)
        signer = Signer("node-1", KEYS)
        self.evidence = open_evidence(
            folder / "evidence", EvidenceSettings(), signer, self.clock, find_people=lambda _image: ()
        )
        self.pictures = self.evidence.pictures
        self.stop = threading.Event()
        self.upload = EvidenceUpload(self.outbox, self.evidence, url, TOKEN, self.stop, give_up_after=GIVE_UP_AFTER)

    def find(self, seed: int, *, is_receipted: bool = True) -> Picture:
        """An event with one picture, on disk and vouched for."""
        shutter = Shutter(frame(0, image=noise(seed)), (), EvidenceSettings())
        picture = shutter.picture()
        occasion = Occasion("cam-1", uuid7(T0, bytes([seed % 256] * 10)), 1)
        kept = self.evidence.locker.keep(occasion, [Shot(shutter.negative(), LEFT, EvidenceRole.CONFIRMATION)])

        def build(stream_id: StreamId, seq: int) -> Event:
            return event(stream_id=stream_id, seq=seq, evidence=kept.refs)

        seq = self.outbox.append(build).data.seq
        if is_receipted:
            for receipt in receipts_for(self.outbox.stream_id, [seq]):
                self.outbox.settle(receipt)
        return picture

    def step(self) -> int:
        with httpx.Client(trust_env=False, timeout=PATIENCE_S) as client:
            return self.upload.step(client)


@contextmanager
def node_at(folder: Path, url: str) -> Iterator[Node]:
    node = Node(folder, url)
    yield node
    node.outbox.close()
    node.evidence.ledger.close()


def test_a_picture_is_uploaded_under_its_hash_with_the_nodes_token(store: Store, tmp_path: Path) -> None:
    with node_at(tmp_path, store.url) as node:
        picture = node.find(1)
        assert node.step() == 1
        assert store.stored == {picture.sha256: picture.jpeg}
        assert store.tokens == {f"Bearer {TOKEN}"}
        assert node.step() == 0
        assert store.asked == 1
        assert node.pictures.path(picture.sha256).exists()


def test_the_signed_manifest_goes_with_its_picture(store: Store, tmp_path: Path) -> None:
    with node_at(tmp_path, store.url) as node:
        picture = node.find(1)
        node.step()
        (sent,) = store.manifests
        assert sent is not None
        payload = open_signed(base64.b64decode(sent), Purpose.EVIDENCE, [KEYS.signing.public])
        entry = read_entry(payload)
        assert isinstance(entry, EvidenceManifest)
        assert [item.sha256 for item in entry.items] == [picture.sha256]


def test_a_picture_central_never_learns_of_is_given_up_behind_a_tombstone(store: Store, tmp_path: Path) -> None:
    with node_at(tmp_path, store.url) as node:
        unknown, other = node.find(1), node.find(2)
        store.unknown = {unknown.sha256}
        with capture_logs():
            for _ in range(20):
                with suppress(TransientError):
                    node.step()
        assert store.asked == GIVE_UP_AFTER + 1
        assert node.outbox.evidence_waiting(9) == []
        assert set(store.stored) == {other.sha256}
        assert node.pictures.find(unknown.sha256) is None
        verdict = verify(tmp_path / "evidence", [KEYS.signing.public])
        assert verdict.is_whole, verdict.faults
        assert verdict.removed == 1


def test_a_picture_waits_until_its_event_is_receipted(store: Store, tmp_path: Path) -> None:
    with node_at(tmp_path, store.url) as node:
        node.find(1, is_receipted=False)
        assert node.step() == 0
        assert store.asked == 0
        assert node.outbox.evidence_depth() == 1


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_what_may_change_is_tried_again(store: Store, tmp_path: Path, status: int) -> None:
    with node_at(tmp_path, store.url) as node:
        picture = node.find(1)
        store.answers = [status]
        with pytest.raises(TransientError, match=f"HTTP {status}"):
            node.step()
        assert node.outbox.evidence_waiting(9) == [picture.sha256]
        assert node.step() == 1
        assert picture.sha256 in store.stored


def test_a_picture_central_does_not_know_of_yet_is_tried_again(store: Store, tmp_path: Path) -> None:
    with node_at(tmp_path, store.url) as node:
        picture = node.find(1)
        store.answers = [404]
        assert node.step() == 1
        with pytest.raises(TransientError, match=r"1 picture.*HTTP 404"):
            node.step()
        assert store.asked == 1, "it is left alone until the back-off is over"
        assert node.step() == 1
        assert picture.sha256 in store.stored


def test_pictures_central_never_learns_of_hold_nobody_up(store: Store, tmp_path: Path) -> None:
    """Their events were dead-lettered (a newer node's kind, say): receipted, but never announced. More than a batch."""
    with node_at(tmp_path, store.url) as node:
        unknown = {node.find(seed).sha256 for seed in range(BATCH + 3)}
        others = {node.find(100 + seed).sha256 for seed in range(3)}
        store.unknown = unknown
        for _ in range(2):
            with pytest.raises(TransientError, match="HTTP 404"):
                while node.step():
                    pass
            assert set(store.stored) == others
        late = node.find(200).sha256
        with pytest.raises(TransientError, match="HTTP 404"):
            while node.step():
                pass
        assert set(store.stored) == others | {late}
        assert set(node.outbox.evidence_waiting(99)) == unknown


@pytest.mark.parametrize("status", [400, 409, 413, 422])
def test_what_is_refused_is_parked_and_the_next_goes_on(store: Store, tmp_path: Path, status: int) -> None:
    with node_at(tmp_path, store.url) as node:
        refused, other = node.find(1), node.find(2)
        store.answers = [status]
        with capture_logs() as logs:
            assert node.step() == 2
        assert set(store.stored) == {other.sha256}
        assert node.outbox.evidence_waiting(9) == []
        assert node.pictures.path(refused.sha256).read_bytes() == refused.jpeg
        assert f"HTTP {status}" in logs[0]["reason"]
        assert node.step() == 0


def test_a_picture_that_is_gone_from_the_disk_holds_nobody_up(store: Store, tmp_path: Path) -> None:
    with node_at(tmp_path, store.url) as node:
        gone, other = node.find(1), node.find(2)
        node.pictures.path(gone.sha256).unlink()
        with capture_logs():
            assert node.step() == 2
        assert set(store.stored) == {other.sha256}


def test_a_step_is_bounded(store: Store, tmp_path: Path) -> None:
    with node_at(tmp_path, store.url) as node:
        for seed in range(BATCH + 2):
            node.find(seed)
        assert node.step() == BATCH
        assert node.step() == 2


def test_a_central_that_is_away_costs_nothing(tmp_path: Path) -> None:
    with node_at(tmp_path, f"http://127.0.0.1:{free_port()}") as node:
        node.find(1)
        with pytest.raises(TransientError, match=r"127\.0\.0\.1"):
            node.step()
        assert node.outbox.evidence_depth() == 1


def test_the_thread_says_once_that_central_is_away_and_delivers_when_it_is_back(store: Store, tmp_path: Path) -> None:
    with node_at(tmp_path, store.url) as node:
        picture = node.find(1)
        store.answers = [503, 404]
        thread = threading.Thread(target=node.upload.run)
        with capture_logs() as logs:
            thread.start()
            until(lambda: picture.sha256 in store.stored, "the picture arrived")
            node.stop.set()
            thread.join(PATIENCE_S)
        assert not thread.is_alive()
        assert [entry["event"] for entry in logs] == ["central is away; evidence waits on disk"]
        assert TOKEN not in str(logs)


def test_the_thread_outlives_a_mistake_of_our_own(store: Store, tmp_path: Path) -> None:
    """The outbox breaks (here: its table is away for a moment); the upload goes on afterwards."""
    with node_at(tmp_path, store.url) as node:
        picture = node.find(1)
        away, back = "ALTER TABLE evidence RENAME TO away", "ALTER TABLE away RENAME TO evidence"
        break_with(tmp_path, away)
        thread = threading.Thread(target=node.upload.run)
        with capture_logs() as logs:
            thread.start()
            until(lambda: any(entry["log_level"] == "error" for entry in logs), "the mistake was logged")
            break_with(tmp_path, back)
            until(lambda: picture.sha256 in store.stored, "the picture arrived")
            node.stop.set()
            thread.join(PATIENCE_S)
        assert not thread.is_alive()


def break_with(folder: Path, statement: str) -> None:
    with sqlite3.connect(folder / "outbox.sqlite3") as other:
        other.execute(statement)
    other.close()
