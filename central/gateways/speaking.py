"""SMS, voice, chat and webhooks by way of apprise: one URL a target, and the targets of each audience from a file."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import RootModel

from contract.configfile import load_yaml
from contract.errors import TransientError, UsageError

if TYPE_CHECKING:
    import apprise


class _TargetsFile(RootModel[dict[str, list[str]]]):
    """audience (a role, or ``party``): apprise URLs"""


class AppriseSpeaker:
    """Thread-safe: an audience's targets are asked one after the other, each with a timeout of its own."""

    def __init__(self, targets: dict[str, apprise.Apprise]) -> None:
        self._targets = targets

    @property
    def audiences(self) -> frozenset[str]:
        return frozenset(self._targets)

    def say(self, audience: str, title: str, body: str) -> None:
        """Sends it to every target of the audience.

        Raises:
            TransientError: a target did not take it; those that did may get it again.
        """
        if not self._targets[audience].notify(body=body, title=title):
            raise TransientError(f"a target of {audience} did not take the notice; see the log")


def load_speaker(path: Path) -> AppriseSpeaker:
    """The targets in the file at `path`. It holds secrets: only the service may read it.

    Raises:
        UsageError: the file is wrong; the message names the audience, never the URL.
    """
    import apprise  # a third of a second at every start, paid by those alone who tell somebody

    logging.getLogger("apprise").setLevel(logging.ERROR)  # its lower levels print what was sent
    found: dict[str, apprise.Apprise] = {}
    for audience, urls in load_yaml(path, _TargetsFile).root.items():
        targets = apprise.Apprise()
        for number, url in enumerate(urls):
            if not targets.add(url):
                raise UsageError(f"{path}: {audience}[{number}]: is no address that apprise knows; see its list")
        found[audience] = targets
    return AppriseSpeaker(found)
