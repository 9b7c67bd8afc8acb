"""The detector on ONNX Runtime: the fallback where OpenVINO has no wheel or refuses the machine."""

import queue
from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from contract.errors import PermanentError
from contract.manifest import Engine, ModelManifest
from edge.detect.decode import Decoder
from edge.detect.letterbox import Letterbox
from edge.values import Detection

_REFUSALS = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NoSuchFile,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)  # they share no base but Exception


class OnnxDetector:
    """One session on the CPU with a fixed number of threads; so many threads as `streams` may call it at once."""

    def __init__(self, model_path: Path, manifest: ModelManifest, threads: int, streams: int = 1) -> None:
        """Loads `model_path`; each stream gets its share of `threads`.

        Raises:
            PermanentError: ONNX Runtime can't read the file.
        """
        self._manifest = manifest
        self._free: queue.SimpleQueue[Letterbox] = queue.SimpleQueue()
        for _ in range(streams):
            self._free.put(Letterbox(manifest.input))
        self._decoder = Decoder(manifest)
        options = ort.SessionOptions()
        options.intra_op_num_threads = max(1, threads // streams)
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # idle threads would burn the core
        try:
            self._session = ort.InferenceSession(str(model_path), options, providers=["CPUExecutionProvider"])
        except _REFUSALS as error:
            raise PermanentError(f"{model_path}: ONNX Runtime can't use this model: {error}") from error
        self._input_name = self._session.get_inputs()[0].name

    @property
    def manifest(self) -> ModelManifest:
        return self._manifest

    @property
    def engine(self) -> Engine:
        return Engine.ONNX_FP32

    def detect(self, frame: NDArray[np.uint8]) -> tuple[Detection, ...]:
        letterbox = self._free.get()
        try:
            placement = letterbox.place(frame)
            blob = cv2.dnn.blobFromImage(letterbox.tensor[0], scalefactor=1 / 255.0, swapRB=True)
        finally:
            self._free.put(letterbox)
        output: NDArray[np.float32] = self._session.run(None, {self._input_name: blob})[0]
        return self._decoder.decode(output, placement)

    def close(self) -> None:
        del self._session
