"""Real-ESRGAN x4plus: restores the detail of a small picture and enlarges it four times, on the CPU, by OpenCV.

Wang et al. 2021, "Real-ESRGAN: Training Real-World Blind Super-Resolution with Pure Synthetic Data"; the network is
RRDBNet of Wang et al. 2018, "ESRGAN". The weights are ncnn's: a 32-bit mark, float16 kernels and float32 biases of
each convolution, in the order of the network. 0.42 ms for each pixel of the picture on one core with AVX-512.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.runtime.memory import release_memory
from lipsync.runtime.progress import beat
from lipsync.storage.errors import StorageError
from lipsync.weights.errors import WeightsError
from lipsync.weights.onnx_graph import OnnxGraph

SCALE = 4
"""Factor by which the network enlarges."""
MAX_TILE = 128
"""Longest side of the part that the network sees at once, without its overlap, in pixels: bounds the memory."""
OVERLAP = 8
"""Pixels on each side of a tile that the network sees and that are cut off."""

_FLOAT16_MARK = (0x01306B47).to_bytes(4, "little")
"""Begins the kernels of a convolution that ncnn has stored as float16."""
_RESIDUAL_SCALE = 0.2
_NEGATIVE_SLOPE = 0.2
"""Slope of LeakyReLU below zero."""


@dataclass(frozen=True)
class NetworkShape:
    """Size of an RRDBNet."""

    blocks: int
    """Number of residual-in-residual blocks, each of three dense blocks."""
    features: int
    """Channels between the blocks."""
    growth: int
    """Channels that each convolution of a dense block adds."""

    def convolutions(self) -> Iterator[tuple[int, int]]:
        """Channels out and in of each 3x3 convolution, in the order of the file."""
        yield self.features, 3
        for _ in range(3 * self.blocks):
            for step in range(4):
                yield self.growth, self.features + step * self.growth
            yield self.features, self.features + 4 * self.growth
        for _ in range(4):
            yield self.features, self.features
        yield 3, self.features


X4PLUS = NetworkShape(blocks=23, features=64, growth=32)
"""RealESRGAN_x4plus."""

Layer = tuple[NDArray[np.float16], NDArray[np.float32]]
"""Kernels (out, in, 3, 3) and biases (out,) of a convolution."""


class RealEsrgan:
    """Enlarges pictures by the weights of a file. Safe for many threads, which take turns.

    The weights stay in the file between two pictures: the network takes up to 400 MB, while it runs.
    """

    def __init__(self, path: Path, shape: NetworkShape = X4PLUS) -> None:
        """Check the file. Raises WeightsError realesrgan_unusable, StorageError."""
        self._path, self._shape = path, shape
        self._turn = Lock()
        read_layers(path, shape)

    def enlarge(self, picture: NDArray[np.uint8], x0: int, y0: int, x1: int, y1: int) -> NDArray[np.uint8]:
        """The part from ``x0``, ``y0`` to ``x1``, ``y1`` of a picture (H, W, 3) RGB, four times as large.

        Around the part the network sees the rest of the picture. Between two tiles the heartbeat of the context is
        called (:mod:`lipsync.runtime.progress`). Raises what the constructor raises, if the file has changed.
        """
        with self._turn:
            try:
                return self._enlarge_tiles(picture, x0, y0, x1, y1)
            finally:
                release_memory()

    def _enlarge_tiles(self, picture: NDArray[np.uint8], x0: int, y0: int, x1: int, y1: int) -> NDArray[np.uint8]:
        rows, columns = math.ceil((y1 - y0) / MAX_TILE), math.ceil((x1 - x0) / MAX_TILE)
        height, width = math.ceil((y1 - y0) / rows), math.ceil((x1 - x0) / columns)
        border = OVERLAP + MAX_TILE  # the last tiles may reach beyond the part
        padded = cv2.copyMakeBorder(picture, border, border, border, border, cv2.BORDER_REPLICATE)
        enlarged = np.empty((rows * height * SCALE, columns * width * SCALE, 3), np.uint8)
        seen_height, seen_width = height + 2 * OVERLAP, width + 2 * OVERLAP
        network = build_network(read_layers(self._path, self._shape), self._shape, seen_height, seen_width)
        for top in range(0, rows * height, height):
            for left in range(0, columns * width, width):
                beat()
                y, x = border + y0 + top - OVERLAP, border + x0 + left - OVERLAP
                place = enlarged[top * SCALE : (top + height) * SCALE, left * SCALE : (left + width) * SCALE]
                place[:] = _run(network, padded[y : y + seen_height, x : x + seen_width])
        return enlarged[: (y1 - y0) * SCALE, : (x1 - x0) * SCALE]


def read_layers(path: Path, shape: NetworkShape = X4PLUS) -> list[Layer]:
    """The convolutions in a file of ncnn's weights, in order.

    Raises WeightsError realesrgan_unusable for a file of another network, StorageError.
    """
    expected = sum(_layer_bytes(*channels) for channels in shape.convolutions())
    try:
        is_of_size = path.stat().st_size == expected
        content = path.read_bytes() if is_of_size else b""
    except OSError as error:
        raise StorageError("cannot_read", place=path, reason=error.strerror) from error
    layers: list[Layer] = []
    offset = 0
    for out, into in shape.convolutions():
        if content[offset : offset + 4] != _FLOAT16_MARK:
            raise WeightsError("realesrgan_unusable", file=path)
        kernels = np.frombuffer(content, "<f2", out * into * 9, offset + 4).reshape(out, into, 3, 3)
        end = offset + _layer_bytes(out, into)
        layers.append((kernels, np.frombuffer(content, "<f4", out, end - 4 * out)))
        offset = end
    return layers


def _layer_bytes(out: int, into: int) -> int:
    """Size of a convolution in the file: mark, kernels padded to a multiple of four bytes, biases."""
    return 4 + (2 * out * into * 9 + 3) // 4 * 4 + 4 * out


def build_network(layers: list[Layer], shape: NetworkShape, height: int, width: int) -> cv2.dnn.Net:
    """The network for pictures of ``height`` x ``width`` pixels."""
    return cv2.dnn.readNetFromONNX(np.frombuffer(_onnx_model(layers, shape, height, width), np.uint8))


def _onnx_model(layers: list[Layer], shape: NetworkShape, height: int, width: int) -> bytes:
    """The network as a serialized ONNX model."""
    graph = OnnxGraph()
    remaining = iter(layers)

    def convolve(source: str, *, is_activated: bool = True) -> str:
        kernels, biases = next(remaining)
        inputs = [source, graph.add_tensor(kernels.astype(np.float32)), graph.add_tensor(biases)]
        output = graph.add_node("Conv", inputs, kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[1, 1])
        return graph.add_node("LeakyRelu", [output], alpha=_NEGATIVE_SLOPE) if is_activated else output

    residual_scale = graph.add_tensor(np.array([_RESIDUAL_SCALE], np.float32))
    double = graph.add_tensor(np.array([1, 1, 2, 2], np.float32))

    def add_residual(source: str, residual: str) -> str:
        return graph.add_node("Add", [source, graph.add_node("Mul", [residual, residual_scale])])

    def double_size(source: str) -> str:
        nearest = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        return graph.add_node("Resize", [source, "", double], **nearest)

    first = features = convolve("input", is_activated=False)
    for _ in range(shape.blocks):
        before = features
        for _ in range(3):
            dense = [features]
            for _ in range(4):
                dense.append(convolve(graph.add_node("Concat", dense, axis=1) if dense[1:] else features))
            last = convolve(graph.add_node("Concat", dense, axis=1), is_activated=False)
            features = add_residual(features, last)
        features = add_residual(before, features)
    features = graph.add_node("Add", [first, convolve(features, is_activated=False)])
    features = convolve(double_size(features))
    features = convolve(double_size(features))
    output = convolve(convolve(features), is_activated=False)
    return graph.serialize((1, 3, height, width), output, (1, 3, SCALE * height, SCALE * width))


def _run(network: cv2.dnn.Net, tile: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The enlarged tile without its overlap."""
    network.setInput(np.ascontiguousarray(tile.transpose(2, 0, 1)[None], np.float32) / 255)
    output = network.forward()[0].transpose(1, 2, 0)
    cut = OVERLAP * SCALE
    inner = output[cut:-cut, cut:-cut] * 255 + 0.5
    enlarged: NDArray[np.uint8] = np.clip(np.nan_to_num(inner), 0, 255).astype(np.uint8)
    return enlarged
