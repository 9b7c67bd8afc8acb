"""MQTT topic names, built and parsed in one place."""

from dataclasses import dataclass

from contract.ids import NodeId, is_name

DEFAULT_PREFIX = "xunjie/v1"


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics under one prefix.

    >>> Topics().event_live(NodeId("node-1"))
    'xunjie/v1/node/node-1/event/live'
    """

    prefix: str = DEFAULT_PREFIX

    def event_live(self, node_id: NodeId) -> str:
        return f"{self.prefix}/node/{node_id}/event/live"

    def event_backfill(self, node_id: NodeId) -> str:
        return f"{self.prefix}/node/{node_id}/event/backfill"

    def receipt(self, node_id: NodeId) -> str:
        return f"{self.prefix}/node/{node_id}/receipt"

    def status(self, node_id: NodeId) -> str:
        return f"{self.prefix}/node/{node_id}/status"

    def desired(self, node_id: NodeId) -> str:
        """Retained: the signed bundle a node shall run."""
        return f"{self.prefix}/node/{node_id}/desired"

    def reported(self, node_id: NodeId) -> str:
        """Retained: the bundle a node runs, and what it made of the one it was given."""
        return f"{self.prefix}/node/{node_id}/reported"

    def request(self, node_id: NodeId) -> str:
        """What central asks of a node: a fresh frame, an original, a calibration picture."""
        return f"{self.prefix}/node/{node_id}/request"

    def reply(self, node_id: NodeId) -> str:
        """A node's answers to requests."""
        return f"{self.prefix}/node/{node_id}/reply"

    def platform_case(self, district: str, case_id: str) -> str:
        """Retained: what a city platform is told of one case."""
        return f"{self.prefix}/platform/case/{district}/{case_id}"

    @property
    def platform_reply(self) -> str:
        """A city platform's answers."""
        return f"{self.prefix}/platform/reply"

    @property
    def all_platform_cases(self) -> str:
        """What central itself retained for platforms: its echo shows what the broker still knows."""
        return f"{self.prefix}/platform/case/+/+"

    @property
    def all_events(self) -> str:
        """The filter that matches every node's events, live and back-filled."""
        return f"{self.prefix}/node/+/event/+"

    @property
    def all_statuses(self) -> str:
        return f"{self.prefix}/node/+/status"

    @property
    def all_desired(self) -> str:
        """What central itself retained: its echo shows whether the broker still knows it."""
        return f"{self.prefix}/node/+/desired"

    @property
    def all_reported(self) -> str:
        return f"{self.prefix}/node/+/reported"

    @property
    def all_replies(self) -> str:
        return f"{self.prefix}/node/+/reply"

    def node_of(self, topic: str) -> NodeId | None:
        """The node that `topic` belongs to, or None if it is not one of ours.

        >>> Topics().node_of("xunjie/v1/node/n1/status")
        'n1'
        >>> Topics().node_of("other/node/n1/status") is None
        True
        """
        head = f"{self.prefix}/node/"
        if not topic.startswith(head):
            return None
        name = topic.removeprefix(head).split("/", 1)[0]
        return NodeId(name) if is_name(name) else None
