"""The card of a model folder: what a person must know before trusting it."""

from contract.manifest import ModelManifest


def card(manifest: ModelManifest) -> str:
    """A first card from the manifest; the sections in brackets are the author's to fill."""
    size_bytes = {entry.path: entry.size_bytes for variant in manifest.variants for entry in variant.files}
    lines = [
        f"# {manifest.name} {manifest.version}",
        "",
        f"Input {manifest.input.width_px}×{manifest.input.height_px}, {len(manifest.classes)} classes, "
        f"{sum(size_bytes.values()) / 1e6:.1f} MB. Licence: {manifest.licence}.",
        "",
        "| label | means | threshold |",
        "|---|---|---|",
        *(f"| {entry.label} | {entry.means} | {entry.threshold:g} |" for entry in manifest.classes),
        "",
        "## Trained on",
        "",
        *_listed(manifest.provenance),
        "",
        "## Measured",
        "",
        *_listed({name: f"{value:g}" for name, value in sorted(manifest.metrics.items())}),
        "",
        "## Known weak",
        "",
        "[what it misses, what it takes for something else, where it was never tried]",
        "",
    ]
    return "\n".join(lines)


def _listed(entries: dict[str, str]) -> list[str]:
    return [f"- {name}: {value}" for name, value in entries.items()] or ["[to be filled in]"]
