"""Where the horizon is, and with it how large a thing is where."""

from pathlib import Path

import numpy as np
import pytest

from contract.errors import UsageError
from datasets.composites.views import View, guessed_view, read_views


def test_the_camera_sees_the_ground_as_the_view_says() -> None:
    view = View(0.4, 1.6)
    camera = view.camera(800, 600)
    ground = camera.ground_point((400.0, 480.0))
    assert ground is not None
    pixels, _ = camera.project(np.array([[*ground, 0.0], [*ground, 1.0]]))
    assert pixels[0, 1] - pixels[1, 1] == pytest.approx(view.px_per_m(480.0, 600), rel=0.05)
    assert camera.ground_point((400.0, 0.39 * 600)) is None


def test_a_guess_is_somebody_standing_in_the_street() -> None:
    view = guessed_view(np.random.default_rng(1))
    assert 0.4 < view.horizon < 0.55
    assert 1.4 < view.height_m < 2


def test_views_are_read_by_picture(tmp_path: Path) -> None:
    path = tmp_path / "views.csv"
    path.write_text("picture,horizon,height_m\nhigh,-0.4,11\nplain,,\n")
    assert read_views(path) == {"high": View(-0.4, 11.0), "plain": None}


@pytest.mark.parametrize(
    "text,message",
    [
        ("stem,horizon\n", r"views\.csv:1: must be the header"),
        ("picture,horizon,height_m\na,0.4\n", r"views\.csv:2: needs picture"),
        ("picture,horizon,height_m\na,0.4,1.6\nb,high,1\n", r"views\.csv:3: .* must be numbers"),
        ("picture,horizon,height_m\na,0.4,nan\n", r"views\.csv:2: horizon lies in"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "views.csv"
    path.write_text(text)
    with pytest.raises(UsageError, match=message):
        read_views(path)


def test_the_views_of_the_recipe_are_sound() -> None:
    root = Path(__file__).resolve().parents[2]
    assert "facades/*" in read_views(root / "configs/datasets/composites-views.csv")
