"""A portrait as a 3D head: its face and its outline as a relief with the picture as texture, that moves as the puppet
does."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.head_model.model import Bone, HeadModel, Material, Mesh
from lipsync.animation.head_model.mouth_parts import PARTS, load_mouth_parts, teeth_texture
from lipsync.animation.head_model.portrait_crop import Crop, crop_portrait
from lipsync.animation.head_model.portrait_eyes import RADIUS, PortraitEye, portrait_eye
from lipsync.animation.head_model.portrait_face import PortraitFace, portrait_face
from lipsync.animation.head_model.portrait_lids import PortraitLid, portrait_lid
from lipsync.animation.head_model.relief import Relief, build_relief
from lipsync.animation.head_model.skeleton import BONES, NAMES
from lipsync.animation.puppet.curves import smoothstep
from lipsync.animation.puppet.palette import Palette
from lipsync.animation.puppet.rig import Rig
from lipsync.face.pose import HeadFit
from lipsync.face.topology import CHIN, EYE_CORNERS, FACE_OVAL, LOWER_LIP, UPPER_LIP
from lipsync.face.types import Portrait
from lipsync.face.upright import quarters_to_upright, turn_portrait

Floats = NDArray[np.float64]

EYE_DISTANCE = 0.09
"""Metres between the outer corners of the eyes: every portrait is as large as a grown person."""
_EYES = np.array([0.0, 1.486, 0.11])
"""Metres: the middle of the eyes, where the head that the package ships has it."""
_CARRY, _CARRY_SPREAD = 0.8, 0.3
"""Eye distances around the face that go along with its outline, and within which its places are averaged."""
_CAVITY_RINGS = ((0.04, 0.20, 0.10, 0.20), (0.05, 0.22, 0.14, 0.42))
"""How far the inside of the mouth goes beyond the lips: sideways, up, down, and behind them, in eye distances."""
_CAVITY_BRIGHTNESS = (0.6, 0.3)
_TEETH_TEXTURE = 0.86
"""Brightness of the teeth in their texture."""
_QUALITY, _EYE_QUALITY = 88, 92
_OPAQUE = 0.999


def portrait_model(portrait: Portrait, rig: Rig) -> HeadModel:
    """The model of a prepared portrait; ``rig`` is that of the portrait turned upright.

    Raises LipsyncError missing_part when the network that finds the person is not there.
    """
    portrait = turn_portrait(portrait, quarters_to_upright(portrait))
    blinks = bool(rig.eyelids and rig.gaze)
    face = portrait_face(portrait, rig.motion, blinks=blinks)
    crop = crop_portrait(portrait)
    lids = [
        portrait_lid(face, lid, side, portrait.head.scale) for side, lid in enumerate(rig.eyelids if blinks else ())
    ]
    face = _in_crop(face, crop)
    unit = crop.portrait.head.scale
    relief = build_relief(crop.portrait, np.column_stack([face.seen, face.rest[:, 2]])[list(FACE_OVAL)])
    eyes = []
    if blinks:
        for side, gaze in enumerate(rig.gaze):
            iris = crop.place(gaze.iris), gaze.iris_radius * crop.scale
            eyes.append(portrait_eye(crop.portrait.picture, face.rest, unit, iris, side))
    space = _Space(face, eyes, unit)
    return HeadModel(
        _bones(space, eyes),
        (
            *_surfaces(crop.portrait, face, relief, space),
            *(_eye_mesh(eye, side, space) for side, eye in zip(("Right", "Left"), eyes, strict=False)),
            *(_lid_mesh(lid, side, crop, space) for side, lid in zip(("Right", "Left"), lids, strict=False)),
            *_mouth(crop.portrait, face, rig.interior.palette, space),
        ),
    )


class _Space:
    """From pixels of the crop, x right, y down, z away from the viewer, to metres of the model."""

    def __init__(self, face: PortraitFace, eyes: list[PortraitEye], unit: float) -> None:
        self._scale = EYE_DISTANCE / unit
        between = face.rest[list(EYE_CORNERS)].mean(0) + np.array([0.0, 0.0, RADIUS * unit])
        self._middle = np.mean([eye.center for eye in eyes], axis=0) if eyes else between

    def place(self, points: NDArray[np.floating]) -> Floats:
        """Places (..., 3)."""
        return np.asarray(self.turn(points - self._middle) + _EYES)

    def turn(self, displacements: NDArray[np.floating]) -> Floats:
        """Displacements (..., 3)."""
        return np.asarray(displacements * np.array([1.0, -1.0, -1.0]) * self._scale)


def _in_crop(face: PortraitFace, crop: Crop) -> PortraitFace:
    targets = {name: moved * crop.scale for name, moved in face.targets.items()}
    return replace(face, seen=crop.place(face.seen), rest=crop.place(face.rest), targets=targets)


def _bones(space: _Space, eyes: list[PortraitEye]) -> tuple[Bone, ...]:
    if not eyes:
        return BONES
    at = {
        f"{side}Eye": _rounded(space.place(np.array(eye.center)))
        for side, eye in zip(("Right", "Left"), eyes, strict=True)
    }
    return tuple(replace(bone, position=at.get(bone.name, bone.position)) for bone in BONES)


def _rounded(place: Floats) -> tuple[float, float, float]:
    x, y, z = (round(float(part), 6) for part in place)
    return x, y, z


def _surfaces(portrait: Portrait, face: PortraitFace, relief: Relief, space: _Space) -> tuple[Mesh, ...]:
    """Face and relief as one surface, of which the part that fades out is another mesh."""
    count = len(face.rest)
    height, width = portrait.picture.shape[:2]
    oval = list(FACE_OVAL)
    shares = _carried(relief.points, face, oval, portrait.head.scale)
    shut = np.column_stack([face.rest[:, :2] - face.seen, np.zeros(count)])
    points = np.concatenate([face.rest, relief.points + shares @ shut[oval]])
    seen = np.concatenate([face.seen, relief.points[:, :2]])
    opacity = np.concatenate([np.ones(count), relief.opacity])
    rows = np.concatenate([oval, count + np.arange(len(relief.points))])
    triangles = np.concatenate([face.triangles, rows[relief.triangles]])[:, [0, 2, 1]]  # counterclockwise
    places = (seen + 0.5) / [width, height]
    targets = {
        name: space.turn(np.concatenate([moved, shares @ moved[oval]])) for name, moved in face.targets.items()
    }
    positions = space.place(points)
    joints, weights = _influences(positions, float(space.place(face.rest[CHIN])[1]), count)
    texture = _jpeg(portrait.picture, _QUALITY)
    solid = (opacity[triangles] > _OPAQUE).all(1)
    whole = Mesh(
        "Face",
        Material("Portrait", texture=texture, unlit=True),
        positions.astype(np.float32),
        triangles,
        joints,
        weights.astype(np.float32),
        texture_coordinates=places.astype(np.float32),
        colours=np.column_stack([np.ones((len(opacity), 3)), opacity]).astype(np.float32),
        morphs={name: moved.astype(np.float32) for name, moved in targets.items()},
    )
    fading = Material("Outline", texture=texture, unlit=True, double_sided=True, blend=True)
    return (
        replace(_part(whole, solid), colours=None),
        replace(_part(whole, ~solid), name="Outline", material=fading),
    )


def _part(mesh: Mesh, keep: NDArray[np.bool_]) -> Mesh:
    """The triangles ``keep`` (F,) of a mesh, with their vertices alone."""
    used, triangles = np.unique(mesh.triangles[keep], return_inverse=True)
    assert mesh.texture_coordinates is not None
    assert mesh.colours is not None
    return replace(
        mesh,
        positions=mesh.positions[used],
        triangles=triangles.reshape(-1, 3),
        joints=mesh.joints[used],
        weights=mesh.weights[used],
        texture_coordinates=mesh.texture_coordinates[used],
        colours=mesh.colours[used],
        morphs={name: moved[used] for name, moved in mesh.morphs.items()},
    )


def _carried(points: Floats, face: PortraitFace, oval: list[int], unit: float) -> Floats:
    """(n, 36) share of the displacement of each place of the face's outline in that of the relief's points."""
    away = np.linalg.norm(points[:, None, :2] - face.seen[oval], axis=2) / unit
    nearest = away.min(1, keepdims=True)
    weights = np.exp(-((away**2 - nearest**2) / _CARRY_SPREAD**2))
    return np.asarray(weights / weights.sum(1, keepdims=True) * (1 - smoothstep(nearest, 0.0, _CARRY)))


def _influences(positions: Floats, chin: float, face: int) -> tuple[NDArray[np.intp], Floats]:
    """(V, 4) bones and weights: the face is the head's, below the chin come neck, chest and shoulders."""
    aside = np.abs(positions[:, 0])
    height = positions[:, 1] - chin - 0.6 * np.maximum(aside - 0.09, 0)
    head, neck = smoothstep(height, -0.055, -0.005), smoothstep(height, -0.12, -0.05)
    head[:face] = neck[:face] = 1.0
    shoulder = smoothstep(aside, 0.06, 0.16) * (1 - neck)
    left = positions[:, 0] > 0
    joints = np.tile([NAMES.index(name) for name in ("Head", "Neck", "Spine2", "LeftShoulder")], (len(positions), 1))
    joints[~left, 3] = NAMES.index("RightShoulder")
    return joints, np.stack([head, neck * (1 - head), 1 - neck - shoulder, shoulder], 1)


def _eye_mesh(eye: PortraitEye, side: str, space: _Space) -> Mesh:
    return Mesh(
        f"{side}Eyeball",
        Material(f"{side}Eye", texture=_jpeg(eye.texture, _EYE_QUALITY), unlit=True),
        space.place(eye.points).astype(np.float32),
        eye.triangles[:, [0, 2, 1]],
        *_bound_to(f"{side}Eye", len(eye.points)),
        texture_coordinates=eye.texture_coordinates.astype(np.float32),
        morphs={name: space.turn(moved).astype(np.float32) for name, moved in eye.targets.items()},
    )


def _lid_mesh(lid: PortraitLid, side: str, crop: Crop, space: _Space) -> Mesh:
    morphs = {name: space.turn(moved * crop.scale).astype(np.float32) for name, moved in lid.targets.items()}
    return Mesh(
        f"{side}Eyelid",
        Material(f"{side}Lid", texture=_jpeg(lid.texture, _EYE_QUALITY), unlit=True, blend=True),
        space.place(crop.place(lid.points)).astype(np.float32),
        lid.triangles[:, [0, 2, 1]],
        *_bound_to("Head", len(lid.points)),
        texture_coordinates=lid.texture_coordinates.astype(np.float32),
        colours=np.column_stack([np.ones((len(lid.points), 3)), lid.opacity]).astype(np.float32),
        morphs={name: moved for name, moved in morphs.items() if np.abs(moved).max() > 1e-4},
    )


def _mouth(portrait: Portrait, face: PortraitFace, palette: Palette, space: _Space) -> tuple[Mesh, ...]:
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
            (*_linear(colour / (1.0 if name == "Tongue" else _TEETH_TEXTURE)), 1.0),
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
                *_bound_to("Head", len(part.points)),
                texture_coordinates=part.texture_coordinates,
                colours=np.column_stack([brightness, np.ones(len(brightness))]).astype(np.float32),
                morphs={
                    target: space.turn(head.turn(moved)).astype(np.float32) for target, moved in part.targets.items()
                },
            )
        )
    return (*meshes, _cavity(face, palette, head, space))


def _cavity(face: PortraitFace, palette: Palette, head: HeadFit, space: _Space) -> Mesh:
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
        Material("Cavity", (*_linear(palette.cavity), 1.0), unlit=True, double_sided=True),
        space.place(points).astype(np.float32),
        np.concatenate(quads),
        *_bound_to("Head", len(points)),
        colours=np.column_stack([np.repeat(brightness[:, None], 3, 1), np.ones(len(points))]).astype(np.float32),
        morphs={name: moved.astype(np.float32) for name, moved in targets.items() if np.abs(moved).max() > 1e-4},
    )


def _bound_to(bone: str, count: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    joints = np.zeros((count, 4), np.intp)
    joints[:, 0] = NAMES.index(bone)
    return joints, np.tile(np.array([1, 0, 0, 0], np.float32), (count, 1))


def _linear(colour: NDArray[np.floating]) -> tuple[float, float, float]:
    """sRGB 0-255 as linear light 0-1 (IEC 61966-2-1)."""
    value = np.asarray(colour, np.float64).clip(0, 255) / 255
    red, green, blue = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).tolist()
    return red, green, blue


def _jpeg(picture: NDArray[np.uint8], quality: int) -> bytes:
    worked, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert worked
    return bytes(data)
