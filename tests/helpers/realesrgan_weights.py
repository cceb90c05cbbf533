"""Weights of a tiny Real-ESRGAN in ncnn's layout."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from lipsync.face.real_esrgan import Layer, NetworkShape

TINY = NetworkShape(blocks=1, features=4, growth=2)

MakeLayer = Callable[[int, int], Layer]
"""Makes a convolution from its number of output and input channels."""


def write_weights(path: Path, make_layer: MakeLayer, shape: NetworkShape = TINY) -> list[Layer]:
    """Write the file; return its convolutions."""
    layers = [make_layer(*channels) for channels in shape.convolutions()]
    content = b""
    for kernels, biases in layers:
        values = kernels.astype("<f2").tobytes()
        content += (0x01306B47).to_bytes(4, "little") + values + bytes(-len(values) % 4)
        content += biases.astype("<f4").tobytes()
    path.write_bytes(content)
    return layers


def random_layer(generator: np.random.Generator) -> MakeLayer:
    """Convolutions of random numbers."""

    def make(out: int, into: int) -> Layer:
        kernels = (generator.normal(size=(out, into, 3, 3)) * 0.2).astype(np.float16)
        return kernels, (generator.normal(size=out) * 0.1).astype(np.float32)

    return make


def identity_layer(out: int, into: int) -> Layer:
    """Convolutions between the blocks pass each channel on, those of the dense blocks give 0.

    The residuals around the block and around all blocks give 2.2 times the picture; the last convolution
    divides by that.
    """
    kernels = np.zeros((out, into, 3, 3), np.float16)
    if {out, into} <= {3, TINY.features}:
        kernels[range(min(out, into)), range(min(out, into)), 1, 1] = 1 / 2.2 if out == 3 else 1
    return kernels, np.zeros(out, np.float32)


def write_nearest(path: Path) -> Path:
    """Write weights with which the network repeats each pixel, and return the path."""
    write_weights(path, identity_layer)
    return path
