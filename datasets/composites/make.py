"""Writes composites in the datasets' form, a folder for each family of backgrounds: what silence means differs."""

import json
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from contract.errors import UsageError
from datasets.composites.backgrounds import Background, Family, read_background
from datasets.composites.compose import Composite, compose
from datasets.composites.cutouts import CutOut
from datasets.composites.plumes import Pool
from datasets.composites.things import LABELS
from datasets.whole_file import new_folder


@dataclass(frozen=True, slots=True)
class Made:
    """What was written: pictures, pictures without a box, boxes by label, pictures by family."""

    pictures: int
    without_boxes: int
    boxes_by_label: dict[str, int]
    pictures_by_family: dict[str, int]


@dataclass(frozen=True, slots=True)
class Order:
    """What to make: the same order gives the same bytes. `origin` is the command as it will stand in source.json."""

    count: int
    seed: int
    longest_px: int
    origin: str
    flows: int = 40
    """Flows of each kind that smoke and fire are taken from."""


def make_composites(
    out: Path, families: Sequence[Family], cuts: Sequence[CutOut], order: Order, on_picture: Callable[[], None]
) -> Made:
    """Writes `order.count` pictures under ``out/FAMILY/``; nothing is there until all are done.

    Raises:
        UsageError: `out` is not empty, no families, two families share a name, or a background is unreadable.
    """
    if not families:
        raise UsageError("no background has a picture in this part; add folders, or take the other part")
    names = [family.name for family in families]
    if len(set(names)) < len(names):
        raise UsageError(f"two backgrounds are both named {Counter(names).most_common(1)[0][0]}; give each once")
    stock: dict[str, list[CutOut]] = {}
    for cut in cuts:
        stock.setdefault(cut.label, []).append(cut)
    with new_folder(out) as building:
        return _write_all(building, families, stock, order, on_picture)


def _write_all(
    out: Path, families: Sequence[Family], stock: dict[str, list[CutOut]], order: Order, on_picture: Callable[[], None]
) -> Made:
    boxes: dict[str, Counter[str]] = {family.name: Counter() for family in families}
    pictures: Counter[str] = Counter()
    pool = Pool(order.seed, order.flows)
    empty = 0
    for family in families:
        for folder in ("images", "labels"):
            (out / family.name / folder).mkdir(parents=True)
    for index, (family, background) in enumerate(_drawn(families, order)):
        random = np.random.default_rng([order.seed, index])
        done = compose(read_background(background, order.longest_px), background.view, stock, pool, random)
        _write(out / family.name, f"{order.seed:04d}_{index:05d}_{background.stem}", done)
        boxes[family.name].update(found.label for found in done.labelled)
        pictures[family.name] += 1
        empty += not done.labelled
        on_picture()
    for family in families:
        if pictures[family.name]:
            _write_source(out / family.name, family, boxes[family.name], pictures[family.name], order)
        else:
            shutil.rmtree(out / family.name)
    total = sum(boxes.values(), Counter[str]())
    return Made(order.count, empty, {label: total[label] for label in LABELS}, dict(pictures))


def _drawn(families: Sequence[Family], order: Order) -> list[tuple[Family, Background]]:
    """Each picture's background: families by the cube root of their size, lest a large one drown the small ones, and
    within a family each as often as every other.
    """
    random = np.random.default_rng([order.seed, 1 << 20])
    shares = np.cbrt([len(family.backgrounds) for family in families])
    waiting: dict[str, list[Background]] = {family.name: [] for family in families}
    drawn: list[tuple[Family, Background]] = []
    for number in random.choice(len(families), order.count, p=shares / shares.sum()):
        family = families[int(number)]
        if not waiting[family.name]:
            waiting[family.name] = [family.backgrounds[int(k)] for k in random.permutation(len(family.backgrounds))]
        drawn.append((family, waiting[family.name].pop()))
    return drawn


def _write(folder: Path, stem: str, done: Composite) -> None:
    height, width = done.picture.shape[:2]
    lines = []
    for found in done.labelled:
        box = found.box
        centre = ((box.x1 + box.x2) / 2 / width, (box.y1 + box.y2) / 2 / height)
        size = ((box.x2 - box.x1) / width, (box.y2 - box.y1) / height)
        lines.append(" ".join([str(LABELS.index(found.label)), *(f"{v:.6f}" for v in (*centre, *size))]) + "\n")
    picture = folder / "images" / f"{stem}.jpg"
    if not cv2.imwrite(str(picture), done.picture, [cv2.IMWRITE_JPEG_QUALITY, done.quality]):
        raise OSError(f"{picture}: can't be written")
    (folder / "labels" / f"{stem}.txt").write_text("".join(lines), encoding="utf-8")


def _write_source(folder: Path, family: Family, boxes: Counter[str], pictures: int, order: Order) -> None:
    facts = {
        "name": f"composites-{family.name}",
        "origin": order.origin,
        "licence_as_stated": f"derived from {family.name} ({family.licence}): never redistribute",
        "classes": list(LABELS),
        "exhaustive_for": list(family.absent),
        "note": "Rendered and cut-out things laid on real pictures. A label stands in exhaustive_for where the "
        "background holds none of it, so that every one to be seen was laid and boxed; steam, mist, exhaust, awnings, "
        "lamps and cones are laid too, and are not labelled.",
        "images": pictures,
        "boxes": {label: boxes[label] for label in LABELS},
    }
    (folder / "source.json").write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
