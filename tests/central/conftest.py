"""Fixtures that more than one file of these tests uses."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.central.parts import Parts


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    """Central without a network, on a fresh database."""
    made = Parts(tmp_path)
    yield made
    made.close()
