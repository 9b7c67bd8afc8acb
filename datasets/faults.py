"""One thing wrong with a folder of labelled pictures, and what becomes of it: raised, or kept for the audit."""

from dataclasses import dataclass
from pathlib import Path

from contract.errors import UsageError


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that must be mended. `line` counts from 1; None where the whole file is meant."""

    path: Path
    line: int | None
    message: str

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line is not None else f"{self.path}"
        return f"{where}: {self.message}"


@dataclass(frozen=True, slots=True)
class FaultSink:
    """Takes faults. Without a list the first one ends the reading."""

    kept: list[Fault] | None = None

    def add(self, path: Path, line: int | None, message: str) -> None:
        """Keeps the fault.

        Raises:
            UsageError: nobody asked to keep faults.
        """
        fault = Fault(path, line, message)
        if self.kept is None:
            raise UsageError(str(fault))
        self.kept.append(fault)
