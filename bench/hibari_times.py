"""The times that hibari's network gives to each phoneme while it speaks: a truth to measure alignment by.

The network does not tell them, but works them out on its way: what it rounds to whole steps is made an output of it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_FRAME = 0.025
"""Seconds of one step of its durations."""
_STEPS = "/Round_output_0"
"""Name of the durations inside of the network's graph."""


def hibari_phonemes(text: str, speed: float = 1.0) -> tuple[NDArray[np.float32], list[tuple[str, float, float]]]:
    """The sound (n,) at 24 kHz of one sentence, and each phoneme with its start and end in seconds."""
    from hibari import dsp  # noqa: PLC0415

    voice, network = _network()
    (phonemes,) = voice.phonemize(text)
    ids = voice.ids(phonemes)
    inputs = {"ids": np.asarray([ids], np.int64), "speed": np.asarray([speed], np.float32)}
    *parts, steps = network.run(None, inputs)
    sound = dsp.synth(*(part[0] for part in parts), np.random.default_rng(0))
    ends = np.cumsum(steps) * _FRAME
    starts = ends - steps * _FRAME
    known = [one for one in phonemes if one in voice.vocab]
    inner = range(1, len(known) + 1)  # a step of silence before and after
    named = [(known[at - 1], float(starts[at]), float(ends[at])) for at in inner]
    return np.asarray(sound, np.float32), named


@cache
def _network() -> tuple[Any, Any]:
    import onnxruntime  # noqa: PLC0415
    from hibari import Hibari  # noqa: PLC0415

    voice = Hibari()
    return voice, onnxruntime.InferenceSession(
        _with_output(Path(voice.model_path).read_bytes(), _STEPS), providers=["CPUExecutionProvider"]
    )


def _with_output(model: bytes, name: str) -> bytes:
    """The ONNX file with one more output of its graph: field 12 of GraphProto, which is field 7 of ModelProto."""
    named = name.encode()
    output = b"\x0a" + _varint(len(named)) + named  # ValueInfoProto.name; its type is worked out
    output += b"\x12\x04\x0a\x02\x08\x01"  # type: a tensor of float
    place = 0
    while place < len(model):
        start = place
        key, place = _read(model, place)
        if key & 7 == 2:
            size, place = _read(model, place)
            if key >> 3 == 7:
                graph = model[place : place + size] + b"\x62" + _varint(len(output)) + output
                return model[:start] + b"\x3a" + _varint(len(graph)) + graph + model[place + size :]
            place += size
        else:
            _, place = _read(model, place)
    raise ValueError("no graph in this model")


def _varint(value: int) -> bytes:
    coded = bytearray()
    while value > 127:
        coded.append(value & 127 | 128)
        value >>= 7
    return bytes([*coded, value])


def _read(data: bytes, place: int) -> tuple[int, int]:
    """The number at ``place``, and the place after it."""
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 127) << shift
        place += 1
        if byte < 128:
            return value, place
        shift += 7
