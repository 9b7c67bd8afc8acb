"""The card of a model folder: what a person must know before trusting it."""

from contract.manifest import Int8Drop, ModelManifest


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
        *_listed({name: value for name, value in manifest.provenance.items() if name != "plan"}),
        "",
        "## Measured",
        "",
        *_listed({name: f"{value:g}" for name, value in sorted(manifest.metrics.items())}),
        "",
        "## INT8 against FP32",
        "",
        *_drops(manifest.int8_drops),
        "",
        "The same pictures in torch, ONNX and OpenVINO:",
        "",
        *_listed({name: f"{value:g}" for name, value in manifest.parity.items()}),
        "",
        "## Known weak",
        "",
        "[what it misses, what it takes for something else, where it was never tried]",
        "",
        "## Not to be used for",
        "",
        "[what would go wrong, and for whom]",
        "",
    ]
    return "\n".join(lines)


def _listed(entries: dict[str, str]) -> list[str]:
    return [f"- {name}: {value}" for name, value in entries.items()] or ["[to be filled in]"]


def _drops(drops: tuple[Int8Drop, ...]) -> list[str]:
    if not drops:
        return ["[not measured]"]
    rows = [
        f"| {entry.label} | {entry.instances} | {100 * entry.fp32_ap50:.1f} | {100 * entry.int8_ap50:.1f} | "
        f"{100 * entry.drop:+.1f} ({_interval(entry)}) | {', '.join(entry.instruction_sets)} |"
        for entry in drops
    ]
    return [
        "| label | boxes | FP32 AP50 | INT8 AP50 | drop (95 %) | instruction sets |",
        "|---|---|---|---|---|---|",
        *rows,
    ]


def _interval(entry: Int8Drop) -> str:
    return "too few" if entry.low is None or entry.high is None else f"{100 * entry.low:+.1f} … {100 * entry.high:+.1f}"
