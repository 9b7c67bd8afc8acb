"""Fixtures that are dear to make, so that several files share them."""

from pathlib import Path

import pytest

from tests.edge.clips import RATE, encode, street_pictures


@pytest.fixture(scope="session")
def street_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fifteen seconds of the simulated street, index first so that a cut copy still opens."""
    path = tmp_path_factory.mktemp("clips") / "street.mp4"
    return encode(path, street_pictures(15, each=RATE), {"movflags": "faststart"})
