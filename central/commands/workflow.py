"""`python -m central workflow`: the table that every case follows, as text, JSON or pictures; and deadlines anew."""

import json
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from central.console.words import Words, load_words
from central.domain.workflow import TABLE
from central.domain.workflow_drawing import draw
from central.domain.workflow_picture import mermaid, table_view
from central.domain.workflow_words import Role
from contract.errors import UsageError

GENERATED = ("workflow.md", "images/workflow.en.svg", "images/workflow.zh-CN.svg")


class Format(StrEnum):
    """What to write."""

    MERMAID = "mermaid"
    SVG = "svg"
    JSON = "json"


class Language(StrEnum):
    """Of the picture's words."""

    ZH = "zh"
    EN = "en"


def add_to(cli: typer.Typer) -> None:
    """Adds the command."""
    cli.command("workflow")(workflow)


def workflow(
    form: Annotated[Format, typer.Option("--format", help="A Mermaid diagram, a picture, or the whole table.")] = (
        Format.MERMAID
    ),
    language: Annotated[Language, typer.Option(help="Of the picture's words.")] = Language.ZH,
    out: Annotated[Path | None, typer.Option(help="Write there instead of printing.")] = None,
    docs: Annotated[Path | None, typer.Option(help="Write the documentation's files into this folder.")] = None,
) -> None:
    """The life of a case: states, steps, who may take them, what they need. Drawn from the table itself.

    Example: central workflow --format svg --language en --out workflow.svg
    """
    if docs is not None:
        for name, content in documents().items():
            _write(docs / name, content)
        return
    words = load_words()
    match form:
        case Format.MERMAID:
            content = mermaid()
        case Format.SVG:
            content = draw(words[language.value].__call__)
        case Format.JSON:
            content = json.dumps(table_view().model_dump(mode="json"), ensure_ascii=False, indent=1) + "\n"
    if out is None:
        typer.echo(content, nl=False)
    else:
        _write(out, content)


def documents() -> dict[str, str]:
    """The documentation's generated files: name → content."""
    words = load_words()
    texts = (_page(words["en"], words["zh"]), draw(words["en"].__call__), draw(words["zh"].__call__))
    return dict(zip(GENERATED, texts, strict=True))


def _page(en: Words, zh: Words) -> str:
    lines = [
        "# The life of a case · 案件流程",
        "",
        "Made from the table by `python -m central workflow --docs docs`; do not edit.",
        "由流程表自动生成，请勿手工修改。",
        "",
        "![The life of a case](images/workflow.en.svg)",
        "",
        "![案件流程](images/workflow.zh-CN.svg)",
        "",
        "| state 状态 | step 操作 | to 到 | who 角色 | needs 必填 | guards 条件 |",
        "|---|---|---|---|---|---|",
    ]
    for (state, action), step in TABLE.items():
        stays = "=" if step.to is state else _both(en, zh, f"state.{step.to}")
        who = ", ".join(role for role in Role if role in step.roles and role is not Role.ADMIN)
        needs, guards = ", ".join(sorted(step.needs)), ", ".join(sorted(step.guards))
        names = (_both(en, zh, f"state.{state}"), f"`{action}` {zh(f'action.{action}')}", stays, who, needs, guards)
        lines.append(f"| {' | '.join(names)} |")
    lines += ["", "An administrator may take every step that is a person's. 管理员可执行任何由人执行的操作。"]
    lines += ["", "```mermaid", mermaid().rstrip(), "```", ""]
    return "\n".join(lines)


def _both(en: Callable[[str], str], zh: Callable[[str], str], key: str) -> str:
    return f"{en(key)} {zh(key)}"


def _write(path: Path, content: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: can't be written ({error.strerror}); choose another with --out") from error
    typer.echo(f"{path}", err=True)
