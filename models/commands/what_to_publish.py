"""What `export`, `drop` and `calibration` share: a run or folders become pictures to calibrate and judge on."""

from collections.abc import Sequence
from pathlib import Path

from contract.errors import UsageError
from models.judging import Choice, Half, Judged, folder_pictures
from models.pictures import fair_sample
from models.publishing.calibration import Calibration, choose, of_folder, read_list, write_list
from models.publishing.finished_run import FinishedRun, read_run
from models.publishing.int8 import Judges

CALIBRATION_PICTURES = 300
CALIBRATION_FILE = "calibration.json"


def run_of(folder: Path | None) -> FinishedRun | None:
    """The finished run in `folder`; None without one."""
    return None if folder is None else read_run(folder)


def calibration_of(given: Path | None, run: FinishedRun | None) -> Calibration | None:
    """The list or folder that was given, else the run's list, which is made if it isn't there yet."""
    if given is not None and given.is_dir():
        return of_folder(given, fair_sample(given, CALIBRATION_PICTURES))
    if given is not None:
        return read_list(given)
    if run is None:
        return None
    path = run.folder / CALIBRATION_FILE
    if not path.exists():
        write_calibration(run, CALIBRATION_PICTURES, path)
    return read_list(path)


def write_calibration(run: FinishedRun, count: int, to: Path) -> None:
    """Lists `count` of the run's training pictures."""
    write_list(choose(run.train_by_source, count), f"plan {run.plan.name}", to)


def judges_of(folders: Sequence[Path], run: FinishedRun | None) -> Judges | None:
    """What the run held out and, beside it, the folders' held-out pictures (all of a folder without split.json)."""
    pictures: list[Judged] = [] if run is None else list(run.judged())
    arguments = [] if run is None else ["--run", str(run.folder.resolve())]
    for folder in folders:
        pictures += folder_pictures(folder, _held_out(folder))
        arguments += ["--dataset", str(folder.resolve())]
    if not pictures and run is not None:
        raise UsageError(f"{run.folder}: the run held no picture out; give --validate FOLDER")
    return Judges(tuple(pictures), tuple(arguments)) if pictures else None


def _held_out(folder: Path) -> Choice:
    return Choice(half=Half.VAL if (folder / "split.json").exists() else Half.ALL)
