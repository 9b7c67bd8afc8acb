"""WS-Discovery: who on the network says that it is a camera. Multicast, or one address after the other where a network
carries no multicast (a VPN, another VLAN).

Answers are read with a kept library; the sockets are ours, since one socket can ask a thousand addresses. A device is
believed only about itself: an answer whose address is another host's is not asked for streams, or one box in the street
could send the installer's password wherever it likes.
"""

import ipaddress
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any
from urllib.parse import unquote, urlsplit

from wsdiscovery.actions.probe import constructProbe
from wsdiscovery.message import createSOAPMessage, parseSOAPMessage
from wsdiscovery.qname import QName

from contract.clock import Clock
from contract.errors import TransientError, UsageError
from edge.discovery.values import Device

PORT = 3702
GROUP = "239.255.255.250"
MOST_ADDRESSES = 4096
"""A typing error in a range (/8) would ask sixteen million strangers."""
LONGEST_ANSWER = 65535
_ONVIF = QName("http://www.onvif.org/ver10/network/wsdl", "NetworkVideoTransmitter", "dn")


def targets(text: str) -> tuple[tuple[str, int], ...]:
    """The addresses of ``192.0.2.7``, ``192.0.2.7:3702``, ``192.0.2.0/24`` or ``192.0.2.10-192.0.2.40``.

    >>> targets("192.0.2.8/30")
    (('192.0.2.9', 3702), ('192.0.2.10', 3702))

    Raises:
        UsageError: it is none of them, or more addresses than anyone means.
    """
    host, colon, port = text.rpartition(":")
    try:
        hosts = list(_hosts(host if colon else text))
        return tuple((entry, int(port) if colon else PORT) for entry in hosts)
    except ValueError as error:
        raise UsageError(f"--at {text}: {error}; write 192.0.2.7, 192.0.2.0/24 or 192.0.2.10-192.0.2.40") from error


def probe(where: Sequence[tuple[str, int]], interface: str | None, seconds: float, clock: Clock) -> tuple[Device, ...]:
    """Asks `where` (nobody given: the multicast group) and gathers answers for `seconds`; by address, each once.

    Raises:
        TransientError: the network can't be reached; the message says what to do.
    """
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as udp:
        try:
            if interface is not None:
                udp.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface))
                udp.bind((interface, 0))
            question = createSOAPMessage(constructProbe([_ONVIF], []))
            _ask(udp, where or ((GROUP, PORT),), question.encode() if isinstance(question, str) else question)
        except OSError as error:
            raise TransientError(f"no probe could be sent ({error}); name your network card by --interface") from error
        found: dict[str, Device] = {}
        for answer, sender in _answers(udp, clock.monotonic() + seconds, clock):
            for device in devices_of(answer, sender):
                found.setdefault(device.service_url, device)
    return tuple(sorted(found.values(), key=lambda device: (socket.inet_aton(device.address), device.service_url)))


def devices_of(answer: bytes, sender: str) -> tuple[Device, ...]:
    """The devices in one datagram from `sender`; none in what is no answer to a probe."""
    try:
        envelope = parseSOAPMessage(answer, sender)
        matches = [] if envelope is None else list(envelope.getProbeResolveMatches())
        return tuple(device for match in matches if (device := _device(match, sender)) is not None)
    except (AttributeError, IndexError, ValueError, KeyError):  # the library trips over half a message
        return ()


def _hosts(text: str) -> Iterator[str]:
    if "-" in text:
        first, last = (ipaddress.IPv4Address(part.strip()) for part in text.split("-", 1))
        count = int(last) - int(first) + 1
        if count < 1:
            raise ValueError("the range ends before it begins")
    else:
        network = ipaddress.IPv4Network(text, strict=False)
        every = network.num_addresses > 2
        first = network.network_address + (1 if every else 0)
        count = network.num_addresses - (2 if every else 0)
    if count > MOST_ADDRESSES:
        raise ValueError(f"{count} addresses, at most {MOST_ADDRESSES} are asked at once")
    yield from (str(first + step) for step in range(count))


def _ask(udp: socket.socket, where: Sequence[tuple[str, int]], question: bytes) -> None:
    sent, refused = 0, OSError("nobody to ask")
    for target in where:
        try:
            udp.sendto(question, target)
            sent += 1
        except OSError as error:  # one address without a route does not end a range
            refused = error
    if not sent:
        raise refused


def _answers(udp: socket.socket, until: float, clock: Clock) -> Iterator[tuple[bytes, str]]:
    while (left := until - clock.monotonic()) > 0:
        udp.settimeout(left)
        try:
            answer, (sender, _) = udp.recvfrom(LONGEST_ANSWER)
        except TimeoutError:
            return
        except OSError:  # "port unreachable" of an address that is no camera comes back as an error of this socket
            continue
        yield answer, sender


def _device(match: Any, sender: str) -> Device | None:
    """The device of one match of the library's, if it speaks for itself."""
    own = [str(url) for url in match.getXAddrs() if _is_web(str(url)) and urlsplit(str(url)).hostname == sender]
    if not own:
        return None
    words = dict(_words(str(scope.getValue()) for scope in match.getScopes()))
    return Device(sender, own[0], words.get("name", ""), words.get("hardware", ""))


def _is_web(url: str) -> bool:
    return url.startswith(("http://", "https://"))


def _words(scopes: Iterable[str]) -> Iterator[tuple[str, str]]:
    """``onvif://www.onvif.org/name/North%20gate`` → ``("name", "North gate")``; printable and short, as strangers'
    words are put on a terminal."""
    for scope in scopes:
        parts = urlsplit(scope)
        kind, _, value = parts.path.strip("/").partition("/")
        if parts.scheme == "onvif" and value:
            yield kind, "".join(letter for letter in unquote(value) if letter.isprintable())[:80]
