"""Why something was judged so: reasons as data, and each as one sentence in Chinese and English."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from central.domain.judgement.sentences import SENTENCES
from central.domain.spans import spelled

__all__ = ["SENTENCES", "Facts", "Reason", "sentence"]

Facts = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Reason:
    """One fact that decided; `facts` fill the sentence.

    A name is there twice: ``zone`` (zh) and ``zone_en``. What ends in ``_s`` is a duration in seconds.
    """

    code: str
    facts: Mapping[str, str | int] = field(default_factory=dict)

    def sentence(self, language: str) -> str:
        """The reason in `language` (``zh`` or ``en``).

        >>> Reason("dwell_short", {"dwell_s": 20, "legal_s": 300}).sentence("en")
        'there for 20 s of 5 min'
        """
        names = SENTENCES[self.code]
        facts = {
            key: spelled(int(value), language) if key.endswith("_s") else value for key, value in self.facts.items()
        }
        if language == "zh":
            return names.zh.format_map(facts)
        english = {key.removesuffix("_en"): value for key, value in facts.items() if key.endswith("_en")}
        return names.en.format_map(facts | english)


def sentence(reasons: Sequence[Reason], language: str) -> str:
    """All reasons as one sentence."""
    joined = ("；" if language == "zh" else "; ").join(reason.sentence(language) for reason in reasons)
    return f"{joined}。" if language == "zh" else f"{joined[:1].upper()}{joined[1:]}."
