"""Who a person is to the case desk: a name, what they may do, and where. Pure."""

from dataclasses import dataclass

from central.domain.workflow import Role

MACHINES = frozenset({"judge", "camera", "platform"})
"""Roles that no account holds: what they do, no person does."""
PEOPLE_ROLES: frozenset[Role] = frozenset(role for role in Role if role not in MACHINES)
"""Roles that an account may hold."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Whoever stands behind a request: a person, or a service with the operator's token.

    `district` is the area code, or the beginning of one, that all their cases lie in; empty: everywhere.
    """

    name: str
    roles: frozenset[Role]
    district: str = ""


SERVICE = Operator("operator", PEOPLE_ROLES)
"""Who brings the operator's token."""
