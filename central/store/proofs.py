"""What proves a case's history to somebody without the database: its rows' exact texts, and pieces of the chain."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from central.domain.chain import GENESIS, Seal
from central.store.cases import HISTORY
from central.store.seals import CHECKPOINTS, SEALS, Checkpoint, texts_of

COLUMNS = tuple(column.name for column in HISTORY.c)


@dataclass(frozen=True, slots=True)
class ProvenRow:
    """A step's texts in the order of `COLUMNS`, and the number of its link; None while it is not sealed."""

    texts: tuple[str | None, ...]
    seq: int | None


@dataclass(frozen=True, slots=True)
class ChainPiece:
    """Links after a link whose hash was `before`, up to the one that `checkpoint` signs."""

    before: bytes
    links: tuple[Seal, ...]
    checkpoint: Checkpoint


def rows_of(connection: Connection, case_id: str, leaving_out: str) -> list[ProvenRow]:
    """The case's steps, oldest first, without those that are called `leaving_out`."""
    texts = texts_of(connection, HISTORY)
    joined = HISTORY.outerjoin(SEALS, (SEALS.c.source == "history") & (SEALS.c.row_id == HISTORY.c.id))
    wanted = (HISTORY.c.case_id == case_id, HISTORY.c.what != leaving_out)
    query = select(SEALS.c.seq, *texts).select_from(joined).where(*wanted).order_by(HISTORY.c.id)
    return [ProvenRow(tuple(row[1:]), row[0]) for row in connection.execute(query)]


def pieces_over(connection: Connection, seqs: list[int]) -> list[ChainPiece]:
    """Pieces of the chain that hold these links, each up to the first checkpoint after them.

    Links after the last checkpoint are in no piece.
    """
    firsts: dict[int, int] = {}
    for seq in sorted(seqs):
        query = select(CHECKPOINTS.c.seq).where(CHECKPOINTS.c.seq >= seq).order_by(CHECKPOINTS.c.seq).limit(1)
        end = connection.execute(query).scalar()
        if end is not None:
            firsts.setdefault(int(end), seq)
    return [_piece(connection, first, end) for end, first in sorted(firsts.items())]


def _piece(connection: Connection, first: int, end: int) -> ChainPiece:
    links = connection.execute(select(SEALS).where(SEALS.c.seq.between(first, end)).order_by(SEALS.c.seq))
    before = connection.execute(select(SEALS.c.chain).where(SEALS.c.seq == first - 1)).scalar()
    row = connection.execute(select(CHECKPOINTS).where(CHECKPOINTS.c.seq == end)).one()
    return ChainPiece(
        before=GENESIS if before is None else bytes(before),
        links=tuple(Seal(it.seq, it.source, it.row_id, bytes(it.digest), bytes(it.chain)) for it in links),
        checkpoint=Checkpoint(row.seq, row.at, bytes(row.chain), row.key_id, bytes(row.signature)),
    )
