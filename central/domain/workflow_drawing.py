"""The table as a picture: states in the lanes of those who work on them, arrows for the steps. Pure.

Steps that may be taken almost everywhere (cancel, close by order, reopen) would be a thicket of arrows: they stand as
words in the state they start from.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from math import hypot

from central.domain.workflow import FINAL, STAGE_BY_STATE, TABLE
from central.domain.workflow_picture import STAYING, arrows
from central.domain.workflow_words import Action, CaseState

Say = Callable[[str], str]
"""The word for a key such as ``state.closed`` in the picture's language."""
_S = CaseState
PLACES: dict[CaseState, tuple[int, int]] = {
    _S.OBSERVING: (0, 0),
    _S.SUPPRESSED: (2, 0),
    _S.PENDING_REVIEW: (0, 1),
    _S.CONFIRMED: (1, 1),
    _S.REMINDED: (2, 1),
    _S.SELF_CORRECTED: (3, 1),
    _S.REJECTED_FALSE_ALARM: (4, 1),
    _S.REPORTED: (1, 2),
    _S.ACCEPTED: (2, 2),
    _S.VERIFYING: (3, 2),
    _S.NOT_REGISTERED: (4, 2),
    _S.CANCELLED: (0, 2),
    _S.REGISTERED: (1, 3),
    _S.DISPATCHED: (2, 3),
    _S.HANDLING: (3, 3),
    _S.SUSPENDED: (4, 3),
    _S.FORCED_CLOSED: (0, 3),
    _S.CLOSED: (1, 4),
    _S.CHECKING: (2, 4),
    _S.HANDLED: (3, 4),
    _S.REWORK: (4, 4),
}
"""State → column and lane."""
LANES = ("lane.rules", "lane.review", "lane.filing", "lane.handling", "lane.checking")
IN_WORDS = frozenset({Action.CANCEL, Action.FORCE_CLOSE, Action.REOPEN})
BOX_W, BOX_H, COLUMN, LANE, LEFT, TOP = 178.0, 60.0, 282.0, 158.0, 110.0, 6.0
STYLE = (
    "text{font-family:'Noto Sans SC','Noto Sans CJK SC','Segoe UI',sans-serif;fill:#1d2733}"
    ".lane{fill:#f4f6f8}.lane.odd{fill:#e9edf1}.lane-name{font-size:13px;fill:#5b6875}"
    ".box{fill:#fff;stroke:#2f5d8a;stroke-width:1.6}.final .box{fill:#e8f0e6;stroke:#4c7a45}"
    ".name{font-size:15px;font-weight:600}.note{font-size:10.5px;fill:#5b6875}"
    ".arrow{fill:none;stroke:#52616f;stroke-width:1.3}.label{font-size:11px;fill:#24435f}"
    ".halo{stroke:#f4f6f8;stroke-width:4;paint-order:stroke}"
)


@dataclass(frozen=True, slots=True)
class _Spot:
    """A point, pixels from the picture's upper left corner."""

    x: float
    y: float


def draw(say: Say) -> str:
    """The picture as SVG, in the language of `say`."""
    width, height = LEFT + 5 * COLUMN + 10, TOP + len(LANES) * LANE + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" role="img">',
        f"<title>{escape(say('picture.title'))}</title><style>{STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z" fill="#52616f"/></marker></defs>',
        *_lanes(say, width),
        *_arrows(say),
        *(_box(state, say) for state in CaseState),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _lanes(say: Say, width: float) -> Iterator[str]:
    for number, lane in enumerate(LANES):
        y = TOP + number * LANE
        odd = " odd" if number % 2 else ""
        yield f'<rect class="lane{odd}" x="0" y="{y:.0f}" width="{width:.0f}" height="{LANE:.0f}"/>'
        for line, text in enumerate(say(lane).split("\n")):
            yield f'<text class="lane-name" x="10" y="{y + 22 + 17 * line:.0f}">{escape(text)}</text>'


def _box(state: CaseState, say: Say) -> str:
    middle = _middle(state)
    x, y = middle.x - BOX_W / 2, middle.y - BOX_H / 2
    notes = _notes(state, say)
    kind = ' class="final"' if state in FINAL else ""
    rows = [f'<text class="name" x="{middle.x:.0f}" y="{y + 20:.0f}">{escape(say(f"state.{state}"))}</text>']
    rows += [
        f'<text class="note" x="{middle.x:.0f}" y="{y + 36 + 13 * line:.0f}">{escape(note)}</text>'
        for line, note in enumerate(notes)
    ]
    frame = f'<rect class="box" x="{x:.0f}" y="{y:.0f}" width="{BOX_W:.0f}" height="{BOX_H:.0f}" rx="8"/>'
    return f'<g{kind} text-anchor="middle">{frame}{"".join(rows)}</g>'


def _notes(state: CaseState, say: Say) -> list[str]:
    """The stage whose timer runs, and the steps that are not drawn."""
    stage = STAGE_BY_STATE.get(state)
    found = [] if stage is None else [f"{say('picture.timer')}: {say(f'stage.{stage}')}"]
    words = []
    for action in (Action.REOPEN, Action.CANCEL, Action.FORCE_CLOSE):
        step = TABLE.get((state, action))
        if step is not None:
            to = f" → {say(f'state.{step.to}')}" if action is Action.REOPEN else ""
            words.append(f"{say(f'action.{action}')}{to}")
    return [*found, " · ".join(words)] if words else found


def _arrows(say: Say) -> Iterator[str]:
    drawn: dict[tuple[CaseState, CaseState], list[Action]] = defaultdict(list)
    for pair, actions in arrows().items():
        kept = [action for action in actions if action not in IN_WORDS | STAYING]
        if kept:
            drawn[pair] = kept
    for (start, end), actions in drawn.items():
        bend = 26.0 if (end, start) in drawn else 0.0
        if _is_long(start, end):
            far = abs(PLACES[start][0] - PLACES[end][0]) > 2
            bend += 130.0 if far else 78.0
        yield _arrow(start, end, bend, " / ".join(say(f"action.{action}") for action in actions))


def _arrow(start: CaseState, end: CaseState, bend: float, text: str) -> str:
    a, b = _middle(start), _middle(end)
    length = hypot(b.x - a.x, b.y - a.y)
    turn = _Spot((a.y - b.y) / length * bend, (b.x - a.x) / length * bend)
    top = _Spot((a.x + b.x) / 2 + turn.x, (a.y + b.y) / 2 + turn.y)
    out, into = _edge(a, top), _edge(b, top)
    path = f"M{out.x:.0f} {out.y:.0f} Q{top.x:.0f} {top.y:.0f} {into.x:.0f} {into.y:.0f}"
    at = _along(out, top, into, _share(start, end))
    up = -5 if PLACES[start][1] == PLACES[end][1] else 4
    label = f'<text class="label halo" text-anchor="middle" x="{at.x:.0f}" y="{at.y + up:.0f}">{escape(text)}</text>'
    return f'<path class="arrow" marker-end="url(#tip)" d="{path}"/>{label}'


def _share(start: CaseState, end: CaseState) -> float:
    """Where along its arrow a label stands: arrows that cross lanes also cross each other in the middle."""
    lanes = abs(PLACES[start][1] - PLACES[end][1])
    return 0.5 if lanes == 0 else 0.35 if lanes == 1 else 0.8


def _along(out: _Spot, top: _Spot, into: _Spot, share: float) -> _Spot:
    """A point of the quadratic curve."""
    a, b, c = (1 - share) ** 2, 2 * share * (1 - share), share**2
    return _Spot(a * out.x + b * top.x + c * into.x, a * out.y + b * top.y + c * into.y)


def _is_long(start: CaseState, end: CaseState) -> bool:
    """Whether a straight arrow would run through a box between the two."""
    (a, lane_a), (b, lane_b) = PLACES[start], PLACES[end]
    between = {(column, lane_a) for column in range(min(a, b) + 1, max(a, b))} if lane_a == lane_b else set()
    if a == b:
        between = {(a, lane) for lane in range(min(lane_a, lane_b) + 1, max(lane_a, lane_b))}
    return not between.isdisjoint(PLACES.values())


def _middle(state: CaseState) -> _Spot:
    column, lane = PLACES[state]
    return _Spot(LEFT + column * COLUMN + COLUMN / 2, TOP + lane * LANE + LANE / 2)


def _edge(middle: _Spot, towards: _Spot) -> _Spot:
    """Where the line from a box's middle leaves the box."""
    dx, dy = towards.x - middle.x, towards.y - middle.y
    scale = min(
        (BOX_W / 2 + 3) / abs(dx) if dx else float("inf"),
        (BOX_H / 2 + 3) / abs(dy) if dy else float("inf"),
    )
    return _Spot(middle.x + dx * scale, middle.y + dy * scale)
