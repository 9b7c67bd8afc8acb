"""The walk along the audit chain that finds what was touched; a long chain in spans, by several processes.

What a link must follow from is the link before it as it is stored, whoever checks that one. So a span begins with the
number and hash of the link before its first, and all spans together find what one walk finds.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from sqlalchemy import Connection

from central.domain.chain import Fault, Walk
from central.services.sealing import signed_text
from central.store import seals
from central.store.database import Database
from central.store.seals import Checkpoint, Span
from contract.signing import Purpose, VerifyKey

SPAN = 50_000
"""Links a process takes at a time; a chain that is no longer than four of these is walked by this process alone, as a
new one needs a second to start."""


@dataclass(frozen=True, slots=True)
class Head:
    """A link's number and its hash in hexadecimal digits."""

    seq: int
    chain: str


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What a walk found. `head` is the last link's number and hash: noted elsewhere, it also proves the end."""

    sealed: int
    deleted_by_retention: int
    unsealed: int
    broken: int
    faults: tuple[Fault, ...]
    head_seq: int
    head: str
    checkpoints: int
    signed_seq: int

    @property
    def is_intact(self) -> bool:
        return self.broken == 0


@dataclass(frozen=True, slots=True)
class _Given:
    """What every process is told. `snapshot` names the moment they all look at, where the database knows such names."""

    url: str
    keys: tuple[bytes, ...]
    noted: Head | None
    snapshot: str | None


def verify(
    database: Database,
    keys: Iterable[VerifyKey],
    expected: tuple[int, str] | None = None,
    on_links: Callable[[int, int], None] = lambda _done, _of: None,
    processes: int = 1,
    span: int = SPAN,
) -> AuditReport:
    """Walks the whole chain.

    Args:
        database: is only read.
        keys: who may have signed checkpoints.
        expected: a head that was noted earlier, number and hash.
        on_links: told now and then how many links of how many are done.
        processes: how many may walk at once.
        span: links that one takes at a time.
    """
    noted = None if expected is None else Head(*expected)
    whole = Walk()
    with database.read() as connection:
        total = seals.count(connection)
        spans = seals.spans(connection, span)
        is_long = len(spans) > 4 and processes > 1
        snapshot = seals.share_snapshot(connection) if is_long else None
        url = database.url.render_as_string(hide_password=False)
        given = _Given(url, tuple(key.raw for key in keys), noted, snapshot)
        walks = _by_many(given, spans, processes) if is_long else (_walk(connection, given, span) for span in spans)
        for number, found in enumerate(walks, 1):
            whole.add(found)
            on_links(min(total, span * number), total)
        unsealed = seals.count_unsealed(connection)
        signed = seals.signed(connection)
    on_links(total, total)
    head_seq, head = whole.head
    _check_end(whole, signed, noted)
    return AuditReport(
        sealed=whole.sealed,
        deleted_by_retention=whole.buried,
        unsealed=unsealed,
        broken=whole.broken,
        faults=tuple(whole.faults),
        head_seq=head_seq,
        head=head.hex(),
        checkpoints=len(signed),
        signed_seq=max((seq for seq in signed if seq <= head_seq), default=0),
    )


def _by_many(given: _Given, spans: Sequence[Span], processes: int) -> Iterator[Walk]:
    """In the spans' order. The processes are started anew: a fork would take this one's connections along."""
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_walk_elsewhere, [given] * len(spans), spans)


def _walk_elsewhere(given: _Given, span: Span) -> Walk:
    database = Database(given.url)
    try:
        with database.read() as connection:
            if given.snapshot is not None:
                seals.join_snapshot(connection, given.snapshot)
            return _walk(connection, given, span)
    finally:
        database.close()


def _walk(connection: Connection, given: _Given, span: Span) -> Walk:
    known = {key.key_id: key for key in map(VerifyKey, given.keys)}
    noted = given.noted
    pace = Walk.after(*seals.before(connection, span))
    signed = {entry.seq: entry for entry in seals.checkpoints(connection, span)}
    for links in seals.walk(connection, span):
        pace.run(links)
        for seq, _, _, _, chain, _, _ in links:
            if (checkpoint := signed.get(seq)) is not None:
                _check(pace, checkpoint, chain, known)
            if noted is not None and noted.seq == seq and noted.chain != chain.hex():
                pace.fault(seq, "head", f"link {seq} is not the one that was noted")
    return pace


def _check(pace: Walk, checkpoint: Checkpoint, chain: bytes, known: dict[str, VerifyKey]) -> None:
    key = known.get(checkpoint.key_id)
    if key is None:
        pace.fault(checkpoint.seq, "checkpoint", f"checkpoint {checkpoint.seq}: key {checkpoint.key_id} is not known")
    elif not key.is_signed(signed_text(checkpoint.seq, chain), checkpoint.signature, Purpose.AUDIT):
        pace.fault(checkpoint.seq, "checkpoint", f"checkpoint {checkpoint.seq}: the signature does not fit the chain")


def _check_end(whole: Walk, signed: Sequence[int], noted: Head | None) -> None:
    """A chain that was cut short is sound in itself: only a signature or a note from later tells."""
    head_seq, _ = whole.head
    last = max(signed, default=0)
    if last > head_seq:
        whole.fault(last, "cut", f"the chain ends at {head_seq}, but a checkpoint was signed at {last}")
    if noted is not None and noted.seq > head_seq:
        whole.fault(noted.seq, "cut", f"the chain ends at {head_seq}, but link {noted.seq} was noted earlier")
