"""Who works in the invented district: accounts by role, departments, officers. No real person bears these names."""

import hashlib
from dataclasses import dataclass

from central.domain.workflow import Role

DEPARTMENTS = ("执法一中队（虚构）", "执法二中队（虚构）", "市政环卫所（虚构）", "街面管理站（虚构）")
_COUNTS = {
    Role.REVIEWER: 4,
    Role.ACCEPTANCE_OPERATOR: 2,
    Role.SHIFT_LEADER: 2,
    Role.DISPATCHER: 2,
    Role.HANDLING_UNIT: 4,
    Role.INSPECTOR: 3,
    Role.SUPERVISOR: 1,
    Role.LEADER: 1,
}


@dataclass(frozen=True, slots=True)
class Member:
    """An account of the demonstration."""

    name: str
    role: Role


def staff() -> tuple[Member, ...]:
    """Everybody, the roles in the order of a case's life."""
    return tuple(
        Member(f"demo.{role.value}.{number}", role) for role, count in _COUNTS.items() for number in range(1, count + 1)
    )


def officer_of(street: int, community: int) -> str:
    """The officer of a community; the one after the last goes round the whole street in the evening."""
    return f"示例网格员{street * 4 + community + 1}（虚构）"


def password_of(member: Member, seed: int) -> str:
    """The same for the same seed; it is printed, and only good for a demonstration."""
    return "demo-" + hashlib.sha256(f"{seed}/{member.name}".encode()).hexdigest()[:12]
