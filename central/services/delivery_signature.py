"""Signed webhooks, both ways, as the Standard Webhooks specification has them (standardwebhooks.com).

    webhook-id: <delivery id>        webhook-timestamp: <seconds since 1970>
    webhook-signature: v1,<base64 of HMAC-SHA256(secret, "<id>.<timestamp>.<body>")>

Several signatures may stand there, parted by spaces, while a secret is exchanged. Who receives refuses a timestamp that
is more than five minutes off, and an id it has taken before.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta

from contract.errors import PermanentError, UsageError

WINDOW = timedelta(minutes=5)
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
SHORTEST_SECRET = 16


def key_of(secret: str) -> bytes:
    """The key in a secret: ``whsec_`` and base64, or plain text.

    Raises:
        UsageError: it is too short, or no base64.
    """
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True) if secret.startswith("whsec_") else b""
    except binascii.Error as error:
        raise UsageError(f"a secret that begins with whsec_ goes on in base64: {error}") from error
    key = key or secret.encode()
    if len(key) < SHORTEST_SECRET:
        raise UsageError(
            f"a webhook's secret has at least {SHORTEST_SECRET} bytes; make one with `openssl rand -hex 32`"
        )
    return key


def sign(key: bytes, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers."""
    seconds = str(int(at.timestamp()))
    return {ID: message_id, TIMESTAMP: seconds, SIGNATURE: f"v1,{_mac(key, message_id, seconds, body)}"}


def verify(key: bytes, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """The message's id, once signature and time are found good.

    Raises:
        PermanentError: they are not; the message says which, and never what would have been right.
    """
    message_id, seconds = headers.get(ID, ""), headers.get(TIMESTAMP, "")
    if not message_id or len(message_id) > 200 or not seconds.isdecimal() or len(seconds) > 12:
        raise PermanentError(f"needs the headers {ID}, {TIMESTAMP} and {SIGNATURE}")
    expected = _mac(key, message_id, seconds, body).encode()
    given = [part.partition(",")[2] for part in headers.get(SIGNATURE, "").split() if part.startswith("v1,")]
    if not any(hmac.compare_digest(one.encode(), expected) for one in given[:5]):
        raise PermanentError("the signature is not that of this secret over this body")
    if abs(now.timestamp() - int(seconds)) > WINDOW.total_seconds():
        raise PermanentError(f"{TIMESTAMP} is more than {WINDOW.seconds // 60} minutes off; check both clocks")
    return message_id


def _mac(key: bytes, message_id: str, seconds: str, body: bytes) -> str:
    digest = hmac.new(key, f"{message_id}.{seconds}.".encode() + body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()
