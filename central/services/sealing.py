"""Seals what was committed: links for new rows, a signed checkpoint, and the walk that finds what was touched."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError

from central.domain.chain import Fault, Walk, seal_rows
from central.store import seals
from central.store.database import Database
from central.store.seals import Checkpoint
from contract.clock import Clock
from contract.errors import TransientError
from contract.signing import Purpose, SigningKey, VerifyKey

BATCH = 5_000


class Sealer:
    """Called every few seconds by a worker. Several processes may: the chain's numbers let only one win."""

    def __init__(self, database: Database, key: SigningKey, clock: Clock) -> None:
        self._database = database
        self._key = key
        self._clock = clock
        self._has_looked_at_everything = False

    def step(self) -> int:
        """Seals up to a batch; gives how many rows.

        Raises:
            TransientError: another process sealed at the same time, or the database refused; nothing was written.
        """
        try:
            with self._database.write() as connection:
                everything = not self._has_looked_at_everything
                rows = seals.find_unsealed(connection, BATCH, everything=everything)
                links = seal_rows(seals.last_seal(connection), rows)
                if links:
                    seals.add_seals(connection, links)
                    seals.add_checkpoint(connection, self._checkpoint(links[-1].seq, links[-1].chain))
        except IntegrityError as error:
            raise TransientError("another process sealed the audit chain meanwhile") from error
        self._has_looked_at_everything |= len(rows) < BATCH
        return len(rows)

    def recover(self, in_a_row: int, error: Exception) -> None:  # the worker's port
        """Nothing to put right: the next step starts from what is committed."""

    def _checkpoint(self, seq: int, chain: bytes) -> Checkpoint:
        now = self._clock.now()
        return Checkpoint(seq, now, chain, self._key.key_id, self._key.sign(signed_text(seq, chain), Purpose.AUDIT))


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


def verify(
    database: Database,
    keys: Iterable[VerifyKey],
    expected: tuple[int, str] | None = None,
    on_links: Callable[[int, int], None] = lambda _done, _of: None,
) -> AuditReport:
    """Walks the whole chain.

    Args:
        keys: who may have signed checkpoints.
        expected: a head that was noted earlier, number and hash.
        on_links: told now and then how many links of how many are done.
    """
    pace = Walk()
    known = {key.key_id: key for key in keys}
    with database.read() as connection:
        total = seals.count(connection)
        signed = {entry.seq: entry for entry in seals.checkpoints(connection)}
        done = 0
        for links in seals.walk(connection):
            pace.run(links)
            for link in links:
                if (checkpoint := signed.get(link.seq)) is not None:
                    _check(pace, checkpoint, link.chain, known)
                if expected is not None and link.seq == expected[0] and link.chain.hex() != expected[1]:
                    pace.fault(link.seq, "head", f"link {link.seq} is not the one that was noted")
            done += len(links)
            on_links(done, total)
        unsealed = seals.count_unsealed(connection)
    on_links(total, total)
    _check_end(pace, signed, expected)
    head_seq, head = pace.head
    signed_seq = max((seq for seq in signed if seq <= head_seq), default=0)
    return AuditReport(
        sealed=pace.sealed,
        deleted_by_retention=pace.buried,
        unsealed=unsealed,
        broken=pace.broken,
        faults=tuple(pace.faults),
        head_seq=head_seq,
        head=head.hex(),
        checkpoints=len(signed),
        signed_seq=signed_seq,
    )


def signed_text(seq: int, chain: bytes) -> bytes:
    """The bytes under a checkpoint's signature."""
    return f"{seq} {chain.hex()}".encode()


def _check(pace: Walk, checkpoint: Checkpoint, chain: bytes, known: dict[str, VerifyKey]) -> None:
    key = known.get(checkpoint.key_id)
    if key is None:
        pace.fault(checkpoint.seq, "checkpoint", f"checkpoint {checkpoint.seq}: key {checkpoint.key_id} is not known")
    elif not key.is_signed(signed_text(checkpoint.seq, chain), checkpoint.signature, Purpose.AUDIT):
        pace.fault(checkpoint.seq, "checkpoint", f"checkpoint {checkpoint.seq}: the signature does not fit the chain")


def _check_end(pace: Walk, signed: dict[int, Checkpoint], expected: tuple[int, str] | None) -> None:
    """A chain that was cut short is sound in itself: only a signature or a note from later tells."""
    head_seq, _ = pace.head
    last = max(signed, default=0)
    if last > head_seq:
        pace.fault(last, "cut", f"the chain ends at {head_seq}, but a checkpoint was signed at {last}")
    if expected is not None and expected[0] > head_seq:
        pace.fault(expected[0], "cut", f"the chain ends at {head_seq}, but link {expected[0]} was noted earlier")
