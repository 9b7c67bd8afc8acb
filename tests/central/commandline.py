"""The command line inside this process; only for commands that start nothing."""

import subprocess
import sys

import pytest

from central.cli import main


class CommandLine:
    """Called with the arguments; gives exit code, stdout and stderr."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        self._monkeypatch.setattr(sys, "argv", ["central", *arguments])
        self._capsys.readouterr()  # what the test itself has printed
        code: int | str | None = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code
        out, err = self._capsys.readouterr()
        return subprocess.CompletedProcess(arguments, code if isinstance(code, int) else 0, out, err)
