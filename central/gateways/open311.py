"""Reports cases to another city's Open311 server and asks for their status; it may answer with a token at first."""

from collections.abc import Mapping

from central.domain.georeport import Openness
from central.gateways.calling import Answer, Caller
from central.gateways.http import HttpGateway, Interface, Request
from central.gateways.mapping import FieldRule, filled, read_json, text_at
from central.services.delivery_port import Accepted, Asked, Verdict
from contract.clock import Clock
from contract.notices import PlatformReply
from contract.taxonomy import Violation

TOKEN = "token:"
OPEN, CLOSED = Openness.OPEN.value, Openness.CLOSED.value


def interface(api_key: str, jurisdiction: str, services: Mapping[Violation, str], knows_repeats: bool) -> Interface:
    """The standard's requests. `services`: kind → the other server's service code."""
    named = {"jurisdiction_id": FieldRule("", jurisdiction)} if jurisdiction else {}
    fields = {
        "api_key": FieldRule("", api_key),
        **named,
        "service_code": FieldRule("kind", words={kind.value: code for kind, code in services.items()}),
        "lat": FieldRule("lat", default=""),
        "long": FieldRule("lon", default=""),
        "address_string": FieldRule("address", default=""),
        "description": FieldRule("name_zh", default=""),
    }
    tail = f"?jurisdiction_id={jurisdiction}" if jurisdiction else ""
    create = Request("POST", "requests.json", "form", fields, id_path="0.service_request_id")
    status = Request("GET", "requests/{external_id}.json" + tail, state_path="0.status")
    return Interface(create, status=status, knows_repeats=knows_repeats)


class Open311Gateway(HttpGateway):
    """Thread-safe. A token stands for the id until the server has given one; it is asked for with each poll."""

    def __init__(self, caller: Caller, requests: Interface, clock: Clock) -> None:
        super().__init__(caller, requests, clock)
        self._line = caller

    def _judge(self, request: Request, answer: Answer, external_id: str | None) -> Verdict:
        content = read_json(answer.body) if 200 <= answer.status < 300 else None
        token = text_at(content, "0.token")
        if token is not None and text_at(content, request.id_path) is None:
            return Accepted(TOKEN + token)
        return super()._judge(request, answer, external_id)

    def _ask_state(self, request: Request, case: Asked) -> PlatformReply | None:
        if not case.external_id.startswith(TOKEN):
            return super()._ask_state(request, case)
        path = filled("tokens/{token}.json", {"token": case.external_id.removeprefix(TOKEN)})
        answer = self._line.call("GET", path)
        if not isinstance(answer, Answer) or answer.status != 200:
            return None
        given = text_at(read_json(answer.body), "0.service_request_id")
        return None if given is None else super()._ask_state(request, Asked(case.case_id, given))
