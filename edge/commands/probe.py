"""`probe`: what a camera sends, whether small things keep their pixels, and which settings suit it."""

import json
import math
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
import yaml

from contract.clock import SystemClock
from contract.errors import UsageError
from edge.camera_settings import CameraSettings, ZoneSettings
from edge.capture.opening import SCHEMES, open_clip, open_stream
from edge.capture.probing import StreamFacts, listen
from edge.capture.rhythm import LONG_GROUP_S
from edge.commands.exits import errors_as_exit_codes
from edge.settings import load_node, secret_value

BIG_WIDTH_PX = 1280
"""Wider streams cost several times as much to decode in attention; a small stream beside is worth asking for."""


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    app.command("probe")(probe_command)


def probe_command(
    url: Annotated[str, typer.Argument(help="rtsp://…, http://…, tcp://… or a clip.", metavar="URL")],
    seconds: Annotated[
        float, typer.Option(min=1, max=300, help="How long to listen; two key frames are needed.")
    ] = 12.0,
    secret: Annotated[str | None, typer.Option(help="Name of the secret with user:password, as in node.yaml.")] = None,
    config: Annotated[Path | None, typer.Option(help="A node.yaml with the camera's pose and zones.")] = None,
    camera: Annotated[str | None, typer.Option(help="Which camera of --config this is.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON on standard output.")] = False,
) -> None:
    """Listens to a stream and says codec, size, rate, key-frame interval, bit rate and delays, and what to set.

    With --config and --camera also how many pixels a metre has in each zone: the camera's position must be given there.
    A small thing needs about 16 pixels; under 20 pixels a metre a stall is seen and a grill is not.

    Example:  python -m edge probe rtsp://192.0.2.10/stream1 --secret cam-1
    """
    with errors_as_exit_codes():
        settings = _camera(config, camera)
        name = secret or (None if settings is None else settings.secret)
        credentials = None if name is None else secret_value(name)
        opener = (
            partial(open_stream, url, url, credentials)
            if url.partition("://")[0] in SCHEMES
            else partial(open_clip, _clip(url))
        )
        facts = listen(opener, url, seconds, SystemClock())
    zones = {} if settings is None else pixels_per_metre(settings, facts)
    advice = advise(url, name, facts)
    if as_json:
        report = asdict(facts) | {"pixels_per_metre": zones, "suggested": advice}
        sys.stdout.write(json.dumps(report, ensure_ascii=False) + "\n")
        return
    _print(facts, zones)
    typer.echo("\n# to paste under `cameras:`")
    typer.echo(yaml.safe_dump([advice], sort_keys=False, allow_unicode=True).rstrip())
    for why in reasons(facts):
        typer.echo(f"# {why}")


def advise(url: str, secret: str | None, facts: StreamFacts) -> dict[str, object]:
    """Settings that suit the stream, as node.yaml spells them."""
    key_s = facts.key_every_s
    is_patrol = key_s is not None and key_s <= LONG_GROUP_S
    advice: dict[str, object] = {"camera_id": "cam-1", "source": url}
    if secret is not None:
        advice["secret"] = secret
    advice["decode"] = "key_frames" if is_patrol else "all"
    advice["look_every_s"] = round(max(0.5, key_s), 1) if is_patrol and key_s is not None else 2.0
    return advice


def reasons(facts: StreamFacts) -> list[str]:
    """Why these settings, one line each."""
    lines = []
    if facts.key_every_s is None:
        lines.append(
            f"no second key frame in {facts.listened_s:.0f} s: every picture is decoded; set a key frame every 2 s"
        )
    elif facts.key_every_s > LONG_GROUP_S:
        lines.append(
            f"a key frame every {facts.key_every_s:.0f} s is too rare for patrol; set one every 2 s at the camera"
        )
    else:
        lines.append("patrol looks at each key frame: about a tenth of the cost of decoding everything")
    if facts.width_px > BIG_WIDTH_PX:
        lines.append(
            "looks need no more than 640 pixels across: `sub_source:` a small stream makes attention ten times cheaper"
        )
    return lines


def pixels_per_metre(camera: CameraSettings, facts: StreamFacts) -> dict[str, float | None]:
    """Pixels that a metre across has on the ground at each zone's middle; None where that is above the horizon."""
    if camera.pose is None or not facts.width_px:
        return {zone.name: None for zone in camera.zones}
    return {zone.name: _at_zone(camera, zone, facts) for zone in camera.zones}


def _at_zone(camera: CameraSettings, zone: ZoneSettings, facts: StreamFacts) -> float | None:
    """By the pinhole: focal length in pixels over the slanted distance to the ground there."""
    pose = camera.pose
    assert pose is not None
    y = sum(point[1] for point in zone.polygon) / len(zone.polygon) - 0.5
    focal = 0.5 / math.tan(math.radians(pose.fov_deg) / 2)  # in widths of the picture
    down = y * facts.height_px / facts.width_px
    tilt = math.radians(pose.tilt_deg)
    falls = focal * math.sin(tilt) + down * math.cos(tilt)
    if falls <= 0:
        return None
    depth_m = pose.height_m / falls * focal  # along the optical axis
    return round(focal * facts.width_px / depth_m, 1)


def _print(facts: StreamFacts, zones: dict[str, float | None]) -> None:
    def say(label: str, value: float | None, unit: str) -> None:
        typer.echo(f"{label:22}{'unknown' if value is None else f'{value:.2f} {unit}'}")

    typer.echo(f"{'codec':22}{facts.codec}\n{'size':22}{facts.width_px} × {facts.height_px}")
    say("pictures a second", facts.measured_rate, f"(the stream says {facts.stated_rate or 0:.1f})")
    say("key frame every", facts.key_every_s, "s")
    say("pictures per group", facts.pictures_per_group, "")
    say("bit rate", facts.bit_rate / 1e6, "Mbit/s")
    say("connect took", facts.connect_s, "s")
    say("first picture after", facts.first_picture_s, "s")
    say("lag growing to", facts.lag_s, "s (the first picture's own age is not measurable)")
    for zone, value in zones.items():
        say(f"zone {zone}", value, "pixels a metre")


def _camera(config: Path | None, camera: str | None) -> CameraSettings | None:
    if config is None:
        return None
    found = [entry for entry in load_node(config).cameras if camera in (None, entry.camera_id)]
    if len(found) != 1:
        raise UsageError(f"{config}: give --camera; it names {len(found)} of the file's cameras")
    return found[0]


def _clip(url: str) -> Path:
    path = Path(url)
    if "://" in url or not path.is_file():
        raise UsageError(f"{url}: neither a stream ({', '.join(SCHEMES)}) nor a clip; check the address")
    return path
