"""Accounts for administrators: made, given roles, district and department, a new password, shut and opened again."""

import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Request, Response
from fastapi.responses import RedirectResponse

from central.console.fleet_pages import Gate
from central.console.pages import Pages
from central.console.rooms import ROOMS, Room, entrances_for
from central.console.spoken import spoken
from central.domain.people import Operator, Refusal
from central.domain.workflow_words import PEOPLE, Role
from central.services.doors import Visitor
from central.services.own_people import OwnPeople
from central.services.people import PeopleDesk, Rights, UnknownPerson, read_roles
from contract.errors import UsageError

LOG_LINES = 60
NOTHING: Mapping[str, object] = {}
NamePath = Annotated[str, Path(min_length=1, max_length=100)]
Roles = Annotated[list[str], Form(max_length=20)]
District = Annotated[str, Form(max_length=15)]
Department = Annotated[str, Form(max_length=64)]


def people_pages(desk: PeopleDesk, gate: Gate, pages: Pages) -> APIRouter:
    """``/people``; an administrator of a district sees and keeps that district's people."""
    router = APIRouter(prefix="/people", include_in_schema=False)
    Admin = Annotated[Operator, Depends(gate.may(ROOMS[Room.PEOPLE], is_page=True))]  # noqa: N806  # a type

    def page(
        request: Request, who: Operator, status: int = 200, typed: Mapping[str, object] = NOTHING, **told: object
    ) -> Response:
        facts = {"problems": (), "given": None, "typed": defaultdict(str, typed)} | told
        return pages.render(
            request,
            "people.html",
            status,
            people=own(request, who).everybody(),
            roles=[role for role in Role if role in PEOPLE],
            lines=desk.log(LOG_LINES),
            rooms=entrances_for(who),
            who=who,
            **facts,
        )

    def own(request: Request, who: Operator) -> OwnPeople:
        address = request.client.host if request.client else ""
        return OwnPeople(desk, who, Visitor(address, request.headers.get("user-agent", "")))

    def refused(request: Request, who: Operator, error: Exception, typed: Mapping[str, object] = NOTHING) -> Response:
        status = {Refusal: 403, UnknownPerson: 404}.get(type(error), 422)
        return page(request, who, status, typed, problems=spoken(pages, request, error))

    @router.get("")
    def show(request: Request, who: Admin) -> Response:
        return page(request, who)

    @router.post("")
    def add(
        request: Request,
        who: Admin,
        name: Annotated[str, Form(max_length=100)] = "",
        roles: Roles = [],  # noqa: B006  # FastAPI copies it
        district: District = "",
        department: Department = "",
    ) -> Response:
        password = secrets.token_urlsafe(9)
        typed = {"name": name, "roles": roles, "district": district, "department": department}
        try:
            made = own(request, who).add(name, password, _rights(roles, district, department))
        except (UsageError, Refusal) as error:
            return refused(request, who, error, typed)
        return page(request, who, 201, given=(made.name, password))

    @router.post("/{name}/rights")
    def set_rights(
        request: Request,
        name: NamePath,
        who: Admin,
        roles: Roles = [],  # noqa: B006  # FastAPI copies it
        district: District = "",
        department: Department = "",
    ) -> Response:
        try:
            own(request, who).set_rights(name, _rights(roles, district, department))
        except (UsageError, Refusal, UnknownPerson) as error:
            return refused(request, who, error)
        return RedirectResponse("/people", 303)

    @router.post("/{name}/password")
    def reset(request: Request, name: NamePath, who: Admin) -> Response:
        password = secrets.token_urlsafe(9)
        try:
            own(request, who).set_password(name, password)
            person = desk.person(name)
        except (UsageError, Refusal, UnknownPerson) as error:
            return refused(request, who, error)
        return page(request, who, given=(person.name, password))

    @router.post("/{name}/{change}")
    def shut_or_open(
        request: Request, name: NamePath, change: Annotated[str, Path(pattern="^(disable|enable)$")], who: Admin
    ) -> Response:
        try:
            own(request, who).set_disabled(name, is_disabled=change == "disable")
        except (UsageError, Refusal, UnknownPerson) as error:
            return refused(request, who, error)
        return RedirectResponse("/people", 303)

    return router


def _rights(roles: Sequence[str], district: str, department: str) -> Rights:
    return Rights(read_roles(roles), district.strip(), department.strip())
