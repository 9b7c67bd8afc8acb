"""Roll-outs: which model and software each node shall run, how far it has come, and the way back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from central.domain.why import reason_of
from central.services.fleet import FleetDesk
from central.services.fleet_book import FleetBook
from central.services.tailoring import Tailor, Wish
from contract.bundle import Bundle, ModelTarget, SoftwareTarget, parse_bundle
from contract.errors import UsageError
from contract.reported import Rollout

What = Literal["model", "software"]
Target = ModelTarget | SoftwareTarget


@dataclass(frozen=True, slots=True)
class Way:
    """One node's way to a model or to software: what it shall run, what it said of it, and what it ran before."""

    node_id: str
    state: str
    version: int
    what: What
    wanted: Target | None
    reported: Rollout | None
    before: Target | None
    """None with `has_before`: back to what the node itself brings."""
    has_before: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """A node that was not given the target, and why."""

    node_id: str
    reason: str


class RolloutDesk:
    """Any thread."""

    def __init__(self, book: FleetBook, desk: FleetDesk, tailor: Tailor) -> None:
        self._book, self._desk, self._tailor = book, desk, tailor

    def ways(self, what: What) -> list[Way]:
        """Every node that has a bundle."""
        found = []
        for node in self._book.nodes():
            if node.bundle is None:
                continue
            wanted = _of(node.bundle, what)
            earlier = [one for one in self._targets(node.view.node_id, what)[1:] if one != wanted]
            reported = getattr(node.view.reported, what) if node.view.reported else None
            found.append(
                Way(
                    node_id=node.view.node_id,
                    state=str(node.view.state or ""),
                    version=node.bundle.version,
                    what=what,
                    wanted=wanted,
                    reported=reported,
                    before=earlier[0] if earlier else None,
                    has_before=wanted is not None,
                )
            )
        return found

    def known(self, what: What) -> list[Target]:
        """Every target that some bundle ever named, newest first."""
        found: dict[str, Target] = {}
        for node in self._book.nodes():
            for target in self._targets(node.view.node_id, what) if node.bundle else ():
                if target is not None:
                    found.setdefault(target.sha256, target)
        return sorted(found.values(), key=lambda target: target.version, reverse=True)

    def start(self, what: What, target: Target, nodes: Sequence[str], by: str, why: str) -> list[Refused]:
        """Gives the nodes the target, each in a version of its own; says which were not given it.

        Raises:
            UsageError: no node was chosen, or no reason given.
        """
        if not nodes:
            raise UsageError("nodes: choose at least one")
        reason = reason_of(why)
        part = target.model_dump(mode="json", exclude_none=True)
        return [said for node_id in nodes if (said := self._give(node_id, {what: part}, by, reason)) is not None]

    def back(self, node_id: str, what: What, by: str) -> None:
        """Gives the node what it was given before; stops what is on its way.

        Raises:
            UsageError: it was never given another, or a new version came meanwhile.
        """
        way = next((one for one in self.ways(what) if one.node_id == node_id), None)
        if way is None or not way.has_before:
            raise UsageError(f"node {node_id}: was given no {what}, so there is no way back")
        part = None if way.before is None else way.before.model_dump(mode="json", exclude_none=True)
        gone = way.wanted.version if way.wanted else ""
        self._tailor.set_parts(node_id, {what: part}, Wish(by, f"{what} {gone}: back", way.version))

    def _give(self, node_id: str, parts: dict[str, Any], by: str, why: str) -> Refused | None:
        try:
            node = self._book.node(node_id)
            version = node.bundle.version if node.bundle else 0
            self._tailor.set_parts(node_id, parts, Wish(by, why, version))
        except UsageError as error:
            return Refused(node_id, str(error))
        return None

    def _targets(self, node_id: str, what: What) -> list[Target | None]:
        """What the node was to run, newest first."""
        return [_of(parse_bundle(entry.payload, "bundle"), what) for entry in self._desk.bundles(node_id)]


def _of(bundle: Bundle, what: What) -> Target | None:
    return bundle.model if what == "model" else bundle.software
