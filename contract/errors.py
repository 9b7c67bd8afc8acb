"""The three families every error belongs to.

    UsageError      the caller is wrong: fix the input; exit code 2 on a command line, 4xx over HTTP
    TransientError  the world is slow: try again later
    PermanentError  the world refuses: park it and go on

Adapters translate third-party exceptions into these at their border, with ``from``.
"""


class UsageError(Exception):
    """The caller's input is wrong. The message names the thing and the remedy."""


class TransientError(Exception):
    """The world is slow or away; the same call may succeed later."""


class PermanentError(Exception):
    """The world refuses; repeating the same call can't help."""
