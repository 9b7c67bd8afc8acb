"""The node's own model once more, with next to no threshold for people: what must be hidden, not what is reported."""

from pathlib import Path

from contract.manifest import Engine, ModelManifest
from contract.taxonomy import Context
from edge.detect.choose import open_variant
from edge.detect.port import Detector

FAINT_SCORES = {Context.PERSON: 0.004, Context.VEHICLE: 0.1}
"""Found on 15 simulated streets (seeds 900 to 998): with tiles, at 0.01 one in twenty people of 40 px and more stays
visible, at 0.004 one in fifty; so it is on 24 others. Lower hides more of the picture for nothing (10 % now)."""


def open_faint(folder: Path, manifest: ModelManifest, engine: Engine, threads: int) -> Detector:
    """The variant that passed its self-test, opened a second time: pictures are rare, and looks must not wait for them.

    Raises:
        PermanentError: the runtime can't use the file on this machine.
    """
    variant = next(entry for entry in manifest.variants if entry.engine is engine)
    return open_variant(folder, faint(manifest), variant, threads)


def open_beside(beside: Detector, folder: Path, threads: int) -> Detector:
    """What `beside` runs, for faint people; OpenVINO's network is shared with it (70 MB less), others open once more.

    Raises:
        PermanentError: the runtime can't use the file on this machine.
    """
    if beside.engine in (Engine.OPENVINO_INT8, Engine.OPENVINO_FP32):
        from edge.detect.openvino import OpenVinoDetector  # here, so that a box without it still works

        if isinstance(beside, OpenVinoDetector):
            return beside.reading(faint(beside.manifest))
    return open_faint(folder, beside.manifest, beside.engine, threads)


def faint(manifest: ModelManifest) -> ModelManifest:
    """`manifest` with the thresholds of `FAINT_SCORES`; everything else is reported as ever, since it may explain."""
    classes = []
    for entry in manifest.classes:
        least = FAINT_SCORES.get(entry.means) if isinstance(entry.means, Context) else None
        lower = entry.threshold if least is None else min(least, entry.threshold)
        classes.append(entry.model_copy(update={"threshold": lower}))
    return manifest.model_copy(update={"classes": tuple(classes)})
