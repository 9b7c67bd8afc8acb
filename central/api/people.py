"""Accounts over HTTP: everybody's own under ``/me``, all of them under ``/people`` for administrators."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from central.api.access import Access, visitor_of
from central.domain.accounts import Person
from central.domain.people import Happening, Operator, Right
from central.domain.workflow_words import Role
from central.services.own_account import OwnAccount
from central.services.own_people import OwnPeople
from central.services.people import PeopleDesk, Rights

NamePath = Annotated[str, Path(min_length=1, max_length=100)]
Secret = Annotated[str, Field(min_length=1, max_length=1000)]
District = Annotated[str, Field(max_length=15)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PasswordChange(_Body):
    """The old password and the new one."""

    old: Secret
    new: Secret


class GivenPassword(_Body):
    """A password for somebody, good for choosing their own."""

    password: Secret


class RightsBody(_Body):
    """What they may do, and where; `district` is an area code or the beginning of one, empty for everywhere.

    `department` is whose cases a handling unit handles, empty for everybody's; left as it is where it isn't named.
    """

    roles: Annotated[tuple[Role, ...], Field(min_length=1)]
    district: District = ""
    department: Annotated[str, Field(max_length=64)] | None = None

    def rights(self, present: str = "") -> Rights:
        """`present` is the department that they have."""
        return Rights(frozenset(self.roles), self.district, present if self.department is None else self.department)


class NewAccount(RightsBody):
    """An account to be made."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    password: Secret


class PersonView(BaseModel):
    """An account."""

    name: str
    roles: tuple[Role, ...]
    district: str
    department: str
    must_change_password: bool
    is_disabled: bool
    made_at: datetime
    made_by: str
    password_set_at: datetime
    signed_in_at: datetime | None

    @classmethod
    def of(cls, person: Person) -> "PersonView":
        return cls(
            name=person.name,
            roles=tuple(sorted(person.roles)),
            district=person.district,
            department=person.department,
            must_change_password=person.must_change,
            is_disabled=person.disabled_at is not None,
            made_at=person.made_at,
            made_by=person.made_by,
            password_set_at=person.changed_at,
            signed_in_at=person.seen_at,
        )


class SessionView(BaseModel):
    """Where somebody is signed in."""

    since: datetime
    used_at: datetime
    ends_at: datetime
    address: str
    browser: str


class MeView(BaseModel):
    """Whoever asks. `account` is None for a service."""

    name: str
    roles: tuple[Role, ...]
    district: str
    account: PersonView | None
    sessions: tuple[SessionView, ...]


class LogLine(BaseModel):
    """One line of the access log."""

    at: datetime
    who: str
    address: str
    what: Happening
    facts: dict[str, str]


class Ended(BaseModel):
    """How many sessions ended."""

    sessions: int


def me_router(own: OwnAccount, access: Access) -> APIRouter:
    """``/me``: everybody's own account."""
    router = APIRouter(prefix="/me", tags=["people"])

    @router.get("")
    def show_me(operator: Annotated[Operator, Depends(access.operator)]) -> MeView:
        """Who I am to central, what I may do, and where I am signed in."""
        page = own.page(operator)
        return MeView(
            name=operator.name,
            roles=tuple(sorted(operator.roles)),
            district=operator.district,
            account=None if page.person is None else PersonView.of(page.person),
            sessions=tuple(
                SessionView(
                    since=entry.made_at,
                    used_at=entry.seen_at,
                    ends_at=entry.ends_at,
                    address=entry.address,
                    browser=entry.agent,
                )
                for entry in page.sessions
            ),
        )

    @router.post("/password", status_code=204)
    def change_password(
        request: Request, body: PasswordChange, operator: Annotated[Operator, Depends(access.operator)]
    ) -> None:
        """Takes a new password; all my sessions end."""
        own.change_password(operator, body.old, body.new, visitor_of(request))

    @router.post("/sign-out-everywhere")
    def sign_out_everywhere(request: Request, operator: Annotated[Operator, Depends(access.operator)]) -> Ended:
        """Ends all my sessions, this one too."""
        return Ended(sessions=own.sign_out_everywhere(operator, visitor_of(request)))

    return router


def people_router(desk: PeopleDesk, access: Access) -> APIRouter:
    """``/people``: accounts, for administrators; one of a district keeps that district's people only."""
    router = APIRouter(prefix="/people", tags=["people"])
    admin = access.may(Right.KEEP_PEOPLE)
    Admin = Annotated[Operator, Depends(admin)]  # noqa: N806  # a type

    def own(request: Request, who: Admin) -> OwnPeople:
        return OwnPeople(desk, who, visitor_of(request))

    Own = Annotated[OwnPeople, Depends(own)]  # noqa: N806  # a type

    @router.get("")
    def list_people(mine: Own) -> list[PersonView]:
        """Every account, by name."""
        return [PersonView.of(person) for person in mine.everybody()]

    @router.get("/log", dependencies=[Depends(admin)])
    def list_log(
        limit: Annotated[int, Query(ge=1, le=1000)] = 100, who: Annotated[str | None, Query(max_length=64)] = None
    ) -> list[LogLine]:
        """Who came in, who was turned away, who changed accounts and opened originals; newest first."""
        lines = desk.log(limit, who)
        return [LogLine(at=it.at, who=it.who, address=it.address, what=it.what, facts=dict(it.facts)) for it in lines]

    @router.post("", status_code=201)
    def add(body: NewAccount, mine: Own) -> PersonView:
        """Makes an account; they choose a password of their own when they first sign in."""
        return PersonView.of(mine.add(body.name, body.password, body.rights()))

    @router.put("/{name}/rights")
    def set_rights(name: NamePath, body: RightsBody, mine: Own) -> PersonView:
        """Gives other roles and another district; holds from their next request on."""
        return PersonView.of(mine.set_rights(name, body.rights(mine.person(name).department)))

    @router.post("/{name}/password")
    def reset_password(name: NamePath, body: GivenPassword, mine: Own) -> Ended:
        """Gives a new password, good for choosing their own; all their sessions end."""
        return Ended(sessions=mine.set_password(name, body.password))

    @router.post("/{name}/disable")
    def disable(name: NamePath, mine: Own) -> PersonView:
        """Shuts the account and ends its sessions at once. It stays: the history names it."""
        return PersonView.of(mine.set_disabled(name, is_disabled=True))

    @router.post("/{name}/enable")
    def enable(name: NamePath, mine: Own) -> PersonView:
        """Opens the account again."""
        return PersonView.of(mine.set_disabled(name, is_disabled=False))

    return router
