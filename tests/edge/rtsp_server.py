"""A real RTSP server for the tests: GStreamer's, serving an H.264 test pattern on loopback.

    /usr/bin/python3 tests/edge/rtsp_server.py PORT [USER PASSWORD]

Runs in the system's Python, where Debian's GObject bindings are; says ``ready`` on standard output. One key frame a
second, 320 × 180, ten frames a second, at ``/street``.
"""

import sys

import gi  # type: ignore[import-not-found]  # the system Python's

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import (  # type: ignore[import-not-found]  # noqa: E402 — its versions are named first
    GLib,
    Gst,
    GstRtspServer,
)

LAUNCH = (
    "( videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=180,framerate=20/1 "
    "! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=10 ! rtph264pay name=pay0 pt=96 config-interval=1 )"
)


def main(port: str, *credentials: str) -> None:
    Gst.init(None)
    server = GstRtspServer.RTSPServer.new()
    server.set_address("127.0.0.1")
    server.set_service(port)
    factory = GstRtspServer.RTSPMediaFactory.new()
    factory.set_launch(LAUNCH)
    factory.set_shared(True)
    if credentials:
        _require(server, factory, *credentials)
    server.get_mount_points().add_factory("/street", factory)
    if server.attach(None) == 0:
        raise SystemExit(f"port {port} is taken")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    GLib.MainLoop().run()


def _require(server: GstRtspServer.RTSPServer, factory: GstRtspServer.RTSPMediaFactory, user: str, word: str) -> None:
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth = GstRtspServer.RTSPAuth.new()
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, word), token)
    server.set_auth(auth)
    role = Gst.Structure.new_empty("viewer")
    role.set_value("media.factory.access", True)
    role.set_value("media.factory.construct", True)
    factory.add_role_from_structure(role)


if __name__ == "__main__":
    main(*sys.argv[1:])
