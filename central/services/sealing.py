"""Seals what was committed: links for new rows, and a signed checkpoint."""

from sqlalchemy.exc import IntegrityError

from central.domain.chain import seal_rows
from central.store import seals
from central.store.database import Database
from central.store.seals import Checkpoint
from contract.clock import Clock
from contract.errors import TransientError
from contract.signing import Purpose, SigningKey

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


def signed_text(seq: int, chain: bytes) -> bytes:
    """The bytes under a checkpoint's signature."""
    return f"{seq} {chain.hex()}".encode()
