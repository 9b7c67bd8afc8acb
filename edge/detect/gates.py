"""The policies' gates laid on a model: what a policy wants to see fainter, the detector reports fainter."""

from collections.abc import Mapping

from contract.manifest import ModelManifest
from contract.taxonomy import Context, Seen


def gated(manifest: ModelManifest, gates: Mapping[Seen | Context, float]) -> ModelManifest:
    """`manifest` with thresholds at most as high as `gates`; what the gates keep out, the rules drop themselves."""
    classes = tuple(
        entry.model_copy(update={"threshold": min(entry.threshold, gates.get(entry.means, 1.0))})
        for entry in manifest.classes
    )
    return manifest.model_copy(update={"classes": classes})
