"""What a face does besides speech: all of it, piece by piece."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.behavior.blinks import BlinkSource
from lipsync.animation.behavior.brows import draw_brows
from lipsync.animation.behavior.filters import LowPass
from lipsync.animation.behavior.gaze import GazeSource, draw_saccades, turn_eyes
from lipsync.animation.behavior.gestures import GestureSource, draw_gestures, gesture_brows
from lipsync.animation.behavior.head import HeadMotion
from lipsync.animation.behavior.mood_curve import MoodMixer, energy_factor, gaze_rest, head_bias, lid_closure
from lipsync.animation.behavior.motion_style import MotionStyle, style_for_voice
from lipsync.animation.behavior.nods import NodSource
from lipsync.animation.behavior.phrases import find_phrases
from lipsync.animation.behavior.prominence import ProminenceMeter
from lipsync.animation.behavior.timeline import STEP, Span
from lipsync.animation.behavior.torso import TorsoMotion
from lipsync.animation.expression import Expression
from lipsync.speech.types import Speech
from lipsync.text.mood import MOODS

_LARGE_SACCADE = 4.0
"""Degrees of a saccade that people blink with."""
_TALK = 0.08
"""Seconds: time constant with which the face goes over from silence to speech."""
_TALK_LEAD = 0.25
"""Seconds by which it begins to, before the sound and before its end."""
_BROWS_AT_REST = 0.7
"""Share of the brows' accents that remains when the head does not move."""


@dataclass(frozen=True)
class Behavior:
    """T frames of what a face does besides speech."""

    pose: NDArray[np.float64]
    """(T, 5) as in FaceTrack."""
    torso: NDArray[np.float64]
    """(T, 3) as in FaceTrack."""
    gaze: NDArray[np.float64]
    """(T, 2) as in FaceTrack."""
    blink: NDArray[np.float64]
    """(T,) closure of the lids by blinks: 1 = shut."""
    lids: NDArray[np.float64]
    """(T,) closure of the lids by blinks and moods."""
    brows: NDArray[np.float64]
    """(T,) lift of the brows by accents and gestures, in [0, 1]."""
    speaking: NDArray[np.float64]
    """(T,) 1 in speech, 0 in silence."""
    moods: NDArray[np.float64]
    """(T, M) share of each of MOODS that the face shows."""


_WIDTHS = (5, 3, 2, 1, 1, 1, 1, len(MOODS))
"""Columns of each field of Behavior in the curves."""


class BehaviorGenerator:
    """Gives the behaviour for consecutive pieces of speech, each before the next one is known.

    Everything is decided on a grid of STEP seconds, so that the same seed and speech look the same at every frame
    rate. All that moves is continuous where pieces join, saccades and the start of blinks included.
    """

    def __init__(self, seed: int, expression: Expression) -> None:
        posture, drift, nods, gaze, blinks, gestures = (
            np.random.default_rng([abs(seed), part]) for part in range(1, 7)
        )
        self._motion = expression.motion
        self._style: MotionStyle | None = None
        self._moods = MoodMixer(expression)
        self._prominence = ProminenceMeter()
        self._nods = NodSource(nods)
        self._gestures = GestureSource(gestures)
        self._head = HeadMotion(posture, drift)
        self._torso = TorsoMotion()
        self._gaze = GazeSource(gaze)
        self._blinks = BlinkSource(blinks)
        self._talk = LowPass(_TALK, 1)
        self._decided = 0
        self._tail = np.zeros((1, sum(_WIDTHS)))

    def add(self, speech: Speech, begins: float, times: NDArray[np.float64]) -> Behavior:
        """The behaviour at ``times`` (T,), which lie in or just after ``speech``, in seconds of the video.

        ``begins`` is the time of the start of ``speech``. The first piece's voice decides how lively the speaker is.
        """
        if self._style is None:
            self._style = style_for_voice(speech.voice)
        needed = max(begins + speech.duration, float(times[-1]) if len(times) else 0.0)
        span = Span(self._decided, max(0, int(np.ceil(needed / STEP - 1e-6)) + 1 - self._decided))
        curves = self._tail
        if span.count:
            curves = np.concatenate([self._tail, self._decide(span, speech, begins, self._style)])
            self._decided += span.count
            self._tail = curves[-1:].copy()
        grid = np.arange(self._decided - len(curves), self._decided) * STEP
        sampled = np.stack([np.interp(times, grid, curve) for curve in curves.T], axis=1)
        pose, torso, gaze, blink, lids, brows, speaking, moods = np.split(sampled, np.cumsum(_WIDTHS[:-1]), axis=1)
        return Behavior(pose, torso, gaze, blink[:, 0], lids[:, 0], brows[:, 0], speaking[:, 0], moods)

    def _decide(self, span: Span, speech: Speech, begins: float, style: MotionStyle) -> NDArray[np.float64]:
        """(n, C) all curves in the order of Behavior's fields."""
        phrases = find_phrases(speech, begins)
        talking = np.zeros((span.count, 1))
        for phrase in phrases:
            talking[span.indices(phrase.start - _TALK_LEAD, phrase.end - _TALK_LEAD)] = 1
        speaking = self._talk.filter(talking)[:, 0]
        meant, moods = self._moods.mix(span, speech, begins)
        energy = energy_factor(moods)
        accents = self._prominence.accents(speech, begins)
        nods = self._nods.choose(span, accents, style, energy)
        gestures = self._gestures.choose(span, speech.gesture, accents)
        pose = self._head.pose(
            span,
            phrases,
            nods,
            draw_gestures(span, gestures),
            style=style,
            energy=energy,
            speaking=speaking,
            bias=head_bias(meant),
            motion=self._motion,
        )
        saccades = self._gaze.saccades(span, phrases, style, rests=gaze_rest(meant), speaking=speaking)
        large = [saccade.time for saccade in saccades if saccade.size > _LARGE_SACCADE]
        blink = self._blinks.lids(span, sorted([*(phrase.end for phrase in phrases), *large]), style.blink_interval)
        columns = (
            pose,
            self._torso.curves(span.times, pose, self._motion),
            turn_eyes(draw_saccades(span, saccades), pose, self._motion),
            blink[:, None],
            (1 - (1 - blink) * (1 - lid_closure(moods)))[:, None],
            (1 - (1 - draw_brows(span, nods)) * (1 - gesture_brows(span, gestures)))[:, None]
            * (_BROWS_AT_REST + (1 - _BROWS_AT_REST) * self._motion),
            speaking[:, None],
            moods,
        )
        return np.concatenate(columns, axis=1)
