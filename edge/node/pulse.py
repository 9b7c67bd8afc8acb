"""What must move in a running node, and how each part is started anew; the watchdog asks."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from contract.status import CameraState
from edge.eyes import Eye
from edge.node.keeping import Keeping
from edge.node.links import Links
from edge.node.looking import Looking
from edge.node.threads import Threads
from edge.watchdog.vitals import Vital


@dataclass(frozen=True, slots=True)
class Moving:
    """The parts that have a thread; `retain` is the one of `keeping.evidence.retention`."""

    threads: Threads
    keeping: Keeping
    looking: Looking
    links: Links
    retain: Callable[[], None]
    makes_films: bool

    def vitals(self) -> list[Vital]:
        """All of them, as they are now: cameras come and go."""
        return [*self._captures(), *self._of_looks(), *self._beside(), *self._of_links()]

    def _captures(self) -> list[Vital]:
        return [
            Vital(f"capture {eye.settings.camera_id}", partial(_moves_of, eye), 90.0, partial(self._revive, eye))
            for eye in self.looking.eyes.all()
            if eye.loop.health.state is not CameraState.ENDED
        ]

    def _of_looks(self) -> list[Vital]:
        """A look takes 30 ms, a wait for one half a second: a minute without either is an engine that hangs."""
        threads, looks, scribe = self.threads, self.looking.looks, self.keeping.scribe
        return [
            Vital("looks", lambda: looks.looks, 60.0, threads.again("looks", looks.run)),
            Vital("events", lambda: scribe.rounds, 60.0, lambda: threads.run("events", scribe.run)),
        ]

    def _beside(self) -> list[Vital]:
        threads, films, retention = self.threads, self.keeping.films, self.keeping.evidence.retention
        found = [Vital("retention", lambda: retention.rounds, 600.0, threads.again("retention", self.retain))]
        if self.makes_films:
            found.append(Vital("films", lambda: films.rounds, 300.0, threads.again("films", films.run)))
        return found

    def _of_links(self) -> list[Vital]:
        threads, links, upload, desired = self.threads, self.links, self.links.upload, self.links.desired
        found = []
        if links.uplink is not None:
            found.append(Vital("uplink", lambda: links.uplink_rounds, 150.0, lambda: links.revive_uplink(threads)))
        if upload is not None:  # eight pictures of twenty seconds at most, and a wait of a minute
            found.append(Vital("evidence", lambda: upload.rounds, 300.0, threads.again("evidence", upload.run)))
        if desired is not None:  # two under one name would throw each other out of the broker: it ends the program
            found.append(Vital("desired", lambda: desired.rounds, 300.0, lambda: None))
        return found

    def _revive(self, eye: Eye) -> None:
        looking = self.looking
        looking.looks.between_looks(lambda: looking.eyes.revive(eye.view.camera_id))


def _moves_of(eye: Eye) -> int:
    """Grows while the camera's thread works: with each frame, and with each try to get one."""
    return eye.loop.frames + eye.loop.tries
