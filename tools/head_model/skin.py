"""Paints the skin of the head: one JPEG over the part of MakeHuman's texture coordinates where the head is."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.head_model.parts import Body, Part

Floats = NDArray[np.float64]

WIDTH, HEIGHT = 512, 1024
"""Pixels of the texture."""
_BORDER = 6
"""Pixels around the painted faces that are filled, so that none of the background bleeds in."""
SKIN, LIP, BROW, MOUTH = (
    np.array(colour, float) for colour in ((226, 176, 152), (188, 98, 94), (74, 52, 40), (92, 28, 30))
)
"""sRGB."""
HAIR = np.array((58, 40, 31), float)


def unit_square(places: Floats, of: Part) -> Floats:
    """(n, 2) texture coordinates in the texture of the part ``of``, 0-1."""
    low, high = of.places.min(0), of.places.max(0)
    return (places - low) / (high - low) * 0.98 + 0.01


def paint_skin(body: Body) -> NDArray[np.uint8]:
    """(HEIGHT, WIDTH, 3) sRGB."""
    part = body.skin
    place, covered = _positions(body, part)
    x, y, z = place[..., 0], place[..., 1], place[..., 2]
    eye = body.bones()[6].position
    colour = np.broadcast_to(SKIN, (*x.shape, 3)).copy()
    # larger and smaller spots, warmer or paler
    for size, amount in ((0.03, 5.0), (0.008, 4.0), (0.0016, 5.0)):
        colour += noise(place, size)[..., None] * amount * np.array([0.6, 1.0, 1.0])

    def blush(middle: tuple[float, float, float], radius: float, strength: float) -> None:
        for side in (-1, 1):
            distance = np.sqrt((x - side * middle[0]) ** 2 + (y - middle[1]) ** 2 + (z - middle[2]) ** 2)
            amount = np.exp(-((distance / radius) ** 2))[..., None] * strength
            colour[:] = colour * (1 - amount) + np.array((214, 128, 112.0)) * amount

    blush((0.045, eye[1] - 0.035, 0.11), 0.022, 0.32)  # cheeks
    blush((0.0, eye[1] - 0.033, 0.152), 0.012, 0.22)  # the nose
    blush((0.07, eye[1] - 0.01, 0.025), 0.03, 0.30)  # ears
    blush((0.0, eye[1] - 0.092, 0.14), 0.014, 0.12)  # the chin
    shade = _mask(body, part, "eyelids")[..., None] * 0.16
    colour = colour * (1 - shade) + np.array((170, 105, 95.0)) * shade
    lips = cv2.GaussianBlur(_mask(body, part, "lips"), (0, 0), 1.2)[..., None]
    lip = LIP + noise(place * [1, 0.15, 1], 0.0012)[..., None] * 7
    colour = colour * (1 - 0.85 * lips) + lip * 0.85 * lips
    inside = _mask(body, part, "inside-mouth")[..., None]
    colour = colour * (1 - inside) + MOUTH * inside
    colour = _brows(colour, place, eye)
    scalp = scalp_amount(place, body)
    strands = hair_shade(place, body)[..., None]
    edge = np.clip(scalp / 0.006 + 0.5 + 0.5 * noise(place * [3, 0.6, 1], 0.004), 0, 1)[..., None]
    colour = colour * (1 - edge) + HAIR * strands * edge
    colour = np.clip(colour, 0, 255)
    colour[~covered] = 0
    return _fill(colour, covered).astype(np.uint8)


def scalp_amount(place: Floats, body: Body) -> Floats:
    """(...) metres by which a place of the head is within the hairline; negative: bare skin."""
    eye = np.array(body.bones()[6].position)
    x, y, z = np.abs(place[..., 0]), place[..., 1] - eye[1], place[..., 2] - eye[2]
    # the height of the hairline by the depth: forehead, temple, before and behind the ear, nape
    depth = np.array([-0.30, -0.14, -0.110, -0.101, -0.094, -0.085, -0.072, -0.058, -0.045, -0.02, 0.05])
    line = np.array([-0.085, -0.085, -0.075, -0.03, 0.014, 0.020, 0.000, 0.008, 0.036, 0.052, 0.060])
    lower = np.interp(z, depth, line) - 0.10 * np.maximum(x - 0.03, 0) * (z > -0.05)
    amount: Floats = y - lower - 0.006 * noise(place, 0.016) - 0.003 * noise(place, 0.006)
    return amount


def hair_shade(place: Floats, body: Body) -> Floats:
    """(...) brightness of hair, around 1: strands that run down from the parting."""
    strands = _strands(place, body)
    return 1.0 + 0.30 * noise(strands, 0.035) + 0.28 * noise(strands, 0.010)


def hair_locks(place: Floats, body: Body) -> Floats:
    """(...) how far locks stand out, in [-1, 1]."""
    return noise(_strands(place, body), 0.11)


def _strands(place: Floats, body: Body) -> Floats:
    """(..., 3) coordinates that change quickly across the hair and slowly along it."""
    eye = body.bones()[6].position
    away = place - np.array([0.022, eye[1] + 0.085, eye[2] - 0.09])
    around = np.arctan2(away[..., 0], away[..., 2])
    down = np.linalg.norm(away, axis=-1)
    return np.stack([np.cos(around), np.sin(around), down * 2.0], -1)


def _brows(colour: Floats, place: Floats, eye: tuple[float, float, float]) -> Floats:
    x, y = np.abs(place[..., 0]), place[..., 1] - eye[1]
    along = (x - 0.0135) / 0.037
    middle = 0.0215 + 0.0055 * np.sin(np.clip(along, 0, 1) * 2.2) - 0.004 * np.clip(along, 0, 1) ** 3
    half = 0.0037 * np.interp(along, [-0.05, 0.1, 0.55, 1.05], [0.55, 1.0, 0.85, 0.15])
    inside = np.clip((half - np.abs(y - middle)) / 0.0016 + 0.5, 0, 1)
    inside *= (
        np.clip(along / 0.10 + 0.6, 0, 1) * np.clip((1.06 - along) / 0.15, 0, 1) * (place[..., 2] > eye[2] - 0.03)
    )
    slanted = np.stack([place[..., 0] + 0.5 * np.sign(place[..., 0]) * y, y * 0.25, place[..., 2] * 0], -1)
    inside = (inside * np.clip(0.80 + 0.35 * noise(slanted, 0.0007), 0, 1))[..., None]
    return colour * (1 - inside) + BROW * inside


def _positions(body: Body, part: Part) -> tuple[Floats, NDArray[np.bool_]]:
    """(HEIGHT, WIDTH, 3) the place on the body of each pixel, and where there is one."""
    corners = unit_square(part.places, part) * [WIDTH, HEIGHT] - 0.5
    place = np.zeros((HEIGHT, WIDTH, 3))
    covered = np.zeros((HEIGHT, WIDTH), bool)
    for triangle in part.triangles:
        a, b, c = corners[triangle]
        low = np.maximum(np.floor(np.minimum(np.minimum(a, b), c)).astype(int) - 1, 0)
        high = np.minimum(np.ceil(np.maximum(np.maximum(a, b), c)).astype(int) + 2, [WIDTH, HEIGHT])
        columns, rows = np.meshgrid(np.arange(low[0], high[0]), np.arange(low[1], high[1]))
        area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        if abs(area) < 1e-9:
            continue
        second = ((columns - a[0]) * (c[1] - a[1]) - (rows - a[1]) * (c[0] - a[0])) / area
        third = ((b[0] - a[0]) * (rows - a[1]) - (b[1] - a[1]) * (columns - a[0])) / area
        shares = np.stack([1 - second - third, second, third], -1)
        inside = shares.min(-1) > -0.02
        place[rows[inside], columns[inside]] = shares[inside] @ body.vertices[part.rows[triangle]]
        covered[rows[inside], columns[inside]] = True
    return place, covered


def _mask(body: Body, part: Part, name: str) -> NDArray[np.float32]:
    """(HEIGHT, WIDTH) one of MakeHuman's masks, 0-1."""
    mask = body.data.mask(name).astype(np.float32) / 255
    size = mask.shape[0]
    low, high = part.places.min(0), part.places.max(0)
    columns = ((np.arange(WIDTH) + 0.5) / WIDTH - 0.01) / 0.98 * (high[0] - low[0]) + low[0]
    rows = ((np.arange(HEIGHT) + 0.5) / HEIGHT - 0.01) / 0.98 * (high[1] - low[1]) + low[1]
    across, down = np.meshgrid(columns * size - 0.5, rows * size - 0.5)
    return cv2.remap(mask, across.astype(np.float32), down.astype(np.float32), cv2.INTER_LINEAR)


def noise(place: Floats, size: float) -> Floats:
    """(...) smooth noise in [-1, 1] of details of ``size``, the same for the same place."""
    scaled = place / size
    base = np.floor(scaled).astype(np.int64)
    part = scaled - base
    part = part * part * (3 - 2 * part)
    total = np.zeros(place.shape[:-1])
    for corner in np.ndindex(2, 2, 2):
        cell = base + corner
        weight = np.prod(np.where(np.array(corner) == 1, part, 1 - part), axis=-1)
        hashed = (cell[..., 0] * 73856093) ^ (cell[..., 1] * 19349663) ^ (cell[..., 2] * 83492791)
        hashed = (hashed * 2654435761) & 0xFFFFFFFF
        total += weight * (((hashed >> 8) & 0xFFFF) / 32767.5 - 1)
    return total


def _fill(colour: Floats, covered: NDArray[np.bool_]) -> Floats:
    """``colour`` with the nearest painted colour in what is not covered."""
    _, labels = cv2.distanceTransformWithLabels(
        (~covered).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    flat = colour.reshape(-1, 3)
    nearest = np.zeros(labels.max() + 1, np.int64)
    nearest[labels[covered]] = np.flatnonzero(covered)
    return flat[nearest[labels]]
