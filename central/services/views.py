"""What central shows: the JSON API's models, which the console's pages use as well."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from central.domain.deadlines import Stage
from central.domain.workflow import Action, CaseState
from central.domain.workflow_picture import StepView
from central.domain.workflow_words import Source
from central.services.fleet_views import Drift
from central.services.records import JudgementRecord, LinkRecord, Sentence
from contract.events import BoxNorm, EvidenceRole, Instant
from contract.status import NodeStatus
from contract.taxonomy import KindGroup, Seen, Violation


class View(BaseModel):
    """Frozen; only ever written by us."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PlaceView(View):
    """A place: CGCS2000 degrees, and metres east and north of the site's origin with the one-sigma ellipse.

    `angle_deg` turns the major axis from east towards north.
    """

    lat: float
    lon: float
    east_m: float
    north_m: float
    major_m: float
    minor_m: float
    angle_deg: float


class ZoneView(View):
    """A zone by id, kind and name; `polygon_m` are (east, north) metres from the site's origin."""

    id: str
    kind: str
    name: Sentence
    hours: str
    polygon_m: tuple[tuple[float, float], ...]


class PictureView(View):
    """One picture; ask for it at ``/api/v1/evidence/{sha256}`` once it is stored. Box in shares of the picture."""

    sha256: str
    incident_id: str
    camera_id: str
    seen: Seen
    role: EvidenceRole
    captured_at: Instant
    width_px: int
    height_px: int
    box: BoxNorm
    redaction: str
    is_stored: bool


class SiteView(View):
    """The site by name, and what is shortened for a demonstration."""

    name: Sentence
    is_demo: bool
    dwells: tuple[tuple[Sentence, float], ...]


class WorkerView(View):
    """Who was last at work on a case, until when; it is for the reader to see whether the time is over."""

    person: str
    expires_at: Instant


class CaseSummary(View):
    """A case in a list. `kind` is null until a violation is found or confirmed; `seen` is its most telling sight.

    `picture` is the one that shows it best of those that have come.
    """

    id: str
    group: KindGroup
    kind: Violation | None
    kind_name: Sentence | None
    suggested: Violation | None
    suggested_name: Sentence | None
    seen: Seen
    seen_all: tuple[Seen, ...]
    state: CaseState
    severity: Annotated[int, Field(ge=0, le=3)]
    first_seen_at: Instant
    last_seen_at: Instant
    gone_at: Instant | None
    dwell_s: float
    legal_dwell_s: float | None
    cameras: tuple[str, ...]
    zone: str | None
    zone_name: Sentence | None
    sentence: Sentence
    picture: PictureView | None
    is_prominent: bool
    is_picture_due: bool = False
    """A picture was announced and none has come yet."""
    merged_into: str | None
    number: str | None = None
    source: Source = Source.VIDEO_AI
    area_code: str | None = None
    department: str | None = None
    address: str = ""
    description: str = ""
    stage: Stage | None = None
    due_at: Instant | None = None
    is_silenced: bool = False
    """A silence keeps it from people."""
    claim: WorkerView | None = None
    assignee: str | None = None
    """Whose case it is to see to, if somebody said so."""


class StageView(View):
    """A stage that a case has passed or is in. `due_at` null: no limit, or its clock stands still before the end."""

    number: int
    stage: Stage
    entered_at: Instant
    due_at: Instant | None
    paused_s: float
    left_at: Instant | None
    outcome: Action | None
    person: str | None
    post: str | None
    department: str | None
    claimed_by: str | None


class SilenceMark(View):
    """The silence that kept a case from people."""

    id: int
    reason: str
    expires_at: Instant
    is_over: bool


class ObservationView(View):
    """One incident of a case, newest revision, with why it belongs here."""

    incident_id: str
    node_id: str
    camera_id: str
    seen: Seen
    revision: int
    first_seen_at: Instant
    last_seen_at: Instant
    is_gone: bool
    peak: float
    place: PlaceView | None
    link: LinkRecord


class HistoryView(View):
    """One step of the append-only history. `at` is when it was written, `event_at` the capture time behind it."""

    at: Instant
    event_at: Instant | None
    what: str
    action: Action | None
    role: str
    actor: str
    from_state: CaseState | None
    to_state: CaseState | None
    facts: dict[str, object]


class CaseDetail(CaseSummary):
    """Everything about one case."""

    judgement: JudgementRecord
    place: PlaceView | None
    observations: tuple[ObservationView, ...]
    evidence: tuple[PictureView, ...]
    history: tuple[HistoryView, ...]
    open_actions: tuple[Action, ...]
    steps: tuple[StepView, ...] = ()
    """The open actions with what each needs."""
    stages: tuple[StageView, ...] = ()
    silence: SilenceMark | None = None


class CasePage(View):
    """One page of cases, newest first; ask on with ``cursor=next`` until it is null."""

    items: tuple[CaseSummary, ...]
    next: str | None


class NodeView(View):
    """A node and what it last said."""

    node_id: str
    received_at: Instant
    status: NodeStatus
    drift: Drift = Drift.UNMANAGED
    """How what it runs compares with what it shall run; `/fleet/nodes` says more."""
    drift_reasons: tuple[str, ...] = ()


class NodePage(View):
    items: tuple[NodeView, ...]


class DeadLetterView(View):
    """A refused message; `head` is its beginning as text, undecodable bytes replaced."""

    id: int
    received_at: Instant
    topic: str
    outcome: str
    reason: str
    node_id: str | None
    size_bytes: int
    sha256: str
    times: int
    is_whole: bool
    replayed_at: Instant | None
    head: str


class DeadLetterPage(View):
    items: tuple[DeadLetterView, ...]


class CalibrationView(View):
    """A camera (``node/camera``) that places things `metres` beside the others, always or since it was moved."""

    camera: str
    kind: Literal["off", "moved"]
    metres: float
    since: Instant | None


class Health(View):
    """Whether central does its work. `ok` is false when the broker is away or a thread has died.

    `is_associating`: this process joins events into cases; another one may hold that lease. `associating`: of which
    districts; the empty name is that of all cameras which no named district claims.
    """

    ok: bool
    broker_connected: bool
    broker_problem: str
    events_taken: int
    events_repeated: int
    messages_refused: int
    events_marked: int = 0
    conflicts: int
    inbox_waiting: int
    dead_letters: int
    step_failures: int
    is_associating: bool = False
    associating: tuple[str, ...] = ()
    calibration_alarms: tuple[CalibrationView, ...] = ()
