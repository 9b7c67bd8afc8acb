"""Every word of the console: in both languages, used somewhere, and never written into a template or a script."""

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from central.console.pages import STATIC_DIR
from central.letters_said import FAMILIES
from central.translations import CONSOLE, load_texts
from contract.errors import UsageError

ROOT = Path(__file__).parents[2]
TEMPLATES = STATIC_DIR.parent / "templates"
SCRIPTS = sorted(STATIC_DIR.glob("*.js"))
READERS = (
    "central/console",
    "central/package",
    "central/commands",
    "central/services",
    "central/domain",
    "central/web",
)
SHOWN_ATTRIBUTES = {"alt", "title", "placeholder", "aria-label", "label"}
SAME_EVERYWHERE = {
    "kB",
    "MB",
    "MiB",
    "GB",
    "ms",
    "m",
    "px",
    "km",
    "v",
    "Enter",
    "Esc",
    "J",
    "K",
    "UTC",
    "SHA-256",
    "GeoJSON",
    "CSV",
    "XLSX",
    "PDF",
    "ID",
}
LETTERS = re.compile(r"[A-Za-z\u4e00-\u9fff]{2,}|[\u4e00-\u9fff]")
SPOKEN = re.compile(
    r"""(?:\.(?:textContent|innerText|title|placeholder|alt|ariaLabel)\s*\+?=\s*|setAttribute\("(?:aria-label|title)",\s*"""
    r"""|\b(?:tell|alert|confirm|prompt)\(\s*|\.append\(\s*|\b(?:textContent|title|placeholder|ariaLabel|alt):\s*)(["'`])((?:(?!\1).)*)\1"""
)


def catalogues() -> list[Path]:
    return sorted(CONSOLE.rglob("*.po"))


def sources() -> str:
    """Everything that may ask for a word."""
    found = [path for folder in READERS for path in (ROOT / folder).rglob("*.py")]
    found += [ROOT / "central" / "nodes_said.py", *TEMPLATES.rglob("*.html"), *SCRIPTS]
    return "\n".join(path.read_text(encoding="utf-8") for path in found)


class Shown(HTMLParser):
    """What a person would read of a piece of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.texts += [value for name, value in attrs if name in SHOWN_ATTRIBUTES and value]


def foreign_text(template: str) -> list[str]:
    """Words that stand in the template itself; `\x00` marks where something is filled in."""
    tree = Environment(autoescape=True).parse(template)
    pieces: list[str] = []
    for output in tree.find_all((nodes.Output,)):
        pieces += [node.data if isinstance(node, nodes.TemplateData) else "\0" for node in output.nodes]
    parser = Shown()
    parser.feed("".join(pieces))
    found = [part.strip(" \n\r\t·:,;()[]|→←–—…?!=&/+±%°#") for text in parser.texts for part in text.split("\0")]
    return [text for text in found if LETTERS.search(text) and text not in SAME_EVERYWHERE]


def foreign_speech(script: str) -> list[str]:
    """Words that a script would show; what stands in `${…}` is filled in."""
    code = re.sub(r"^\s*//.*$", "", script, flags=re.MULTILINE)
    while (filled := re.sub(r"\$\{[^{}]*\}", " ", code)) != code:
        code = filled
    found = [text for _, text in SPOKEN.findall(code) if LETTERS.search(text) and not re.fullmatch("[a-z-]+", text)]
    return [*found, *re.findall(r"[\u4e00-\u9fff]+", code)]


@pytest.mark.parametrize("path", [p for p in catalogues() if "zh_CN" in p.parts], ids=lambda path: path.stem)
def test_each_area_has_the_same_keys_once_in_both_languages(path: Path) -> None:
    def keys(of: Path) -> list[str]:
        return re.findall(r'^msgid "(.+)"$', of.read_text(encoding="utf-8"), re.MULTILINE)

    mine, theirs = keys(path), keys(CONSOLE / "en" / "LC_MESSAGES" / path.name)
    assert sorted(mine) == sorted(theirs)
    assert [key for key, count in Counter(mine).items() if count > 1] == []


def test_every_word_is_in_both_languages_and_in_its_own_script() -> None:
    texts = load_texts()
    assert texts["zh"].keys() == texts["en"].keys()
    assert [key for key, text in texts["en"].items() if re.search("[\u4e00-\u9fff]", text)] == ["other_language"]


def test_every_word_is_asked_for_somewhere() -> None:
    """By its key, by `say.NAME` of a script that is handed its group, or by how it begins (`t("state." ~ state)`)."""
    text = sources()
    handed = set(re.findall(r"""\.(?:group|part)\(["']([\w.]+\.)["']\)""", text))
    said = set(re.findall(r"\bsay\??\.(\w+)", text))
    literals = set(re.findall(r"""["'`]([\w.]+)["'`]""", text))
    literals |= {prefix + name for prefix in handed for name in said | literals}
    begun = set(re.findall(r"""["']((?:\w+[._])+)["']\s*~|["'`]((?:\w+[._])+)(?=[{$])""", text))
    begun = {one or other for one, other in begun}
    begun |= {f"{name}." for name in re.findall(r'choose\([^)]*"(\w+)"', text)}
    begun |= {prefix + name for prefix in handed for name in begun} | {f"{family}." for family in FAMILIES}
    unused = [key for key in load_texts()["zh"] if key not in literals and not key.startswith(tuple(begun))]
    assert unused == []


def test_every_word_that_a_template_asks_for_is_there() -> None:
    known, missing = load_texts()["zh"], []
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        asked = re.findall(r"""\bt\(["']([\w.]+)["']\)""", text)
        asked += [f"registers.{key}" for key in re.findall(r"""\br\(["']([\w.]+)["']\)""", text)]
        missing += [f"{path.name}: {key}" for key in asked if key not in known]
    assert missing == []


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_a_template_says_nothing_that_no_catalogue_knows(path: Path) -> None:
    assert foreign_text(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_says_nothing_that_no_catalogue_knows(path: Path) -> None:
    assert foreign_speech(path.read_text(encoding="utf-8")) == []


def test_the_two_tests_above_would_notice() -> None:
    assert foreign_text('<p title="Late">{{ t("app") }} <b>now open</b></p>') == ["Late", "now open"]
    assert foreign_text('<p class="late">{{ t("app") }} · 3 m</p>') == []
    assert foreign_speech("line.textContent = `Waiting for ${name}!`;") != []
    assert "请稍候" in foreign_speech("tell('请稍候')")
    assert foreign_speech('el.className = "a b"; const q = "main > .x";') == []


@pytest.mark.parametrize(
    ("zh", "en", "problem"),
    [
        ('msgid "a"\nmsgstr "甲"\n', 'msgid "a"\nmsgstr ""\n', "not translated"),
        ('msgid "a"\nmsgstr "甲"\n', '#, fuzzy\nmsgid "a"\nmsgstr "A"\n', "not translated"),
        ('msgid "a"\nmsgstr "甲"\n', "", "has no 'a'"),
        ('msgid "a"\nmsgstr "甲"\n', "nonsense\n", "no gettext catalogue"),
    ],
)
def test_a_wrong_catalogue_is_refused_by_file_and_key(tmp_path: Path, zh: str, en: str, problem: str) -> None:
    for locale, text in (("zh_CN", zh), ("en", en)):
        folder = tmp_path / locale / "LC_MESSAGES"
        folder.mkdir(parents=True)
        (folder / "x.po").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=problem):
        load_texts(tmp_path)
