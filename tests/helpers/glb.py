"""Reads GLB files by the specification, without the code that writes them."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

_DTYPES = {5120: np.int8, 5121: np.uint8, 5122: np.int16, 5123: np.uint16, 5126: np.float32}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


class Glb:
    """The JSON of a GLB file and the values of its accessors."""

    def __init__(self, data: bytes) -> None:
        magic, version, length, size, kind = struct.unpack_from("<4sIII4s", data)
        assert (magic, version, length, kind) == (b"glTF", 2, len(data), b"JSON")
        self.document: dict[str, Any] = json.loads(data[20 : 20 + size])
        rest, kind = struct.unpack_from("<I4s", data, 20 + size)
        assert (kind, 28 + size + rest) == (b"BIN\0", len(data))
        self._buffer = data[28 + size :]

    def values(self, index: int) -> NDArray[np.float64]:
        """(n, k) values of an accessor; normalized integers as fractions."""
        facts = self.document["accessors"][index]
        dtype, width = np.dtype(_DTYPES[facts["componentType"]]), _WIDTHS[facts["type"]]
        values = np.zeros((facts["count"], width), dtype)
        if "bufferView" in facts:
            values = self._read(facts["bufferView"], facts["count"], dtype, width)
        if sparse := facts.get("sparse"):
            indices = np.dtype(_DTYPES[sparse["indices"]["componentType"]])
            rows = self._read(sparse["indices"]["bufferView"], sparse["count"], indices, 1)[:, 0]
            values[rows] = self._read(sparse["values"]["bufferView"], sparse["count"], dtype, width)
        if facts.get("normalized"):
            return values.astype(np.float64) / np.iinfo(dtype).max
        return values.astype(np.float64)

    def mesh(self, name: str) -> dict[str, Any]:
        """The mesh of that name, which has one primitive."""
        (mesh,) = (mesh for mesh in self.document["meshes"] if mesh["name"] == name)
        assert len(mesh["primitives"]) == 1
        return dict(mesh)

    def positions(self, name: str, **weights: float) -> NDArray[np.float64]:
        """(V, 3) places of the vertices of a mesh with these weights of its morph targets."""
        mesh = self.mesh(name)
        (primitive,) = mesh["primitives"]
        places = self.values(primitive["attributes"]["POSITION"])
        names = mesh.get("extras", {}).get("targetNames", [])
        for target, weight in weights.items():
            if target in names:
                which = primitive["targets"][names.index(target)]
                places = places + weight * self.values(which["POSITION"])
        return places

    def node(self, name: str) -> dict[str, Any]:
        """The node of that name."""
        (node,) = (node for node in self.document["nodes"] if node["name"] == name)
        return dict(node)

    def _read(self, view: int, count: int, dtype: np.dtype[Any], width: int) -> NDArray[Any]:
        facts = self.document["bufferViews"][view]
        step = facts.get("byteStride", dtype.itemsize * width)
        rows = np.frombuffer(self._buffer, np.uint8, facts["byteLength"], facts["byteOffset"])
        rows = rows[: step * count].reshape(count, -1)[:, : dtype.itemsize * width]
        return np.ascontiguousarray(rows).view(dtype).reshape(count, width).copy()
