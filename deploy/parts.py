"""The parts that the demo and the benchmarks both start: a broker and central, and a node that they know."""

import sys
from dataclasses import dataclass
from pathlib import Path

import httpx

from contract.keys import enrolment, parse_public_keys
from deploy.broker import BrokerPlan, is_listening
from deploy.supervise import PartError, Supervisor, answers
from edge.keys import node_keys, pin_central

ENROL_TIMEOUT_S = 30.0


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


def start_central(
    supervisor: Supervisor, folder: Path, mqtt_url: str, port: int, tokens: Tokens, site: Path, *flags: str
) -> str:
    """Starts central with `flags` on a database under `folder`, waits until it answers, and gives its base URL.

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
        *("--host", "127.0.0.1", "--port", str(port), *flags),
    )
    environment = {"XUNJIE_OPERATOR_TOKEN": tokens.operator, "XUNJIE_NODE_TOKEN": tokens.node}
    supervisor.start("central", command, environment)
    console = f"http://127.0.0.1:{port}"
    supervisor.wait_until("central", lambda: answers(f"{console}/api/v1/health"))
    return console


def enrol_node(console: str, operator_token: str, node_id: str, state_dir: Path) -> None:
    """What `edge enroll` and `central enroll-node` do, without the people who compare fingerprints: both ends are ours.

    Raises:
        PartError: central does not take it.
    """
    own = enrolment(node_keys(state_dir).own, node_id).to_wire()
    headers = {"authorization": f"Bearer {operator_token}"}
    try:
        with httpx.Client(base_url=console, headers=headers, timeout=ENROL_TIMEOUT_S, trust_env=False) as client:
            keys = client.get("/api/v1/fleet/keys").raise_for_status().content
            client.post("/api/v1/fleet/nodes", content=own).raise_for_status()
    except httpx.HTTPError as error:
        raise PartError(f"node {node_id} can't be enrolled: {error}") from error
    pin_central(state_dir, parse_public_keys(keys, console))
