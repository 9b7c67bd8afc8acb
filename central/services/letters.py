"""Looking at what could not be taken, and giving it a second chance: refused messages, and events set aside later."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from central.domain.why import reason_of
from central.services import reply_letters
from central.services.admission import Admission
from central.services.delivery_hearing import ReplyDesk
from central.services.delivery_port import Unread
from central.services.noticing import Surroundings
from central.services.parse import ReadEvent, Unreadable, parse
from central.services.reply_letters import read_reply
from central.services.shaping import letter_view
from central.services.views import DeadLetterView
from central.store import dead_letters, inbox
from central.store.database import Database
from contract.clock import Clock
from contract.errors import PermanentError, UsageError
from contract.topics import Topics

INBOX_TOPIC = "inbox/"
"""Begins the topic of a letter that stands for an inbox row which the associator set aside: ``inbox/17``."""
CHUNK = 200
LOG = structlog.get_logger("central.letters")


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of one letter: ``taken``, ``repeated``, ``waiting`` (for the associator, again) or ``refused``; of a
    platform's reply what `ReplyDesk` made of it."""

    letter_id: int
    outcome: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Message:
    topic: str
    payload: bytes


class LetterDesk:
    """For the command line and the console."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        around: Surroundings | None = None,
        replies: Callable[[], ReplyDesk | None] = lambda: None,
    ) -> None:
        """`around` is what replayed events are compared with; `replies`, asked when needed, takes platforms' words."""
        self._replies = replies
        self._database = database
        self._clock = clock
        self._around = around

    def newest(self, limit: int) -> tuple[DeadLetterView, ...]:
        with self._database.read() as connection:
            return tuple(letter_view(letter) for letter in dead_letters.newest(connection, limit))

    def show(self, letter_id: int) -> DeadLetterView:
        """One letter.

        Raises:
            UsageError: there is none with that id.
        """
        return letter_view(self._find(letter_id))

    def waiting(self) -> dict[str, int]:
        """How many wait for somebody, by outcome."""
        with self._database.read() as connection:
            return dead_letters.count_by_outcome(connection)

    def page(self, outcome: str, limit: int, *, is_open: bool) -> Sequence[dead_letters.DeadLetter]:
        """The newest of an outcome (empty: any), waiting for somebody or done with."""
        with self._database.read() as connection:
            return dead_letters.page(connection, outcome, limit, is_open=is_open)

    def letter(self, letter_id: int) -> dead_letters.DeadLetter:
        """One letter.

        Raises:
            UsageError: there is none with that id.
        """
        return self._find(letter_id)

    def discard(self, letter_id: int, by: str, why: str) -> None:
        """Puts the letter away. It is kept all the same: the node has deleted its own copy on our word.

        Raises:
            UsageError: there is none, no reason was given, or it is done with already.
        """
        reason = reason_of(why)
        self._find(letter_id)
        with self._database.write() as connection:
            if not dead_letters.discard(connection, letter_id, self._clock.now(), by, reason):
                raise UsageError(f"dead letter {letter_id} was replayed or put away already")
        LOG.info("dead letter discarded", letter_id=letter_id, by=by, why=reason)

    def replay(self, letter_id: int, prefix: str) -> str:
        """Reads the letter again; gives ``taken``, ``repeated`` or, for an inbox row, ``waiting``.

        Raises:
            UsageError: there is none with that id.
            PermanentError: only its beginning was kept, or it is still refused.
        """
        done = self._replay(self._find(letter_id), prefix)
        if done.reason is not None:
            raise PermanentError(f"dead letter {letter_id}: {done.reason}")
        return done.outcome

    def replay_all(self, reason: str, prefix: str) -> list[Replayed]:
        """Every letter never replayed whose outcome is `reason` or whose reason holds it, oldest first."""
        done: list[Replayed] = []
        while True:
            after = done[-1].letter_id if done else 0
            with self._database.read() as connection:
                letters = dead_letters.waiting_for_replay(connection, reason, CHUNK, after)
            if not letters:
                return done
            done += [self._replay(letter, prefix) for letter in letters]

    def _replay(self, letter: dead_letters.DeadLetter, prefix: str) -> Replayed:
        if letter.topic.startswith(INBOX_TOPIC):
            return self._put_back(letter)
        if letter.topic.startswith(reply_letters.TOPIC):
            return self._say_again(letter)
        if not letter.is_whole:
            return Replayed(letter.letter_id, "refused", f"only its first {len(letter.head)} bytes were kept")
        message = parse(letter.topic, letter.head, Topics(prefix), self._clock.now())
        if not isinstance(message, ReadEvent):  # looked at first: a refused one would be counted as having come again
            why = message.reason if isinstance(message, Unreadable) else "not an event"
            return Replayed(letter.letter_id, "refused", f"still refused: {why}")
        admission = Admission(self._database, Topics(prefix), self._clock, self._around)
        (settled,) = admission.take([_Message(letter.topic, letter.head)])
        if settled.outcome.is_refused:
            return Replayed(letter.letter_id, "refused", f"still refused: {settled.reason}")
        self._mark(letter.letter_id)
        return Replayed(letter.letter_id, settled.outcome.value)

    def _say_again(self, letter: dead_letters.DeadLetter) -> Replayed:
        target, reply, desk = letter.topic.removeprefix(reply_letters.TOPIC), read_reply(letter.head), self._replies()
        if isinstance(reply, Unread) or not letter.is_whole:
            return Replayed(letter.letter_id, "refused", f"still refused: {letter.reason}")
        if desk is None or target not in desk.targets:
            return Replayed(letter.letter_id, "refused", f"{target} is no target in use; see the targets file")
        verdict = desk.take(target, reply)
        self._mark(letter.letter_id)
        return Replayed(letter.letter_id, verdict.outcome.value)

    def _put_back(self, letter: dead_letters.DeadLetter) -> Replayed:
        row = letter.topic.removeprefix(INBOX_TOPIC)
        with self._database.write() as connection:
            is_back = row.isdecimal() and inbox.put_back(connection, int(row))
            if is_back:
                dead_letters.mark_replayed(connection, letter.letter_id, self._clock.now())
        if is_back:
            return Replayed(letter.letter_id, "waiting")
        return Replayed(letter.letter_id, "refused", f"inbox row {row} is not set aside any more")

    def _mark(self, letter_id: int) -> None:
        with self._database.write() as connection:
            dead_letters.mark_replayed(connection, letter_id, self._clock.now())

    def _find(self, letter_id: int) -> dead_letters.DeadLetter:
        with self._database.read() as connection:
            letter = dead_letters.find(connection, letter_id)
        if letter is None:
            raise UsageError(f"no dead letter {letter_id}; `dead-letters list` shows those there are")
        return letter
