"""``make demo``: starts a broker, central and one node here, says where to look, and stops them all on Ctrl-C.

Process supervision and nothing else. Needs no root and no torch. Environment:

    MQTT_URL=mqtt://host:port      a broker of your own instead of a local one
    SOURCE=rtsp://… | clip.mp4     your own camera beside the rendered ones
    CAMERAS=2                      how many rendered cameras (1..4; default 4)
    PORT=8080                      the console's port (default: a free one)
"""

import argparse
import os
import secrets
import shutil
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

import httpx
import yaml

from deploy.broker import free_port, plan_broker
from deploy.parts import Tokens, enrol_node, start_broker, start_central
from deploy.supervise import ANSWER_S, ROOT, PartError, Supervisor


def main() -> int:
    arguments = _parse_arguments()
    folder: Path = arguments.state_dir
    _make_fresh(folder)
    supervisor = Supervisor(folder)
    for number in (signal.SIGTERM, signal.SIGINT):  # a shell's background job starts with Ctrl-C's signal ignored
        signal.signal(number, _interrupt)
    try:
        _run(supervisor, folder, arguments)
    except PartError as error:
        _say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        _say("\nstopping …")
    finally:
        supervisor.stop()
    _say("stopped; nothing is left running")
    return 0


def _run(supervisor: Supervisor, folder: Path, arguments: argparse.Namespace) -> None:
    started_s = time.monotonic()
    broker = plan_broker(os.environ.get("MQTT_URL"), folder)
    start_broker(supervisor, broker)
    port = arguments.port or free_port()
    tokens = Tokens(operator=secrets.token_urlsafe(16), node=secrets.token_urlsafe(24))
    console = start_central(supervisor, folder, broker.url, port, tokens, ROOT / "configs" / "site" / "demo.yaml")
    config, node_id = node_config(folder, arguments.cameras, arguments.source)
    enrol_node(console, tokens.operator, node_id, folder / "edge")
    start_node(supervisor, folder, config, broker.url, console, tokens.node)
    supervisor.wait_until("the node's cameras", lambda: _node_is_live(console, tokens.operator))
    _say(f"ready in {time.monotonic() - started_s:.1f} s (broker: {broker.name})\n")
    _say(f"console: {console}/")
    _say(f"token: {tokens.operator}")
    _say(f"\nOpen {console}/?token={tokens.operator}")
    _say("In the next two minutes: a stall, a barbecue and a waste fire become one case each; a stall inside its zone")
    _say("stays a lawful record. Ctrl-C stops everything.")
    _say("Shortened for the demo: a stall counts as there after 20 s (60), and the legal dwell (the page says which).")
    while True:
        supervisor.check()
        time.sleep(1.0)


def start_node(
    supervisor: Supervisor, folder: Path, config: Path, mqtt_url: str, console: str, node_token: str
) -> None:
    """Starts the node of `config`, its state in `folder`."""
    command = (
        *(sys.executable, "-m", "edge", "run", "--config", str(config)),
        *("--mqtt-url", mqtt_url, "--central-url", console, "--state-dir", str(folder / "edge")),
    )
    supervisor.start("node", command, {"XUNJIE_SECRET_NODE_TOKEN": node_token})


def node_config(folder: Path, cameras: int, source: str | None = None) -> tuple[Path, str]:
    """File and id of the demo's node, with so many rendered cameras, and the visitor's own if there is one."""
    template = ROOT / "configs" / "edge" / "demo.yaml"
    content = yaml.safe_load(template.read_text(encoding="utf-8"))
    content["cameras"] = content["cameras"][:cameras]
    if source:
        content["cameras"].append({"camera_id": "source", "source": _own_source(source)})
    content["policies"] = str((template.parent / content["policies"]).resolve())
    del content["state_dir"]
    config = folder / "node.yaml"
    config.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return config, content["node_id"]


def _own_source(source: str) -> str:
    if "://" in source:
        return source
    path = Path(source).expanduser().resolve()
    if not path.is_file():
        raise PartError(f"SOURCE={source}: no such file; give a clip's path or rtsp://…")
    return str(path)


def _node_is_live(console: str, token: str) -> bool:
    """Whether central knows of a node with a live camera."""
    try:
        response = httpx.get(
            f"{console}/api/v1/nodes", headers={"authorization": f"Bearer {token}"}, timeout=ANSWER_S, trust_env=False
        )
    except httpx.HTTPError:
        return False
    return response.is_success and '"live"' in response.text


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", default=os.environ.get("SOURCE"), help="your own camera: rtsp://… or a clip")
    parser.add_argument("--cameras", type=int, choices=range(1, 5), default=int(os.environ.get("CAMERAS", "4")))
    parser.add_argument(
        "--port", type=int, default=int(os.environ.get("PORT", "0")), help="console; 0 takes a free one"
    )
    parser.add_argument("--state-dir", type=Path, default=ROOT / "var" / "demo", help="emptied at start")
    return parser.parse_args()


def _make_fresh(folder: Path) -> None:
    """Every demo starts from nothing; the last one's files stay until the next."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
