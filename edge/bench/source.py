"""The bench's cameras, in a process of their own: one transport stream a connection, paced, each with its own phase.

    python -m edge.bench.source CLIP.ts …

Serves each clip on a port of loopback and says ``ports P1 P2 …``. A connection begins with a key frame, at a moment of
its own within the group's length, and repeats the clip for ever.
"""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import av

GOLDEN = 0.618034
"""Multiples of it, modulo 1, never cluster: phases of any number of cameras spread evenly."""

TS_PACKET_BYTES = 188
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


class Cameras:
    """Serves one clip to everybody who connects."""

    def __init__(self, clip: Clip) -> None:
        self._clip = clip
        self._connections = 0

    async def serve(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until it breaks."""
        self._connections += 1
        phase_s = (self._connections * GOLDEN) % 1.0 * self._clip.group_s
        loop = asyncio.get_running_loop()
        begun_s = loop.time() + phase_s
        try:
            while True:
                for piece in self._clip.pieces:
                    wait_s = begun_s + piece.due_s - loop.time()
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
    servers = [await asyncio.start_server(partial(Cameras.serve, Cameras(cut(path))), "127.0.0.1", 0) for path in paths]
    ports = [str(server.sockets[0].getsockname()[1]) for server in servers]
    sys.stdout.write(f"ports {' '.join(ports)}\n")
    sys.stdout.flush()
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(serve([Path(name) for name in sys.argv[1:]]))
