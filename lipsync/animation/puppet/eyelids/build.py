"""Builds both lids of a portrait, once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.eye_cover import eyes_are_covered
from lipsync.animation.puppet.eyelids.cover import LidCover, plan_cover
from lipsync.animation.puppet.eyelids.draw import LOWER_LID_REACH
from lipsync.animation.puppet.eyelids.eye_frame import place_eye_frame
from lipsync.animation.puppet.eyelids.eyelid import Eyelid
from lipsync.animation.puppet.eyelids.fit import LidCurves, fit_lids
from lipsync.animation.puppet.eyelids.lashes import build_lashes
from lipsync.animation.puppet.eyelids.surface import grain_of_cheek, light_on_lid, shade_of_lid
from lipsync.animation.puppet.glasses import Glasses, detect_glasses
from lipsync.face.topology import LOWER_LIDS, UPPER_LIDS
from lipsync.video.frame import frame_of, yuv_of

Bytes = NDArray[np.uint8]

MIN_EYE_WIDTH = 12
"""Pixels of the portrait between an eye's corners; a smaller eye has too few for a lid."""
_ROOM = 0.16
"""Eye widths around the mesh's eye that must lie in the picture."""


def build_eyelids(
    picture: Bytes, points: NDArray[np.float64], softness: float, glasses: Glasses | None = None
) -> tuple[Eyelid, ...]:
    """Both lids, or none where they could not be painted well: eyes shut, hidden, or not where the mesh has them.

    ``picture`` (H, W, 3) RGB, ``points`` (468, 2) landmarks in pixels; ``softness``: the blur of drawn lines, pixels.
    ``glasses`` are detected if they are not given.
    """
    if glasses is None:
        glasses = detect_glasses(picture, points)
    if glasses is Glasses.DARK or eyes_are_covered(picture, points):
        return ()
    has_glasses = glasses is Glasses.CLEAR
    lids = []
    for eye in (0, 1):
        lid = _build_eyelid(picture, points, eye, softness, has_glasses=has_glasses)
        if lid is None:  # one eye alone would wink
            return ()
        lids.append(lid)
    return tuple(lids)


def _build_eyelid(
    picture: Bytes, points: NDArray[np.float64], eye: int, softness: float, *, has_glasses: bool
) -> Eyelid | None:
    outline = points[[*UPPER_LIDS[eye], *LOWER_LIDS[eye]]]
    seen_width = float(np.linalg.norm(outline[8] - outline[0]))
    height, width = picture.shape[:2]
    room = _ROOM * seen_width
    if seen_width < MIN_EYE_WIDTH or (outline - room < 0).any() or (outline + room > [width, height]).any():
        return None
    frame = place_eye_frame(points, eye)
    cut = frame.cut(picture)
    curves = fit_lids(cut, points, frame, has_glasses=has_glasses)
    if curves is None:
        return None
    cover = plan_cover(cut, curves, has_glasses=has_glasses)
    light = light_on_lid(cut, curves, cover)
    lashes = build_lashes(cut, light, curves, cover)
    skin = np.asarray(light * shade_of_lid(curves, len(cut))[..., None], np.float32)
    scale = curves.eye_width
    reach = np.clip(0.8 * (curves.upper - curves.brow) - 0.06 * scale, 0.10 * scale, 0.24 * scale)
    x0, y0, x1, y1 = frame.portrait_box(_changed_box(curves, cover, reach), width, height)
    still = frame_of(picture[y0:y1, x0:x1])
    forward = frame.to_portrait - np.array([[0, 0, x0], [0, 0, y0]])
    linear = np.linalg.inv(forward[:, :2])
    return Eyelid(
        left=x0,
        top=y0,
        y=still.y,
        uv=still.uv,
        to_frame=np.column_stack([linear, -linear @ forward[:, 2]]),
        eye_width=scale,
        upper=curves.upper,
        lower=curves.lower,
        shut=curves.shut,
        rise=curves.rise,
        reach=reach.astype(np.float32),
        across=curves.across,
        beyond=curves.beyond,
        skin=yuv_of(skin).astype(np.float16),
        alpha=np.rint(cover.alpha * 255).astype(np.uint8),
        foreground=np.rint(np.clip(cover.foreground, 0, 1) * 255).astype(np.uint8),
        grain=grain_of_cheek(picture, points, eye, seen_width).astype(np.float16),
        lashes=np.rint(np.clip(lashes.density, 0, 1) * 255).astype(np.uint8),
        edge_row=lashes.edge_row,
        lash_colour=np.asarray(yuv_of(lashes.colour[None, None]), np.float32)[0, 0],
        line=lashes.line,
        thickness=lashes.thickness,
        band=float(np.clip(lashes.band, 0.015, 0.06)) * scale,
        softness=max(0.8, 0.9 * lashes.blur, softness * frame.scale),
    )


def _changed_box(curves: LidCurves, cover: LidCover, reach: NDArray[np.floating]) -> tuple[int, int, int, int]:
    """x0, y0, x1, y1 of the frame: all that a closure can change."""
    height, width = cover.alpha.shape
    columns, rows = (np.flatnonzero(cover.alpha.max(axis) > 0.002) for axis in (0, 1))
    highest = float((curves.upper - reach).min()) - 0.08 * curves.eye_width
    lowest = float(curves.lower.max()) + LOWER_LID_REACH * curves.eye_width
    top, bottom = min(rows[0], int(highest)) - 2, max(rows[-1], int(np.ceil(lowest))) + 3
    return max(0, int(columns[0]) - 2), max(0, int(top)), min(width, int(columns[-1]) + 3), min(height, int(bottom))
