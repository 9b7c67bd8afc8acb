"""Tells a district what the city made of its cases: each revision a signed `PlatformReply` about its state."""

from central.gateways.webhook import WebhookGateway
from central.services.delivery_port import Verdict
from contract.notices import CaseNotice, PlatformReply, ReplyKind


class StateGateway(WebhookGateway):
    """Thread-safe. The district drops a `reply_id` that comes again, and knows a late one by its `version`."""

    def submit(self, notice: CaseNotice, external_id: str | None) -> Verdict:  # noqa: ARG002  # the port's signature
        reply = PlatformReply(
            reply_id=f"state:{notice.delivery_id}",
            kind=ReplyKind.STATE,
            case_id=notice.case_id,
            state=notice.state,
            version=notice.revision,
            at=notice.made_at,
            department=notice.department,
        )
        return self.post(notice.delivery_id, reply.to_wire())
