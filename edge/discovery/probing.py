"""WS-Discovery: who on the network says that it is a camera. Multicast, or one address after the other where a network
carries no multicast (a VPN, another VLAN).

One question and one kind of answer (OASIS WS-Discovery, April 2005): no library for it has wheels for both processors.
A device is believed only about itself: an answer whose address is another host's is not asked for streams, or one box
in the street could send the installer's login wherever it likes.
"""

import ipaddress
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from urllib.parse import unquote, urlsplit
from uuid import uuid4
from xml.etree import ElementTree

from contract.clock import Clock
from contract.errors import TransientError, UsageError
from edge.discovery.values import Device

PORT = 3702
GROUP = "239.255.255.250"
MOST_ADDRESSES = 4096
"""A typing error in a range (/8) would ask sixteen million strangers."""
LONGEST_ANSWER = 65535
_DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
_ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_QUESTION = (
    '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:a="{addressing}" xmlns:d="{discovery}" xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><s:Header>'
    "<a:Action>{discovery}/Probe</a:Action><a:MessageID>urn:uuid:{message}</a:MessageID>"
    "<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header><s:Body><d:Probe>"
    "<d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></s:Body></s:Envelope>"
)


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
            question = _QUESTION.format(addressing=_ADDRESSING, discovery=_DISCOVERY, message=uuid4())
            _ask(udp, where or ((GROUP, PORT),), question.encode())
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
        matches = ElementTree.fromstring(answer).iter(f"{{{_DISCOVERY}}}ProbeMatch")
        return tuple(device for match in matches if (device := _device(match, sender)) is not None)
    except (ElementTree.ParseError, ValueError):  # half a message, or an address that is none
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


def _device(match: ElementTree.Element, sender: str) -> Device | None:
    """The device of one match, if it speaks for itself."""
    addresses = (match.findtext(f"{{{_DISCOVERY}}}XAddrs") or "").split()
    own = [url for url in addresses if _is_web(url) and urlsplit(url).hostname == sender]
    if not own:
        return None
    words = dict(_words((match.findtext(f"{{{_DISCOVERY}}}Scopes") or "").split()))
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
