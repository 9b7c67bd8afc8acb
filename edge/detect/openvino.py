"""The detector on OpenVINO, called directly: the cheapest way on a CPU (MEASURED: half of the predictor's memory).

Colour order, scaling and layout are folded into the compiled graph, so the node hands over plain BGR bytes.
"""

import queue
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino.preprocess import ColorFormat, PrePostProcessor

from contract.errors import PermanentError
from contract.manifest import Engine, ModelManifest
from edge.detect.decode import Decoder
from edge.detect.letterbox import Letterbox
from edge.values import Detection


@dataclass(frozen=True, slots=True)
class _Seat:
    """One inference request with the buffer it reads; used by one thread at a time."""

    letterbox: Letterbox
    request: ov.InferRequest


class OpenVinoDetector:
    """One compiled model, one inference request a stream; static shape, fixed number of threads."""

    def __init__(
        self, model_path: Path, manifest: ModelManifest, engine: Engine, threads: int, streams: int = 1
    ) -> None:
        """Reads and compiles `model_path` (OpenVINO's ``.xml`` or an ``.onnx`` file).

        So many threads as `streams` may call `detect` at once; `threads` are shared among them.

        Raises:
            PermanentError: OpenVINO can't read or compile the file on this machine.
        """
        self._manifest = manifest
        self._engine = engine
        self._decoder = Decoder(manifest)
        settings = {
            "PERFORMANCE_HINT": "LATENCY" if streams == 1 else "THROUGHPUT",
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": streams,
            "INFERENCE_PRECISION_HINT": "f32",  # else CPUs with bfloat16 use it: boxes off by 2 px, scores by up to 0.2
            "CACHE_DIR": "",  # a cache compiled on another CPU is a wrong answer waiting to happen
        }
        try:
            core = ov.Core()
            compiled = core.compile_model(_with_bytes_input(core.read_model(model_path)), "CPU", settings)
        except RuntimeError as error:
            raise PermanentError(f"{model_path}: OpenVINO can't use this model: {error}") from error
        self._compiled = compiled
        self._free: queue.SimpleQueue[_Seat] = queue.SimpleQueue()
        for _ in range(streams):
            self._free.put(_seat(compiled, manifest))

    def reading(self, manifest: ModelManifest) -> "OpenVinoDetector":
        """The same loaded network for one thread more, its output read by `manifest`'s thresholds: 70 MB saved."""
        other = object.__new__(OpenVinoDetector)
        other._manifest, other._engine, other._decoder = manifest, self._engine, Decoder(manifest)
        other._compiled, other._free = self._compiled, queue.SimpleQueue()
        other._free.put(_seat(self._compiled, manifest))
        return other

    @property
    def manifest(self) -> ModelManifest:
        return self._manifest

    @property
    def engine(self) -> Engine:
        return self._engine

    def detect(self, frame: NDArray[np.uint8]) -> tuple[Detection, ...]:
        seat = self._free.get()
        try:
            placement = seat.letterbox.place(frame)
            seat.request.infer()
            return self._decoder.decode(seat.request.get_output_tensor().data, placement)
        finally:
            self._free.put(seat)

    def close(self) -> None:
        del self._free, self._compiled


def _seat(compiled: ov.CompiledModel, manifest: ModelManifest) -> _Seat:
    seat = _Seat(Letterbox(manifest.input), compiled.create_infer_request())
    seat.request.set_input_tensor(ov.Tensor(seat.letterbox.tensor, shared_memory=True))
    return seat


def _with_bytes_input(model: ov.Model) -> ov.Model:
    """The same model, fed with (1, height, width, 3) BGR bytes instead of NCHW float32 RGB in 0..1."""
    steps = PrePostProcessor(model)
    tensor = steps.input().tensor()
    tensor.set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC")).set_color_format(ColorFormat.BGR)
    steps.input().model().set_layout(ov.Layout("NCHW"))
    steps.input().preprocess().convert_element_type(ov.Type.f32).convert_color(ColorFormat.RGB).scale(255.0)
    return steps.build()
