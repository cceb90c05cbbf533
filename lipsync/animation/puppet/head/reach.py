"""How far a portrait's head can turn before the picture shows that it is one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

MAX_STRETCH = 0.5
"""Largest stretch of the picture by a turn: sin(angle) times the slope of the depth. Beyond it the far cheek and the
far side of the nose smear. (A squeeze looks like a profile, and is not limited.)"""
_STEEPEST = 99.5
"""Percentile of the slope over the head that counts."""
MAX_YAW, MAX_PITCH, MAX_ROLL = 10.0, 8.0, 4.5
"""Degrees, for every portrait: further, hair at a cut border and collars stretch."""
_KNEE = 0.6
"""Share of a limit up to which a pose is drawn as it is meant."""


def measure_reach(depth: Floats, weight: Floats, spacing: float) -> Floats:
    """(4,) degrees that a head may turn to the left, to the right, down and up, from its depth and weight (rows,
    columns) on nodes ``spacing`` pixels apart."""
    down, across = np.gradient(depth * weight, spacing)
    on_head = weight > 0.3
    limits = []
    for slope, most in ((-across, MAX_YAW), (across, MAX_YAW), (down, MAX_PITCH), (-down, MAX_PITCH)):
        steepest = float(np.percentile(slope[on_head], _STEEPEST)) if on_head.any() else 1.0
        limits.append(min(most, float(np.degrees(np.arcsin(min(1.0, MAX_STRETCH / max(steepest, MAX_STRETCH)))))))
    return np.array(limits, np.float32)


def limit_pose(pose: Floats, reach: Floats) -> Floats:
    """``pose`` (5,), yaw, pitch, roll in degrees and two shifts, with its angles inside of ``reach`` (4,)."""
    yaw, pitch, roll = (float(angle) for angle in pose[:3])
    limited = pose.copy()
    limited[0] = soft_limit(yaw, float(reach[0] if yaw < 0 else reach[1]))
    limited[1] = soft_limit(pitch, float(reach[2] if pitch < 0 else reach[3]))
    limited[2] = soft_limit(roll, MAX_ROLL)
    return limited


def soft_limit(value: float, most: float) -> float:
    """``value`` up to 0.6 of ``most``; beyond, bent smoothly so that it never passes ``most``."""
    knee = _KNEE * most
    over = abs(value) - knee
    if over <= 0:
        return value
    return float(np.sign(value) * (knee + (most - knee) * np.tanh(over / (most - knee))))
