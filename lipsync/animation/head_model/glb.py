"""Writes a :class:`HeadModel` as a GLB file (glTF 2.0, https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html).

Morph targets are sparse accessors of normalized 16-bit integers (KHR_mesh_quantization): steps of 0.03 mm, and only
the vertices that a target moves.
"""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.head_model.model import Bone, Floats, HeadModel, Material, Mesh

_ARRAY, _INDICES = 34962, 34963
"""bufferView.target: ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER."""
_COMPONENTS = {"b": 5120, "B": 5121, "h": 5122, "H": 5123, "f": 5126}
"""accessor.componentType by NumPy's character of the type."""
_TYPES = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}
_SHORT, _BYTE = 32767, 127
"""Integers that stand for 1."""
_LEAST_MOVE = 2
"""Steps of 1/32767 m; a target leaves vertices out that it moves by less."""
_LEAST_TURN = 3
"""Steps of 1/127 by which a target must turn a normal."""
_GENERATOR = "lipsync"


def write_glb(model: HeadModel) -> bytes:
    """The bytes of the GLB file."""
    writer = _Writer()
    bones = len(model.bones)
    nodes = _bone_nodes(model.bones)
    matrices = np.tile(np.eye(4, dtype=np.float32), (bones, 1, 1))
    matrices[:, 3, :3] = [[-x for x in bone.position] for bone in model.bones]  # columns first, as glTF stores them
    skin = {
        "joints": [*range(bones)],
        "inverseBindMatrices": writer.accessor(matrices.reshape(bones, 16)),
        "skeleton": 0,
    }
    materials: list[Material] = []
    meshes: list[dict[str, Any]] = []
    for mesh in model.meshes:
        if mesh.material not in materials:
            materials.append(mesh.material)
        nodes.append({"name": mesh.name, "mesh": len(meshes), "skin": 0})
        meshes.append(_mesh(writer, mesh, materials.index(mesh.material)))
    described = [_material(writer, material) for material in materials]
    used = ["KHR_mesh_quantization", *(["KHR_materials_unlit"] if any(m.unlit for m in materials) else [])]
    asset = {"version": "2.0", "generator": _GENERATOR, **({"copyright": model.copyright} if model.copyright else {})}
    document: dict[str, Any] = {
        "asset": asset,
        "extensionsUsed": used,
        "extensionsRequired": ["KHR_mesh_quantization"],
        "scene": 0,
        "scenes": [{"nodes": [0, *range(bones, len(nodes))]}],
        "nodes": nodes,
        "skins": [skin],
        "meshes": meshes,
        "materials": described,
        **writer.document(),
    }
    return _join(document, bytes(writer.data))


def _join(document: dict[str, Any], data: bytes) -> bytes:
    """The two chunks of a GLB file, section 4.4."""
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    data += b"\0" * (-len(data) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(data), b"BIN\0") + data
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


class _Writer:
    """Collects accessors, views of the buffer, images."""

    def __init__(self) -> None:
        self.data = bytearray()
        self._views: list[dict[str, Any]] = []
        self._accessors: list[dict[str, Any]] = []
        self._images: list[dict[str, Any]] = []
        self._textures: dict[bytes, int] = {}

    def document(self) -> dict[str, Any]:
        """Their part of the file's JSON."""
        images: dict[str, Any] = {}
        if self._images:
            textures = [{"source": index, "sampler": 0} for index in range(len(self._images))]
            sampler = {"magFilter": 9729, "minFilter": 9987, "wrapS": 33071, "wrapT": 33071}
            images = {"images": self._images, "textures": textures, "samplers": [sampler]}
        return {
            "accessors": self._accessors,
            "bufferViews": self._views,
            "buffers": [{"byteLength": len(self.data) + -len(self.data) % 4}],
            **images,
        }

    def accessor(
        self, values: NDArray[Any], *, target: int | None = None, normalized: bool = False, bounds: bool = False
    ) -> int:
        """Add (n, k) values, or (n,); returns the accessor's index. Rows of vertex attributes begin at multiples of
        four bytes."""
        columns = values.reshape(len(values), -1)
        width = columns.shape[1] * columns.itemsize
        step = width + -width % 4 if target == _ARRAY else width
        rows = np.zeros((len(columns), step), np.uint8)
        rows[:, :width] = np.ascontiguousarray(columns).view(np.uint8).reshape(len(columns), width)
        view = self._view(rows.tobytes(), target)
        if step != width:
            self._views[view]["byteStride"] = step
        return self._add(columns, {"bufferView": view}, normalized=normalized, bounds=bounds)

    def sparse(self, values: NDArray[Any], rows: NDArray[np.integer]) -> int:
        """Add (n, 3) normalized integers, of which those outside ``rows`` count as zero; returns the index."""
        more: dict[str, Any] = {}
        used = np.zeros_like(values)
        used[rows] = values[rows]
        if len(rows):
            indices = {"bufferView": self._view(rows.astype(np.uint16).tobytes()), "componentType": _COMPONENTS["H"]}
            stored = {"bufferView": self._view(np.ascontiguousarray(values[rows]).tobytes())}
            more = {"sparse": {"count": len(rows), "indices": indices, "values": stored}}
        return self._add(used, more, normalized=True, bounds=True)

    def texture(self, jpeg: bytes) -> int:
        """Add a picture, once; returns the texture's index."""
        if jpeg not in self._textures:
            self._textures[jpeg] = len(self._images)
            self._images.append({"bufferView": self._view(jpeg), "mimeType": "image/jpeg"})
        return self._textures[jpeg]

    def _add(self, columns: NDArray[Any], more: dict[str, Any], *, normalized: bool, bounds: bool) -> int:
        facts: dict[str, Any] = {
            "componentType": _COMPONENTS[columns.dtype.char],
            "count": len(columns),
            "type": _TYPES[columns.shape[1]],
            **({"normalized": True} if normalized else {}),
            **({"min": columns.min(0).tolist(), "max": columns.max(0).tolist()} if bounds else {}),
        }
        self._accessors.append({**facts, **more})
        return len(self._accessors) - 1

    def _view(self, data: bytes, target: int | None = None) -> int:
        self.data += b"\0" * (-len(self.data) % 4)
        view = {"buffer": 0, "byteOffset": len(self.data), "byteLength": len(data)}
        self._views.append(view if target is None else {**view, "target": target})
        self.data += data
        return len(self._views) - 1


def _bone_nodes(bones: tuple[Bone, ...]) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = []
    for index, bone in enumerate(bones):
        origin = bones[bone.parent].position if bone.parent >= 0 else (0.0, 0.0, 0.0)
        node: dict[str, Any] = {
            "name": bone.name,
            "translation": [round(own - its, 6) for own, its in zip(bone.position, origin, strict=True)],
        }
        if bone.rotation[:3] != (0.0, 0.0, 0.0):
            node["rotation"] = [*bone.rotation]
        if children := [place for place, other in enumerate(bones) if other.parent == index]:
            node["children"] = children
        nodes.append(node)
    return nodes


def _mesh(writer: _Writer, mesh: Mesh, material: int) -> dict[str, Any]:
    attributes = {"POSITION": writer.accessor(mesh.positions.astype(np.float32), target=_ARRAY, bounds=True)}
    if mesh.normals is not None:
        normals = _integers(mesh.normals, _BYTE, np.int8)
        attributes["NORMAL"] = writer.accessor(normals, target=_ARRAY, normalized=True)
    if mesh.texture_coordinates is not None:
        places = _integers(mesh.texture_coordinates.clip(0, 1), 65535, np.uint16)
        attributes["TEXCOORD_0"] = writer.accessor(places, target=_ARRAY, normalized=True)
    if mesh.colours is not None:
        colours = _integers(mesh.colours.clip(0, 1), 65535, np.uint16)
        attributes["COLOR_0"] = writer.accessor(colours, target=_ARRAY, normalized=True)
    weights = _weights(mesh.weights)
    joints = np.where(weights > 0, mesh.joints, 0).astype(np.uint8)
    attributes["JOINTS_0"] = writer.accessor(joints, target=_ARRAY)
    attributes["WEIGHTS_0"] = writer.accessor(weights, target=_ARRAY, normalized=True)
    primitive: dict[str, Any] = {
        "attributes": attributes,
        "indices": writer.accessor(mesh.triangles.astype(np.uint16).reshape(-1), target=_INDICES),
        "material": material,
    }
    if not mesh.morphs:
        return {"name": mesh.name, "primitives": [primitive]}
    primitive["targets"] = [_morph(writer, mesh, name) for name in mesh.morphs]
    named = {"targetNames": [*mesh.morphs]}
    return {"name": mesh.name, "primitives": [primitive], "weights": [0.0] * len(mesh.morphs), "extras": named}


def _morph(writer: _Writer, mesh: Mesh, name: str) -> dict[str, int]:
    moved = _integers(mesh.morphs[name], _SHORT, np.int16)
    rows = np.flatnonzero(np.abs(moved.astype(np.int32)).max(1) >= _LEAST_MOVE)
    target = {"POSITION": writer.sparse(moved, rows)}
    if mesh.morph_normals:
        turned = _integers(mesh.morph_normals[name].clip(-1, 1), _BYTE, np.int8)
        target["NORMAL"] = writer.sparse(
            turned, np.flatnonzero(np.abs(turned.astype(np.int32)).max(1) >= _LEAST_TURN)
        )
    return target


def _weights(weights: Floats) -> NDArray[np.uint8]:
    """(V, 4) integers that sum to 255."""
    whole = np.floor(weights * 255 + 1e-4)
    missing = 255 - whole.sum(1)
    whole[np.arange(len(whole)), whole.argmax(1)] += missing
    return np.asarray(whole, np.uint8)


def _integers(values: NDArray[np.floating], one: int, kind: type[np.integer[Any]]) -> NDArray[Any]:
    return np.round(np.asarray(values, np.float64) * one).astype(kind)


def _material(writer: _Writer, material: Material) -> dict[str, Any]:
    surface: dict[str, Any] = {
        "baseColorFactor": [round(part, 4) for part in material.colour],
        "metallicFactor": 0.0,
        "roughnessFactor": material.roughness,
    }
    if material.texture is not None:
        surface["baseColorTexture"] = {"index": writer.texture(material.texture)}
    return {
        "name": material.name,
        "pbrMetallicRoughness": surface,
        **({"alphaMode": "BLEND"} if material.blend else {}),
        **({"doubleSided": True} if material.double_sided else {}),
        **({"extensions": {"KHR_materials_unlit": {}}} if material.unlit else {}),
    }
