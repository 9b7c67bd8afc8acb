"""Two folders for node software, A and B: one runs, the other is free for what comes next.

    ROOT/a, ROOT/b      unpacked software, each with an executable `start`
    ROOT/state.json     which one runs, which one is on trial, which one failed and why

Standard library only: the launcher that reads this must start when everything else is broken.
"""

import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path

SLOTS = ("a", "b")
STATE_FILE = "state.json"
START_FILE = "start"
HEALTHY_FILE = "healthy"


@dataclass(frozen=True, slots=True)
class SlotState:
    """`hashes`: the archive in each slot; `trying`: the slot on trial, started `tries` times; `failed`: an archive."""

    active: str = "a"
    trying: str | None = None
    tries: int = 0
    hashes: tuple[str, str] = ("", "")
    failed: str = ""
    reason: str = ""

    @property
    def spare(self) -> str:
        return SLOTS[1 - SLOTS.index(self.active)]

    def hash_of(self, slot: str) -> str:
        return self.hashes[SLOTS.index(slot)]

    def holding(self, slot: str, sha256: str) -> "SlotState":
        """With this archive in the slot."""
        hashes = (sha256, self.hashes[1]) if slot == "a" else (self.hashes[0], sha256)
        return replace(self, hashes=hashes)

    def on_trial(self, slot: str) -> "SlotState":
        """The slot shall be started next, and watched."""
        return replace(self, trying=slot, tries=0, failed="", reason="")

    def tried(self) -> "SlotState":
        """The slot on trial did well: it is the one that runs."""
        return self if self.trying is None else replace(self, active=self.trying, trying=None, failed="", reason="")

    def refused(self, reason: str) -> "SlotState":
        """The slot on trial did not do."""
        if self.trying is None:
            return self
        return replace(self, trying=None, failed=self.hash_of(self.trying), reason=reason)


def read_state(root: Path) -> SlotState:
    """The state; a file that is missing or damaged means slot A and no trial."""
    try:
        content = json.loads((root / STATE_FILE).read_bytes())
        content["hashes"] = tuple(content["hashes"])
        state = SlotState(**content)
    except (OSError, ValueError, KeyError, TypeError):
        return SlotState()
    return state if state.active in SLOTS and state.trying in (None, *SLOTS) else SlotState()


def write_state(root: Path, state: SlotState) -> None:
    """Whole or not at all, on disk when this returns.

    Raises:
        OSError: the disk refuses.
    """
    draft = root / f"{STATE_FILE}.new"
    with draft.open("w", encoding="utf-8") as file:
        json.dump(asdict(state), file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(root / STATE_FILE)
