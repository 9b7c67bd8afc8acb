"""Every published model folder is small, whole, and says what it is."""

from pathlib import Path

import pytest

from contract.manifest import read_manifest
from models.plan import REPOSITORY

ZOO = REPOSITORY / "models" / "zoo"
FOLDERS = sorted(path.parent for path in ZOO.glob("*/[!.]*/manifest.json"))  # an export under way is hidden
MOST_BYTES = 15_000_000


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_folder_is_small_and_named_as_its_manifest_says(folder: Path) -> None:
    """Git keeps every version for ever."""
    manifest = read_manifest(folder)
    assert (manifest.name, manifest.version) == (folder.parent.name, folder.name)
    assert sum(path.stat().st_size for path in folder.iterdir()) <= MOST_BYTES
    assert manifest.licence == "AGPL-3.0"
    assert manifest.provenance["weights_sha256"]
    assert manifest.metrics


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_card_admits_weaknesses(folder: Path) -> None:
    card = (folder / "MODEL.md").read_text(encoding="utf-8")
    assert "## Known weak" in card
    assert "[" not in card.split("## Known weak")[1].split("\n")[2]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_no_file_names_the_machine_it_was_made_on(folder: Path) -> None:
    for path in folder.iterdir():
        content = path.read_bytes()
        assert not any(trace in content for trace in (b"/home/", b"/work/", b"/tmp/", b"/root/")), path.name


def test_the_default_is_one_of_them_wherever_the_repository_lies() -> None:
    """A relative link: a checkout moved elsewhere keeps its default."""
    default = ZOO / "default"
    assert default.is_symlink()
    assert not default.readlink().is_absolute()
    assert default.resolve() in FOLDERS
    assert (default / "MODEL.md").is_file()
