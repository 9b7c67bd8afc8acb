"""Why a message could not be taken, in Chinese: what central wrote beside it when it put it among the dead letters.

Reasons are kept in English as they arose, so that searches and replays find them. Their patterns stand in `letters.po`;
what is wrong with a field is said by the same words as at a node.
"""

import re

from central import nodes_said

FAMILIES = ("letter_said", "node_said")
_MORE = re.compile(r"(?P<first>.+) \(and (?P<count>\d+) more\)", re.DOTALL)


def in_chinese(reason: str) -> str | None:
    """The reason in Chinese; None where it is not known.

    >>> in_chinese("data.box.x1: Field required (and 2 more)")
    'data.box.x1：缺少此项（另有 2 处）'
    """
    more = _MORE.fullmatch(reason.strip())
    if more is None:
        return nodes_said.in_chinese(reason, FAMILIES)
    first = nodes_said.in_chinese(more["first"], FAMILIES)
    return None if first is None else f"{first}（另有 {more['count']} 处）"
