"""A signed webhook: the notice as it is, posted to one address. The receiver drops a `webhook-id` that comes again."""

from collections.abc import Iterator, Sequence

from central.gateways.calling import Answer, Caller
from central.services.delivery_port import (
    Accepted,
    Asked,
    Finding,
    Harmless,
    Holding,
    Refused,
    Unavailable,
    Uncertain,
    Verdict,
)
from central.services.delivery_signature import sign
from contract.clock import Clock
from contract.notices import CaseNotice, PlatformReply

_LATER = frozenset({401, 403, 404, 405, 407, 410, 425, 429})


class WebhookGateway:
    """Thread-safe. What comes back, comes to ``POST /api/v1/platforms/{target}/replies``."""

    def __init__(self, caller: Caller, key: bytes, clock: Clock) -> None:
        self._caller = caller
        self._key = key
        self._clock = clock

    @property
    def timeout_s(self) -> float:
        return self._caller.timeout_s

    def submit(self, notice: CaseNotice, external_id: str | None) -> Verdict:  # noqa: ARG002  # the port's signature
        return self.post(notice.delivery_id, notice.to_wire())

    def post(self, message_id: str, body: bytes, path: str = "") -> Verdict:
        """Sends `body`, signed, to `path` below the address; the receiver knows a `message_id` that comes again."""
        headers = sign(self._key, message_id, self._clock.now(), body)
        answer = self._caller.call("POST", path, body, headers | {"Content-Type": "application/json"})
        if not isinstance(answer, Answer):
            return answer
        status = answer.status
        if 200 <= status < 300:
            return Accepted()
        if status in _LATER or 300 <= status < 400:
            return Unavailable(f"it answered {status}; check address and secret", answer.retry_after_s)
        if 400 <= status < 500 and status != 408:
            return Refused(f"it answered {status}: {_words(answer.body)}")
        return Uncertain(f"it answered {status}")

    def query(self, notice: CaseNotice, external_id: str | None) -> Finding:  # noqa: ARG002
        return Harmless()

    def hear(self, asked: Sequence[Asked]) -> list[PlatformReply]:  # noqa: ARG002
        return []

    def mark_heard(self) -> None:
        """Nothing is heard here."""

    def clear(self, district: str, case_id: str) -> Verdict:  # noqa: ARG002
        return Accepted()

    def holdings(self) -> Iterator[Holding] | None:
        return None

    def start(self) -> None:
        """Every request has a connection of its own."""

    def stop(self) -> None:
        self._caller.close()


def _words(body: bytes) -> str:
    return " ".join(body[:300].decode(errors="replace").split())
