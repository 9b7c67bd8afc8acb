"""Answers what central asks: signed, for this node, in time, not too often; each once, whatever comes twice."""

import hashlib
import queue
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, assert_never

import httpx
import structlog

from contract.clock import Clock
from contract.errors import PermanentError, TransientError
from contract.ids import CameraId
from contract.keys import PublicKeys
from contract.requests import (
    LONGEST_LIFE,
    Answer,
    CalibrationPicture,
    FreshFrame,
    MediaType,
    Original,
    Outcome,
    Reply,
    Request,
)
from contract.signing import Purpose, open_signed
from edge.evidence.pictures import Picture
from edge.evidence.redact import REDACTION_VERSION

FRAME_TIMEOUT_S = 20.0
"""A camera in patrol with a key frame every ten seconds answers in twelve."""
UPLOAD_TIMEOUT_S = 60.0
MAX_PER_HOUR = 60
"""Of all kinds. A person who sets up a camera needs a dozen; more is a script, or somebody who watches people."""
REMEMBERED = 500
WAITING = 32

_log = structlog.get_logger(__name__)


class Originals(Protocol):
    """Where sealed originals lie; by the redacted picture's hash."""

    def find(self, sha256: str) -> Path | None: ...


class TakePicture(Protocol):
    """A camera's next picture, redacted."""

    def take(self, camera_id: CameraId, preset: str | None, in_full: bool, timeout_s: float) -> Picture: ...


class Upload(Protocol):
    """Puts an answer to central."""

    def put(self, request_id: str, content: bytes) -> None:
        """Raises TransientError or PermanentError."""
        ...


class HttpUpload:
    """Over central's HTTP interface."""

    def __init__(self, central_url: str, token: str) -> None:
        self._base = central_url.rstrip("/")
        self._token = token

    def put(self, request_id: str, content: bytes) -> None:
        url = f"{self._base}/api/v1/fleet/requests/{request_id}/answer"
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/octet-stream"}
        try:
            answer = httpx.put(url, content=content, headers=headers, timeout=UPLOAD_TIMEOUT_S, trust_env=False)
        except httpx.HTTPError as error:
            raise TransientError(f"{url}: {error}") from error
        if answer.status_code >= 500:
            raise TransientError(f"{url}: HTTP {answer.status_code}")
        if not answer.is_success:
            raise PermanentError(f"{url}: HTTP {answer.status_code}")


class RequestDesk:
    """`hear` on any thread; `run` is a thread's target, `answer` does one request."""

    def __init__(
        self,
        node_id: str,
        central: PublicKeys | None,
        cameras: Callable[[], tuple[CameraId, ...]],
        photographer: TakePicture,
        originals: Originals,
        upload: Upload | None,
        send: Callable[[bytes], None],
        clock: Clock,
        stop: threading.Event,
    ) -> None:
        """`cameras` are those of this moment; `send` gives a reply to the broker, or drops it while that is away."""
        self._node_id = node_id
        self._central = central
        self._cameras = cameras
        self._photographer = photographer
        self._originals = originals
        self._upload = upload
        self._send = send
        self._clock = clock
        self._stop = stop
        self._heard: queue.Queue[bytes] = queue.Queue(WAITING)
        self._replies: OrderedDict[str, Reply] = OrderedDict()
        self._done_at: deque[datetime] = deque(maxlen=MAX_PER_HOUR)

    def hear(self, wire: bytes) -> None:
        """Takes a request; more than can be answered are dropped, central asks again."""
        if not self._heard.full():
            self._heard.put_nowait(wire)

    def run(self) -> None:
        while not self._stop.is_set():
            try:
                wire = self._heard.get(timeout=0.5)
            except queue.Empty:
                continue
            reply = self.answer(wire)
            if reply is not None:
                self._send(reply.to_wire())

    def answer(self, wire: bytes) -> Reply | None:
        """The reply; None to what central did not sign for this node, and to what can be tried again."""
        try:
            request = self._read(wire)
        except PermanentError as error:
            _log.warning("a request was not believed", reason=str(error))
            return None
        known = self._replies.get(request.request_id)
        if known is not None:
            return known
        try:
            reply = self._do(request)
        except TransientError as error:
            if isinstance(request.ask, Original):
                _log.warning("an answer could not be sent; central asks again", reason=str(error))
                return None
            reply = self._reply(request, Outcome.FAILED, str(error))
        self._replies[request.request_id] = reply
        while len(self._replies) > REMEMBERED:
            self._replies.popitem(last=False)
        return reply

    def _read(self, wire: bytes) -> Request:
        if self._central is None:
            raise PermanentError("no central is pinned: run `python -m edge enroll --central …`")
        payload = open_signed(wire, Purpose.REQUEST, [self._central.verify_key])
        try:
            request = Request.model_validate_json(payload)
        except ValueError as error:
            raise PermanentError(f"malformed: {' '.join(str(error).split())[:300]}") from error
        if request.node_id != self._node_id:
            raise PermanentError(f"it is for node {request.node_id}")
        if request.expires_at - request.issued_at > LONGEST_LIFE:
            raise PermanentError(f"it would live longer than {LONGEST_LIFE.days} days")
        return request

    def _do(self, request: Request) -> Reply:
        now, ask = self._clock.now(), request.ask
        facts = (
            {"reason": ask.reason, "case_id": ask.case_id, "sha256": ask.sha256} if isinstance(ask, Original) else {}
        )
        _log.info("asked by central", kind=ask.kind, by=request.by, request_id=request.request_id, **facts)
        if request.expires_at <= now:
            return self._reply(request, Outcome.EXPIRED, "it came too late")
        if len(self._done_at) == MAX_PER_HOUR and now - self._done_at[0] < timedelta(hours=1):
            return self._reply(request, Outcome.LIMITED, f"{MAX_PER_HOUR} an hour; ask again later")
        if self._upload is None:
            return self._reply(request, Outcome.FAILED, "uplink.central_url is not set: nowhere to put a picture")
        self._done_at.append(now)
        match ask:
            case FreshFrame():
                return self._photograph(request, ask.camera_id, None, in_full=False)
            case CalibrationPicture():
                return self._photograph(request, ask.camera_id, ask.preset, in_full=True)
            case Original():
                return self._hand_over(request, ask)
            case _:
                assert_never(ask)

    def _photograph(self, request: Request, camera_id: str, preset: str | None, in_full: bool) -> Reply:
        if camera_id not in self._cameras():
            return self._reply(request, Outcome.UNKNOWN, f"camera {camera_id}: not one of this node")
        try:
            picture = self._photographer.take(CameraId(camera_id), preset, in_full, FRAME_TIMEOUT_S)
        except PermanentError as error:
            return self._reply(request, Outcome.FAILED, str(error))
        return self._put(request, picture.jpeg, "image/jpeg", picture.captured_at)

    def _hand_over(self, request: Request, ask: Original) -> Reply:
        path = self._originals.find(ask.sha256)
        if path is None:
            return self._reply(request, Outcome.UNKNOWN, "no original of this picture here (any more)")
        try:
            content = path.read_bytes()
        except OSError as error:
            return self._reply(request, Outcome.FAILED, f"{path.name}: can't be read ({error.strerror})")
        return self._put(request, content, "application/octet-stream", None)

    def _put(self, request: Request, content: bytes, media_type: MediaType, captured_at: datetime | None) -> Reply:
        assert self._upload is not None
        is_sealed = isinstance(request.ask, Original)
        try:
            self._upload.put(request.request_id, content)
        except PermanentError as error:
            return self._reply(request, Outcome.FAILED, str(error))
        answer = Answer(
            sha256=hashlib.sha256(content).hexdigest(),
            size_bytes=len(content),
            media_type=media_type,
            captured_at=captured_at,
            is_sealed=is_sealed,
            redaction="" if is_sealed else REDACTION_VERSION,
        )
        return self._reply(request, Outcome.DONE, "", answer)

    def _reply(self, request: Request, outcome: Outcome, reason: str, answer: Answer | None = None) -> Reply:
        return Reply(
            request_id=request.request_id,
            node_id=self._node_id,
            at=self._clock.now(),
            outcome=outcome,
            reason=reason[:500],
            answer=answer,
        )
