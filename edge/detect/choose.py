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
from edge.values import Backend

NO_GATES: Mapping[Seen | Context, float] = MappingProxyType({})
PREFERENCE = (Engine.OPENVINO_INT8, Engine.OPENVINO_FP32, Engine.ONNX_FP32, Engine.ULTRALYTICS)
"""The last costs 230 MB and several milliseconds more: only where a folder has nothing else, or a box is told to."""
ENGINES_OF: Mapping[Backend, tuple[Engine, ...]] = MappingProxyType(
    {
        Backend.AUTO: PREFERENCE,
        Backend.OPENVINO: (Engine.OPENVINO_INT8, Engine.OPENVINO_FP32),
        Backend.ONNXRUNTIME: (Engine.ONNX_FP32,),
        Backend.ULTRALYTICS: (Engine.ULTRALYTICS,),
    }
)
_REMEDY = {
    Engine.ULTRALYTICS: "install the box maker's torch, then pip install --no-deps -r requirements/ultralytics.txt",
    Engine.ONNX_FP32: "pip install onnxruntime, or set `backend: openvino`",
}

_log = logging.getLogger(__name__)


def open_detector(
    folder: Path,
    engine: Engine | None = None,
    threads: int = 1,
    streams: int = 1,
    gates: Mapping[Seen | Context, float] = NO_GATES,
    backend: Backend = Backend.AUTO,
) -> Detector:
    """The model of `folder`, loaded and checked.

    Args:
        folder: a model folder with ``manifest.json``.
        engine: the one variant to use; by default INT8, then FP32, then ONNX Runtime: the first that passes.
        threads: CPU threads for inference; one keeps the other cameras' decoding undisturbed.
        streams: so many frames are inferred side by side, each with its share of the threads.
        backend: only variants of this runtime are tried.
        gates: scores from which a kind is reported, where that is lower than the model's own threshold.

    Raises:
        UsageError: the folder is no intact model, or has no variant for `engine` or `backend`.
        PermanentError: no variant works on this machine.
    """
    manifest = gated(read_manifest(folder), gates)
    golden = read_golden(folder, manifest)
    if golden is None:
        _log.warning("model has no self-test", extra={"model": manifest.name, "version": manifest.version})
    faults = []
    for variant in _ordered(manifest, engine, backend):
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
        if variant.engine is Engine.ULTRALYTICS:
            from edge.detect.ultralytics import UltralyticsDetector

            return UltralyticsDetector(path, manifest, variant.engine)
        from edge.detect.openvino import OpenVinoDetector

        return OpenVinoDetector(path, manifest, variant.engine, threads, streams)
    except ImportError as error:
        remedy = _REMEDY.get(variant.engine, "pip install openvino, or set `backend: onnxruntime`")
        raise PermanentError(f"{variant.engine}: its runtime is not installed here ({error}); {remedy}") from error


def _ordered(manifest: ModelManifest, engine: Engine | None, backend: Backend) -> tuple[ModelVariant, ...]:
    by_engine = {variant.engine: variant for variant in manifest.variants}
    allowed = ENGINES_OF[backend]
    if engine is None:
        found = tuple(by_engine[entry] for entry in allowed if entry in by_engine)
        if not found:
            has = ", ".join(sorted(by_engine))
            raise UsageError(f"{manifest.name} {manifest.version} has nothing for backend {backend}: it has {has}")
        return found
    if engine not in allowed:
        raise UsageError(f"engine {engine} is none of backend {backend}: set one of them, or `backend: auto`")
    if engine not in by_engine:
        has = ", ".join(sorted(by_engine))
        raise UsageError(f"{manifest.name} {manifest.version} has no variant {engine}: choose one of {has}")
    return (by_engine[engine],)


def _self_test(detector: Detector, golden: Golden | None, folder: Path) -> tuple[str, ...]:
    return () if golden is None else check(detector, golden, folder)
