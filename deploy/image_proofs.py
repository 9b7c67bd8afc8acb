"""What must hold for a walked image: its entry point works as the image's user, and nothing else is in it."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from deploy.broker import free_port, is_listening, plan_broker
from deploy.image_walk import Image, Report, WalkError, run

READY_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 20.0
POLL_S = 0.1
STATE = "/var/lib/xunjie"
TOKENS = {"operator": "walk-operator-token", "node": "walk-node-token"}
"""For processes that live for seconds on loopback."""

_PRESENT = """\
import importlib.util, sys
print(" ".join(name for name in sys.argv[1:] if importlib.util.find_spec(name) is not None))
"""
_GUI = """\
import cv2
print(next(line.split()[-1] for line in cv2.getBuildInformation().splitlines() if line.strip().startswith("GUI:")))
"""
_MAKE_CLIP = """\
import sys, av
from edge.scene.render import Renderer
from edge.scene.streets import demo_street
street = demo_street()
renderer = Renderer(street.world, street.cameras[0])
with av.open(sys.argv[1], "w") as container:
    stream = container.add_stream("mpeg4", rate=5)
    stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
    for index in range(30):
        container.mux(stream.encode(av.VideoFrame.from_ndarray(renderer.frame(30.0 + index / 5), format="bgr24")))
    container.mux(stream.encode())
"""


@dataclass(frozen=True, slots=True)
class Trial:
    """A walked image and a folder of its user's, away from the application, to start it in."""

    role: str
    image: Image
    cwd: Path

    @property
    def user(self) -> int | None:
        return self.image.user if os.geteuid() == 0 else None

    def environment(self, secrets: Mapping[str, str]) -> dict[str, str]:
        return {**self.image.run_environment(), **secrets}

    def entry(self, *words: str, secrets: Mapping[str, str] | None = None) -> str:
        """What the entry point says to `words`."""
        command = [*self.image.entrypoint, *words]
        return run(command, self.cwd, self.environment(secrets or {}), self.user)

    def python(self, program: str, *words: str) -> str:
        return run(["python", "-c", program, *words], self.cwd, self.environment({}), self.user)

    def app(self, path: str) -> str:
        return str(self.image.inside(f"/app/{path}"))


def prove_edge(trial: Trial, report: Report) -> None:
    """Help, configuration check, a replay of a rendered clip, and what must be absent."""
    with report.step("edge", "python -m edge --help"):
        _expect("check-config" in trial.entry("--help"), "the help does not name check-config")
    with report.step("edge", "check-config configs/edge/demo.yaml"):
        trial.entry("check-config", trial.app("configs/edge/demo.yaml"))
    with report.step("edge", "check-config configs/edge/compose.yaml"):
        trial.entry(
            "check-config", trial.app("configs/edge/compose.yaml"), secrets={"XUNJIE_SECRET_NODE_TOKEN": TOKENS["node"]}
        )
    with report.step("edge", "renders a clip of 6 s"):
        trial.python(_MAKE_CLIP, "clip.mp4")
    with report.step("edge", "replay clip.mp4 --out replayed --json"):
        facts = json.loads(trial.entry("replay", "clip.mp4", "--out", "replayed", "--json"))
        _expect(facts["looks"] >= 25 and facts["broken_off"] is None, f"the replay says {facts}")
        _expect((trial.cwd / "replayed" / "summary.html").is_file(), "no summary.html")
    with report.step("edge", "no torch, no bench, no tests; OpenCV without a GUI"):
        _expect_absent(
            trial, "torch", "torchvision", "ultralytics", "iotcore", "pytest", "datasets", "central", "tests"
        )
        _expect(not [*trial.image.inside("/app/models").rglob("*.py")], "models/ holds code")
        _expect(trial.python(_GUI).strip() == "NONE", "OpenCV has a GUI")


def prove_central(trial: Trial, report: Report) -> None:
    """Help, configuration check, and what must be absent."""
    with report.step("central", "python -m central --help"):
        _expect("serve" in trial.entry("--help"), "the help does not name serve")
    with report.step("central", "check-config --site configs/site/demo.yaml"):
        trial.entry("check-config", "--site", trial.app("configs/site/demo.yaml"))
    with report.step("central", "no torch, no OpenCV, no inference, no edge, no bench, no tests"):
        _expect_absent(trial, "torch", "ultralytics", "cv2", "av", "openvino", "onnxruntime", "iotcore", "pytest")
        _expect_absent(trial, "edge", "models", "datasets", "tests")


def prove_together(edge: Trial, central: Trial, folder: Path, report: Report) -> None:
    """Both images on one broker: central is healthy, the node's cameras are live there, both stop with code 0."""
    broker = plan_broker(None, folder)
    port = free_port()
    site = f"http://127.0.0.1:{port}"
    with _started("broker", broker.command or (), folder, {**os.environ}, None):
        _wait(f"the broker ({broker.name})", lambda: is_listening(broker.port or 0))
        serve = (
            *_serve_words(central, port),
            "--mqtt-url",
            broker.url,
            "--site",
            central.app("configs/site/demo.yaml"),
        )
        tokens = {"XUNJIE_OPERATOR_TOKEN": TOKENS["operator"], "XUNJIE_NODE_TOKEN": TOKENS["node"]}
        with _started("central", serve, central.cwd, central.environment(tokens), central.user) as server:
            with report.step("central", "its CMD answers /api/v1/health with 200 (free port, loopback, moved state)"):
                _wait("central", lambda: _get(f"{site}/api/v1/health") is not None, server)
            with report.step("central", "its HEALTHCHECK passes (on that port)"):
                check = [word.replace("8080", str(port)) for word in central.image.healthcheck]
                run(check, central.cwd, central.environment({}), central.user)
            watch = (
                *(*edge.image.entrypoint, "run", "--config", edge.app("configs/edge/compose.yaml")),
                *("--mqtt-url", broker.url, "--central-url", site, "--state-dir", str(edge.image.inside(STATE))),
            )
            secret = {"XUNJIE_SECRET_NODE_TOKEN": TOKENS["node"]}
            with _started("node", watch, edge.cwd, edge.environment(secret), edge.user) as node:
                with report.step("edge", "run --config configs/edge/compose.yaml: both cameras live at central"):
                    _wait("the node's cameras", lambda: _live_cameras(site) == 2, node)
                with report.step("edge", "stops on SIGTERM with code 0"):
                    _stop(node)
            with report.step("central", "stops on SIGTERM with code 0"):
                _stop(server)


def _serve_words(central: Trial, port: int) -> tuple[str, ...]:
    """The image's own CMD on a free port of loopback, its state folder moved."""
    replaced = {"0.0.0.0": "127.0.0.1", "8080": str(port)}
    moved = (word.replace(STATE, str(central.image.inside(STATE))) for word in central.image.command)
    return (*central.image.entrypoint, *(replaced.get(word, word) for word in moved))


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise WalkError(otherwise)


def _expect_absent(trial: Trial, *modules: str) -> None:
    present = trial.python(_PRESENT, *modules).strip()
    _expect(not present, f"holds {present}")


@dataclass(frozen=True, slots=True)
class _Running:
    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def fail(self, what: str) -> WalkError:
        tail = " | ".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-4:])
        return WalkError(f"{self.name} {what}: {tail}")


@contextmanager
def _started(
    name: str, command: Sequence[str], cwd: Path, environment: Mapping[str, str], user: int | None
) -> Iterator[_Running]:
    log = cwd / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
    try:
        yield _Running(name, process, log)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def _wait(what: str, is_ready: Callable[[], bool], running: _Running | None = None) -> None:
    started_s = time.monotonic()
    while not is_ready():
        if running is not None and running.process.poll() is not None:
            raise running.fail(f"ended with code {running.process.returncode}")
        if time.monotonic() - started_s > READY_TIMEOUT_S:
            raise (
                WalkError(f"{what}: not ready after {READY_TIMEOUT_S:.0f} s")
                if running is None
                else running.fail(f"not ready after {READY_TIMEOUT_S:.0f} s")
            )
        time.sleep(POLL_S)


def _stop(running: _Running) -> None:
    running.process.send_signal(signal.SIGTERM)
    try:
        code = running.process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise running.fail(f"did not stop within {STOP_TIMEOUT_S:.0f} s") from error
    if code != 0:
        raise running.fail(f"ended with code {code}")


def _get(url: str) -> httpx.Response | None:
    """The answer if it is a success."""
    try:
        answer = httpx.get(url, headers={"authorization": f"Bearer {TOKENS['operator']}"}, timeout=2, trust_env=False)
    except httpx.HTTPError:
        return None
    return answer if answer.is_success else None


def _live_cameras(site: str) -> int:
    answer = _get(f"{site}/api/v1/nodes")
    if answer is None:
        return 0
    return sum(camera["state"] == "live" for node in answer.json()["items"] for camera in node["status"]["cameras"])
