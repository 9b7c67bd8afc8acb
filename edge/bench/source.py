"""The bench's cameras, in a process of their own: one transport stream a connection, paced, each with its own phase.

    python -m edge.bench.source CLIP.ts …

Serves each clip on a port of loopback and says ``ports P1 P2 … PF``. A connection begins with a key frame, at a moment
of its own within the group's length, and repeats the clip for ever.

The last port sends the first clip as a camera with faults, which lines on standard input command: ``stall`` (stays
connected, sends nothing), ``cut`` (hangs up on everybody), ``slow`` (a quarter of its speed), ``well``. It says
``accepted S`` whenever somebody connects, in seconds of the machine's monotonic clock. It ends with whoever started it.
"""

import asyncio
import os
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import av

GOLDEN = 0.618034
"""Multiples of it, modulo 1, never cluster: phases of any number of cameras spread evenly."""

TS_PACKET_BYTES = 188
SLOWNESS = 4.0
"""How much longer a slow camera waits before each picture."""

MAX_BEHIND_S = 1.0
"""A reader so far behind is served from the present on, as a live camera would."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The bytes of one picture, and when it is due after the clip's beginning."""

    due_s: float
    payload: bytes


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip cut into pictures. `group_s` is the time between key frames."""

    pieces: tuple[Piece, ...]
    length_s: float
    group_s: float


def cut(path: Path) -> Clip:
    """The transport stream at `path`, picture by picture."""
    stamps, keys, places = [], [], []
    with av.open(str(path)) as container:
        for packet in container.demux(video=0):
            if packet.dts is not None and packet.pos is not None:
                stamps.append(float(packet.dts * packet.time_base))
                places.append(packet.pos // TS_PACKET_BYTES * TS_PACKET_BYTES)
                if packet.is_keyframe:
                    keys.append(stamps[-1])
    content = path.read_bytes()
    step_s = (stamps[-1] - stamps[0]) / max(1, len(stamps) - 1)
    bounds = [0, *places[1:], len(content)]
    pieces = tuple(
        Piece(stamp - stamps[0], content[begin:end])
        for stamp, begin, end in zip(stamps, bounds, bounds[1:], strict=False)
    )
    group_s = keys[1] - keys[0] if len(keys) > 1 else 2.0
    return Clip(pieces, stamps[-1] - stamps[0] + step_s, group_s)


class Mood:
    """What is wrong with a camera; obeyed from picture to picture."""

    def __init__(self) -> None:
        self.flowing = asyncio.Event()
        self.obey("well")

    def obey(self, word: str) -> None:
        """`word` is one of the module's commands."""
        self.is_cut = word == "cut"
        self.slowness = SLOWNESS if word == "slow" else 1.0
        if word == "stall":
            self.flowing.clear()
        else:
            self.flowing.set()


class Cameras:
    """Serves one clip to everybody who connects."""

    def __init__(self, clip: Clip, mood: Mood, says: bool = False) -> None:
        """`says`: tells of each connection."""
        self._clip = clip
        self._mood = mood
        self._says = says
        self._connections = 0

    async def serve(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until it breaks."""
        self._connections += 1
        if self._says and not self._mood.is_cut:
            say(f"accepted {asyncio.get_running_loop().time():.3f}")
        phase_s = (self._connections * GOLDEN) % 1.0 * self._clip.group_s
        loop = asyncio.get_running_loop()
        begun_s = loop.time() + phase_s
        try:
            while True:
                for piece in self._clip.pieces:
                    await self._mood.flowing.wait()
                    if self._mood.is_cut:
                        writer.close()
                        return
                    wait_s = (begun_s + piece.due_s - loop.time()) * self._mood.slowness
                    if wait_s > 0:
                        await asyncio.sleep(wait_s)
                    elif wait_s < -MAX_BEHIND_S:
                        begun_s -= wait_s
                    writer.write(piece.payload)
                    await writer.drain()
                begun_s += self._clip.length_s
        except (ConnectionError, asyncio.CancelledError):
            writer.close()


async def serve(paths: Sequence[Path]) -> None:
    """Serves for ever."""
    clips, mood = [cut(path) for path in paths], Mood()
    cameras = [*(Cameras(clip, Mood()) for clip in clips), Cameras(clips[0], mood, says=True)]
    servers = [await asyncio.start_server(partial(Cameras.serve, camera), "127.0.0.1", 0) for camera in cameras]
    say(f"ports {' '.join(str(server.sockets[0].getsockname()[1]) for server in servers)}")
    threading.Thread(target=_listen, args=(mood, asyncio.get_running_loop()), daemon=True).start()
    await asyncio.gather(*(server.serve_forever() for server in servers))


def _listen(mood: Mood, loop: asyncio.AbstractEventLoop) -> None:
    for line in sys.stdin:
        loop.call_soon_threadsafe(mood.obey, line.strip())
    os._exit(0)  # whoever started this process is gone


def say(text: str) -> None:
    """One line for whoever started this process."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(serve([Path(name) for name in sys.argv[1:]]))
