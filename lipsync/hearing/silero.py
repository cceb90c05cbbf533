"""Silero VAD v6: a recurrent network that says whether a voice is in each 32 ms of sound.

The network is an asset of the package faster-whisper (1.2 MB, MIT); onnxruntime runs it in one thread. A window takes
0.23 ms on a core of an EPYC 7xx3, so an open microphone costs 0.7 % of a core. Median seconds from the first voiced
sample until 6 of 8 windows are above 0.6: 0.22, and from the last one until 6 windows in a row are quiet: 0.23.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lipsync.hearing.errors import HearingError
from lipsync.hearing.types import WINDOW
from lipsync.runtime.installation import command_to_add

_CONTEXT = 64
"""Samples before a window that the network sees with it."""
_STATE_SHAPE = (1, 1, 128)
"""Shape of each of the two states of the LSTM."""
_MAX_BATCH = 4096
"""Maximum windows in one run of the network: 131 s, 9 MB."""
_ASSET = Path("assets") / "silero_vad_v6.onnx"


class SileroDetector:
    """A VoiceActivityDetector for one stream of sound. Raises HearingError where its packages are missing.

    Not thread-safe; the network is loaded once for all streams.
    """

    def __init__(self) -> None:
        self._session = _session()
        self.reset()

    def reset(self) -> None:
        """Forget what was heard: the next sample is the first one of a new stream."""
        self._states = (np.zeros(_STATE_SHAPE, np.float32), np.zeros(_STATE_SHAPE, np.float32))
        self._context = np.zeros(_CONTEXT, np.float32)
        self._rest = np.zeros(0, np.float32)

    def probabilities(self, samples: NDArray[np.float32]) -> Iterator[float]:
        """The probability of a voice, 0 to 1, of each further window of WINDOW samples that is complete now.

        ``samples``: the next (n,) float32 mono samples in [-1, 1], RATE a second; the rest waits for the next call.
        All of them are consumed by the call, however many probabilities are read.
        """
        sound = np.concatenate([self._rest, np.asarray(samples, np.float32)])
        count = len(sound) // WINDOW
        self._rest = sound[count * WINDOW :].copy()
        found: list[float] = []
        for start in range(0, count, _MAX_BATCH):
            windows = sound[start * WINDOW : min(count, start + _MAX_BATCH) * WINDOW].reshape(-1, WINDOW)
            found += self._run(windows)
        return iter(found)

    def _run(self, windows: NDArray[np.float32]) -> list[float]:
        """The probabilities of (k, WINDOW) consecutive windows."""
        contexts = np.concatenate([self._context[None], windows[:-1, -_CONTEXT:]])
        h, c = self._states
        probabilities, h, c = self._session.run(None, {"input": np.hstack([contexts, windows]), "h": h, "c": c})
        self._states = (h, c)
        self._context = windows[-1, -_CONTEXT:].copy()
        return [float(probability) for probability in probabilities.reshape(-1)]


def is_installed() -> bool:
    """Whether the packages that the detector needs are installed."""
    return all(importlib.util.find_spec(name) is not None for name in ("faster_whisper", "onnxruntime"))


@cache
def _session() -> Any:
    """The network, loaded once. Its ``run`` may be called by several threads."""
    spec = importlib.util.find_spec("faster_whisper")
    if spec is None or spec.origin is None or not is_installed():
        raise HearingError("hearing_not_installed", remedy=command_to_add("conversation"))
    import onnxruntime  # noqa: PLC0415 - an extra

    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = options.intra_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    path = Path(spec.origin).parent / _ASSET
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
