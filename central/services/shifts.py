"""Who of a role is on shift where a case lies: by the register of responsibility, and the accounts of its persons."""

from collections.abc import Iterable

from sqlalchemy import Connection

from central.domain.people import login_of
from central.domain.registers.responsibility import Duty
from central.domain.workflow_words import Role
from central.store import people
from central.store.cases import Projection


def on_shift(connection: Connection, duties: Iterable[Duty], case: Projection, role: Role) -> tuple[str, ...]:
    """The persons of `role` on the nearest ground that has any; empty where nobody knows.

    `duties` are those that run now, the nearest ground first. A person's roles are their account's; somebody without
    one stands for the handling unit where their department handles the case.
    """
    found: dict[str, None] = {}
    target = None
    for duty in duties:
        if target not in (None, (duty.scope, duty.target)):
            break
        if _has(connection, duty, case, role):
            target = duty.scope, duty.target
            found[duty.person] = None
    return tuple(found)


def _has(connection: Connection, duty: Duty, case: Projection, role: Role) -> bool:
    person = people.by_login(connection, login_of(duty.person))
    if person is None:
        return role is Role.HANDLING_UNIT and bool(duty.department) and duty.department == case.department
    return person.disabled_at is None and role in person.roles
