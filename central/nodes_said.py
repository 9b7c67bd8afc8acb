"""What edge nodes say in words of their own, in Chinese: why a camera fails, a request or a bundle was refused.

A node sends an English sentence and nothing else, so that older nodes are understood as well. The English catalogue
(`nodes.po`) holds each sentence as a pattern, the Chinese one its counterpart; `{why}` within one is a sentence again.
"""

import re
from collections.abc import Callable
from functools import cache

from central.translations import load_texts

_Known = tuple[re.Pattern[str], str]
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def in_chinese(said: str, families: tuple[str, ...] = ("node_said",)) -> str | None:
    """The sentence in Chinese; what stands before its colon stays where only the rest is known. None: not known.

    `families` are the catalogues' beginnings of msgids that it is looked for under.

    >>> in_chinese("cameras.3.source: Field required")
    'cameras.3.source：缺少此项'
    """
    sentence = said.strip()
    if (found := _translated(sentence, families)) is not None:
        return found
    for colon in re.finditer(": ", sentence):
        rest = _translated(sentence[colon.end() :], families)
        if rest is not None:
            return f"{sentence[: colon.start()]}：{rest}"
    return None


def pattern_of(english: str) -> re.Pattern[str]:
    """A sentence as a regular expression: each placeholder takes as little as it can; the whole sentence must fit."""
    pieces = _PLACEHOLDER.split(english)
    fixed: Callable[[str], str] = re.escape
    return re.compile(
        "".join(f"(?P<{piece}>.+?)" if number % 2 else fixed(piece) for number, piece in enumerate(pieces))
    )


def _translated(sentence: str, families: tuple[str, ...]) -> str | None:
    for pattern, chinese in _known(families):
        found = pattern.fullmatch(sentence)
        if found is not None:
            parts = {
                name: value if name != "why" else in_chinese(value, families) or value
                for name, value in found.groupdict().items()
            }
            return chinese.format_map(parts)
    return None


@cache
def _known(families: tuple[str, ...]) -> tuple[_Known, ...]:
    """Those that say most of themselves first: `camera {name}: {why}` fits too much to be asked before others."""
    texts = load_texts()
    known = [(texts["en"][key], texts["zh"][key]) for key in texts["en"] if key.partition(".")[0] in families]
    known.sort(key=lambda pair: len(re.sub(r"\{\w+\}", "", pair[0])), reverse=True)
    return tuple((_of_one_word_first(pattern_of(english)), chinese) for english, chinese in known)


def _of_one_word_first(pattern: re.Pattern[str]) -> re.Pattern[str]:
    """What a sentence begins with is one word unless a colon follows: `240 ms a look` may itself follow a name."""
    return re.compile(re.sub(r"^\(\?P<(\w+)>\.\+\?\)(?!:)", r"(?P<\1>\\S+)", pattern.pattern))
