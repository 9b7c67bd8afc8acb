"""Uploads evidence pictures and clips to central, by hash, once central has the event that names them."""

import base64
import threading
from http import HTTPStatus

import httpx
import structlog

from contract.errors import PermanentError, TransientError
from edge.backoff import Backoff
from edge.evidence.assemble import EvidenceParts
from edge.evidence.pictures import MEDIA
from edge.outbox.sqlite import Outbox

BATCH = 8
IDLE_S = 1.0
TIMEOUT_S = 20.0
MANIFEST_HEADER = "x-evidence-manifest"
GIVE_UP_AFTER = 1500
"""Tries of a picture that central does not know of; at most one a minute while nothing else moves: a day and more.
Fewer and a central that was restored from yesterday's copy loses pictures; more and the node knocks for ever."""

_log = structlog.get_logger(__name__)


class _Unannounced(Exception):
    """Central has not taken in the event that names the picture, or never will: it was dead-lettered."""


class EvidenceUpload:
    """`run` is a thread's target; `step` uploads a few pictures and says how many."""

    def __init__(
        self,
        outbox: Outbox,
        evidence: EvidenceParts,
        central_url: str,
        token: str,
        stop: threading.Event,
        give_up_after: int = GIVE_UP_AFTER,
    ) -> None:
        self._outbox = outbox
        self._evidence = evidence
        self._give_up_after = give_up_after
        self._tries: dict[str, int] = {}
        self._base = central_url.rstrip("/")
        self._token = token
        self._stop = stop
        self._backoff = Backoff()
        self._is_away = False
        self._unannounced: set[str] = set()
        self.rounds = 0
        """Grows as long as `run` lives, for a watchdog."""

    def run(self) -> None:
        # trust_env=False: a proxy variable on the box must not send evidence elsewhere.
        with httpx.Client(timeout=TIMEOUT_S, trust_env=False) as client:
            while not self._stop.is_set():
                self.rounds += 1
                try:
                    if self.step(client) == 0:
                        self._stop.wait(IDLE_S)
                    if not self._unannounced:  # or every try of a picture nobody knows would start the waits anew
                        self._is_away = False
                        self._backoff.reset()
                except TransientError as error:
                    if not self._is_away:
                        _log.warning("central is away; evidence waits on disk", reason=str(error))
                    self._is_away = True
                    self._stop.wait(self._backoff.next_s())
                except Exception:  # noqa: BLE001  # the thread's outermost loop: pictures stay on disk
                    _log.exception("evidence upload failed unexpectedly; it tries again")
                    self._stop.wait(self._backoff.next_s())

    def step(self, client: httpx.Client) -> int:
        """Tries at most `BATCH` pictures and gives how many; one whose event central does not know lets others pass.

        Raises:
            TransientError: central is away or asks to come again, or knows none of the pictures that are left.
        """
        waiting = self._outbox.evidence_waiting(BATCH + len(self._unannounced))
        batch = [sha256 for sha256 in waiting if sha256 not in self._unannounced][:BATCH]
        if not batch and self._unannounced:
            count = len(self._unannounced)
            self._unannounced.clear()
            raise TransientError(f"{self._base}: {count} picture(s) not announced there yet (HTTP 404)")
        for sha256 in batch:
            self._settle(client, sha256)
        return len(batch)

    def _settle(self, client: httpx.Client, sha256: str) -> None:
        try:
            self._upload(client, sha256)
            self._mark(sha256, "uploaded")
        except _Unannounced:
            self._tries[sha256] = self._tries.get(sha256, 0) + 1
            if self._tries[sha256] < self._give_up_after:
                self._unannounced.add(sha256)
            else:
                self._give_up(sha256)
        except PermanentError as error:
            _log.error("evidence refused; it stays on this node", sha256=sha256, reason=str(error))
            self._mark(sha256, "refused", str(error))

    def _give_up(self, sha256: str) -> None:
        """Central will never learn of it (its event was dead-lettered): a tombstone says so, and the picture goes."""
        reason = f"central does not know of it after {self._tries[sha256]} tries"
        _log.error("evidence given up", sha256=sha256, reason=reason)
        self._mark(sha256, "refused", reason)
        try:
            self._evidence.retention.give_up(sha256)
        except PermanentError as error:
            _log.warning("a picture that was given up stays on disk", sha256=sha256, reason=str(error))

    def _mark(self, sha256: str, state: str, reason: str = "") -> None:
        """The outbox decides what is sent again; the ledger only has to know that the picture may go some day."""
        self._outbox.mark_evidence([sha256], state, reason)
        self._tries.pop(sha256, None)
        try:
            self._evidence.ledger.settle([sha256])
        except PermanentError as error:
            _log.warning("the ledger of evidence can't be written; the picture stays longer", reason=str(error))

    def _voucher(self, sha256: str) -> bytes | None:
        try:
            return self._evidence.ledger.voucher(sha256)
        except PermanentError as error:
            _log.warning("a picture goes without its manifest", sha256=sha256, reason=str(error))
            return None

    def _upload(self, client: httpx.Client, sha256: str) -> None:
        path = self._evidence.pictures.find(sha256)
        if path is None:
            raise PermanentError(f"{sha256}: is no longer on this node")
        try:
            content = path.read_bytes()
        except OSError as error:
            raise PermanentError(f"{path}: can't be read ({error.strerror})") from error
        media_type = next(media for media, suffix in MEDIA.items() if path.suffix == f".{suffix}")
        headers = {"authorization": f"Bearer {self._token}", "content-type": media_type}
        voucher = self._voucher(sha256)
        if voucher is not None:
            headers[MANIFEST_HEADER] = base64.b64encode(voucher).decode()
        try:
            response = client.put(f"{self._base}/api/v1/evidence/{sha256}", content=content, headers=headers)
        except httpx.HTTPError as error:
            raise TransientError(f"{self._base}: {error or type(error).__name__}") from error
        if response.is_success:
            return
        if response.status_code == HTTPStatus.NOT_FOUND:
            raise _Unannounced
        # 401/403: an operator can put the token right.
        retry = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}
        if response.status_code in retry or response.is_server_error:
            raise TransientError(f"{self._base}: HTTP {response.status_code} {response.text[:200]}")
        raise PermanentError(f"HTTP {response.status_code} {response.text[:200]}")
