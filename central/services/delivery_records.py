"""What is kept beside a case about its deliveries, as JSON."""

from pydantic import BaseModel, ConfigDict


class DeliveryRecord(BaseModel):
    """How one revision fared at one target: a step of the case's history."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    target: str
    revision: int | None = None
    external_id: str | None = None
    state: str | None = None
    reason: str = ""
