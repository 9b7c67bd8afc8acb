"""A pickle is loaded only where somebody answers for its hash."""

import json
from pathlib import Path

import pytest

from contract.errors import UsageError
from datasets.whole_file import sha256_of
from models.trust import as_hashes, remember, require_known


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "models" / "first" / "weights.pt"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    return path


def test_a_stranger_is_refused_and_its_hash_named(weights: Path) -> None:
    with pytest.raises(UsageError, match=rf"--trust {sha256_of(weights)}"):
        require_known(weights)


def test_a_list_in_a_folder_above_vouches(weights: Path) -> None:
    (weights.parents[1] / "SHA256SUMS").write_text(f"{'0' * 64}  other.pt\n{sha256_of(weights)}  first/weights.pt\n")
    assert require_known(weights) == sha256_of(weights)


def test_a_listed_hash_counts_for_its_own_file_only(weights: Path) -> None:
    """Another file's line must not let a renamed or swapped one in."""
    (weights.parent / "SHA256SUMS").write_text(f"{sha256_of(weights)}  other.pt\n")
    with pytest.raises(UsageError, match="nobody vouches"):
        require_known(weights)


def test_a_file_that_is_not_what_its_list_says_is_named_as_changed(weights: Path) -> None:
    (weights.parent / "SHA256SUMS").write_text(f"{'a' * 64}  weights.pt\n")
    with pytest.raises(UsageError, match="damaged or changed"):
        require_known(weights)


def test_the_caller_may_vouch(weights: Path) -> None:
    assert require_known(weights, as_hashes([sha256_of(weights).upper()]))
    with pytest.raises(UsageError, match="not a sha256"):
        as_hashes(["yes"])


def test_a_manifest_vouches_for_the_weights_it_names(weights: Path, tmp_path: Path) -> None:
    """The one beside them, and any of the zoo's wherever the weights lie."""
    manifest = json.dumps({"provenance": {"weights_sha256": sha256_of(weights)}})
    zoo = tmp_path / "zoo"
    (zoo / "street" / "1").mkdir(parents=True)
    (zoo / "street" / "1" / "manifest.json").write_text(manifest)
    assert require_known(weights, zoo=zoo)
    (weights.parent / "manifest.json").write_text(manifest)
    assert require_known(weights)


def test_a_run_knows_what_it_wrote_and_the_state_before_it(weights: Path) -> None:
    """A kill between note and file leaves the older file, which must still be known."""
    run_dir = weights.parents[1]
    remember(run_dir, weights, sha256_of(weights))
    remember(run_dir, weights, "b" * 64)
    assert require_known(weights)
    remember(run_dir, weights, "c" * 64)
    with pytest.raises(UsageError, match="nobody vouches"):
        require_known(weights)
