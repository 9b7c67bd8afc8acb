"""What a camera says of itself through ONVIF: maker, profiles, stream addresses. The kept library speaks the protocol.

Passwords go as a digest (WS-UsernameToken); the camera's clock is asked first: a digest of another hour is refused.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import aiohttp
import zeep.exceptions
from onvif import ONVIFCamera
from onvif.exceptions import ONVIFError

from edge.discovery.values import Camera, Device, Stream

ASKED_AT_ONCE = 16
TIMEOUT_S = 20.0
"""For one camera, all questions together."""
_STREAM = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
_REFUSALS = (ONVIFError, zeep.exceptions.Error, aiohttp.ClientError, OSError, TimeoutError)
_UNREADABLE = (AttributeError, KeyError, TypeError, ValueError)


def ask_all(devices: Sequence[Device], credentials: str | None) -> tuple[Camera, ...]:
    """What each device says; in their order. `credentials` are ``user:password``, or None to ask without."""
    return asyncio.run(_ask_all(devices, credentials))


async def _ask_all(devices: Sequence[Device], credentials: str | None) -> tuple[Camera, ...]:
    free = asyncio.Semaphore(ASKED_AT_ONCE)

    async def one(device: Device) -> Camera:
        async with free:
            try:
                async with asyncio.timeout(TIMEOUT_S):
                    return await _ask(device, credentials)
            except TimeoutError:
                return Camera(device, problem=f"no answer within {TIMEOUT_S:.0f} s; is it still starting?")
            except _REFUSALS as error:
                return Camera(device, problem=_reason(error, credentials is not None))
            except _UNREADABLE as error:
                return Camera(device, problem=f"its answer can't be read ({type(error).__name__}: {error})")

    return tuple(await asyncio.gather(*(one(device) for device in devices)))


async def _ask(device: Device, credentials: str | None) -> Camera:
    user, _, password = (credentials or "").partition(":")
    parts = urlsplit(device.service_url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = f"{parts.scheme}://{parts.hostname}" if parts.scheme == "https" else str(parts.hostname)
    # nat_override: a camera that names another address for its services gets no digest sent there.
    camera: Any = ONVIFCamera(host, port, user, password, no_cache=True, adjust_time=True, nat_override=True)
    try:
        await camera.update_xaddrs()
        about = await (await camera.create_devicemgmt_service()).GetDeviceInformation()
        media = await camera.create_media_service()
        profiles = await media.GetProfiles()
        streams = [await _stream(media, profile) for profile in profiles if profile.VideoEncoderConfiguration]
    finally:
        await camera.close()
    return Camera(
        device,
        maker=_plain(about.Manufacturer),
        model=_plain(about.Model),
        firmware=_plain(about.FirmwareVersion),
        serial=_plain(about.SerialNumber),
        streams=_largest_first(streams),
    )


async def _stream(media: Any, profile: Any) -> Stream:
    answer = await media.GetStreamUri({"StreamSetup": _STREAM, "ProfileToken": profile.token})
    encoder = profile.VideoEncoderConfiguration
    rate = getattr(encoder.RateControl, "FrameRateLimit", None)
    detail = encoder.H264 or encoder.MPEG4
    return Stream(
        profile=_plain(profile.Name),
        codec=_plain(encoder.Encoding).lower(),
        width_px=int(encoder.Resolution.Width),
        height_px=int(encoder.Resolution.Height),
        pictures_per_s=None if rate is None else float(rate),
        group=getattr(detail, "GovLength", None),
        url=without_password(_plain(answer.Uri)),
    )


def without_password(url: str) -> str:
    """The address without ``user:password@``: some cameras hand it out, and node.yaml refuses it.

    >>> without_password("rtsp://admin:x@192.0.2.7:554/1")
    'rtsp://192.0.2.7:554/1'
    """
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _largest_first(streams: Iterable[Stream]) -> tuple[Stream, ...]:
    return tuple(sorted(streams, key=lambda stream: -stream.width_px * stream.height_px))


def _plain(value: object) -> str:
    """A stranger's words, fit for a terminal."""
    return "".join(letter for letter in str(value or "") if letter.isprintable())[:300]


def _reason(error: Exception, has_password: bool) -> str:
    text = _plain(str(error).splitlines()[0] if str(error) else type(error).__name__)
    if any(word in text.lower() for word in ("auth", "sender not", "401", "403", "permitted")):
        remedy = "are user and password right?" if has_password else "give --secret or --ask: it wants a login"
        return f"refuses ({text}); {remedy}"
    return f"can't be asked ({text}); is ONVIF switched on at the camera?"
