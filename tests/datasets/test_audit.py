"""The audit finds what is wrong, tells faults from remarks, and says so by its exit code and on a page."""

import json
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from datasets.audit.run import audit
from datasets.audit.values import Audit, Kind
from datasets.cli import app
from datasets.split_lock import LockedPicture, SplitLock, write_lock
from tests.datasets.builders import scene, write_picture, write_source

PLENTY = ["0 0.2 0.2 0.2 0.2", "0 0.7 0.2 0.2 0.2", "1 0.2 0.7 0.2 0.2", "1 0.7 0.7 0.2 0.2"]
"""Four boxes a picture: six pictures leave no class rare."""


@pytest.fixture
def street(tmp_path: Path) -> Path:
    """Clean: 12 pictures, nothing to say."""
    stems = {f"p{number:02}": PLENTY for number in range(12)}
    split = {stem: "val" if stem < "p03" else "train" for stem in stems}
    return write_source(tmp_path / "street", stems, split=split)


def kinds(*roots: Path, lock: SplitLock | None = None) -> Counter[Kind]:
    return Counter(finding.kind for finding in found(*roots, lock=lock).findings)


def found(*roots: Path, lock: SplitLock | None = None) -> Audit:
    return audit(roots, lock, lambda count: None, lambda: None)


def run(tmp_path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["audit", *arguments, "--out", str(tmp_path / "page"), "--json"])


def relabel(root: Path, stem: str, *lines: str) -> None:
    (root / "labels" / f"{stem}.txt").write_text("".join(f"{line}\n" for line in lines))


def test_a_clean_source_leaves_nothing_to_say(street: Path, tmp_path: Path) -> None:
    result = run(tmp_path, str(street))
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    assert (facts["pictures"], facts["faults"], facts["remarks"]) == (12, 0, 0)
    assert "No faults" in (tmp_path / "page" / "index.html").read_text(encoding="utf-8")


def test_remarks_alone_are_no_failure(street: Path, tmp_path: Path) -> None:
    relabel(street, "p04", "0 0.5 0.5 1 1", "0 0.5 0.5 0.005 0.1", "1 0.5 0.5 0.9 0.03", "1 0.5 0.5 0.9 0.031")
    assert kinds(street) == {Kind.WHOLE_FRAME: 1, Kind.TINY: 1, Kind.SLIVER: 2, Kind.REPEATED: 1}
    result = run(tmp_path, str(street))
    assert result.exit_code == 0
    assert json.loads(result.stdout)["remarks"] == 5


def break_label(root: Path) -> None:
    relabel(root, "p04", *PLENTY, "7 0.5 0.5 0.1 0.1")


def break_picture(root: Path) -> None:
    (root / "images" / "p04.png").write_bytes((root / "images" / "p04.png").read_bytes()[:-200])


def leak(root: Path) -> None:
    write_picture(root / "images" / "p04.png", scene(0)[:, ::-1])


@pytest.mark.parametrize(
    ("harm", "kind", "told"),
    [
        (break_label, Kind.LABEL, "p04.txt:5: class 7 is out of range"),
        (break_picture, Kind.UNREADABLE, "p04.png: unreadable picture"),
        (leak, Kind.LEAK, "street/p00.png (val) and street/p04.png (train)"),
    ],
)
def test_a_fault_fails_and_is_told(street: Path, tmp_path: Path, harm: object, kind: Kind, told: str) -> None:
    assert callable(harm)
    harm(street)
    result = run(tmp_path, str(street))
    assert result.exit_code == 1
    facts = json.loads(result.stdout)
    assert facts["by_kind"] == {kind.value: 1}
    assert told in facts["findings"][0]["message"]
    assert facts == json.loads((tmp_path / "page" / "findings.json").read_text(encoding="utf-8"))


def test_a_leak_across_sources_is_found(street: Path, tmp_path: Path) -> None:
    stems = {f"q{number:02}": PLENTY for number in range(12)}
    other = write_source(tmp_path / "other", stems, split=dict.fromkeys(stems, "train"), first_seed=100)
    assert kinds(street, other) == {}
    write_picture(other / "images" / "q05.png", scene(1))
    (finding,) = found(street, other).findings
    assert finding.kind is Kind.LEAK
    assert "across sources" in finding.message


def test_copies_within_a_half_are_a_remark(street: Path) -> None:
    write_picture(street / "images" / "p05.png", scene(6))
    assert kinds(street) == {Kind.TWIN: 1}


def test_the_lock_decides_the_halves(street: Path, tmp_path: Path) -> None:
    leak(street)
    stems = [f"p{number:02}" for number in range(12)]
    halves = {stem: LockedPicture("0", stem, "val" if stem < "p03" else "train", 0) for stem in stems}
    assert kinds(street, lock=SplitLock(5, {"street": halves})) == {Kind.LEAK: 1}
    halves["p04"] = LockedPicture("0", "p00", "withheld", 0)
    withheld = SplitLock(5, {"street": halves})
    assert kinds(street, lock=withheld) == {Kind.TWIN: 1}
    write_lock(tmp_path / "split.lock.json", withheld)
    assert run(tmp_path, str(street), "--lock", str(tmp_path / "split.lock.json")).exit_code == 0


def test_clashing_classes_are_a_fault_and_rare_ones_a_remark(street: Path, tmp_path: Path) -> None:
    other = write_source(tmp_path / "other", {"a": ["0 0.5 0.5 0.2 0.2"]}, ["Flame"], [], first_seed=50)
    assert kinds(street, other) == {Kind.CLASH: 1, Kind.RARE: 1}


def test_what_cannot_be_audited_is_a_usage_error(street: Path, tmp_path: Path) -> None:
    assert run(tmp_path, str(tmp_path / "gone")).exit_code == 2
    assert run(tmp_path, str(street), "--lock", str(tmp_path / "gone.json")).exit_code == 2
    (street / "source.json").write_text("{")
    assert run(tmp_path, str(street)).exit_code == 2
    assert not (tmp_path / "page").exists()


def test_the_page_stands_alone_and_escapes_names(street: Path, tmp_path: Path) -> None:
    write_picture(street / "images" / "<b>&.png", scene(40))
    relabel(street, "<b>&", "0 0.5 0.5 1 1")
    run(tmp_path, str(street))
    page = (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;&amp;.png" in page
    assert "<b>&.png" not in page
    assert "<script" not in page
    assert page.count("src=") == page.count('src="data:image/jpeg;base64,')
    assert page.count('title="smoke"') >= 24
