"""Opens a model folder on this machine: the cheapest variant that passes the model's own check."""

import logging
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from contract.errors import PermanentError, UsageError
from contract.manifest import Engine, ModelManifest, ModelVariant, read_manifest
from contract.taxonomy import Context, Seen
from edge.detect.gates import gated
from edge.detect.golden import Golden, check, read_golden
from edge.detect.port import Detector

NO_GATES: Mapping[Seen | Context, float] = MappingProxyType({})
PREFERENCE = (Engine.OPENVINO_INT8, Engine.OPENVINO_FP32, Engine.ONNX_FP32)

_log = logging.getLogger(__name__)


def open_detector(
    folder: Path,
    engine: Engine | None = None,
    threads: int = 1,
    streams: int = 1,
    gates: Mapping[Seen | Context, float] = NO_GATES,
) -> Detector:
    """The model of `folder`, loaded and checked.

    Args:
        folder: a model folder with ``manifest.json``.
        engine: the one variant to use; by default INT8, then FP32, then ONNX Runtime: the first that passes.
        threads: CPU threads for inference; one keeps the other cameras' decoding undisturbed.
        streams: so many frames are inferred side by side, each with its share of the threads.
        gates: scores from which a kind is reported, where that is lower than the model's own threshold.

    Raises:
        UsageError: the folder is no intact model, or has no variant for `engine`.
        PermanentError: no variant works on this machine.
    """
    manifest = gated(read_manifest(folder), gates)
    golden = read_golden(folder, manifest)
    if golden is None:
        _log.warning("model has no self-test", extra={"model": manifest.name, "version": manifest.version})
    faults = []
    for variant in _ordered(manifest, engine):
        try:
            detector = open_variant(folder, manifest, variant, threads, streams)
        except PermanentError as error:
            wrong: tuple[str, ...] = (str(error),)
        else:
            wrong = _self_test(detector, golden, folder)
            if not wrong:
                return detector
            detector.close()
        _log.warning(
            "model variant failed its self-test", extra={"model": manifest.name, "engine": variant.engine, "why": wrong}
        )
        faults.append(f"{variant.engine}: {'; '.join(wrong)}")
    raise PermanentError(f"{folder}: no variant of the model works on this machine ({' | '.join(faults)})")


def open_variant(
    folder: Path, manifest: ModelManifest, variant: ModelVariant, threads: int, streams: int = 1
) -> Detector:
    """One variant, loaded but not checked.

    Raises:
        PermanentError: the runtime can't use the file on this machine.
    """
    path = folder / variant.files[0].path
    try:
        if variant.engine is Engine.ONNX_FP32:
            from edge.detect.onnx import OnnxDetector  # here, so that a box without one of the runtimes still works

            return OnnxDetector(path, manifest, threads, streams)
        from edge.detect.openvino import OpenVinoDetector

        return OpenVinoDetector(path, manifest, variant.engine, threads, streams)
    except ImportError as error:
        raise PermanentError(f"{variant.engine}: its runtime is not installed here ({error})") from error


def _ordered(manifest: ModelManifest, engine: Engine | None) -> tuple[ModelVariant, ...]:
    by_engine = {variant.engine: variant for variant in manifest.variants}
    if engine is None:
        return tuple(by_engine[entry] for entry in PREFERENCE if entry in by_engine)
    if engine not in by_engine:
        has = ", ".join(sorted(by_engine))
        raise UsageError(f"{manifest.name} {manifest.version} has no variant {engine}: choose one of {has}")
    return (by_engine[engine],)


def _self_test(detector: Detector, golden: Golden | None, folder: Path) -> tuple[str, ...]:
    return () if golden is None else check(detector, golden, folder)
