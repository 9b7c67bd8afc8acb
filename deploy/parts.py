"""The parts that the demo and the benchmarks both start: a broker and central."""

import sys
from dataclasses import dataclass
from pathlib import Path

from deploy.broker import BrokerPlan, is_listening
from deploy.supervise import PartError, Supervisor, answers


@dataclass(frozen=True, slots=True)
class Tokens:
    """The secrets of one run."""

    operator: str
    node: str


def start_broker(supervisor: Supervisor, plan: BrokerPlan) -> None:
    """Starts the planned broker, unless somebody else runs it, and waits until it listens."""
    if plan.command is None or plan.port is None:
        return
    port = plan.port
    supervisor.start("broker", plan.command)
    supervisor.wait_until(f"the broker ({plan.name})", lambda: is_listening(port))


def start_central(supervisor: Supervisor, folder: Path, mqtt_url: str, port: int, tokens: Tokens, site: Path) -> str:
    """Starts central on a fresh database under `folder`, waits until it answers, and gives its base URL.

    Raises:
        PartError: the port is in use, or central does not come up.
    """
    if is_listening(port):
        raise PartError(f"port {port} is in use; choose another with PORT=… or leave it out")
    command = (
        *(sys.executable, "-m", "central", "serve"),
        *("--database-url", f"sqlite:///{folder / 'central.db'}"),
        *("--evidence-dir", str(folder / "central-evidence")),
        *("--mqtt-url", mqtt_url, "--site", str(site)),
        *("--host", "127.0.0.1", "--port", str(port)),
    )
    environment = {"XUNJIE_OPERATOR_TOKEN": tokens.operator, "XUNJIE_NODE_TOKEN": tokens.node}
    supervisor.start("central", command, environment)
    console = f"http://127.0.0.1:{port}"
    supervisor.wait_until("central", lambda: answers(f"{console}/api/v1/health"))
    return console
