"""The bench's cameras over real RTSP: GStreamer's server, sending a clip as it is coded.

    /usr/bin/python3 edge/bench/rtsp_source.py CLIP.ts

Runs in the system's Python, where Debian's GObject bindings are. Says ``port P`` on standard output and serves the clip
from its beginning to everybody who asks for ``/street``; nothing is encoded anew.
"""

import importlib
import sys
from typing import Any

LAUNCH = '( filesrc location="{clip}" ! tsdemux ! h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96 )'


def main(clip: str) -> None:
    gi: Any = importlib.import_module("gi")  # by name: it is no part of the node, nor of any Python but the system's
    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    glib, gst, rtsp = (importlib.import_module(f"gi.repository.{name}") for name in ("GLib", "Gst", "GstRtspServer"))
    gst.init(None)
    server = rtsp.RTSPServer.new()
    server.set_address("127.0.0.1")
    server.set_service("0")
    factory = rtsp.RTSPMediaFactory.new()
    factory.set_launch(LAUNCH.format(clip=clip))
    server.get_mount_points().add_factory("/street", factory)
    server.attach(None)
    sys.stdout.write(f"port {server.get_bound_port()}\n")
    sys.stdout.flush()
    glib.MainLoop().run()


if __name__ == "__main__":
    main(sys.argv[1])
