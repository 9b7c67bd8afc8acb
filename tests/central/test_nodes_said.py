"""What edge nodes say is understood at the centre: every sentence that may be sent has its counterpart."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from central.nodes_said import in_chinese
from central.translations import load_texts

EDGE = Path(__file__).parents[2] / "edge"
TELLING = [
    *(f"capture/{name}.py" for name in ("clip", "decoding", "key_picture", "opening", "probing", "resolver", "stream")),
    "capture/loop.py",
    "capture/choose.py",
    "capture/synthetic.py",
    *(f"requests/{name}.py" for name in ("desk", "photographer")),
    *(
        f"desired/{name}.py"
        for name in ("download", "keeper", "last_good", "live", "models", "shadow", "swap", "wanted")
    ),
    "software/desk.py",
    *(f"detect/{name}.py" for name in ("golden", "onnx", "openvino")),
    "evidence/files.py",
    "evidence/ledger.py",
]
"""Where nodes make the sentences that reach the centre: as a camera's state, an answer, what became of a bundle."""
NEVER_SENT = (
    "no central is pinned: run `python -m edge enroll --central …`",
    "it is for node ",
    "it would live longer than ",
    "malformed: ",
    "no connection",
    "the connection was lost",
    "called off",
    "resolver ",
    "Wanted(",
)
"""A request or a line that nobody can be answered on; and what is tried again."""


def sentences(path: Path) -> Iterator[str]:
    """What the module raises, replies or gives as a reason; `X` stands for what is filled in."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        said: list[ast.expr] = []
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            said = node.exc.args
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("_reply", "_fail", "_end", "Reason")):
            said = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg in ("message", "reason"))]
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.JoinedStr):
            said = [node.value]
        yield from (text for one in said if " " in (text := spelled(one)))


def spelled(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "X" for part in node.values)  # type: ignore[misc]
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


@pytest.mark.parametrize("name", TELLING)
def test_every_sentence_that_a_node_may_send_is_said_in_chinese(name: str) -> None:
    found = [one for one in sentences(EDGE / name) if not one.startswith(NEVER_SENT) and one not in ("X: X", "X X: X")]
    assert [one for one in found if (in_chinese(one) or in_chinese(f"X: {one}")) is None] == []


def test_the_test_above_finds_what_nodes_say() -> None:
    assert sum(len(list(sentences(EDGE / name))) for name in TELLING) > 60


def test_both_languages_fill_in_the_same() -> None:
    texts = load_texts()
    for key in (key for key in texts["en"] if key.startswith("node_said.")):
        asked, given = (set(re.findall(r"\{(\w+)\}", texts[language][key])) for language in ("zh", "en"))
        assert asked <= given, key


@pytest.mark.parametrize(
    ("said", "chinese"),
    [
        (
            "rtsp://10.0.0.7/1: no stream (Connection refused); is the camera on, the address right, the network up?",
            "取不到视频流（连接被拒绝），请检查摄像机是否通电、地址是否正确、网络是否畅通",
        ),
        ("camera cam-1: no picture at preset north within 20 s", "摄像机cam-1在 20 秒内没有预置位north的画面"),
        ("camera cam-1: a (0, 3) picture can't be encoded as JPEG", "摄像机cam-1：画面无法存为 JPEG（(0, 3)）"),
        ("street 2.1.0: 240 ms a look, 120 allowed", "street 2.1.0：每次查看用时 240 毫秒，上限 120 毫秒"),
        ("cameras.0.options.rotate: Input should be less than or equal to 3", "cameras.0.options.rotate：应不大于 3"),
        ("pictures/ab.jpg: can't be written (No space left on device)", "无法写入（磁盘已满）（pictures/ab.jpg）"),
        ("gremlins in the lens", None),
    ],
)
def test_a_sentence_is_said_with_what_it_names(said: str, chinese: str | None) -> None:
    assert in_chinese(said) == chinese
