"""The pose of keyframes at any time: slerp between neighbouring keyframes, with level ends."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from lipsync.animation.body_motion.quaternions import IDENTITY, degrees_between, slerp
from lipsync.animation.body_motion.types import MotionKeyframe, Position, Quaternion
from lipsync.animation.easing import ease


@dataclass(frozen=True)
class Pose:
    """Bones at one moment."""

    rotations: dict[str, Quaternion] = field(default_factory=dict)
    positions: dict[str, Position] = field(default_factory=dict)


class KeyframeCurve:
    """Keyframes, sorted by bone once so that they can be sampled often.

    Bones come to rest at each keyframe, as drawn poses do.
    """

    def __init__(self, keyframes: Iterable[MotionKeyframe]) -> None:
        self._rotations: dict[str, tuple[list[float], list[Quaternion]]] = {}
        self._positions: dict[str, tuple[list[float], list[Position]]] = {}
        for keyframe in keyframes:
            for bone, rotation in keyframe.bone_rotations.items():
                times, rotations = self._rotations.setdefault(bone, ([], []))
                times.append(keyframe.timestamp)
                rotations.append(rotation)
            for bone, position in keyframe.bone_positions.items():
                times, positions = self._positions.setdefault(bone, ([], []))
                times.append(keyframe.timestamp)
                positions.append(position)

    def at(self, time: float) -> Pose:
        """The pose at ``time``; before the first and after the last keyframe it is theirs."""
        rotations: dict[str, Quaternion] = {}
        for bone, (times, turned) in self._rotations.items():
            before, after, share = self._place(times, time)
            rotations[bone] = slerp(turned[before], turned[after], share) if share else turned[before]
        positions: dict[str, Position] = {}
        for bone, (times, shifted) in self._positions.items():
            before, after, share = self._place(times, time)
            positions[bone] = mix(shifted[before], shifted[after], share)
        return Pose(rotations, positions)

    def peak_speed(self) -> float:
        """Greatest speed of a bone in degrees a second, in the middle between two keyframes."""
        return max(
            (
                1.5 * degrees_between(*turn) / (after - before)
                for times, turned in self._rotations.values()
                for turn, (before, after) in zip(pairwise(turned), pairwise(times), strict=True)
            ),
            default=0.0,
        )

    def _place(self, times: Sequence[float], time: float) -> tuple[int, int, float]:
        """Indices of the keyframes before and after ``time``, and the share of the way between them."""
        after = bisect_right(times, time)
        if after in (0, len(times)):
            place = max(0, after - 1)
            return place, place, 0.0
        share = (time - times[after - 1]) / (times[after] - times[after - 1])
        return after - 1, after, ease(share)


def blend(under: Pose, over: Pose, weight: float) -> Pose:
    """``under`` with the bones of ``over`` laid over it at ``weight``, 0 to 1."""
    if weight <= 0:
        return under
    rotations, positions = dict(under.rotations), dict(under.positions)
    for bone, rotation in over.rotations.items():
        rotations[bone] = slerp(under.rotations.get(bone, IDENTITY), rotation, weight)
    for bone, position in over.positions.items():
        positions[bone] = mix(under.positions.get(bone, (0.0, 0.0, 0.0)), position, weight)
    return Pose(rotations, positions)


def mix(one: Position, other: Position, share: float) -> Position:
    """The position at ``share``, 0 to 1, of the way from ``one`` to ``other``."""
    x, y, z = (a + (b - a) * share for a, b in zip(one, other, strict=True))
    return x, y, z


def furthest_turn(one: Pose, other: Pose) -> float:
    """Greatest angle in degrees between the rotations of a bone in the two poses."""
    bones = one.rotations.keys() | other.rotations.keys()
    return max(
        (degrees_between(one.rotations.get(bone, IDENTITY), other.rotations.get(bone, IDENTITY)) for bone in bones),
        default=0.0,
    )
