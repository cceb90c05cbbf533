"""One preset motion as a value, and its JSON file."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from lipsync.animation.body_motion.quaternions import normalize
from lipsync.animation.body_motion.types import MotionKeyframe, Quaternion
from lipsync.animation.errors import MotionError
from lipsync.text.mood import Mood

MAX_FILE_BYTES = 2_000_000
"""Maximum size of a file."""
MAX_KEYFRAMES, MAX_DURATION_S = 2000, 60.0
_MAX_SHIFT_M = 1.0
_LENGTH_TOLERANCE = 0.01
"""How far the length of a quaternion may be from 1; it is then normalized."""
_PREFIX = re.compile(r"^mixamorig\d*:?")
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
"""What a file may be called, before ``.json``: the name of the action."""

_SIDES = ("Shoulder", "Arm", "ForeArm", "Hand", "UpLeg", "Leg", "Foot", "ToeBase", "Eye")
_FINGERS = ("Thumb", "Index", "Middle", "Ring", "Pinky")
BONES: frozenset[str] = frozenset(
    ["Hips", "Spine", "Spine1", "Spine2", "Neck", "Head", "HeadTop_End", "Jaw"]
    + [side + bone for side in ("Left", "Right") for bone in _SIDES]
    + [f"{side}Hand{finger}{joint}" for side in ("Left", "Right") for finger in _FINGERS for joint in range(1, 5)]
)
"""Bones of a Mixamo skeleton, without prefix."""


def _bare(bones: Any) -> Any:
    """Names without the prefix ``mixamorig:``."""
    return {_PREFIX.sub("", str(bone)): value for bone, value in bones.items()} if isinstance(bones, dict) else bones


def _known(bones: dict[str, Any]) -> dict[str, Any]:
    for bone in bones:
        if bone not in BONES:
            raise ValueError(f"unknown bone {bone[:40]!r}")
    return bones


def _unit(quaternion: Quaternion) -> Quaternion:
    if not abs(math.hypot(*quaternion) - 1) <= _LENGTH_TOLERANCE:
        raise ValueError("must be a quaternion x, y, z, w of length 1")
    return normalize(quaternion)


Rotation = Annotated[Quaternion, AfterValidator(_unit)]
Shift = Annotated[float, Field(ge=-_MAX_SHIFT_M, le=_MAX_SHIFT_M, allow_inf_nan=False)]


class PresetKeyframe(MotionKeyframe):
    """A keyframe of a file, checked: known bones, unit quaternions, bounded times and shifts."""

    model_config = ConfigDict(extra="forbid")

    timestamp: float = Field(ge=0, le=MAX_DURATION_S, allow_inf_nan=False)
    bone_rotations: Annotated[dict[str, Rotation], BeforeValidator(_bare), AfterValidator(_known)] = Field(
        default_factory=dict
    )
    bone_positions: Annotated[
        dict[str, tuple[Shift, Shift, Shift]], BeforeValidator(_bare), AfterValidator(_known)
    ] = Field(default_factory=dict)


class Preset(BaseModel):
    """A motion in a file: ``{"description", "loop", "moods", "keyframes": [{"timestamp", "bone_rotations", …}, …]}``.

    Bones that a keyframe does not name are interpolated between those keyframes that do; bones that none names move
    as in the motion ``idle``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: str = Field("", max_length=400)
    loop: bool = False
    """Whether the motion may be repeated for as long as it is needed; else it is done once, then the body idles."""
    moods: tuple[Mood, ...] = ()
    """Feelings that this motion is chosen for where no action is named."""
    keyframes: tuple[PresetKeyframe, ...] = Field(min_length=1, max_length=MAX_KEYFRAMES)

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.keyframes[-1].timestamp

    @model_validator(mode="after")
    def _check_times(self) -> Preset:
        times = [keyframe.timestamp for keyframe in self.keyframes]
        if times[0] != 0:
            raise ValueError("keyframes.0.timestamp must be 0")
        for place, (before, after) in enumerate(pairwise(times), 1):
            if after <= before:
                raise ValueError(f"keyframes.{place}.timestamp must be later than the one before")
        return self


def read_preset(path: Path) -> Preset:
    """Read a file of a preset. Raises MotionError bad_motion, which names the file and the field."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise MotionError("bad_motion", file=path.name, reason=error.strerror or type(error).__name__) from error
    if not NAME.fullmatch(path.stem):
        raise MotionError("bad_motion", file=path.name, reason="name: a-z, 0-9, _ and - only")
    if len(data) > MAX_FILE_BYTES:
        raise MotionError("bad_motion", file=path.name, reason=f"> {MAX_FILE_BYTES} bytes")
    try:
        return Preset.model_validate_json(data)
    except ValidationError as error:
        raise MotionError("bad_motion", file=path.name, reason=_reason(error)) from error


def _reason(error: ValidationError) -> str:
    """The first problem with the place of its field, e.g. ``keyframes.2.bone_rotations.Head: …``."""
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    return f"{field}: {message}" if field else message
