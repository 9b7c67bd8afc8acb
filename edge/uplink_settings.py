"""The uplink's part of the configuration: where findings go."""

from typing import Annotated

from pydantic import Field, field_validator

from contract.configfile import Settings
from contract.events import Name
from edge.camera_settings import require_address


class UplinkSettings(Settings):
    """Where findings go. Without `mqtt_url` they stay in the outbox."""

    mqtt_url: str | None = None
    topic_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_/-]{1,100}$")] = "xunjie/v1"
    central_url: str | None = None
    """Base of central's HTTP interface, for evidence."""
    password_secret: Name | None = None
    """Name of the environment variable ``XUNJIE_SECRET_<NAME>`` that holds the password of `mqtt_url`'s user."""
    node_token_secret: Name = "node-token"
    resend_after_s: Annotated[float, Field(ge=1, le=3600)] = 15.0
    """Unreceipted for this long while connected: sent again."""
    status_every_s: Annotated[float, Field(ge=1, le=3600)] = 10.0

    @field_validator("mqtt_url")
    @classmethod
    def _is_mqtt(cls, url: str | None) -> str | None:
        return url if url is None else require_address(url, "mqtt", "mqtts")

    @field_validator("central_url")
    @classmethod
    def _is_http(cls, url: str | None) -> str | None:
        return url if url is None else require_address(url, "http", "https")
