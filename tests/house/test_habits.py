"""Clocks, broad excepts, empty package files, names: habits that hold the rest together."""

import ast
import sys
from importlib.metadata import packages_distributions

import pytest

from tests.house.source import OURS, ROOT, Module, modules, snippet

CLOCK_CALLS = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns", "time.monotonic",
    "time.monotonic_ns", "time.perf_counter", "time.perf_counter_ns", "time.sleep", "time.localtime", "time.gmtime",
    "datetime.datetime.now", "datetime.date.today",
}  # fmt: skip
MAY_ASK_THE_TIME = {"contract.clock"}
OUTERMOST_LOOPS = {
    "edge.capture.loop": "one camera's thread",
    "edge.uplink.mqtt": "the uplink's thread: events stay on disk, the next connection may do",
    "edge.desired.link": "listens to central: the last good bundle runs on",
    "edge.uplink.evidence": "the upload's thread: pictures stay on disk",
    "edge.evidence.filming": "the films' thread: a film is never worth a thread",
    "edge.watchdog.loop": "the watchdog's thread: nobody else tells systemd",
    "edge.scribe": "the scribe's thread: one bad finding must not silence the node",
    "edge.look_loop": "the look thread: one bad frame must not blind all cameras",
    "central.services.worker": "central's worker threads",
    "central.backroom": "the thread that starts the backroom again, whatever ended it",
}
"""Where `except Exception` may stand, and why."""


def clock_reads(module: Module) -> frozenset[str]:
    reads = module.calls & CLOCK_CALLS
    return reads | {name for name in module.imports if name == "time" or name.startswith("time.")}


def broad_excepts(module: Module) -> list[int]:
    """Lines that catch everything and go on; catching to tidy up and raise again is no swallowing."""
    lines = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ExceptHandler) and _is_broad(node.type):
            last = node.body[-1]
            if not (isinstance(last, ast.Raise) and last.exc is None):
                lines.append(node.lineno)
    return lines


def _is_broad(caught: ast.expr | None) -> bool:
    if caught is None:
        return True
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(isinstance(name, ast.Name) and name.id in {"Exception", "BaseException"} for name in names)


@pytest.mark.parametrize("package", ["contract", "edge", "central"])
def test_only_the_system_clock_asks_what_time_it_is(package: str) -> None:
    asking = {module.name: reads for module in modules(package) if (reads := clock_reads(module))}
    assert {name: reads for name, reads in asking.items() if name not in MAY_ASK_THE_TIME} == {}


@pytest.mark.parametrize("package", OURS)
def test_only_outermost_loops_catch_everything(package: str) -> None:
    swallowing = {module.name: lines for module in modules(package) if (lines := broad_excepts(module))}
    assert {name: lines for name, lines in swallowing.items() if name not in OUTERMOST_LOOPS} == {}


def test_every_exception_to_the_rule_is_still_needed() -> None:
    for name in OUTERMOST_LOOPS:
        (module,) = modules(name)
        assert broad_excepts(module), f"{name} catches nothing broadly any more: strike it off the list"


@pytest.mark.parametrize("package", OURS)
def test_package_files_are_empty(package: str) -> None:
    assert [path for path in (ROOT / package).rglob("__init__.py") if path.read_bytes().strip()] == []


def test_no_top_level_name_hides_the_standard_library() -> None:
    """The repository's root and `deploy/` (whose files run as scripts) are on the import path."""
    on_path = [*ROOT.glob("*.py"), *ROOT.glob("*/__init__.py"), *(ROOT / "deploy").glob("*.py")]
    names = {path.parent.name if path.name == "__init__.py" else path.stem for path in on_path}
    assert names & set(sys.stdlib_module_names) == set()


def test_no_installed_distribution_claims_one_of_our_names() -> None:
    claimed = packages_distributions()
    assert {name: claimed[name] for name in (*OURS, "tests", "deploy") if name in claimed} == {}


@pytest.mark.parametrize(
    "code",
    [
        "from datetime import datetime\nat = datetime.now()",
        "import time\ntime.sleep(1)",
        "from time import monotonic\nmonotonic()",
        "import datetime\ndatetime.datetime.now()",
    ],
)
def test_a_glance_at_the_machines_clock_is_seen(code: str) -> None:
    assert clock_reads(snippet("edge.pipeline", code))


def test_a_clock_that_is_passed_in_is_fine() -> None:
    assert not clock_reads(snippet("edge.pipeline", "def f(self):\n    return self._clock.now()"))


@pytest.mark.parametrize("caught", ["except:", "except Exception:", "except (ValueError, Exception) as error:"])
def test_a_swallowed_exception_is_seen(caught: str) -> None:
    assert broad_excepts(snippet("edge.pipeline", f"try:\n    f()\n{caught}\n    pass"))


@pytest.mark.parametrize("handler", ["except ValueError:\n    pass", "except BaseException:\n    tidy()\n    raise"])
def test_a_narrow_or_raising_handler_is_fine(handler: str) -> None:
    assert not broad_excepts(snippet("edge.pipeline", f"try:\n    f()\n{handler}"))
