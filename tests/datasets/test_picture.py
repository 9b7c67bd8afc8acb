"""Pictures of strangers: read whole, upright, never more pixels than a camera has."""

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from contract.errors import UsageError
from datasets.capture_time import captured_at
from datasets.picture import PictureSize, check_picture, picture_size, safe_read_picture
from tests.datasets.builders import scene, write_picture


def test_a_sound_picture_is_what_opencv_reads(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png", scene(1))
    assert np.array_equal(safe_read_picture(tmp_path / "a.png"), scene(1))
    assert check_picture(tmp_path / "a.png") == picture_size(tmp_path / "a.png") == PictureSize(96, 64)


@pytest.mark.parametrize("read", [safe_read_picture, check_picture])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"this is not a picture\n", "a text file, no picture"),
        (b"", "an empty file"),
        (b"\x00\x01\x02\xff" * 50, "no picture"),
        (b"\xff\xd8\xff\xe0" + b"\x00" * 40, "picture"),
        (b"GIF89a" + b"\x00" * 40, "no picture"),
    ],
)
def test_what_is_no_picture_is_named(tmp_path: Path, read: object, content: bytes, message: str) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    assert callable(read)
    with pytest.raises(UsageError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
@pytest.mark.parametrize("read", [safe_read_picture, check_picture])
def test_a_picture_cut_short_is_refused(tmp_path: Path, read: object, suffix: str) -> None:
    whole = tmp_path / f"whole.{suffix}"
    write_picture(whole, scene(2, 640, 480))
    cut = tmp_path / f"cut.{suffix}"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    assert callable(read)
    with pytest.raises(UsageError, match=r"cut\.\w+: .*replace or remove it"):
        read(cut)


@pytest.mark.parametrize("side", [9_600, 60_000])
def test_an_image_bomb_is_refused_by_its_header(tmp_path: Path, side: int) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png_claiming(side))
    with pytest.raises(UsageError, match=r"more than 89,000,000.*not decoded"):
        safe_read_picture(path)
    with pytest.raises(UsageError, match="not decoded"):
        picture_size(path)


def png_claiming(side: int) -> bytes:
    """A PNG of a few bytes whose header claims `side` by `side` pixels."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n"
    for kind, body in ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0")), (b"IEND", b"")):
        png += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return png


def test_a_picture_held_sideways_is_turned_as_opencv_turns_it(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "turned.jpg"
    Image.fromarray(scene(3)[:, :, ::-1]).save(path, exif=exif, quality=95)
    assert picture_size(path) == check_picture(path) == PictureSize(64, 96)
    read = safe_read_picture(path)
    opencv = cv2.imread(str(path))
    assert opencv is not None
    assert read.shape == opencv.shape == (96, 64, 3)
    assert np.abs(read.astype(int) - opencv.astype(int)).mean() < 2


def test_a_missing_picture_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gone\.jpg: .*No such file"):
        safe_read_picture(tmp_path / "gone.jpg")


def test_capture_time_is_the_cameras_or_none(tmp_path: Path) -> None:
    plain = tmp_path / "plain.jpg"
    Image.fromarray(scene(1)).save(plain)
    assert captured_at(plain) is None
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2026:10:01 18:30:00"
    told = tmp_path / "told.jpg"
    Image.fromarray(scene(1)).save(told, exif=exif)
    assert captured_at(told) == "2026-10-01T18:30:00"
