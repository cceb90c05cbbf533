"""``python -m bench.eyelids FOLDER``: how well shut lids meet the skin around them, and a sheet of closures.

For each portrait: the difference in CIE Lab (Delta E 1976) between just inside and just outside of the border of the
lid, above the line where the lids meet, in 24 sectors (rims and glints, which lie over the lid, left out); the
milliseconds of CPU that building took; whether it blinks.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.eyelids import Eyelid, blink
from lipsync.animation.puppet.eyelids.build import build_eyelids
from lipsync.animation.puppet.motion import study_motion
from lipsync.errors import LipsyncError
from lipsync.face.finder import FaceFinder
from lipsync.face.picture import read_picture
from lipsync.face.topology import LOWER_LIDS, UPPER_LIDS
from lipsync.face.types import Portrait
from lipsync.video.frame import frame_of, picture_of

CLOSURES = (0.0, 0.12, 0.25, 0.5, 0.75, 1.0)
EYE = (220, 160)
"""Width and height of one enlarged eye on the sheet, pixels."""
SECTORS = 24
SUFFIXES = {".png", ".jpg", ".jpeg", ".webp"}

Image = NDArray[np.uint8]


def main() -> int:
    """Print the table, write the sheet."""
    parser = argparse.ArgumentParser(prog="bench.eyelids", description=__doc__)
    parser.add_argument("folder", type=Path, help="of portraits")
    parser.add_argument("--sheet", type=Path, help="PNG to write: closures of each portrait, enlarged")
    parser.add_argument("--only", nargs="*", help="names of portraits, without suffix")
    parser.add_argument("--closures", type=float, nargs="*", default=CLOSURES)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    finder, rows, steps = FaceFinder(), [], []
    for path in sorted(path for path in options.folder.iterdir() if path.suffix.lower() in SUFFIXES):
        if options.only and path.stem not in options.only:
            continue
        try:
            portrait = finder.find(read_picture(path.read_bytes(), max_megapixels=50, max_side=1920), path.stem)
        except LipsyncError as error:
            print(f"{path.stem:12} refused: {error.code}")
            continue
        points = study_motion(portrait).mouth.points
        lids, took_ms = build_timed(portrait, points)
        rows.append(closures_row(portrait, points, lids, options.closures, path.stem))
        if not lids:
            print(f"{path.stem:12} does not blink ({took_ms:.0f} ms)")
            continue
        found = border_steps(portrait, lids)
        if not len(found):
            print(f"{path.stem:12} blinks; no border between lid and skin")
            continue
        steps.append(found)
        print(
            f"{path.stem:12} Lab step median {np.median(found):4.1f}, "
            f"90th percentile {np.percentile(found, 90):5.1f}; "
            f"build {took_ms:3.0f} ms, frame {frame_ms(portrait, lids):.3f} ms"
        )
    if steps:
        every = np.concatenate(steps)
        print(f"{'all':12} Lab step median {np.median(every):4.1f}, 90th percentile {np.percentile(every, 90):5.1f}")
    if options.sheet and rows:
        cv2.imwrite(str(options.sheet), np.concatenate(rows)[..., ::-1])
    return 0


def build_timed(portrait: Portrait, points: NDArray[np.float64]) -> tuple[tuple[Eyelid, ...], float]:
    """The lids, and the CPU time that building them took, ms: the least of three."""
    best = np.inf
    for _ in range(3):
        begin = time.process_time()
        lids = build_eyelids(portrait.picture, points, 0.5)
        best = min(best, time.process_time() - begin)
    return lids, 1000 * best


def frame_ms(portrait: Portrait, lids: tuple[Eyelid, ...]) -> float:
    """Mean milliseconds of CPU for painting both lids, once all closures were drawn."""
    frame = frame_of(portrait.picture)
    closures = np.linspace(0.02, 1, 60)
    for closure in closures:
        blink(frame, lids, (closure, closure))
    begin = time.process_time()
    for closure in closures:
        blink(frame, lids, (closure, closure))
    return 1000 * (time.process_time() - begin) / len(closures)


def closures_row(
    portrait: Portrait, points: NDArray[np.float64], lids: tuple[Eyelid, ...], closures: list[float], name: str
) -> Image:
    """(h, w, 3) RGB: both eyes at each closure."""
    still, cells = frame_of(portrait.picture), []
    for closure in closures:
        frame = still.copy()
        if lids:
            blink(frame, lids, (closure, closure))
        picture = picture_of(frame)
        cells += [enlarged_eye(picture, points, eye) for eye in (0, 1)]
    row = np.concatenate(cells, axis=1)
    label = name if lids else f"{name} (no blink)"
    cv2.putText(row, label, (4, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (255, 255, 255), 1, cv2.LINE_AA)
    return row


def enlarged_eye(picture: Image, points: NDArray[np.float64], eye: int) -> Image:
    """One eye, as wide as half of the cell."""
    outline = points[[*UPPER_LIDS[eye], *LOWER_LIDS[eye]]]
    width = float(np.linalg.norm(outline[8] - outline[0]))
    scale = EYE[0] / (1.9 * width)
    x, y = outline.mean(0) - [0, 0.06 * width]
    matrix = np.array([[scale, 0, EYE[0] / 2 - scale * x], [0, scale, EYE[1] / 2 - scale * y]])
    return np.asarray(
        cv2.warpAffine(picture, matrix, EYE, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def border_steps(portrait: Portrait, lids: tuple[Eyelid, ...]) -> NDArray[np.float64]:
    """(n,) differences in Lab across the borders of both shut lids."""
    frame = frame_of(portrait.picture)
    blink(frame, lids, (1.0, 1.0))
    picture = picture_of(frame)
    return np.concatenate([lid_steps(picture[lid.area], lid) for lid in lids])


def lid_steps(shut: Image, lid: Eyelid) -> NDArray[np.float64]:
    """(n,) differences of one lid; ``shut`` is its rectangle of the portrait with the lid shut."""
    height, width = lid.alpha.shape
    level = cv2.warpAffine(
        shut, lid.to_frame, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    lab = cv2.cvtColor(level.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    lab = cv2.GaussianBlur(lab, (0, 0), 0.02 * lid.eye_width)
    covered = (lid.alpha > 0.75 * 255).astype(np.uint8)
    free = lid.foreground < 0.3 * 255
    reach = max(2, round(0.05 * lid.eye_width))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    inside = (covered > 0) & (cv2.erode(covered, disc) == 0)
    outside = (covered == 0) & (cv2.dilate(covered, disc) > 0)
    rows, columns = np.arange(height)[:, None], np.arange(width)[None]
    above = rows < lid.shut - 0.10 * lid.eye_width
    middle = float(columns[0][np.abs(lid.across) < 1].mean())
    angle = np.arctan2(float(lid.shut.mean()) - rows, columns - middle)
    found = []
    for sector in range(SECTORS):
        here = (angle >= np.pi * sector / SECTORS) & (angle < np.pi * (sector + 1) / SECTORS) & above & free
        inner, outer = here & inside, here & outside
        if inner.sum() > 8 and outer.sum() > 8:
            found.append(np.linalg.norm(np.median(lab[inner], axis=0) - np.median(lab[outer], axis=0)))
    return np.array(found)


if __name__ == "__main__":
    sys.exit(main())
