"""A municipal platform's own HTTP interface, described by data: requests, fields, and where its answers keep what."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from central.gateways.calling import Answer, Caller
from central.gateways.mapping import (
    FieldRule,
    at,
    fields_of,
    filled,
    number_at,
    read_json,
    text_at,
    to_form,
    to_json,
)
from central.services.delivery_port import (
    Absent,
    Accepted,
    Asked,
    CannotTell,
    Finding,
    Harmless,
    Held,
    Holding,
    Refused,
    Unavailable,
    Uncertain,
    Verdict,
)
from contract.clock import Clock
from contract.errors import TransientError, UsageError
from contract.notices import CaseNotice, PlatformReply, ReplyKind

MOST_PAGES = 10_000
_LATER = frozenset({401, 403, 405, 407, 425, 429})
"""About us or about now, not about the case: with a wrong password every case would be buried."""


@dataclass(frozen=True, slots=True)
class Said:
    """Which answers mean yes (a field's value; empty `path`: the status alone), which mean later, and the complaint."""

    path: str = ""
    yes: frozenset[str] = frozenset()
    later: frozenset[str] = frozenset()
    complaint: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """One request of the platform's interface. Paths point into its answer."""

    method: str
    path: str
    body: Literal["json", "form"] = "json"
    fields: Mapping[str, FieldRule] = field(default_factory=dict)
    said: Said = field(default_factory=Said)
    id_path: str = ""
    case_id_path: str = ""
    revision_path: str = ""
    state_path: str = ""
    version_path: str = ""
    items_path: str = ""


@dataclass(frozen=True, slots=True)
class Interface:
    """Everything a platform offers. `find` asks by our case id; without it `knows_repeats` must be true."""

    create: Request
    update: Request | None = None
    find: Request | None = None
    status: Request | None = None
    listing: Request | None = None
    idempotency_header: str = "Idempotency-Key"
    knows_repeats: bool = False


class HttpGateway:
    """Thread-safe."""

    def __init__(self, caller: Caller, interface: Interface, clock: Clock) -> None:
        self._caller = caller
        self._interface = interface
        self._clock = clock

    @property
    def timeout_s(self) -> float:
        return self._caller.timeout_s

    def submit(self, notice: CaseNotice, external_id: str | None) -> Verdict:
        request = self._interface.create
        is_update = external_id is not None and self._interface.update is not None
        if is_update and self._interface.update is not None:
            request = self._interface.update
        elif external_id is not None:
            return Accepted(external_id)  # the platform takes a case once and hears nothing of it any more
        try:
            answer = self._send(request, notice, external_id)
        except UsageError as error:
            return Refused(str(error))
        if not isinstance(answer, Answer):
            return answer
        return self._judge(request, answer, external_id)

    def query(self, notice: CaseNotice, external_id: str | None) -> Finding:
        request = self._interface.find
        if request is None:
            return Harmless() if self._interface.knows_repeats else CannotTell("no `find` request is configured")
        answer = self._send(request, notice, external_id)
        if not isinstance(answer, Answer):
            return CannotTell(answer.reason)
        if answer.status == 404:
            return Absent()
        content = read_json(answer.body)
        if not 200 <= answer.status < 300 or content is None or not _is_yes(request.said, content):
            return CannotTell(f"it answered {_words(request.said, answer)}")
        found = at(content, request.items_path)
        if isinstance(found, list):
            if not found:
                return Absent()
            found = found[0]
        held = text_at(found, request.id_path)
        return Held(held, number_at(found, request.revision_path)) if held is not None else Absent()

    def hear(self, asked: Sequence[Asked]) -> list[PlatformReply]:
        request = self._interface.status
        if request is None:
            return []
        replies = (self._ask_state(request, case) for case in asked)
        return [reply for reply in replies if reply is not None]

    def mark_heard(self) -> None:
        """It can be asked again at any time."""

    def clear(self, district: str, case_id: str) -> Verdict:  # noqa: ARG002  # the port's signature
        return Accepted()

    def holdings(self) -> Iterator[Holding] | None:
        request = self._interface.listing
        return None if request is None else self._pages(request)

    def start(self) -> None:
        """Every request has a connection of its own."""

    def stop(self) -> None:
        self._caller.close()

    def _send(self, request: Request, notice: CaseNotice, external_id: str | None) -> Answer | Unavailable | Uncertain:
        values = {
            "external_id": external_id or "",
            "case_id": notice.case_id,
            "revision": str(notice.revision),
            "delivery_id": notice.delivery_id,
        }
        headers = {self._interface.idempotency_header: notice.delivery_id}
        content = None
        if request.fields:
            fields = fields_of(notice, request.fields)
            content = to_form(fields) if request.body == "form" else to_json(fields)
            kind = "application/x-www-form-urlencoded" if request.body == "form" else "application/json"
            headers["Content-Type"] = f"{kind}; charset=utf-8"
        return self._caller.call(request.method, filled(request.path, values), content, headers)

    def _judge(self, request: Request, answer: Answer, external_id: str | None) -> Verdict:
        status, said = answer.status, request.said
        if status == 404 and external_id is not None:
            return Uncertain("it no longer knows the case by its id")
        if status in _LATER or status == 404 or 300 <= status < 400:
            hint = "check path and secret" if status not in {425, 429} else "it asks to come later"
            return Unavailable(f"it answered {_words(said, answer)}; {hint}", answer.retry_after_s)
        if status == 409 and self._interface.find is not None:
            return Uncertain(f"it answered {_words(said, answer)}")
        if 400 <= status < 500 and status != 408:
            return Refused(f"it answered {_words(said, answer)}")
        if not 200 <= status < 300:
            return Uncertain(f"it answered {_words(said, answer)}")
        content = read_json(answer.body)
        if (said.path or request.id_path) and content is None:
            return Uncertain(f"it answered {status} with something that is no JSON")
        if text_at(content, said.path) in said.later:
            return Unavailable(f"it answered {_words(said, answer)}", answer.retry_after_s)
        if not _is_yes(said, content):
            return Refused(f"it answered {_words(said, answer)}")
        found = text_at(content, request.id_path) if request.id_path else None
        if request.id_path and found is None and external_id is None:
            return Uncertain(f"it took the case and named no id at {request.id_path}")
        return Accepted(found or external_id)

    def _ask_state(self, request: Request, case: Asked) -> PlatformReply | None:
        values = {"external_id": case.external_id, "case_id": case.case_id}
        answer = self._caller.call(request.method, filled(request.path, values))
        if not isinstance(answer, Answer) or not 200 <= answer.status < 300:
            return None
        content = read_json(answer.body)
        state = text_at(content, request.state_path)
        if state is None or not _is_yes(request.said, content):
            return None
        version = number_at(content, request.version_path)
        now = self._clock.now()
        name = hashlib.sha256(f"{case.external_id} {state} {now if version is None else version}".encode()).hexdigest()
        return PlatformReply(
            reply_id=f"asked:{name[:32]}",
            kind=ReplyKind.STATE,
            case_id=case.case_id,
            external_id=case.external_id,
            state=state[:100],
            version=version,
            at=now,
        )

    def _pages(self, request: Request) -> Iterator[Holding]:
        for page in range(1, MOST_PAGES + 1):
            answer = self._caller.call(request.method, filled(request.path, {"page": str(page)}))
            content = read_json(answer.body) if isinstance(answer, Answer) and answer.status == 200 else None
            items = at(content, request.items_path)
            if not isinstance(items, list):
                raise TransientError(f"page {page} of its list can't be had: {_problem(answer)}")
            if not items:
                return
            yield from (_holding(request, item) for item in items)
            if "{page}" not in request.path:
                return


def _holding(request: Request, item: Any) -> Holding:
    return Holding(
        case_id=text_at(item, request.case_id_path) if request.case_id_path else None,
        external_id=text_at(item, request.id_path),
        revision=number_at(item, request.revision_path),
        state=text_at(item, request.state_path) if request.state_path else None,
    )


def _is_yes(said: Said, content: Any) -> bool:
    return not said.path or text_at(content, said.path) in said.yes


def _words(said: Said, answer: Answer) -> str:
    """Status and complaint, for a person."""
    complaint = text_at(read_json(answer.body), said.complaint) if said.complaint else None
    return f"{answer.status}: {complaint}" if complaint else str(answer.status)


def _problem(answer: Answer | Unavailable | Uncertain) -> str:
    return f"it answered {answer.status}" if isinstance(answer, Answer) else answer.reason
