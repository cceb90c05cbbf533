"""Motion of the head: posture, nods and drift together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.behavior.drift import Drift
from lipsync.animation.behavior.filters import LowPass
from lipsync.animation.behavior.motion_style import MotionStyle
from lipsync.animation.behavior.nods import Nod, draw_nods
from lipsync.animation.behavior.phrases import Phrase
from lipsync.animation.behavior.posture import PostureSource
from lipsync.animation.behavior.timeline import Span
from lipsync.animation.easing import ease

_IN_SPEECH = np.array([1.25, 1.15, 1.5])
"""Factors of yaw, pitch and roll while the face speaks, before the limits."""
LIMITS = np.array([8.5, 7.0, 2.5])
"""Degrees of yaw, pitch and roll that a motion of 1 approaches and never reaches, moods aside."""
_NEARLY_1 = 1 - 1e-9
"""Share of a limit above which none is counted: arctanh(1) is infinite."""
_NECK = 0.17
"""Seconds: time constant with which the head follows a posture; it arrives after about 0.8 s."""
_START = 0.8
"""Seconds in which the head leaves its rest."""
_RIGHT_OF_YAW, _RIGHT_OF_ROLL, _DOWN_OF_PITCH = 0.003, 0.006, -0.004
"""Distances of the outer eye corners per degree: the neck bends along its length, so the head goes where it turns."""
_SLIDE = 0.06
"""Seconds: time constant with which the neck follows a turn."""


class HeadMotion:
    """Pose of the head during consecutive pieces."""

    def __init__(self, posture: np.random.Generator, drift: np.random.Generator) -> None:
        """Each generator decides about the part that is named after it."""
        self._postures = PostureSource(posture)
        self._drift = Drift(drift)
        self._follow = LowPass(_NECK, 3)
        self._follow_bias = LowPass(_NECK, 3)
        self._slide = LowPass(_SLIDE, 1)

    def pose(
        self,
        span: Span,
        phrases: list[Phrase],
        nods: list[Nod],
        gestures: NDArray[np.float64],
        *,
        style: MotionStyle,
        energy: NDArray[np.float64],
        speaking: NDArray[np.float64],
        bias: NDArray[np.float64],
        motion: float,
    ) -> NDArray[np.float64]:
        """(n, 5) pose as in FaceTrack.

        ``gestures`` (n, 3) are degrees of yaw, pitch and roll; they are whole even while the head leaves its rest.
        ``energy`` (n,) is the factor of postures and drift, ``speaking`` (n,) is 1 in speech and 0 in silence,
        ``bias`` (n, 3) in degrees is added to all motion; ``motion`` is the size of the whole.
        """
        goals = self._postures.goals(span, phrases, style, float(energy.mean())) * energy[:, None]
        drift = self._drift.curves(span.times, speaking) * energy[:, None]
        moving = self._follow.filter(goals) + draw_nods(span, nods) + drift
        leaving = ease(np.clip(span.times / _START, 0.0, 1.0))[:, None]
        sizes = style.size * (1 + (_IN_SPEECH - 1) * speaking[:, None])
        limited = LIMITS * np.tanh(sizes * moving / LIMITS) * leaving
        turned = motion * _add_within_limits(limited, style.size * gestures)
        turned += min(motion, 1.0) * self._follow_bias.filter(bias) * leaving
        yaw, pitch, roll = turned.T
        right = _RIGHT_OF_YAW * self._slide.filter(turned[:, :1])[:, 0] + _RIGHT_OF_ROLL * roll
        return np.stack([yaw, pitch, roll, right, _DOWN_OF_PITCH * pitch], axis=1)


def _add_within_limits(limited: NDArray[np.float64], gestures: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 3) ``limited``, which lies within LIMITS, with ``gestures`` added in such a way that the sum does, too."""
    share = np.clip(limited / LIMITS, -_NEARLY_1, _NEARLY_1)
    return np.where(gestures == 0, limited, LIMITS * np.tanh(np.arctanh(share) + gestures / LIMITS))
