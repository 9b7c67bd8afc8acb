"""What people and programs read when something can't be: in their language, with what is possible instead."""

import ast
import re
from pathlib import Path

import pytest

from central.complaints import UNKNOWN, has_counterpart, in_chinese
from central.domain.guards import Said, require_said
from central.domain.people import Operator, Place, refusal
from central.domain.workflow import Action, CaseState, RefusedAction, RefusedRole, Role, Step, take
from central.domain.workflow_words import Need
from contract.errors import UsageError
from tests.central.asgi import AsgiClient
from tests.central.parts import OPERATOR_TOKEN, Parts

VISIT = {"Accept": "text/html,application/xhtml+xml"}
CENTRAL = Path(__file__).parents[2] / "central"
MET_BY_PEOPLE = (
    "services/joining.py", "services/silencing.py", "services/byhand.py", "services/assigning.py",
    "services/timekeeping.py", "services/people.py", "services/own_account.py", "services/claiming.py",
)  # fmt: skip
"""Modules whose refusals reach somebody at the console."""


def every_refusal() -> list[str]:
    """Each step that each role can't take from each state, as it is said."""
    said = set()
    for state in CaseState:
        for action in Action:
            for role in (Role.REVIEWER, Role.HANDLING_UNIT):
                try:
                    take(state, action, role)
                except (RefusedAction, RefusedRole) as error:
                    said.add(str(error))
    return sorted(said)


def raised_sentences(path: Path) -> list[str]:
    """The sentences of the UsageErrors that a module raises; what is filled in becomes a word."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "UsageError"):
            continue
        if node.args and not isinstance(node.args[0], ast.Call):
            found.append(ast.unparse(node.args[0]))
    return [_filled(text) for text in found]


def _filled(source: str) -> str:
    text = "".join(str(part) for part in ast.literal_eval("[" + re.sub(r"\bf(?=['\"])", "", source) + "]"))
    return re.sub(r"\{[^{}]*(\{[^{}]*\}[^{}]*)*\}", "x1", text)


def test_every_step_that_is_refused_is_said_in_chinese() -> None:
    said = every_refusal()
    assert len(said) > 200
    assert [one for one in said if not has_counterpart(one)] == []
    assert not [one for one in said if re.search("[a-z]{3}", in_chinese(one))]


@pytest.mark.parametrize("name", MET_BY_PEOPLE)
def test_every_sentence_that_people_can_meet_has_its_counterpart(name: str) -> None:
    said = raised_sentences(CENTRAL / name)
    assert [one for one in said if not has_counterpart(one)] == []


@pytest.mark.parametrize("need", Need)
def test_what_is_missing_is_said_in_chinese(need: Need) -> None:
    step = Step(CaseState.CLOSED, frozenset({Role.REVIEWER}), frozenset({need}))
    with pytest.raises(UsageError) as raised:
        require_said(Action.CLOSE, step, Said())
    assert in_chinese(str(raised.value)).startswith("“结案”须")


def test_who_may_not_is_told_so_in_chinese() -> None:
    wang = Operator("王五", frozenset({Role.REVIEWER}), "370303")
    assert in_chinese(str(refusal(wang, {Role.SHIFT_LEADER}))) == "需要角色：值班长；王五的角色是：审核员"
    assert in_chinese(str(refusal(wang, {Role.REVIEWER}, Place("370302001")))).startswith("案件位于370302001")


def test_what_has_no_counterpart_is_quoted() -> None:
    assert in_chinese("gremlins") == UNKNOWN.format(why="gremlins")


def test_a_page_that_is_not_there_is_a_page_in_the_visitors_language(parts: Parts) -> None:
    client = AsgiClient(parts.http)
    zh = client.get("/nowhere", headers=VISIT | {"Accept-Language": "zh-CN"})
    assert (zh.status_code, "没有找到" in zh.text, zh.headers["content-type"][:9]) == (404, True, "text/html")
    en = client.get("/nowhere", headers=VISIT | {"Accept-Language": "en-GB"})
    assert "Not found" in en.text
    assert client.get("/nowhere").json() == {"detail": "Not Found"}


def test_a_script_of_a_chinese_page_gets_a_chinese_sentence(parts: Parts) -> None:
    operator = AsgiClient(parts.http, OPERATOR_TOKEN)
    path = "/api/v1/cases/0197a000-0000-7000-8000-000000000000/actions/confirm"
    assert operator.send("POST", path, json={}).json()["detail"].startswith("no case ")
    zh = operator.send("POST", path, json={}, headers={"Accept-Language": "zh-CN"})
    assert zh.json()["detail"].startswith("没有案件")
