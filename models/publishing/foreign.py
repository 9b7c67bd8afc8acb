"""Formats that our node doesn't run, made by ultralytics' own exporter: for boards with their own runtime."""

import shutil
import tempfile
from pathlib import Path
from subprocess import SubprocessError
from typing import Any, cast

from contract.errors import PermanentError, UsageError
from contract.manifest import ModelInput
from datasets.whole_file import sha256_of
from models.to_onnx import inside
from models.torch_env import prepare
from models.trust import SUMS_FILE

_NEW_NAMES = {"tflite": "litert"}
"""What ultralytics called a form before."""

_FAILURES = (RuntimeError, OSError, ImportError, ValueError, TypeError, AttributeError, AssertionError, SubprocessError)
"""What the exporters' dozen tools raise when one of them is missing or gives up."""


def to_foreign(weights: Path, form: str, model_input: ModelInput, out: Path) -> Path:
    """Writes ``out/<form>/`` with what the exporter makes and a ``SHA256SUMS``; the folder.

    Args:
        weights: a ``.pt`` whose hash the caller has checked.
        form: a word that ultralytics' exporter knows, as ncnn, tflite, engine.
        model_input: static size.
        out: gets the folder, whole or not at all.

    Raises:
        UsageError: ultralytics doesn't know the form, or the folder is there already.
        PermanentError: the form's own tools are missing here or failed.
    """
    prepare()
    from ultralytics.engine import exporter
    from ultralytics.models import YOLO

    form = _NEW_NAMES.get(form, form)
    known = [str(name) for name in cast(Any, exporter).export_formats()["Argument"] if name != "-"]
    if form not in known:
        raise UsageError(f"--format {form}: unknown to ultralytics; one of {', '.join(known)}")
    weights, target = weights.resolve(), out.resolve() / form
    if target.exists():
        raise UsageError(f"{target}: there already; remove it or choose another --out")
    with tempfile.TemporaryDirectory() as scratch, inside(Path(scratch)):
        copy = Path(scratch) / "model.pt"
        shutil.copyfile(weights, copy)
        model: Any = YOLO(copy)
        size = (model_input.height_px, model_input.width_px)
        try:
            made = Path(scratch) / str(model.export(format=form, imgsz=size, verbose=False))
        except _FAILURES as error:
            raise PermanentError(f"--format {form}: ultralytics' exporter failed here: {_first_line(error)}") from error
        _place(made, target)
    return target


def _place(made: Path, target: Path) -> None:
    part = target.with_name(f".{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    if made.is_dir():
        shutil.copytree(made, part, dirs_exist_ok=True)
    else:
        shutil.copyfile(made, part / made.name)
    files = sorted(path for path in part.rglob("*") if path.is_file())
    sums = "".join(f"{sha256_of(path)}  {path.relative_to(part).as_posix()}\n" for path in files)
    (part / SUMS_FILE).write_text(sums, encoding="utf-8")
    part.replace(target)


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
