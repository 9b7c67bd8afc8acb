"""Looking at dead letters, and giving one a second chance."""

from central.services.parse import ReadEvent, Unreadable, parse
from central.services.reading import letter_view
from central.services.views import DeadLetterView
from central.store import dead_letters, inbox
from central.store.database import Database
from contract.clock import Clock
from contract.errors import PermanentError, UsageError
from contract.topics import Topics


class LetterDesk:
    """For the command line."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def newest(self, limit: int) -> tuple[DeadLetterView, ...]:
        with self._database.read() as connection:
            return tuple(letter_view(letter) for letter in dead_letters.newest(connection, limit))

    def show(self, letter_id: int) -> DeadLetterView:
        """One letter.

        Raises:
            UsageError: there is none with that id.
        """
        return letter_view(self._find(letter_id))

    def replay(self, letter_id: int, prefix: str) -> str:
        """Puts the letter's event into the inbox; gives ``taken`` or ``repeated``.

        Raises:
            UsageError: there is none with that id.
            PermanentError: only its beginning was kept, or it is still refused.
        """
        letter = self._find(letter_id)
        if not letter.is_whole:
            raise PermanentError(f"dead letter {letter_id}: only its first {len(letter.head)} bytes were kept")
        message = parse(letter.topic, letter.head, Topics(prefix), self._clock.now())
        if not isinstance(message, ReadEvent):
            reason = message.reason if isinstance(message, Unreadable) else "not an event"
            raise PermanentError(f"dead letter {letter_id}: still refused: {reason}")
        data = message.event.data
        now = self._clock.now()
        entry = inbox.InboxEvent(
            message.event.id, data.node_id, data.stream_id, data.seq, message.digest, letter.head, now
        )
        with self._database.write() as connection:
            outcome = inbox.put(connection, entry)
            if outcome is inbox.Put.CONFLICTING:
                raise PermanentError(f"dead letter {letter_id}: still in conflict with what is known")
            dead_letters.mark_replayed(connection, letter_id, now)
        return outcome.value

    def _find(self, letter_id: int) -> dead_letters.DeadLetter:
        with self._database.read() as connection:
            letter = dead_letters.find(connection, letter_id)
        if letter is None:
            raise UsageError(f"no dead letter {letter_id}; `dead-letters list` shows those there are")
        return letter
