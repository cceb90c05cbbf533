"""Keyframes of a body's motion, and the interface of a generator of them.

Axes are those of glTF: x to the person's left, y up, z forward. The rest of a body is the T-pose of Mixamo. A
rotation turns a bone about these axes, relative to its parent: for a rig whose bones have rotations R at rest in the
axes of the model, the local rotation of a bone is (R of the parent)^-1 · rotation · (R of the bone).
"""

from __future__ import annotations

from typing import Annotated, Protocol

from pydantic import BaseModel, ConfigDict, Field

from lipsync.text.mood import Mood

Quaternion = Annotated[tuple[float, float, float, float], Field(description="x, y, z, w; of length 1.")]
Position = Annotated[tuple[float, float, float], Field(description="x to the left, y up, z forward, in metres.")]


class MotionKeyframe(BaseModel):
    """The bones of a body at one moment. Bones are named as Mixamo does, without prefix: Head, Neck, Spine."""

    model_config = ConfigDict(frozen=True)

    timestamp: float = Field(ge=0, description="Seconds from the start of the motion.")
    bone_rotations: dict[str, Quaternion] = Field(
        default_factory=dict, description="Rotation of each bone from its rest."
    )
    bone_positions: dict[str, Position] = Field(default_factory=dict, description="Shift of each bone from its rest.")


class MotionKeyframes(BaseModel):
    """A motion, to be interpolated between its keyframes."""

    model_config = ConfigDict(frozen=True)

    action: str = Field(description="Name of the motion.")
    keyframes: tuple[MotionKeyframe, ...] = Field(description="In order of time; the first is at 0.")
    duration: float = Field(ge=0, description="Seconds.")


class MotionGenerator(Protocol):
    """Makes motions of a body. Thread-safe."""

    name: str

    def motion(self, emotion: Mood, duration: float, action_hint: str | None = None) -> MotionKeyframes:
        """A motion of ``duration`` seconds for the feeling; ``action_hint`` is preferred where it is available."""
        ...

    def available_actions(self) -> tuple[str, ...]:
        """Names of the motions, sorted."""
        ...
