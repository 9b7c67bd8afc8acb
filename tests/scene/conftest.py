"""The demo street's renderers are dear to set up, so the tests share one set."""

import pytest

from edge.scene.render import Renderer
from edge.scene.street import Street
from edge.scene.streets import demo_street


@pytest.fixture(scope="session")
def street() -> Street:
    """The demo's street."""
    return demo_street()


@pytest.fixture(scope="session")
def renderers(street: Street) -> dict[str, Renderer]:
    """One renderer for each camera, by camera id."""
    return {camera.camera_id: Renderer(street.world, camera) for camera in street.cameras}
