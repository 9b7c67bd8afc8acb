"""The console's two languages: which one a request wants, and every word in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from fastapi import Request

from central import letters_said, nodes_said
from central.domain.spans import spelled
from central.services.records import Sentence
from central.translations import load_texts

Language = Literal["zh", "en"]
COOKIE = "xunjie_lang"


@dataclass(frozen=True, slots=True)
class Told:
    """What a node said. Where it is not known in the reader's language, `text` is the node's own."""

    text: str
    is_known: bool


class Words:
    """The words of one language; an unknown key is a programming error and raises KeyError."""

    def __init__(self, language: Language, texts: Mapping[str, str]) -> None:
        self.language = language
        self._texts = texts

    @property
    def html_lang(self) -> str:
        return "zh-CN" if self.language == "zh" else "en"

    @property
    def other(self) -> Language:
        return "en" if self.language == "zh" else "zh"

    def __call__(self, key: str) -> str:
        return self._texts[key]

    def group(self, prefix: str) -> dict[str, str]:
        """All words whose key begins with `prefix`, by the rest of the key: what a script may have to say."""
        return {key.removeprefix(prefix): text for key, text in self._texts.items() if key.startswith(prefix)}

    def part(self, prefix: str) -> "Words":
        """The words whose key begins with `prefix`, asked for by the rest of it: those of one set of pages."""
        return Words(self.language, self.group(prefix))

    def either(self, key: str, otherwise: str) -> str:
        """The word of `key` where there is one, else `otherwise`: what a node said in words of its own."""
        return self._texts.get(key, otherwise)

    def told(self, said: str) -> Told:
        """What a node said in words of its own, in this language where it is known."""
        if self.language == "en":
            return Told(said, is_known=True)
        chinese = nodes_said.in_chinese(said)
        return Told(chinese or said, chinese is not None)

    def refused(self, reason: str) -> Told:
        """Why a message could not be taken, in this language where it is known."""
        chinese = None if self.language == "en" else letters_said.in_chinese(reason)
        return Told(chinese or reason, chinese is not None or self.language == "en")

    def of(self, sentence: Sentence | None) -> str:
        """The sentence in this language; empty for None."""
        if sentence is None:
            return ""
        return sentence.zh if self.language == "zh" else sentence.en

    def duration(self, seconds: float | None) -> str:
        """A duration as people say it: ``45 s``, ``5 min 30 s``, ``2 h 5 min``."""
        return "–" if seconds is None else spelled(seconds, self.language)


def load_words() -> dict[Language, Words]:
    """Both languages, from the catalogues of `locale/`."""
    texts = load_texts()
    return {"zh": Words("zh", texts["zh"]), "en": Words("en", texts["en"])}


def wanted_language(request: Request) -> Language:
    """``?lang=``, then the cookie, then Accept-Language; Chinese where nothing says otherwise."""
    asked = request.query_params.get("lang") or request.cookies.get(COOKIE)
    if asked in {"zh", "en"}:
        return "en" if asked == "en" else "zh"
    accepted = request.headers.get("accept-language", "").lower()
    return "en" if accepted.startswith("en") else "zh"
