"""Puts the head together: surfaces, colours, morph targets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.head_model.model import HeadModel, Material, Mesh, vertex_normals
from lipsync.animation.head_model.mouth_parts import PARTS
from lipsync.animation.head_model.textures import jpeg_file, linear_light, opaque
from lipsync.animation.head_model.viseme_targets import viseme_tongues, viseme_units
from tools.head_model.parts import Body, Part
from tools.head_model.skin import SKIN, hair_locks, noise, paint_skin, scalp_amount, unit_square
from tools.head_model.small_textures import paint_eye, paint_teeth

Floats = NDArray[np.float64]

COPYRIGHT = "MakeHuman, CC0 1.0; shaped and painted by lipsync, CC0 1.0"
_QUALITY = 86
_TONGUE_TIP, _TONGUE_BETWEEN_TEETH = np.array([0.0, 0.010, 0.004]), np.array([0.0, 0.008, 0.017])
"""Metres that the tip of the tongue moves at height 1, up and forwards, and those in TH."""
_TEETH_NARROWER, _TEETH_BACK, _UPPER_TEETH_LOWER = 0.76, 0.003, 0.0028
"""MakeHuman's teeth look through the corners of shut lips, and the upper ones do not show below the lip."""


def build_head(body: Body) -> HeadModel:
    """The model."""
    skin_texture = jpeg_file(paint_skin(body), _QUALITY)
    skin = Material("Skin", texture=skin_texture, roughness=0.62)
    eye = Material("Eye", texture=jpeg_file(paint_eye(), _QUALITY), roughness=0.08)
    teeth = Material("Teeth", texture=jpeg_file(paint_teeth(), _QUALITY), roughness=0.25, double_sided=True)
    tongue = Material("Tongue", opaque(np.array((178, 92, 90))), roughness=0.45, double_sided=True)
    lashes = Material("Lashes", opaque(np.array((34, 24, 20))), roughness=0.9, blend=True, double_sided=True)
    shirt = Material("Shirt", opaque(np.array((62, 80, 104))), roughness=0.9, double_sided=True)
    meshes = [
        _mesh(
            body, "Face", body.skin, skin, places=unit_square(body.skin.places, body.skin), keep_all=True, turn=True
        ),
        _neck(body),
        _mesh(body, "Shirt", body.shirt, shirt, shift=body.shirt_shift()),
        _hair(body, skin_texture),
        *(_eye(body, side, eye) for side in ("Left", "Right")),
        _lashes(body, lashes),
        *(_teeth(body, which, teeth) for which in ("Upper", "Lower")),
        _tongue(body, tongue),
    ]
    return HeadModel(body.bones(), tuple(meshes), COPYRIGHT)


def _mesh(
    body: Body,
    name: str,
    part: Part,
    material: Material,
    *,
    places: Floats | None = None,
    shift: Floats | None = None,
    keep_all: bool = False,
    turn: bool = False,
    tongue: bool = False,
    colours: Floats | None = None,
) -> Mesh:
    """A part of the body as a mesh. ``keep_all``: with all targets, not those alone that move it; ``turn``: the
    targets turn the normals."""
    positions = body.vertices[part.rows] + (0 if shift is None else shift)
    normals = body.normals[part.rows].astype(np.float32) if turn else _seamless_normals(positions, part)
    targets = _targets(body, part.rows)
    if tongue:
        front = positions[:, 2]
        tip = np.clip((front - front.min()) / (front.max() - front.min()), 0, 1) ** 2
        for viseme, height in viseme_tongues().items():
            way = _TONGUE_BETWEEN_TEETH if viseme == "viseme_TH" else _TONGUE_TIP
            targets[viseme] = targets[viseme] + tip[:, None] * height * way
    if not keep_all:
        targets = {name: moved for name, moved in targets.items() if np.abs(moved).max() > 1e-4}
    turned = {}
    if turn:
        still = _seamless_normals(positions, part)
        turned = {name: _seamless_normals(positions + moved, part) - still for name, moved in targets.items()}
    joints, weights = body.influences(part.rows)
    return Mesh(
        name,
        material,
        positions.astype(np.float32),
        part.triangles,
        joints,
        weights,
        normals,
        None if places is None else places.astype(np.float32),
        None if colours is None else colours.astype(np.float32),
        {name: moved.astype(np.float32) for name, moved in targets.items()},
        turned,
    )


def _targets(body: Body, rows: NDArray[np.intp]) -> dict[str, Floats]:
    """(V, 3) of all 52 units and 15 visemes for these vertices."""
    units = {name: body.extended(moved)[rows] for name, moved in body.data.units.items()}
    visemes = {}
    for viseme, mixture in viseme_units().items():
        visemes[viseme] = sum((units[name] * weight for name, weight in mixture.items()), np.zeros((len(rows), 3)))
    return units | visemes


def _seamless_normals(positions: Floats, part: Part) -> NDArray[np.float32]:
    """(V, 3) normals that do not show where the texture has a seam."""
    _, same = np.unique(part.rows, return_inverse=True)
    triangles = same[part.triangles]
    merged = np.zeros((same.max() + 1, 3))
    merged[same] = positions
    return vertex_normals(merged, triangles)[same]


def _neck(body: Body) -> Mesh:
    """The skin below the head, without texture: its colour is that of the texture's edge, darker under the chin."""
    place = body.vertices[body.neck.rows]
    colour = linear_light(SKIN + 4 * noise(place, 0.03)[:, None])
    colours = np.column_stack([colour, np.ones(len(colour))])
    material = Material("Neck", roughness=0.62)
    mesh = _mesh(body, "Neck", body.neck, material, colours=colours)
    mesh.normals[:] = body.normals[body.neck.rows]
    return mesh


def _hair(body: Body, texture: bytes) -> Mesh:
    """Short hair: the scalp, lifted off the head and sunk into it at the hairline. It moves with the head alone."""
    place = body.vertices[body.skin.rows]
    amount = scalp_amount(place, body)
    ears = np.linalg.norm(np.abs(place) - _EAR, axis=1) < 0.031
    amount = np.where(ears & (amount < 0.03), -0.02, amount)
    part = body.skin.chosen(amount[body.skin.triangles].max(1) > 0)
    corners = np.column_stack(
        [body.vertices[part.rows], body.normals[part.rows], unit_square(part.places, body.skin)]
    )
    corners, triangles = subdivide(corners, part.triangles)
    place, outwards = corners[:, :3], corners[:, 3:6]
    amount = scalp_amount(place, body)
    lift = -0.003 + 0.021 * np.clip((amount + 0.003) / 0.055, 0, 1) ** 0.8
    lift += 0.0022 * hair_locks(place, body) * np.clip(amount / 0.02, 0, 1)
    place = place + outwards * lift[:, None]
    _, same = np.unique(corners[:, :3].round(6), axis=0, return_inverse=True)
    same = same.ravel()
    merged = np.zeros((same.max() + 1, 3))
    merged[same] = place
    normals = vertex_normals(merged, same[triangles])[same]
    head = [bone.name for bone in body.bones()].index("Head")
    return Mesh(
        "Hair",
        Material("Hair", texture=texture, roughness=0.5, double_sided=True),
        place.astype(np.float32),
        triangles,
        np.tile([head, 0, 0, 0], (len(place), 1)),
        np.tile(np.float32([1, 0, 0, 0]), (len(place), 1)),
        normals,
        corners[:, 6:].astype(np.float32),
    )


def subdivide(corners: Floats, triangles: NDArray[np.intp]) -> tuple[Floats, NDArray[np.intp]]:
    """(V, k) values at vertices and (F, 3) triangles with each edge halved."""
    edges = np.sort(triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    edges, places = np.unique(edges, axis=0, return_inverse=True)
    ab, bc, ca = (places.reshape(-1, 3) + len(corners)).T
    a, b, c = triangles.T
    quarters = np.stack([np.stack(three, 1) for three in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))], 1)
    return np.concatenate([corners, corners[edges].mean(1)]), quarters.reshape(-1, 3)


_TEETH_FRONT = 0.131
"""Metres: the depth of the front teeth."""
_EYE_DISTANCE = 0.0905
"""Metres between the outer corners of the eyes of this body."""
_EAR = np.array([0.072, 1.474, 0.022])
"""Metres: the middle of the left ear."""


def _eye(body: Body, side: str, material: Material) -> Mesh:
    part = body.group(f"{side[0].lower()}-eye")
    place = body.vertices[part.rows]
    middle = (place.min(0) + place.max(0)) / 2
    away = (place - middle) / (np.ptp(place[:, :2], axis=0).max() / 2)
    places = np.stack([0.5 + 0.5 * away[:, 0], 0.5 - 0.5 * away[:, 1]], 1)
    mesh = _mesh(body, f"{side}Eyeball", part, material, places=places)
    bone = [one.name for one in body.bones()].index(f"{side}Eye")
    mesh.joints[:] = [bone, 0, 0, 0]
    mesh.weights[:] = [1, 0, 0, 0]
    return mesh


def _lashes(body: Body, material: Material) -> Mesh:
    part = body.group("l-eyelashes-2", "r-eyelashes-2")  # of the upper lids; no target moves the lower ones
    place = body.vertices[part.rows]
    skin = body.vertices[np.unique(body.skin.rows)]
    gap = np.array([np.linalg.norm(skin - one, axis=1).min() for one in place])
    opacity = np.clip(0.85 - gap / 0.004, 0, 0.85)
    colours = np.column_stack([np.ones((len(place), 3)), opacity])
    return _mesh(body, "Lashes", part, material, colours=colours)


def _tongue(body: Body, material: Material) -> Mesh:
    part = body.group("tongue")
    place = body.vertices[part.rows]
    # thinner and further back than MakeHuman's, which fills the mouth
    shift = np.zeros_like(place)
    shift[:, 1] = (place[:, 1].min() - place[:, 1]) * 0.30
    shift[:, 2] = -0.003
    return _mesh(body, "Tongue", part, material, shift=shift, colours=_in_shade(place), tongue=True)


def _teeth(body: Body, which: str, material: Material) -> Mesh:
    part = body.group(f"{which.lower()}-teeth")
    place = body.vertices[part.rows]
    low, high = place.min(0), place.max(0)
    colours = _in_shade(place)
    depth = (high[2] - low[2]) * 0.9
    around = np.arctan2(place[:, 0], (place[:, 2] - low[2]) / depth * (high[0] - low[0]) / 2 * 1.3 + 1e-6)
    down = (high[1] - place[:, 1]) / (high[1] - low[1])
    places = np.stack([0.5 + around / np.pi, down if which == "Upper" else 1 - down], 1)
    shift = np.zeros_like(place)
    shift[:, 0] = place[:, 0] * (_TEETH_NARROWER - 1)
    shift[:, 1] = -_UPPER_TEETH_LOWER if which == "Upper" else 0.0
    shift[:, 2] = -_TEETH_BACK
    return _mesh(body, f"Teeth{which}", part, material, places=places, colours=colours, shift=shift)


def _in_shade(place: Floats) -> Floats:
    """(V, 4) brightness in the mouth, which falls with the depth behind the front teeth."""
    behind = _TEETH_FRONT - place[:, 2]
    brightness = np.interp(behind, [0.0, 0.010, 0.022, 0.04], [1.0, 0.62, 0.14, 0.06])
    brightness *= np.interp(np.abs(place[:, 0]), [0.012, 0.022], [1.0, 0.12])  # the cheeks' shade
    return np.column_stack([np.repeat(brightness[:, None], 3, 1), np.ones(len(place))])


def mouth_arrays(body: Body, head: HeadModel) -> dict[str, NDArray[np.generic]]:
    """Teeth and tongue as :mod:`lipsync.animation.head_model.mouth_parts` reads them."""
    arrays: dict[str, NDArray[np.generic]] = {}
    for mesh in head.meshes:
        if mesh.name not in PARTS:
            continue
        assert mesh.colours is not None
        arrays |= {
            f"{mesh.name}.points": ((mesh.positions - body.lips_meet()) / _EYE_DISTANCE).astype(np.float32),
            f"{mesh.name}.triangles": mesh.triangles.astype(np.uint16),
            f"{mesh.name}.brightness": mesh.colours[:, 0].astype(np.float32),
            f"{mesh.name}.names": np.array([*mesh.morphs]),
            f"{mesh.name}.targets": (np.array([*mesh.morphs.values()]) / _EYE_DISTANCE)
            .astype(np.float32)
            .reshape(-1, *mesh.positions.shape),
        }
        if mesh.texture_coordinates is not None:
            arrays[f"{mesh.name}.places"] = mesh.texture_coordinates
            arrays["texture"] = np.frombuffer(mesh.material.texture or b"", np.uint8)
    return arrays
