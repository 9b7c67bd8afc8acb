"""Uploads evidence pictures to central, by hash, once central has the event that names them."""

import threading
from http import HTTPStatus
from pathlib import Path

import httpx
import structlog

from contract.errors import PermanentError, TransientError
from edge.backoff import Backoff
from edge.evidence.pictures import PictureFolder
from edge.outbox.sqlite import Outbox

BATCH = 8
IDLE_S = 1.0
TIMEOUT_S = 20.0

_log = structlog.get_logger(__name__)


class _Unannounced(Exception):
    """Central has not taken in the event that names the picture, or never will: it was dead-lettered."""


class EvidenceUpload:
    """`run` is a thread's target; `step` uploads a few pictures and says how many."""

    def __init__(
        self, outbox: Outbox, pictures: PictureFolder, central_url: str, token: str, stop: threading.Event
    ) -> None:
        self._outbox = outbox
        self._pictures = pictures
        self._base = central_url.rstrip("/")
        self._token = token
        self._stop = stop
        self._backoff = Backoff()
        self._is_away = False
        self._unannounced: set[str] = set()

    def run(self) -> None:
        # trust_env=False: a proxy variable on the box must not send evidence elsewhere.
        with httpx.Client(timeout=TIMEOUT_S, trust_env=False) as client:
            while not self._stop.is_set():
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
            self._upload(client, sha256, self._pictures.path(sha256))
            self._outbox.mark_evidence([sha256], "uploaded")
        except _Unannounced:
            self._unannounced.add(sha256)
        except PermanentError as error:
            _log.error("evidence refused; it stays on this node", sha256=sha256, reason=str(error))
            self._outbox.mark_evidence([sha256], "refused", str(error))

    def _upload(self, client: httpx.Client, sha256: str, path: Path) -> None:
        try:
            jpeg = path.read_bytes()
        except OSError as error:
            raise PermanentError(f"{path}: can't be read ({error.strerror})") from error
        headers = {"authorization": f"Bearer {self._token}", "content-type": "image/jpeg"}
        try:
            response = client.put(f"{self._base}/api/v1/evidence/{sha256}", content=jpeg, headers=headers)
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
