"""Writes the picture and boxes by which every node checks a model before its first look."""

import json
import shutil
from pathlib import Path

from contract.errors import UsageError
from contract.manifest import Engine, ModelManifest
from datasets.picture import safe_read_picture
from datasets.whole_file import sha256_of
from edge.detect.choose import open_variant
from edge.detect.golden import GOLDEN_FILE

GOLDEN_PICTURE = "golden.jpg"

GOLDEN_SCORE = 0.5
"""A golden box scores at least this: the check must not fail over a box that hangs by a hair on another CPU."""


def write_golden(out: Path, picture: Path, manifest: ModelManifest) -> str:
    """Copies the picture, writes the boxes that the FP32 model gives on it, and gives that file's sha256.

    Raises:
        UsageError: no picture, or one on which the model is sure of nothing.
    """
    frame = safe_read_picture(picture)
    shutil.copyfile(picture, out / GOLDEN_PICTURE)
    fp32 = next(variant for variant in manifest.variants if variant.engine is Engine.OPENVINO_FP32)
    detector = open_variant(out, manifest, fp32, threads=1)
    boxes = [
        {
            "label": found.label,
            "score": round(found.score, 3),
            "box_norm": dict(zip(("x1", "y1", "x2", "y2"), (round(side, 4) for side in found.box_norm), strict=True)),
        }
        for found in detector.detect(frame)
        if found.score >= GOLDEN_SCORE
    ]
    detector.close()
    if not boxes:
        raise UsageError(f"{picture}: the model sees nothing on it for certain; give a fuller street as --golden")
    content = {"picture": GOLDEN_PICTURE, "picture_sha256": sha256_of(out / GOLDEN_PICTURE), "boxes": boxes}
    (out / GOLDEN_FILE).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return sha256_of(out / GOLDEN_FILE)
