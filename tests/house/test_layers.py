"""Who may import whom (ARCHITECTURE §3). Every rule is also shown something it must refuse."""

import re
import sys
from itertools import chain

import pytest

from tests.house.source import OURS, ROOT, Module, imports_within, is_within, modules, snippet

MAY_IMPORT: dict[str, set[str]] = {
    "contract": set(),
    "edge": {"contract"},
    "central": {"contract"},
    "datasets": {"contract", "edge"},
    "models": {"contract", "edge", "datasets"},
}
PURE = ("edge.rules", "edge.values", "edge.schedule", "central.domain")
"""No I/O, no clock, no threads: what they decide depends on their arguments alone."""
PURE_MAY_IMPORT = {"numpy", "pydantic", "contract"}
IMPURE_STANDARD = {
    "asyncio", "concurrent", "ctypes", "fileinput", "glob", "http", "importlib", "io", "locale", "logging", "mmap",
    "multiprocessing", "os", "pathlib", "queue", "random", "secrets", "select", "shutil", "signal", "socket",
    "socketserver", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib", "uuid",
}  # fmt: skip
IMPURE_OURS = {"contract.clock.SystemClock", "contract.configfile.load_yaml", "contract.manifest.read_manifest"}
EDGE_ADAPTERS = ("edge.capture", "edge.detect", "edge.evidence", "edge.outbox", "edge.uplink")
CENTRAL_ADAPTERS = (
    "central.ingest", "central.store", "central.evidence", "central.gateways", "central.api", "central.console",
)  # fmt: skip
MAY_JOIN_ADAPTERS = {
    "edge.app": "the node's composition root",
    "edge.node.engine": "composes the model in force: detector, finder of people",
    "edge.node.checking": "opens cameras and model to check a configuration",
    "edge.node.films": "composes films: streams, evidence",
    "edge.node.seeing": "composes what a node looks with: model, frames, search for people",
    "edge.node.keeping": "composes what a node keeps: outbox, evidence, films",
    "edge.node.looking": "composes the looks: cameras, pipeline, evidence",
    "edge.node.links": "composes the links to central: outbox, evidence, uplink",
    "edge.node.telling": "the node's status: counts of outbox and evidence",
    "edge.node.pulse": "what must move, part by part",
    "edge.cli": "composes a replay: reads the clip's facts, opens the detector",
    "edge.replay": "composition root of a replay: clip, pipeline, lines",
    "edge.uplink.evidence": "the sender of pictures over the outbox",
    "central.app": "central's composition root",
    "central.foundation": "composes what every part stands on: settings, database, folders, broker's address",
    "central.backroom_process": "composes the work behind the counter in its own process: settings, broker",
    "central.taking": "composes what comes from the broker: sessions, intake, the fleet's messages",
    "central.web": "composes everything over HTTP: API, console",
    "central.housekeeping": "composes the threads beside the main work",
    "central.cli": "composes the subcommands",
    "central.commands.package": "composes an evidence package: pictures, rows, keys",
    "central.engineering": "composes the engineers' pages over the database",
    "central.open311": "composes Open311: settings, doors, desks",
    "central.offline": "composes delivery for commands: broker address, database",
    "central.cartography": "composes the map: its pages, its layers",
    "central.commands.demo": "composes the invented district: its journal and its pictures",
    "central.dispatching": "composes delivery: gateways, senders, listeners",
    "central.commands.delivery": "composes a comparison and the simulated platform; the broker's address",
    "central.commands.letters": "composes the desk of dead letters; the broker's address names the topics' prefix",
}
PACKAGE_OF_IMPORT = {
    "cv2": "opencv-python-headless", "yaml": "PyYAML", "paho": "paho-mqtt", "pydantic_core": "pydantic",
    "argon2": "argon2-cffi", "babel": "Babel", "chinese_calendar": "chinesecalendar",
    "python_calamine": "python-calamine",
    "prometheus_client": "prometheus-client", "PIL": "pillow", "onvif": "onvif-zeep-async",
    "starlette": "fastapi", "jinja2": "Jinja2", "sqlalchemy": "SQLAlchemy", "multipart": "python-multipart",
}  # fmt: skip


def forbidden_packages(module: Module) -> set[str]:
    """Packages of ours that `module` imports although its own package may not."""
    package = module.name.split(".")[0]
    others = tuple(name for name in (*OURS, "tests", "deploy") if name != package)
    return {found for found, _ in imports_within(module, others)} - MAY_IMPORT[package]


def impurities(module: Module) -> set[str]:
    """What a pure module may not know."""
    own = ".".join(module.name.split(".")[:2])
    found = set()
    for name in module.imports:
        root = name.split(".")[0]
        is_standard = root in sys.stdlib_module_names and root not in IMPURE_STANDARD
        if name in IMPURE_OURS or not (
            is_standard or root in PURE_MAY_IMPORT or is_within(name, own) or _is_pure(name)
        ):
            found.add(name)
    return found | {call for call in module.calls if call in {"open", "print", "input", "eval", "exec"}}


def _is_pure(name: str) -> bool:
    return any(is_within(name, package) for package in PURE)


def adapters_joined(module: Module, adapters: tuple[str, ...]) -> set[str]:
    """The adapters that `module` knows, its own counted; a port is nobody's adapter."""
    own = {adapter for adapter in adapters if is_within(module.name, adapter)}
    return own | {found for found, name in imports_within(module, adapters) if not _is_port(name)}


def _is_port(name: str) -> bool:
    return ".port" in name or name in {"edge.detect", "edge.capture"}


def third_party(module: Module) -> set[str]:
    roots = {name.split(".")[0] for name in module.imports}
    return roots - set(sys.stdlib_module_names) - set(OURS)


@pytest.mark.parametrize("package", OURS)
def test_a_package_imports_only_what_lies_below_it(package: str) -> None:
    assert {module.name: bad for module in modules(package) if (bad := forbidden_packages(module))} == {}


def test_the_contract_needs_pydantic_yaml_cryptography_and_numpy_only() -> None:
    needs = {module.name: third_party(module) - {"pydantic", "pydantic_core"} for module in modules("contract")}
    assert {name: rest for name, rest in needs.items() if rest} == {
        "contract.calibration": {"numpy"},
        "contract.configfile": {"yaml"},
        "contract.homography": {"numpy"},
        "contract.keys": {"cryptography"},
        "contract.sealing": {"cryptography"},
        "contract.signing": {"cryptography"},
    }


@pytest.mark.parametrize("package", PURE)
def test_rules_know_no_input_output_clock_or_thread(package: str) -> None:
    assert {module.name: bad for module in modules(package) if (bad := impurities(module))} == {}


def test_the_simulated_street_draws_and_nothing_else() -> None:
    for module in modules("edge.scene"):
        assert third_party(module) <= {"numpy", "cv2"}
        assert {name for name in module.imports if name.split(".")[0] in IMPURE_STANDARD} == set()
        assert {name for _, name in imports_within(module, ("edge",)) if not is_within(name, "edge.scene")} == set()


@pytest.mark.parametrize("adapters", [EDGE_ADAPTERS, CENTRAL_ADAPTERS], ids=["edge", "central"])
def test_adapters_meet_only_where_they_are_composed(adapters: tuple[str, ...]) -> None:
    everything = chain(modules("edge"), modules("central"))
    joining = {module.name for module in everything if len(adapters_joined(module, adapters)) > 1}
    unexplained = joining - set(MAY_JOIN_ADAPTERS) - {"edge.pipeline", "edge.uplink.mqtt", "edge.uplink.window"}
    # pipeline: evidence values and the detector's port; uplink: the sender over the outbox.
    assert unexplained == set()


def test_the_sender_knows_the_outbox_and_never_the_other_way_round() -> None:
    for adapter in ("edge.capture", "edge.detect", "edge.evidence", "edge.outbox"):
        for module in modules(adapter):
            assert adapters_joined(module, EDGE_ADAPTERS) == {adapter}, module.name


@pytest.mark.parametrize("gateway", ["http", "webhook", "mqtt", "journal"])
def test_gateways_never_know_each_other(gateway: str) -> None:
    (module,) = modules(f"central.gateways.{gateway}")
    shared = {"central.gateways.calling", "central.gateways.mapping"}
    known = {name for _, name in imports_within(module, ("central.gateways",))}
    assert {name for name in known if not any(is_within(name, part) for part in shared)} == set()


@pytest.mark.parametrize("package", ["edge", "central"])
def test_composition_roots_are_nobodys_dependency(package: str) -> None:
    roots = (f"{package}.app", f"{package}.cli")
    importing = {module.name for module in modules(package) if any(imports_within(module, roots))}
    assert importing <= {f"{package}.cli", f"{package}.__main__", "edge.bench.node"}


@pytest.mark.parametrize("package", ["edge", "central"])
def test_a_runtime_never_loads_torch(package: str) -> None:
    used = set().union(*(third_party(module) for module in modules(package)))
    assert used.isdisjoint({"torch", "torchvision", "ultralytics", "nncf", "onnx"})


@pytest.mark.parametrize("package", ["edge", "central"])
def test_everything_imported_is_in_the_requirements(package: str) -> None:
    text = (ROOT / "requirements" / f"{package}.txt").read_text(encoding="utf-8")
    named = {re.split(r"[=<>\[ ]", line)[0].lower() for line in text.splitlines() if line and not line.startswith("#")}
    used = set().union(*(third_party(module) for module in modules(package)))
    assert {PACKAGE_OF_IMPORT.get(name, name).lower() for name in used} - named == set()


def test_no_import_is_relative() -> None:
    relative = [module.name for package in OURS for module in modules(package) if "<relative import>" in module.imports]
    assert relative == []


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("contract.events", "from edge.values import Frame"),
        ("edge.app", "import central.settings"),
        ("central.app", "def late():\n    from edge.scene import streets"),
        ("datasets.cli", "import models.plan"),
        ("edge.pipeline", "from tests.edge import fakes"),
    ],
)
def test_an_import_upwards_is_seen(name: str, code: str) -> None:
    assert forbidden_packages(snippet(name, code))


@pytest.mark.parametrize(
    "code",
    [
        "import os",
        "from threading import Lock",
        "import time",
        "import random",
        "from pathlib import Path",
        "import cv2",
        "import structlog",
        "from contract.clock import SystemClock",
        "from edge.settings import NodeSettings",
        "def f():\n    import socket",
        "open('x')",
        "print('x')",
    ],
)
def test_an_impure_rule_is_seen(code: str) -> None:
    assert impurities(snippet("edge.rules.track", code))


def test_a_pure_rule_is_left_in_peace() -> None:
    code = "import math\nimport numpy as np\nfrom contract.events import Event\nfrom edge.rules.boxes import iou"
    assert not impurities(snippet("edge.rules.track", code))


def test_adapters_that_meet_are_seen() -> None:
    meeting = snippet("edge.capture.rtsp", "from edge.outbox.sqlite import Outbox")
    assert adapters_joined(meeting, EDGE_ADAPTERS) == {"edge.capture", "edge.outbox"}
    over_port = snippet("edge.capture.rtsp", "from edge.detect.port import Detector")
    assert adapters_joined(over_port, EDGE_ADAPTERS) == {"edge.capture"}
