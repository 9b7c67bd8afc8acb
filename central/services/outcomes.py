"""The names of what can become of a message, and of what can be odd about an event that is taken all the same.

Refused is only what can't be an event, or can't be this one: it is kept as a dead letter with the outcome as its name.
An event that may show something real is taken even if something about it is wrong, and bears a mark: a person must not
miss a fire because a register is behind.
"""

from enum import StrEnum


class Outcome(StrEnum):
    """What became of one message. Those from ``conflict`` on are dead letters."""

    TAKEN = "taken"
    REPEATED = "repeated"
    STATUS = "status"
    CONFLICT = "conflict"
    """Its id, or its place in the stream, is known with another content."""
    MALFORMED = "malformed"
    OVERSIZED = "oversized"
    NODE_MISMATCH = "node_mismatch"
    """On one node's topic it says that it is another's. No receipt: the stream it names is not the speaker's."""
    UNKNOWN_TOPIC = "unknown_topic"
    IMPOSSIBLE_TIME = "impossible_time"
    """More than a day ahead of central, or before 1970. Kept whole: replay it once the clock that is wrong is right."""
    UNSTORABLE = "unstorable"
    """The database refuses the row."""

    @property
    def is_refused(self) -> bool:
        return self not in {Outcome.TAKEN, Outcome.REPEATED, Outcome.STATUS}


class Mark(StrEnum):
    """What is odd about an event that was taken."""

    UNKNOWN_CAMERA = "unknown_camera"
    """The register of cameras knows no camera of that name."""
    FOREIGN_CAMERA = "foreign_camera"
    """The register says that it hangs on another node."""
    CLOCK_AHEAD = "clock_ahead"
    """Seen more than five minutes after now."""
    OUTSIDE_CITY = "outside_city"
    """Its position lies outside the site's bounds."""
    REVISION_BACKWARDS = "revision_backwards"
    """Sent after another event of its incident, with no higher revision."""
