"""The inside of a portrait's mouth: teeth, tongue, and the dark around them."""

from __future__ import annotations

import numpy as np

from lipsync.animation.head_model.model import Material, Mesh
from lipsync.animation.head_model.model_space import ModelSpace, bound_to
from lipsync.animation.head_model.mouth_parts import PARTS, load_mouth_parts, teeth_texture
from lipsync.animation.head_model.portrait_face import PortraitFace
from lipsync.animation.head_model.textures import opaque
from lipsync.animation.puppet.palette import Palette
from lipsync.face.pose import HeadFit
from lipsync.face.topology import LOWER_LIP, UPPER_LIP
from lipsync.face.types import Portrait

_CAVITY_RINGS = ((0.03, 0.13, 0.03, 0.20), (0.04, 0.20, 0.10, 0.42))
"""How far the inside of the mouth goes beyond the lips: sideways, up, down, and behind them, in eye distances."""
_CAVITY_BRIGHTNESS = (0.6, 0.3)
_TEETH_TEXTURE = 0.86
"""Brightness of the teeth in their texture."""


def portrait_mouth(portrait: Portrait, face: PortraitFace, palette: Palette, space: ModelSpace) -> tuple[Mesh, ...]:
    """Teeth, tongue and the dark behind them, in the colours of the puppet's mouth."""
    head = portrait.head
    middle = (face.rest[UPPER_LIP[3][5]] + face.rest[LOWER_LIP[3][5]]) / 2
    texture = teeth_texture()
    meshes = []
    for name in PARTS:
        part = load_mouth_parts()[name]
        colour = palette.tongue if name == "Tongue" else palette.tooth
        brightness = np.repeat(part.brightness[:, None], 3, 1)
        material = Material(
            name,
            opaque(colour / (1.0 if name == "Tongue" else _TEETH_TEXTURE)),
            texture=None if part.texture_coordinates is None else texture,
            unlit=True,
            double_sided=True,
        )
        meshes.append(
            Mesh(
                name,
                material,
                space.place(middle + head.turn(part.points)).astype(np.float32),
                part.triangles,
                *bound_to("Head", len(part.points)),
                texture_coordinates=part.texture_coordinates,
                colours=np.column_stack([brightness, np.ones(len(brightness))]).astype(np.float32),
                morphs={
                    target: space.turn(head.turn(moved)).astype(np.float32) for target, moved in part.targets.items()
                },
            )
        )
    return (*meshes, _cavity(face, palette, head, space))


def _cavity(face: PortraitFace, palette: Palette, head: HeadFit, space: ModelSpace) -> Mesh:
    """The dark inside of the mouth: a bag that hangs on the inner edge of the lips and goes with them."""
    loop = list(face.lip_loop)
    count = len(loop)
    angle = np.pi - np.linspace(0, 2 * np.pi, count, endpoint=False)
    rings = [face.rest[loop]]
    for across, up, down, back in _CAVITY_RINGS:
        sine = np.sin(angle)
        shift = np.stack([across * np.cos(angle), np.where(sine > 0, up, down) * sine, np.full(count, -back)], 1)
        rings.append(face.rest[loop] + head.turn(shift))
    points = np.concatenate([*rings, rings[-1].mean(0, keepdims=True)])
    first, following = np.arange(count), np.roll(np.arange(count), -1)
    quads = []
    for ring in range(len(rings) - 1):
        near, far = ring * count, (ring + 1) * count
        quads += [
            np.stack([near + first, near + following, far + first], 1),
            np.stack([near + following, far + following, far + first], 1),
        ]
    last = (len(rings) - 1) * count
    quads.append(np.stack([last + first, last + following, np.full(count, len(points) - 1)], 1))
    brightness = np.repeat([1.0, *_CAVITY_BRIGHTNESS], count)
    brightness = np.append(brightness, _CAVITY_BRIGHTNESS[-1])
    targets = {}
    for name, moved in face.targets.items():
        around = moved[loop]
        targets[name] = space.turn(np.concatenate([*[around] * len(rings), around.mean(0, keepdims=True)]))
    return Mesh(
        "Cavity",
        Material("Cavity", opaque(palette.cavity), unlit=True, double_sided=True),
        space.place(points).astype(np.float32),
        np.concatenate(quads),
        *bound_to("Head", len(points)),
        colours=np.column_stack([np.repeat(brightness[:, None], 3, 1), np.ones(len(points))]).astype(np.float32),
        morphs={name: moved.astype(np.float32) for name, moved in targets.items() if np.abs(moved).max() > 1e-4},
    )
