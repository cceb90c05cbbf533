"""Body motion from presets: chosen by action or feeling, fitted to the time of a sentence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from zlib import crc32

from lipsync.animation.actions import ALIASES, plain_action
from lipsync.animation.body_motion.preset import Preset
from lipsync.animation.body_motion.preset_library import PresetLibrary
from lipsync.animation.body_motion.sampling import KeyframeCurve, Pose, blend, furthest_turn
from lipsync.animation.body_motion.types import MotionKeyframe, MotionKeyframes
from lipsync.animation.easing import ease
from lipsync.errors import LipsyncError
from lipsync.text.mood import Mood

IDLE = "idle"

_RATE = 15
"""Keyframes a second of what is generated; between them a client interpolates."""
_MAX_KEYFRAMES = 1800
"""Maximum number of keyframes of a motion; a longer one has fewer a second."""
_MAX_PLAYBACK_RATE = 1.25
"""Factor up to which a motion that is too long is played faster; what remains is cut off, with an ease."""
_MIN_RAMP_S = 0.25
"""Seconds in which the body goes over from idling to a motion, and back, at least."""
_RAMP_SPEED = 100.0
"""Degrees a second at most in the middle of such a transition, before what the motion itself adds."""
_MAX_SPEED = 160.0
"""Degrees a second of any bone: 5.3 a frame at 30 fps."""
_CLOSED_DEGREES = 3.0
"""Angle between the first and last pose of a loop up to which it is repeated; else it is played there and back."""


class PresetMotionGenerator:
    """A :class:`lipsync.animation.body_motion.types.MotionGenerator` on the presets of the package and of a folder.

    Every motion begins and ends in the first pose of ``idle``, so that motions of consecutive sentences join. The
    same arguments give the same motion.
    """

    name = "presets"

    def __init__(self, folder: Path | None = None) -> None:
        """``folder`` is the setting ``motions``: its JSON files are added to the presets, or replace them."""
        self._library = PresetLibrary(folder)

    def available_actions(self) -> tuple[str, ...]:
        """Names of the motions, sorted."""
        return tuple(sorted(self._library.presets()))

    def problems(self) -> Mapping[str, LipsyncError]:
        """Why files of the folder are not used, by the name of the file without its ending."""
        return self._library.problems()

    def motion(self, emotion: Mood, duration: float, action_hint: str | None = None) -> MotionKeyframes:
        """A motion of ``duration`` seconds for the feeling; ``action_hint`` is preferred where it is available.

        Raises ValueError for a duration that is negative or not finite.
        """
        if not (math.isfinite(duration) and duration >= 0):
            raise ValueError(f"a motion of {duration} s")
        presets = self._library.presets()
        action = find_action(presets, action_hint) or choose_action(presets, emotion, duration)
        layer = _Action(presets[action], duration) if action != IDLE else None
        idle = _Idle(presets[IDLE], duration)
        count = min(_MAX_KEYFRAMES, math.ceil(duration * _RATE)) or 1
        times = [duration * place / count for place in range(count + 1)] if duration else [0.0]
        poses = [idle.at(time) for time in times]
        if layer is not None:
            poses = layer.lay_over(poses, times, idle.start)
        keyframes = tuple(_keyframe(time, pose) for time, pose in zip(times, poses, strict=True))
        return MotionKeyframes(action=action, keyframes=keyframes, duration=duration)


def find_action(presets: Mapping[str, Preset], hint: str | None) -> str | None:
    """The name of the preset that ``hint`` names, in other letters or by an alias too; None where it names none."""
    name = plain_action(hint)
    return next((one for one in (name, name.replace("-", "_"), ALIASES.get(name, "")) if one in presets), None)


def choose_action(presets: Mapping[str, Preset], emotion: Mood, duration: float) -> str:
    """A preset for the feeling; among several the arguments decide, not chance."""
    fitting = sorted(name for name, preset in presets.items() if emotion in preset.moods)
    if not fitting:
        return IDLE
    return fitting[crc32(f"{emotion} {duration:.3f}".encode()) % len(fitting)]


class _Idle:
    """The body at rest, breathing: whole cycles, stretched to the duration, smaller where there is little time."""

    def __init__(self, preset: Preset, duration: float) -> None:
        self._curve = KeyframeCurve(preset.keyframes)
        self._period, self._duration = preset.duration, duration
        self._cycles = max(1, round(duration / preset.duration)) if preset.duration else 1
        self._size = min(1.0, duration / (preset.duration / 2)) if preset.duration else 1.0
        self.start = self._curve.at(0.0)

    def at(self, time: float) -> Pose:
        """The pose at ``time``; at the end it is that of the start."""
        share = (time / self._duration * self._cycles) % 1.0 if self._duration else 0.0
        if time >= self._duration:
            share = 0.0
        pose = self._curve.at(share * self._period)
        return pose if self._size == 1 else blend(self.start, pose, self._size)


class _Action:
    """One motion that is laid over the idling body, with transitions at both ends."""

    def __init__(self, preset: Preset, duration: float) -> None:
        self._curve = KeyframeCurve(preset.keyframes)
        self._preset, self._length = preset, preset.duration
        self._is_closed = furthest_turn(self._curve.at(0.0), self._curve.at(self._length)) <= _CLOSED_DEGREES
        self._playback_rate, self._active = 1.0, duration
        if not preset.loop and self._length:
            if duration:
                self._playback_rate = min(_MAX_PLAYBACK_RATE, max(1.0, self._length / duration))
            self._active = min(duration, self._length / self._playback_rate)

    def lay_over(self, poses: Sequence[Pose], times: Sequence[float], idle: Pose) -> list[Pose]:
        """``poses`` at ``times`` with this motion; ``idle`` is the pose that transitions lead from and to.

        A motion that is cut off, played faster or eased never turns a bone faster than _MAX_SPEED, or than it does by
        itself where that is faster: it is made smaller.
        """
        rise, fall, weight = self._plan(idle)
        made = [self._over(pose, time, rise, fall, weight) for pose, time in zip(poses, times, strict=True)]
        limit = max(_MAX_SPEED, self._curve.peak_speed())
        speed = _speed(made, times)
        if speed > limit:
            weight *= limit / speed
            made = [self._over(pose, time, rise, fall, weight) for pose, time in zip(poses, times, strict=True)]
        return made

    def _over(self, under: Pose, time: float, rise: float, fall: float, weight: float) -> Pose:
        left = self._active - time
        if left <= 0 or time <= 0:
            return under
        share = min(1.0, time / rise) if rise else 1.0
        rest = min(1.0, left / fall) if fall else 1.0
        return blend(under, self._pose(time), weight * ease(share) * ease(rest))

    def _plan(self, idle: Pose) -> tuple[float, float, float]:
        """Seconds of the transitions at both ends, and the weight of the motion between them.

        Where there is too little time for both, the motion is smaller instead of faster.
        """
        rise, fall = (self._ramp(idle, time) for time in (0.0, self._active))
        weight = min(1.0, self._active / (rise + fall))
        return rise * weight, fall * weight, weight

    def _ramp(self, idle: Pose, time: float) -> float:
        pose = self._pose(time)
        named = Pose({bone: turn for bone, turn in idle.rotations.items() if bone in pose.rotations})
        return max(_MIN_RAMP_S, 1.5 * furthest_turn(named, Pose(pose.rotations)) / _RAMP_SPEED)

    def _pose(self, time: float) -> Pose:
        played = time * self._playback_rate
        if self._preset.loop and self._length:
            rounds, played = divmod(played, self._length)
            if not self._is_closed and rounds % 2:
                played = self._length - played
        return self._curve.at(min(played, self._length))


def _speed(poses: Sequence[Pose], times: Sequence[float]) -> float:
    """Greatest speed of a bone in degrees a second."""
    return max(
        (
            furthest_turn(*pair) / (after - before)
            for pair, (before, after) in zip(pairwise(poses), pairwise(times), strict=True)
        ),
        default=0.0,
    )


def _keyframe(time: float, pose: Pose) -> MotionKeyframe:
    """Rounded: four digits are a hundredth of a degree."""
    rotations = {}
    for bone, (x, y, z, w) in sorted(pose.rotations.items()):
        rotations[bone] = (round(x, 5), round(y, 5), round(z, 5), round(w, 5))
    positions = {}
    for bone, (x, y, z) in sorted(pose.positions.items()):
        positions[bone] = (round(x, 5), round(y, 5), round(z, 5))
    return MotionKeyframe(timestamp=round(time, 6), bone_rotations=rotations, bone_positions=positions)
