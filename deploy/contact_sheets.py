"""Contact sheets: many screenshots on one labelled picture, small enough for the repository."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from deploy.screens import SIZES, Screen

THUMB_WIDTH_PX = {Screen.DESK: 460, Screen.WALL: 920, Screen.PHONE: 180}
ACROSS = {Screen.DESK: 5, Screen.WALL: 2, Screen.PHONE: 8}
LABEL_PX, GAP_PX = 22, 10
QUALITY = 52
"""WebP's; a heading can still be read at this size. All sheets together stay under 2 MB (a test counts)."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A page as it looked."""

    name: str
    screen: Screen
    language: str
    theme: str
    path: Path

    @property
    def label(self) -> str:
        return f"{self.name} · {self.language} · {self.theme}"


def write_sheets(shots: Sequence[Shot], folder: Path) -> None:
    """A sheet for each language and theme at the desk, one for the wall, one for phones; in place of those before."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.webp"):
        old.unlink()
    looks = sorted({(shot.language, shot.theme) for shot in shots})
    for language, theme in looks:
        chosen = [one for one in shots if one.screen is Screen.DESK and (one.language, one.theme) == (language, theme)]
        _write(chosen, Screen.DESK, folder / f"desk-{language}-{theme}.webp")
    for screen in (Screen.WALL, Screen.PHONE):
        _write([one for one in shots if one.screen is screen], screen, folder / f"{screen}.webp")


def _write(shots: Sequence[Shot], screen: Screen, path: Path) -> None:
    if not shots:
        return
    full_width, full_height = SIZES[screen]
    width = THUMB_WIDTH_PX[screen]
    height = round(width * full_height / full_width)
    across = min(ACROSS[screen], len(shots))
    down = -(-len(shots) // across)
    size = (across * (width + GAP_PX) + GAP_PX, down * (height + LABEL_PX + GAP_PX) + GAP_PX)
    sheet = Image.new("RGB", size, "#7b8794")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    for number, shot in enumerate(shots):
        x = GAP_PX + number % across * (width + GAP_PX)
        y = GAP_PX + number // across * (height + LABEL_PX + GAP_PX)
        pen.text((x, y), shot.label, fill="white", font=font)
        with Image.open(shot.path) as image:
            top = image.convert("RGB").crop(
                (0, 0, image.width, min(image.height, image.width * full_height // full_width))
            )
            top.thumbnail((width, height), Image.Resampling.LANCZOS)
            sheet.paste(top, (x, y + LABEL_PX))
    sheet.save(path, "WEBP", quality=QUALITY, method=6)
