"""Where the broker is, as one URL: ``mqtt://[user:pass@]host[:port][/prefix]``, ``mqtts://`` for TLS."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from contract.errors import UsageError
from contract.topics import DEFAULT_PREFIX

_PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """A broker, how to log in, and the prefix of our topics there. `repr` hides the password."""

    host: str
    port: int
    is_tls: bool
    username: str | None
    password: str | None
    prefix: str

    def __str__(self) -> str:
        return f"{'mqtts' if self.is_tls else 'mqtt'}://{self.host}:{self.port}/{self.prefix}"

    __repr__ = __str__


def parse_address(url: str) -> BrokerAddress:
    """The broker that `url` names.

    Raises:
        UsageError: not such a URL.

    >>> parse_address("mqtt://ops:secret@10.0.0.5/city/v1")
    mqtt://10.0.0.5:1883/city/v1
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"mqtt url: {error}; write it as mqtt://host:1883") from error
    if parts.scheme not in _PORTS or not parts.hostname:
        raise UsageError("mqtt url: write it as mqtt://host:1883 or mqtts://user:pass@host:8883")
    prefix = parts.path.strip("/") or DEFAULT_PREFIX
    if "+" in prefix or "#" in prefix:
        raise UsageError(f"mqtt url: the topic prefix {prefix!r} may hold no wildcard")
    return BrokerAddress(
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        is_tls=parts.scheme == "mqtts",
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        prefix=prefix,
    )
