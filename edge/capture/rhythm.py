"""How far apart a stream's key frames are, and whether looks can live on them alone. Pure."""

LONG_GROUP_S = 5.0
"""A gap between key frames beyond this (or twice the look period) makes a camera dear: every picture is decoded. Higher
leaves smoke unseen for seconds on cameras with open-ended groups; lower makes cameras dear that merely stutter."""

CALM_GROUPS = 3
"""So many short groups in a row before a dear camera is trusted again."""


LONGEST_STEP_S = 1.0
"""Between two packets' own stamps; more is a clock that was set."""


class Rhythm:
    """Watches one session's key frames, in seconds of a monotonic clock and in the stream's own time.

    A gap is long only if both say so: cameras' clocks run fast, and on a busy machine packets are read late. A healthy
    camera taken for a dear one would make the machine busier still.
    """

    def __init__(self, look_every_s: float, now_s: float) -> None:
        self._limit_s = max(LONG_GROUP_S, 2 * look_every_s)
        self._last_key_s = now_s
        self._stamp_s: float | None = None
        self._since_key_s = 0.0
        self._short_groups = 0
        self._has_key = False
        self.key_every_s: float | None = None
        self.is_long = False

    def note(self, is_key: bool, now_s: float, stamp_s: float | None) -> None:
        """One packet came; `stamp_s` is its own time, if it has one."""
        gap_s = min(now_s - self._last_key_s, self._own_gap_s(now_s, stamp_s))
        if gap_s > self._limit_s:
            self.is_long = True
            self._short_groups = 0
        if not is_key:
            return
        if self._has_key:
            self.key_every_s = gap_s
            self._short_groups = self._short_groups + 1 if gap_s <= self._limit_s else 0
        if self._short_groups >= CALM_GROUPS:
            self.is_long = False
        self._has_key = True
        self._last_key_s = now_s
        self._since_key_s = 0.0

    def _own_gap_s(self, now_s: float, stamp_s: float | None) -> float:
        """Since the last key frame by the stream's own time; by arrival where packets carry none."""
        if stamp_s is None:
            return now_s - self._last_key_s
        step_s = 0.0 if self._stamp_s is None else stamp_s - self._stamp_s
        self._stamp_s = stamp_s
        self._since_key_s += step_s if 0 <= step_s <= LONGEST_STEP_S else 0.0
        return self._since_key_s
