"""A small camera that answers ONVIF on loopback, as a process: WS-Discovery by UDP, device and media services by HTTP.

    python -m tests.edge.onvif_camera USER:PASSWORD

Prints its two ports as JSON, then serves until its standard input ends. Streams are told only to the user.
"""

import base64
import hashlib
import json
import re
import socket
import sys
import threading
import uuid
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SOAP = "http://www.w3.org/2003/05/soap-envelope"
CLOCK_IS_WRONG_BY = timedelta(hours=-3)
"""Cameras' clocks are seldom set; a digest made by ours would be refused."""


def envelope(body: str) -> bytes:
    """A SOAP message with ONVIF's own prefixes."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{SOAP}" '
        'xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:trt="http://www.onvif.org/ver10/media/wsdl" '
        f'xmlns:tt="http://www.onvif.org/ver10/schema"><s:Body>{body}</s:Body></s:Envelope>'
    ).encode()


def probe_match(relates_to: str, service_url: str, scopes: str) -> bytes:
    """An answer to a probe, with the words that cameras put into it."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{SOAP}" '
        'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
        'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" '
        'xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><s:Header>'
        f"<a:MessageID>urn:uuid:{uuid.uuid4()}</a:MessageID><a:RelatesTo>{relates_to}</a:RelatesTo>"
        "<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>"
        "<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</a:Action></s:Header><s:Body>"
        "<d:ProbeMatches><d:ProbeMatch><a:EndpointReference><a:Address>urn:uuid:11111111-2222-3333-4444-555555555555"
        "</a:Address></a:EndpointReference><d:Types>dn:NetworkVideoTransmitter</d:Types>"
        f"<d:Scopes>{scopes}</d:Scopes><d:XAddrs>{service_url}</d:XAddrs>"
        "<d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>"
    ).encode()


SCOPES = (
    "onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/hardware/TC-9 "
    "onvif://www.onvif.org/name/North%20gate onvif://www.onvif.org/location/street"
)


def _profile(token: str, width: int, height: int, encoding: str, rate: int, group: int) -> str:
    detail = f"<tt:H264><tt:GovLength>{group}</tt:GovLength><tt:H264Profile>Main</tt:H264Profile></tt:H264>"
    return (
        f'<trt:Profiles token="{token}" fixed="true"><tt:Name>{token}</tt:Name>'
        f'<tt:VideoEncoderConfiguration token="e{token}"><tt:Name>e</tt:Name><tt:UseCount>1</tt:UseCount>'
        f"<tt:Encoding>{encoding}</tt:Encoding><tt:Resolution><tt:Width>{width}</tt:Width>"
        f"<tt:Height>{height}</tt:Height></tt:Resolution><tt:Quality>5</tt:Quality><tt:RateControl>"
        f"<tt:FrameRateLimit>{rate}</tt:FrameRateLimit><tt:EncodingInterval>1</tt:EncodingInterval>"
        f"<tt:BitrateLimit>4096</tt:BitrateLimit></tt:RateControl>{detail if encoding == 'H264' else ''}"
        "<tt:Multicast><tt:Address><tt:Type>IPv4</tt:Type></tt:Address><tt:Port>0</tt:Port><tt:TTL>1</tt:TTL>"
        "<tt:AutoStart>false</tt:AutoStart></tt:Multicast><tt:SessionTimeout>PT60S</tt:SessionTimeout>"
        "</tt:VideoEncoderConfiguration></trt:Profiles>"
    )


class Camera(BaseHTTPRequestHandler):
    """The device and media services at one address."""

    user = ""
    password = ""

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        match = re.search(r"<(?:[\w-]+:)?Body[^>]*>\s*<(?:[\w-]+:)?(\w+)", text)
        asked = match.group(1) if match else ""
        if asked != "GetSystemDateAndTime" and not self._is_known(text):
            self._answer(400, self._fault())
            return
        self._answer(200, envelope(self._body(asked, text)))

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/soap+xml; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _fault(self) -> bytes:
        return envelope(
            "<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason>"
            '<s:Text xml:lang="en">Sender not Authorized</s:Text></s:Reason></s:Fault>'
        )

    def _is_known(self, text: str) -> bool:
        found = {
            name: match.group(1)
            for name in ("Username", "Password", "Nonce", "Created")
            if (match := re.search(rf"<(?:\w+:)?{name}(?:\s[^>]*)?>([^<]+)<", text))
        }
        if len(found) < 4 or found["Username"] != self.user:
            return False
        made_at = datetime.fromisoformat(found["Created"].replace("Z", "+00:00"))
        if abs(made_at - (datetime.now(UTC) + CLOCK_IS_WRONG_BY)) > timedelta(minutes=1):
            return False
        digest = hashlib.sha1(base64.b64decode(found["Nonce"]) + found["Created"].encode() + self.password.encode())
        return base64.b64encode(digest.digest()).decode() == found["Password"]

    def _body(self, asked: str, text: str) -> str:
        address = f"http://{self.headers['Host']}/onvif"
        match asked:
            case "GetSystemDateAndTime":
                now = datetime.now(UTC) + CLOCK_IS_WRONG_BY
                return (
                    "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>Manual</tt:DateTimeType>"
                    "<tt:DaylightSavings>false</tt:DaylightSavings><tt:UTCDateTime><tt:Time>"
                    f"<tt:Hour>{now.hour}</tt:Hour><tt:Minute>{now.minute}</tt:Minute><tt:Second>{now.second}"
                    f"</tt:Second></tt:Time><tt:Date><tt:Year>{now.year}</tt:Year><tt:Month>{now.month}</tt:Month>"
                    f"<tt:Day>{now.day}</tt:Day></tt:Date></tt:UTCDateTime></tds:SystemDateAndTime>"
                    "</tds:GetSystemDateAndTimeResponse>"
                )
            case "GetServices":
                services = "".join(
                    f"<tds:Service><tds:Namespace>http://www.onvif.org/ver10/{name}/wsdl</tds:Namespace><tds:XAddr>"
                    f"{address}/{name}_service</tds:XAddr><tds:Version><tt:Major>2</tt:Major><tt:Minor>5</tt:Minor>"
                    "</tds:Version></tds:Service>"
                    for name in ("device", "media")
                )
                return f"<tds:GetServicesResponse>{services}</tds:GetServicesResponse>"
            case "GetDeviceInformation":
                return (
                    "<tds:GetDeviceInformationResponse><tds:Manufacturer>Test</tds:Manufacturer><tds:Model>TC-9"
                    "</tds:Model><tds:FirmwareVersion>1.2</tds:FirmwareVersion><tds:SerialNumber>77</tds:SerialNumber>"
                    "<tds:HardwareId>1</tds:HardwareId></tds:GetDeviceInformationResponse>"
                )
            case "GetProfiles":
                profiles = _profile("sub", 640, 360, "H264", 10, 20) + _profile("main", 1920, 1080, "H264", 25, 50)
                profiles += _profile("still", 640, 480, "JPEG", 5, 0)
                return f"<trt:GetProfilesResponse>{profiles}</trt:GetProfilesResponse>"
            case "GetStreamUri":
                token = re.search(r"ProfileToken>(\w+)<", text)
                uri = f"rtsp://{self.user}:{self.password}@127.0.0.1:554/{token.group(1) if token else ''}"
                return (
                    f"<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>{uri}</tt:Uri><tt:InvalidAfterConnect>false"
                    "</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false</tt:InvalidAfterReboot><tt:Timeout>PT0S"
                    "</tt:Timeout></trt:MediaUri></trt:GetStreamUriResponse>"
                )
        return ""


def _answer_probes(udp: socket.socket, http_port: int) -> None:
    while True:
        question, sender = udp.recvfrom(65535)
        asked = re.search(rb"MessageID>([^<]+)<", question)
        if asked and b"NetworkVideoTransmitter" in question:
            url = f"http://127.0.0.1:{http_port}/onvif/device_service"
            udp.sendto(probe_match(asked.group(1).decode(), url, SCOPES), sender)


def main() -> None:
    """Serves until standard input ends."""
    Camera.user, _, Camera.password = sys.argv[1].partition(":")
    web = ThreadingHTTPServer(("127.0.0.1", 0), Camera)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    threading.Thread(target=web.serve_forever, daemon=True).start()
    threading.Thread(target=_answer_probes, args=(udp, web.server_port), daemon=True).start()
    sys.stdout.write(json.dumps({"udp": udp.getsockname()[1], "http": web.server_port}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
