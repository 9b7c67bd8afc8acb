"""A sealed original opens for a case and a reason, and the record is there before the picture is."""

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from central.cli import cli
from central.keys import central_keys, renew_central_keys
from central.services.originals import OPENINGS_FILE, Opening, open_original
from contract.clock import VirtualClock, format_rfc3339
from contract.errors import PermanentError, UsageError
from contract.sealing import UnsealKey
from tests.central.builders import T0

SHA = "ab" * 32
KEY = UnsealKey.generate()
SEALED = KEY.public.seal(b"\xff\xd8\xff original", f"original:{SHA}")


def attempt(log: Path, opening: Opening, *keys: UnsealKey) -> bytes:
    return open_original(SEALED, opening, keys, log, VirtualClock(T0))


def test_it_opens_with_any_of_centrals_keys_and_is_recorded(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    opened = attempt(log, Opening(SHA, "2026-1", "an appeal", "li"), UnsealKey.generate(), KEY)
    assert opened.endswith(b"original")
    (line,) = log.read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {
        "at": format_rfc3339(T0),
        "who": "li",
        "case": "2026-1",
        "reason": "an appeal",
        "sha256": SHA,
    }


def test_a_refused_attempt_is_recorded_too(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="none of central's keys"):
        attempt(tmp_path / "log", Opening(SHA, "2026-1", "an appeal", "li"), UnsealKey.generate())
    with pytest.raises(PermanentError):
        attempt(tmp_path / "log", Opening("cd" * 32, "2026-1", "an appeal", "li"), KEY)
    assert len((tmp_path / "log").read_text(encoding="utf-8").splitlines()) == 2


@pytest.mark.parametrize(("case", "reason"), [("", "an appeal"), ("2026-1", ""), ("2026-1", "x")])
def test_without_a_case_or_a_reason_nothing_opens(tmp_path: Path, case: str, reason: str) -> None:
    with pytest.raises(UsageError, match="case and with a reason"):
        attempt(tmp_path / "log", Opening(SHA, case, reason, "li"), KEY)


def test_what_can_not_be_recorded_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="nothing is opened unrecorded"):
        attempt(tmp_path / "file" / "log", Opening(SHA, "2026-1", "an appeal", "li"), KEY)


def test_the_command_opens_what_was_sealed_before_the_keys_were_renewed(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    sealed = tmp_path / "x.sealed"
    sealed.write_bytes(central_keys(keys).sealing.public.seal(b"\xff\xd8\xff original", f"original:{SHA}"))
    renew_central_keys(keys)
    config = tmp_path / "central.yaml"
    config.write_text(yaml.safe_dump({"keys_dir": str(keys)}), encoding="utf-8")
    out = tmp_path / "x.jpg"
    arguments = ["open-original", str(sealed), "--sha256", SHA, "--case", "2026-1", "--reason", "an appeal"]
    done = CliRunner().invoke(cli, [*arguments, "--out", str(out), "--config", str(config)])
    assert done.exit_code == 0, done.output
    assert out.read_bytes().endswith(b"original")
    assert out.stat().st_mode & 0o077 == 0
    assert (keys / OPENINGS_FILE).is_file()
