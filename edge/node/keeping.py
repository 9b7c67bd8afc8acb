"""What a node keeps: events, the evidence they name, and films; and the scribe who writes them."""

import threading
from dataclasses import dataclass

from contract.clock import Clock
from edge.evidence.assemble import EvidenceParts, Signer, open_evidence
from edge.evidence.filming import FilmDesk
from edge.keys import NodeKeys
from edge.node.films import film_desk
from edge.node.seeing import Seeing
from edge.outbox.sqlite import Outbox
from edge.outbox.story import StoryBook
from edge.scribe import BusyScribe
from edge.settings import NodeSettings


@dataclass(frozen=True, slots=True)
class Keeping:
    """`book` is the outbox as the pipeline writes it: each incident's story in its order."""

    outbox: Outbox
    book: StoryBook
    evidence: EvidenceParts
    films: FilmDesk
    scribe: BusyScribe

    def close(self) -> int:
        """Closes the files; gives the number of events that central has not receipted."""
        waiting = self.outbox.depth()
        self.outbox.close()
        self.evidence.ledger.close()
        return waiting


def open_keeping(
    settings: NodeSettings, keys: NodeKeys, seeing: Seeing, clock: Clock, stop: threading.Event
) -> Keeping:
    """Opens the outbox and the evidence folder.

    Raises:
        UsageError: the state folder can't be used, or belongs to another node.
    """
    outbox = Outbox(settings.state_dir / "outbox.sqlite3", settings.node_id, clock)
    evidence = open_evidence(
        settings.state_dir / "evidence",
        settings.evidence,
        Signer(settings.node_id, keys.own, None if keys.central is None else keys.central.seal_key),
        clock,
        seeing.find_people_later,
        lambda: seeing.around.clock_reading().state,
        seeing.around.to_wall,
    )
    films = film_desk(settings.evidence, seeing.streams, seeing.engine, clock, stop)
    return Keeping(outbox, StoryBook(outbox), evidence, films, BusyScribe(stop, clock, seeing.courtesy))
