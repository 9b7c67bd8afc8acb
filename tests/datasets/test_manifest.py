"""The manifest notices every change that matters to a run, and none that doesn't."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from contract.errors import UsageError
from datasets.folder import read_folder
from datasets.manifest import Manifest, dataset_hash, make_manifest, read_manifest, verify_unchanged, write_manifest
from tests.datasets.builders import scene, write_picture, write_source


@pytest.fixture
def street(tmp_path: Path) -> Path:
    labels = {"a": ["0 0.5 0.5 0.2 0.2", "1 0.3 0.3 0.1 0.1"], "b": []}
    return write_source(tmp_path / "street", labels, split={"a": "train", "b": "val"}, scenes={"a": "cam-1"})


def manifest_of(*roots: Path) -> Manifest:
    return make_manifest([read_folder(root) for root in roots])


def test_a_record_holds_what_a_run_needs_to_know(street: Path) -> None:
    manifest = manifest_of(street)
    first, second = manifest.records
    assert (first.source, first.picture, first.licence) == ("street", "images/a.png", "CC0")
    assert (first.scene, first.captured_at, first.split, first.exhaustive_for) == ("cam-1", None, "train", ("smoke",))
    assert first.boxes[0] == ("smoke", 0.4, 0.4, 0.6, 0.6)
    assert (second.scene, second.boxes) == (None, ())
    assert manifest.header.sources["street"].boxes == {"smoke": 1, "flame": 1}


def test_a_manifest_is_written_and_read_back_the_same(street: Path, tmp_path: Path) -> None:
    manifest = manifest_of(street)
    write_manifest(tmp_path / "manifest.jsonl", manifest)
    assert read_manifest(tmp_path / "manifest.jsonl") == manifest
    verify_unchanged(manifest, [read_folder(street)])


def move_a_box(root: Path) -> None:
    (root / "labels" / "a.txt").write_text("0 0.5 0.5 0.2 0.2\n1 0.3 0.3 0.1 0.11\n")


def rename_a_class(root: Path) -> None:
    facts = json.loads((root / "source.json").read_text())
    (root / "source.json").write_text(json.dumps({**facts, "classes": ["smoke", "fire"]}))


def claim_more(root: Path) -> None:
    facts = json.loads((root / "source.json").read_text())
    (root / "source.json").write_text(json.dumps({**facts, "exhaustive_for": ["smoke", "flame"]}))


def swap_halves(root: Path) -> None:
    (root / "split.json").write_text('{"a": "val", "b": "train"}')


def redraw(root: Path) -> None:
    write_picture(root / "images" / "b.png", scene(77))


def add_one(root: Path) -> None:
    write_picture(root / "images" / "c.png", scene(78))


def take_one(root: Path) -> None:
    (root / "images" / "b.png").unlink()
    (root / "labels" / "b.txt").unlink()
    (root / "split.json").write_text('{"a": "train"}')


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (move_a_box, "1 changed (street/images/a.png)"),
        (rename_a_class, "1 changed (street/images/a.png)"),
        (claim_more, "2 changed"),
        (swap_halves, "2 changed"),
        (redraw, "1 changed (street/images/b.png)"),
        (add_one, "1 added (street/images/c.png)"),
        (take_one, "1 removed (street/images/b.png)"),
    ],
)
def test_a_dataset_that_changed_under_a_run_is_noticed(street: Path, change: Callable[[Path], None], told: str) -> None:
    before = manifest_of(street)
    change(street)
    assert manifest_of(street).header.dataset_hash != before.header.dataset_hash
    with pytest.raises(UsageError) as caught:
        verify_unchanged(before, [read_folder(street)])
    assert told in str(caught.value)


def test_order_and_spelling_of_files_do_not_matter(street: Path) -> None:
    before = manifest_of(street)
    assert dataset_hash(before.records[::-1]) == before.header.dataset_hash
    (street / "labels" / "a.txt").write_text("1 0.30 0.30 0.10 0.1\n\n0 0.5 0.5 0.2 0.2")
    (street / "images" / "b.png").rename(street / "images" / "z.png")
    (street / "labels" / "b.txt").rename(street / "labels" / "z.txt")
    (street / "split.json").write_text('{"a": "train", "z": "val"}')
    assert manifest_of(street).header.dataset_hash == before.header.dataset_hash


def test_a_manifest_that_was_edited_or_cut_is_named(street: Path, tmp_path: Path) -> None:
    path = tmp_path / "manifest.jsonl"
    write_manifest(path, manifest_of(street))
    whole = path.read_text()
    path.write_text("".join(whole.splitlines(keepends=True)[:-1]))
    with pytest.raises(UsageError, match=r"manifest\.jsonl:1: dataset_hash doesn't fit"):
        read_manifest(path)
    path.write_text(whole[:-40])
    with pytest.raises(UsageError, match=r"manifest\.jsonl:3: "):
        read_manifest(path)
    path.write_text("")
    with pytest.raises(UsageError, match=r"manifest\.jsonl:1: "):
        read_manifest(path)
    with pytest.raises(UsageError, match=r"gone\.jsonl: can't be read"):
        read_manifest(tmp_path / "gone.jsonl")
