"""Builds ONNX models in memory from arrays: only the operators and the fields that convolutional networks need.

The message numbers are those of onnx.proto3 (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3). Written by
hand because OpenCV reads ONNX but builds no network from arrays, and the package ``onnx`` is needed for nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_IR_VERSION, _OPSET = 8, 13
_FLOAT = 1
"""TensorProto.DataType.FLOAT."""
_ATTRIBUTE_FLOAT, _ATTRIBUTE_INT, _ATTRIBUTE_STRING, _ATTRIBUTE_INTS = 1, 2, 3, 7
"""AttributeProto.AttributeType."""
_VARINT, _LENGTH_DELIMITED, _FIXED32 = 0, 2, 5
"""Wire types of Protocol Buffers."""

Attribute = float | int | str | Sequence[int]


class OnnxGraph:
    """A graph that grows node by node. Every method that adds a node returns the name of its output."""

    def __init__(self, input_name: str = "input") -> None:
        self._nodes: list[bytes] = []
        self._tensors: list[bytes] = []
        self._input = input_name

    def add_tensor(self, values: NDArray[np.float32]) -> str:
        """Add a constant, float32 of any shape, and return its name."""
        name = f"tensor{len(self._tensors)}"
        dims = b"".join(_integer(1, side) for side in values.shape)
        data = _bytes(9, np.ascontiguousarray(values, "<f4").tobytes())
        self._tensors.append(dims + _integer(2, _FLOAT) + _bytes(8, name.encode()) + data)
        return name

    def add_node(self, operator: str, inputs: Sequence[str], **attributes: Attribute) -> str:
        """Add a node of the ONNX operator ``operator``; an empty input name leaves an optional input out."""
        output = f"node{len(self._nodes)}"
        node = b"".join(_bytes(1, name.encode()) for name in inputs)
        node += _bytes(2, output.encode()) + _bytes(3, output.encode()) + _bytes(4, operator.encode())
        node += b"".join(_bytes(5, _attribute(name, value)) for name, value in attributes.items())
        self._nodes.append(node)
        return output

    def serialize(self, input_shape: Sequence[int], output: str, output_shape: Sequence[int]) -> bytes:
        """Return the ModelProto whose only input has ``input_shape`` and whose only output is ``output``."""
        graph = [_bytes(1, node) for node in self._nodes]
        graph.append(_bytes(2, b"network"))
        for tensor in self._tensors:  # their bytes are copied once, in the end
            graph += (_length(5, len(tensor)), tensor)
        graph.append(_bytes(11, _value_info(self._input, input_shape)))
        graph.append(_bytes(12, _value_info(output, output_shape)))
        begin = _integer(1, _IR_VERSION) + _bytes(8, _bytes(1, b"") + _integer(2, _OPSET))
        return b"".join((begin, _length(7, sum(map(len, graph))), *graph))


def _value_info(name: str, shape: Sequence[int]) -> bytes:
    dims = b"".join(_bytes(1, _integer(1, side)) for side in shape)
    tensor = _integer(1, _FLOAT) + _bytes(2, dims)
    return _bytes(1, name.encode()) + _bytes(2, _bytes(1, tensor))


def _attribute(name: str, value: Attribute) -> bytes:
    field = _bytes(1, name.encode())
    if isinstance(value, float):
        number = _tag(2, _FIXED32) + np.array(value, "<f4").tobytes()
        return field + number + _integer(20, _ATTRIBUTE_FLOAT)
    if isinstance(value, int):
        return field + _integer(3, value) + _integer(20, _ATTRIBUTE_INT)
    if isinstance(value, str):
        return field + _bytes(4, value.encode()) + _integer(20, _ATTRIBUTE_STRING)
    return field + b"".join(_integer(8, number) for number in value) + _integer(20, _ATTRIBUTE_INTS)


def _tag(field: int, wire_type: int) -> bytes:
    return _varint(field << 3 | wire_type)


def _integer(field: int, value: int) -> bytes:
    return _tag(field, _VARINT) + _varint(value)


def _bytes(field: int, content: bytes) -> bytes:
    return _length(field, len(content)) + content


def _length(field: int, length: int) -> bytes:
    """What stands before ``length`` bytes of a field."""
    return _tag(field, _LENGTH_DELIMITED) + _varint(length)


def _varint(value: int) -> bytes:
    """A number of at least 0 in seven-bit groups, least significant first."""
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)
