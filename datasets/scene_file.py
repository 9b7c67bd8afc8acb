"""scenes.json: which camera or scene each picture of a folder shows, where whoever labelled it knew."""

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from contract.errors import UsageError
from contract.problems import first_problem
from datasets.folder import LabelledFolder
from datasets.json_file import read_json

SCENES_FILE = "scenes.json"
_SCENES = TypeAdapter(dict[str, str])


def read_scenes(folder: LabelledFolder) -> dict[str, str]:
    """Scene by stem; empty where there is no such file.

    Raises:
        UsageError: malformed, or names a picture that isn't there.
    """
    path = folder.root / SCENES_FILE
    scenes = scenes_in(path)
    # asked of the disk: a lock may have left pictures out of `folder`
    there = {entry.stem for entry in (folder.root / "images").iterdir()} if scenes else set()
    for stem in sorted(set(scenes) - there):
        raise UsageError(f"{path}: names {stem}, which is no picture in images/; remove it")
    return scenes


def scenes_in(path: Path) -> dict[str, str]:
    """Scene by stem in the file at `path`; empty where there is none.

    Raises:
        UsageError: malformed.
    """
    if not path.exists():
        return {}
    try:
        return _SCENES.validate_python(read_json(path, "remove it, or write stems with their scene"), strict=True)
    except ValidationError as error:
        raise UsageError(f"{path}: {first_problem(error, 'file')}; expected stem: scene") from error
