"""Another central with which cases are shared: each revision goes there signed, whole, whoever brought the case."""

from central.gateways.calling import Answer, Caller
from central.gateways.webhook import WebhookGateway
from central.services.delivery_port import Unavailable, Uncertain, Verdict
from contract.notices import CaseNotice


class ExchangeGateway(WebhookGateway):
    """Thread-safe. The other drops a `delivery_id` that comes again, and knows a late one by its revision."""

    def submit(self, notice: CaseNotice, external_id: str | None) -> Verdict:  # noqa: ARG002  # the port's signature
        return self.post(notice.delivery_id, notice.to_wire(), "cases")


class LinkedPictures:
    """Fetches redacted pictures by the links in the other's notices, at its configured address alone. Thread-safe."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def fetch(self, path: str) -> bytes | str:
        """The picture's bytes; or why there are none now. `path` is the link without scheme and host."""
        answer = self._caller.call("GET", path.lstrip("/"))
        match answer:
            case Unavailable() | Uncertain():
                return answer.reason
            case Answer(status=200):
                return answer.body
            case _:
                return f"it answered {answer.status}"
