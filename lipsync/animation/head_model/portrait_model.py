"""A portrait as a 3D head: its face and its outline as a relief with the picture as texture, that moves as the puppet
does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.head_model.model import Bone, HeadModel, Material, Mesh
from lipsync.animation.head_model.model_space import ModelSpace, bound_to
from lipsync.animation.head_model.portrait_crop import Crop, crop_portrait
from lipsync.animation.head_model.portrait_eyes import RADIUS, PortraitEye, portrait_eye
from lipsync.animation.head_model.portrait_face import PortraitFace, portrait_face
from lipsync.animation.head_model.portrait_lids import PortraitLid, portrait_lid
from lipsync.animation.head_model.portrait_mouth import portrait_mouth
from lipsync.animation.head_model.portrait_surface import portrait_surfaces
from lipsync.animation.head_model.relief import build_relief
from lipsync.animation.head_model.skeleton import BONES
from lipsync.animation.head_model.textures import jpeg_file
from lipsync.animation.puppet.rig import Rig
from lipsync.face.topology import EYE_CORNERS, FACE_OVAL
from lipsync.face.types import Portrait
from lipsync.face.upright import quarters_to_upright, turn_portrait

Floats = NDArray[np.float64]

_EYE_QUALITY = 92


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
            eyes.append(portrait_eye(crop.portrait.picture, face, unit, iris, side))
    between = face.rest[list(EYE_CORNERS)].mean(0) + np.array([0.0, 0.0, RADIUS * unit])
    space = ModelSpace(np.mean([eye.center for eye in eyes], axis=0) if eyes else between, unit)
    return HeadModel(
        _bones(space, eyes),
        (
            *portrait_surfaces(crop.portrait, face, relief, space),
            *(_eye_mesh(eye, side, space) for side, eye in zip(("Right", "Left"), eyes, strict=False)),
            *(_lid_mesh(lid, side, crop, space) for side, lid in zip(("Right", "Left"), lids, strict=False)),
            *portrait_mouth(crop.portrait, face, rig.interior.palette, space),
        ),
    )


def _in_crop(face: PortraitFace, crop: Crop) -> PortraitFace:
    targets = {name: moved * crop.scale for name, moved in face.targets.items()}
    return replace(face, seen=crop.place(face.seen), rest=crop.place(face.rest), targets=targets)


def _bones(space: ModelSpace, eyes: list[PortraitEye]) -> tuple[Bone, ...]:
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


def _eye_mesh(eye: PortraitEye, side: str, space: ModelSpace) -> Mesh:
    return Mesh(
        f"{side}Eyeball",
        Material(f"{side}Eye", texture=jpeg_file(eye.texture, _EYE_QUALITY), unlit=True),
        space.place(eye.points).astype(np.float32),
        eye.triangles[:, [0, 2, 1]],
        *bound_to(f"{side}Eye", len(eye.points)),
        texture_coordinates=eye.texture_coordinates.astype(np.float32),
        morphs={name: space.turn(moved).astype(np.float32) for name, moved in eye.targets.items()},
    )


def _lid_mesh(lid: PortraitLid, side: str, crop: Crop, space: ModelSpace) -> Mesh:
    morphs = {name: space.turn(moved * crop.scale).astype(np.float32) for name, moved in lid.targets.items()}
    return Mesh(
        f"{side}Eyelid",
        Material(f"{side}Lid", texture=jpeg_file(lid.texture, _EYE_QUALITY), unlit=True, blend=True),
        space.place(crop.place(lid.points)).astype(np.float32),
        lid.triangles[:, [0, 2, 1]],
        *bound_to("Head", len(lid.points)),
        texture_coordinates=lid.texture_coordinates.astype(np.float32),
        colours=np.column_stack([np.ones((len(lid.points), 3)), lid.opacity]).astype(np.float32),
        morphs={name: moved for name, moved in morphs.items() if np.abs(moved).max() > 1e-4},
    )
