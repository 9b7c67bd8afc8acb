"""Redaction hides people and plates and nothing else; pictures are on disk whole or not at all."""

import hashlib
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from contract.errors import PermanentError
from contract.events import EvidenceRole
from contract.taxonomy import Context, Seen
from edge.evidence.pictures import PictureFolder, Shutter, to_wire_box
from edge.evidence.redact import BLOCKS, MARGIN, REDACTION_VERSION, RedactionMemory, redacted
from edge.evidence_settings import EvidenceSettings
from edge.values import Box, Detection
from tests.edge.fakes import LEFT, at, frame, noise, saw
from tests.edge.test_boxes import boxes

PERSON = (0.25, 0.25, 0.5, 0.75)


def inside(image: NDArray[np.uint8], box: tuple[float, float, float, float]) -> NDArray[np.bool_]:
    """The pixels of `image` that `box` touches."""
    height, width = image.shape[:2]
    mask = np.zeros((height, width), bool)
    mask[
        max(0, int(box[1] * height)) : int(np.ceil(box[3] * height)),
        max(0, int(box[0] * width)) : int(np.ceil(box[2] * width)),
    ] = True
    return mask


def test_a_person_is_hidden_and_nothing_outside_changes() -> None:
    image = noise(1, 640, 360)
    before = image.copy()
    result = redacted(image, [PERSON])
    mask = inside(image, PERSON)
    assert (image == before).all(), "the original belongs to the frame"
    assert (result[~mask] == image[~mask]).all()
    assert (result[mask] != image[mask]).any(axis=1).mean() > 0.95
    colours = np.unique(result[mask].reshape(-1, 3), axis=0)
    assert len(colours) <= BLOCKS * round(BLOCKS * 180 / 160 + 1)


def test_a_face_gets_one_or_two_blocks() -> None:
    """However large the person in the picture, the shorter side holds `BLOCKS` blocks."""
    for size in (60, 240, 960):
        image = noise(2, size, 2 * size)
        across = redacted(image, [(0.0, 0.0, 1.0, 1.0)])[0]
        assert int((across[1:] != across[:-1]).any(axis=1).sum()) + 1 == BLOCKS


@given(st.lists(boxes(), max_size=4))
def test_any_regions_change_nothing_outside_themselves(regions: list[tuple[float, float, float, float]]) -> None:
    image = noise(3, 96, 54)
    mask = np.zeros(image.shape[:2], bool)
    for region in regions:
        mask |= inside(image, region)
    result = redacted(image, regions)
    assert result.shape == image.shape
    assert (result[~mask] == image[~mask]).all()


def test_a_region_over_the_border_is_cut() -> None:
    image = noise(4)
    result = redacted(image, [(-0.5, -0.5, 0.5, 0.5), (0.9, 0.9, 1.7, 1.9), (1.2, 1.2, 1.4, 1.4)])
    assert (result != image).any()
    assert (result[-10:, :20] == image[-10:, :20]).all()


def test_a_person_is_hidden_whole_a_vehicles_lower_half_and_a_stall_not_at_all() -> None:
    memory = RedactionMemory(timedelta(seconds=1))
    person, vehicle = memory.note([saw(Context.PERSON, PERSON), saw(Context.VEHICLE, LEFT), saw(Seen.STALL)], at(0))
    assert person == pytest.approx(
        (0.25 - 0.25 * MARGIN, 0.25 - 0.5 * MARGIN, 0.5 + 0.25 * MARGIN, 0.75 + 0.5 * MARGIN)
    )
    assert vehicle == (0.125, 0.625, 0.25, 0.75)


def test_a_person_stays_hidden_while_the_detector_blinks() -> None:
    memory = RedactionMemory(timedelta(seconds=1))
    (shown,) = memory.note([saw(Context.PERSON, PERSON)], at(0))
    assert memory.note([], at(0.5)) == (shown,)
    assert memory.note([], at(1.0)) == (shown,)
    assert memory.note([], at(1.1)) == ()


def test_who_walks_is_hidden_where_he_is_and_where_he_was() -> None:
    memory = RedactionMemory(timedelta(seconds=1))
    memory.note([saw(Context.PERSON, LEFT)], at(0))
    assert len(memory.note([saw(Context.PERSON, PERSON)], at(0.5))) == 2


def decoded(jpeg: bytes) -> NDArray[np.uint8]:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return np.asarray(image, np.uint8)


def test_a_picture_is_redacted_scaled_and_named_by_its_bytes() -> None:
    picture = Shutter(frame(5, image=noise(5, 1280, 720)), (PERSON,), EvidenceSettings(max_width_px=640)).picture()
    ref = picture.ref(LEFT, EvidenceRole.CONFIRMATION)
    assert (ref.width_px, ref.height_px) == (640, 360)
    assert ref.sha256 == hashlib.sha256(picture.jpeg).hexdigest()
    assert ref.size_bytes == len(picture.jpeg)
    assert (ref.captured_at, ref.redaction) == (at(5), REDACTION_VERSION)
    shown = decoded(picture.jpeg)
    assert shown.shape == (360, 640, 3)
    middle = shown[110:250, 170:310].astype(int)
    outside = shown[:80, 400:].astype(int)
    assert np.abs(np.diff(middle, axis=1)).mean() < 0.2 * np.abs(np.diff(outside, axis=1)).mean()


def test_one_look_is_encoded_once() -> None:
    shutter = Shutter(frame(0, image=noise(6)), (), EvidenceSettings())
    assert shutter.picture() is shutter.picture()


def test_a_picture_is_on_disk_whole_and_under_its_hash(tmp_path: Path) -> None:
    folder = PictureFolder(tmp_path / "evidence")
    picture = Shutter(frame(0, image=noise(7)), (), EvidenceSettings()).picture()
    folder.keep(picture.sha256, picture.jpeg)
    folder.keep(picture.sha256, picture.jpeg)
    assert folder.path(picture.sha256).read_bytes() == picture.jpeg
    assert [path.name for path in (tmp_path / "evidence").iterdir()] == [f"{picture.sha256}.jpg"]


def test_a_disk_that_refuses_is_named(tmp_path: Path) -> None:
    (tmp_path / "evidence").write_text("a file, no folder", encoding="utf-8")
    picture = Shutter(frame(0, image=noise(8)), (), EvidenceSettings()).picture()
    with pytest.raises(PermanentError, match=f"{picture.sha256}.jpg: can't be written"):
        PictureFolder(tmp_path / "evidence").keep(picture.sha256, picture.jpeg)


corners = st.floats(-0.5, 1.5)


@given(corners, corners, corners, corners)
def test_every_box_of_a_track_fits_the_wire(x1: float, y1: float, x2: float, y2: float) -> None:
    """Also one that lies outside the picture or has shrunk to nothing."""
    box = to_wire_box((min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)))
    assert box.x1 < box.x2 <= 1
    assert box.y1 < box.y2 <= 1


@pytest.mark.parametrize(
    ("flame_score", "person_score", "flame_box", "hides"),
    [
        (0.6, 0.13, (0.40, 0.40, 0.60, 0.60), False),  # the same spot, and far surer: it is the flame
        (0.6, 0.13, (0.40, 0.40, 0.50, 0.45), True),  # a flame beside or before a person is no excuse
        (0.6, 0.45, (0.40, 0.40, 0.60, 0.60), True),  # a sure person stays hidden whatever burns there
        (0.6, 0.02, (0.40, 0.40, 0.50, 0.45), False),  # next to no person at all, and inside what is surely a flame
        (0.1, 0.02, (0.40, 0.40, 0.50, 0.45), True),  # a doubtful flame explains nobody away
    ],
)
def test_a_faint_person_box_that_is_really_the_flame_does_not_hide_it(
    flame_score: float, person_score: float, flame_box: Box, hides: bool
) -> None:
    flame = Detection("flame", Seen.FLAME, flame_score, flame_box)
    person = Detection("person", Context.PERSON, person_score, (0.41, 0.39, 0.60, 0.61))
    regions = RedactionMemory(timedelta(seconds=1)).note([flame, person], at(0))
    assert bool(regions) is hides
