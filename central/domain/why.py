"""Whoever changes what others rely on says why; the words stand in the history beside the change."""

from contract.errors import UsageError

LEAST_LETTERS = 3
MOST_LETTERS = 500


def reason_of(why: str) -> str:
    """The reason as it is kept: without blanks around it, at most `MOST_LETTERS` long.

    Raises:
        UsageError: nothing that could be a reason.
    """
    words = why.strip()
    if len(words) < LEAST_LETTERS:
        raise UsageError("why: say in a few words why")
    return words[:MOST_LETTERS]
