"""Identifiers: their types and how they are minted.

Ids are UUIDv7 (RFC 9562): sortable by the millisecond they were minted in. Both the live path (entropy from the
operating system) and replays (entropy from a hash, so that two runs agree to the byte) use `uuid7`.
"""

import hashlib
import os
import re
from datetime import datetime
from typing import NewType
from uuid import UUID

NodeId = NewType("NodeId", str)
CameraId = NewType("CameraId", str)
IncidentId = NewType("IncidentId", str)
EventId = NewType("EventId", str)
StreamId = NewType("StreamId", str)
CaseId = NewType("CaseId", str)

NAME_PATTERN = r"^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$"
"""Node and camera names: safe in a topic, a path and a URL."""

UUID_PATTERN = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
SHA256_PATTERN = r"^[0-9a-f]{64}$"


def uuid7(instant: datetime, entropy: bytes | None = None) -> str:
    """A UUIDv7 for `instant`.

    Args:
        instant: aware; its millisecond becomes the first 48 bits.
        entropy: at least 10 bytes; the operating system's when None.

    >>> from datetime import UTC
    >>> uuid7(datetime(2026, 7, 1, tzinfo=UTC), bytes(10))
    '019f1af9-b400-7000-8000-000000000000'
    """
    random_bits = int.from_bytes((os.urandom(10) if entropy is None else entropy)[:10], "big")
    value = int(instant.timestamp() * 1000) << 80 | random_bits
    value = value & ~(0xF << 76) | 0x7 << 76  # version
    value = value & ~(0x3 << 62) | 0x2 << 62  # variant
    return str(UUID(int=value))


def derived_entropy(*parts: str) -> bytes:
    """Ten bytes that depend on `parts` and nothing else (for replays and tests)."""
    return hashlib.sha256("\x1f".join(parts).encode()).digest()[:10]


def is_name(text: str) -> bool:
    """Whether `text` may name a node or a camera.

    >>> is_name("cam-17"), is_name("../etc"), is_name("a/b")
    (True, False, False)
    """
    return re.fullmatch(NAME_PATTERN, text) is not None
