"""Unit quaternions as (x, y, z, w), right-handed."""

from __future__ import annotations

import math

from lipsync.animation.body_motion.types import Quaternion

IDENTITY: Quaternion = (0.0, 0.0, 0.0, 1.0)


def from_degrees(x: float, y: float, z: float) -> Quaternion:
    """The rotation about the axes x, then y, then z, all fixed to the parent."""
    (sx, cx), (sy, cy), (sz, cz) = (_half(angle) for angle in (x, y, z))
    return multiply((0.0, 0.0, sz, cz), multiply((0.0, sy, 0.0, cy), (sx, 0.0, 0.0, cx)))


def multiply(second: Quaternion, first: Quaternion) -> Quaternion:
    """The rotation ``first``, then ``second``."""
    ax, ay, az, aw = second
    bx, by, bz, bw = first
    return (
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
        aw * bw - ax * bx - ay * by - az * bz,
    )


def normalize(quaternion: Quaternion) -> Quaternion:
    """The same rotation at length 1. Raises ZeroDivisionError for zero."""
    length = math.hypot(*quaternion)
    x, y, z, w = (part / length for part in quaternion)
    return x, y, z, w


def degrees_between(one: Quaternion, other: Quaternion) -> float:
    """Angle of the rotation that leads from ``one`` to ``other``, 0 to 180."""
    product = abs(sum(a * b for a, b in zip(one, other, strict=True)))
    return math.degrees(2 * math.acos(min(1.0, product)))


def slerp(one: Quaternion, other: Quaternion, share: float) -> Quaternion:
    """The rotation at ``share``, 0 to 1, of the way from ``one`` to ``other``, the shorter way (Shoemake, 1985)."""
    product = sum(a * b for a, b in zip(one, other, strict=True))
    sign = -1.0 if product < 0 else 1.0
    angle = math.acos(min(1.0, abs(product)))
    before, after = 1 - share, sign * share
    if angle > 1e-4:
        before = math.sin((1 - share) * angle) / math.sin(angle)
        after = sign * math.sin(share * angle) / math.sin(angle)
    x, y, z, w = (before * a + after * b for a, b in zip(one, other, strict=True))
    return normalize((x, y, z, w))


def _half(degrees: float) -> tuple[float, float]:
    """Sine and cosine of half the angle."""
    half = math.radians(degrees) / 2
    return math.sin(half), math.cos(half)
