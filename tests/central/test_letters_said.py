"""Why a message could not be taken reads in Chinese: every reason that central may write has its counterpart."""

import ast
import copy
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from central.letters_said import in_chinese
from central.services.delivery_port import Unread
from central.services.parse import Unreadable, parse
from central.services.reply_letters import read_reply
from contract.events import ClockState
from contract.ids import NodeId
from contract.notices import PlatformReply, ReplyKind
from contract.status import NodeState, NodeStatus
from contract.taxonomy import Seen
from contract.topics import Topics
from tests.central.builders import T0, Street, uuid_of
from tests.central.test_nodes_said import spelled

ROOT = Path(__file__).parents[2]
TELLING = [
    *(f"central/services/{name}.py" for name in ("parse", "admission", "letters", "reply_letters", "setting_aside")),
    "contract/events.py",
]
ODD: tuple[object, ...] = (None, "", "x" * 70, "2026-07-01T08:00:00", -1, 1.5, 1e400, True, [], {}, [1, 2], {"a": 1})
TOPICS, NODE = Topics(), NodeId("node-1")


def sentences(path: Path) -> Iterator[str]:
    """What the module gives as a reason; `X` stands for what is filled in."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        said: list[ast.expr] = []
        match node:
            case ast.Call() if ast.unparse(node.func).endswith(("Unreadable", "Unread", "Replayed", "ValueError")):
                said = [*node.args, *(keyword.value for keyword in node.keywords)]
            case ast.Assign(targets=[ast.Name("reason")], value=value) | ast.keyword("reason", value):
                said = [value]
            case ast.Return(ast.JoinedStr() as value):
                said = [value]
        yield from (text for one in said if " " in (text := spelled(one)))


@pytest.mark.parametrize("name", TELLING)
def test_every_reason_in_the_source_is_said_in_chinese(name: str) -> None:
    found = [one for one in sentences(ROOT / name) if one not in ("X: X", "XX", "X: XX")]
    assert found
    assert [one for one in found if in_chinese(one) is None] == []


def spoilt(message: dict[str, object]) -> Iterator[bytes]:
    """The message with one of its fields odd or missing."""
    for path in list(paths(message)):
        for odd in (*ODD, ...):
            changed = copy.deepcopy(message)
            inner = changed
            for step in path[:-1]:
                inner = inner[step]  # type: ignore[assignment]
            if odd is ...:
                del inner[path[-1]]
            else:
                inner[path[-1]] = odd
            yield json.dumps(changed).encode()


def paths(message: dict[str, object]) -> Iterator[tuple[str, ...]]:
    for name, value in message.items():
        yield (name,)
        if isinstance(value, dict):
            yield from ((name, *rest) for rest in paths(value))


def refusals() -> Iterator[str]:
    event = json.loads(Street().event("a", Seen.STALL, (0, 0)).to_wire())
    status = NodeStatus(
        node_id=NODE,
        boot_id=uuid_of("boot"),
        state=NodeState.ONLINE,
        at=T0,
        software="1",
        config_version="1",
        clock_state=ClockState.UNKNOWN,
        cameras=(),
    )
    for topic, message in (
        (TOPICS.event_live(NODE), event),
        (TOPICS.status(NODE), json.loads(status.to_wire())),
    ):
        for payload in (*spoilt(message), b"", b"{", b"[]", b"\xff", b"[" * 500, b"x" * 70_000):
            read = parse(topic, payload, TOPICS, T0)
            if isinstance(read, Unreadable):
                yield read.reason
    reply = PlatformReply(reply_id="r", kind=ReplyKind.STATE, case_id=uuid_of("c"), state="done", version=1, at=T0)
    for payload in (*spoilt(json.loads(reply.to_wire())), b"{", b"x" * 200_000):
        if isinstance(answer := read_reply(payload), Unread):
            yield answer.reason


def test_whatever_is_wrong_with_a_field_is_said_in_chinese() -> None:
    found = set(refusals())
    assert len(found) > 80
    assert sorted(one for one in found if " valid " in (in_chinese(one) or " valid ")) == []


@pytest.mark.parametrize(
    ("reason", "chinese"),
    [
        ("topic says node a, data.node_id says b", "主题属于节点a，data.node_id 却是b"),
        ("data: Value error, first_seen_at lies after last_seen_at", "data：first_seen_at 晚于 last_seen_at"),
        ("still refused: data.seq: Field required (and 1 more)", "仍不能接收：data.seq：缺少此项（另有 1 处）"),
        ("association failed: ValueError: gremlins", "关联失败：ValueError: gremlins"),
        ("gremlins in the mail", None),
    ],
)
def test_a_reason_keeps_what_it_names(reason: str, chinese: str | None) -> None:
    assert in_chinese(reason) == chinese
