"""Writes the preset motions of the package, ``python -m tools.motions``: lipsync/animation/body_motion/presets/.

Poses are written here in degrees about x (to the left), y (up) and z (forward), in that order, as additions to the
pose at rest with hanging arms; ``both`` mirrors the left side to the right. Angles are small and times those of
people: a nod takes about half a second, a lifted hand about one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lipsync.animation.body_motion.quaternions import from_degrees

FOLDER = Path(__file__).resolve().parent.parent / "lipsync" / "animation" / "body_motion" / "presets"

Angles = tuple[float, float, float]
Pose = Mapping[str, Angles]


def left(**bones: Angles) -> dict[str, Angles]:
    """Bones of the left side."""
    return {f"Left{bone}": angles for bone, angles in bones.items()}


def right(**bones: Angles) -> dict[str, Angles]:
    """The same on the right side, mirrored."""
    return {f"Right{bone}": (x, -y, -z) for bone, (x, y, z) in bones.items()}


def both(**bones: Angles) -> dict[str, Angles]:
    """The same on both sides."""
    return left(**bones) | right(**bones)


REST: dict[str, Angles] = both(Arm=(0, -5, -74), ForeArm=(0, -14, 0), Hand=(0, 0, -6), Shoulder=(0, 0, -2))
"""Arms that hang, slightly bent, from the T-pose."""

# arms of gestures, in place of REST
OPEN = {"Arm": (14.0, -14.0, -64.0), "ForeArm": (38.0, -72.0, 0.0), "Hand": (0.0, 0.0, 4.0)}
"""A forearm lifted before the body, the palm half turned up."""
OPEN_WIDE = {"Arm": (0.0, -10.0, -58.0), "ForeArm": (48.0, -60.0, 0.0), "Hand": (0.0, 0.0, 8.0)}
NEAR = {"Arm": (18.0, -12.0, -68.0), "ForeArm": (28.0, -62.0, 0.0), "Hand": (0.0, 0.0, 0.0)}
CHIN = {"Arm": (30.0, -24.0, -66.0), "ForeArm": (-10.0, -134.0, 0.0), "Hand": (0.0, 0.0, -12.0)}
"""A hand at the chin."""
ACROSS = {"Arm": (56.0, -8.0, -68.0), "ForeArm": (-20.0, -84.0, 0.0), "Hand": (0.0, 0.0, 0.0)}
"""A forearm across the body that the other elbow rests on."""
WAVE = {"Arm": (-82.0, -8.0, -24.0), "ForeArm": (0.0, -98.0, 0.0), "Hand": (0.0, 0.0, 6.0)}
"""A hand lifted beside the head, the palm forward."""
BREATH = {"Spine1": (-0.7, 0.0, 0.0), "Spine2": (-0.8, 0.0, 0.0), **both(Shoulder=(0, 0, -0.6))}
"""Additions while the chest is full."""


def keyframe(time: float, *poses: Pose, hips: tuple[float, float, float] | None = None) -> dict[str, Any]:
    """A keyframe of REST with the bones of ``poses``, a later one in place of an earlier."""
    bones: dict[str, Angles] = {**REST}
    for pose in poses:
        bones.update(pose)
    frame: dict[str, Any] = {
        "timestamp": time,
        "bone_rotations": {
            bone: [round(part, 6) for part in from_degrees(*angles)] for bone, angles in sorted(bones.items())
        },
    }
    if hips is not None:
        frame["bone_positions"] = {"Hips": list(hips)}
    return frame


def head(x: float, y: float = 0.0, z: float = 0.0) -> dict[str, Angles]:
    """A turn of the head, of which the neck takes a third."""
    return {"Head": (x * 0.67, y * 0.67, z * 0.67), "Neck": (x * 0.33, y * 0.33, z * 0.33)}


def spine(x: float, y: float = 0.0, z: float = 0.0) -> dict[str, Angles]:
    """A turn of the trunk, shared by its three bones."""
    third = (x / 3, y / 3, z / 3)
    return {"Spine": third, "Spine1": third, "Spine2": third}


def motion(description: str, *keyframes: dict[str, Any], moods: tuple[str, ...] = (), loop: bool = False) -> Any:
    """The content of a file. All keyframes name all bones that any of them names."""
    names = {bone for frame in keyframes for bone in frame["bone_rotations"]}
    for frame in keyframes:
        for bone in names:
            rest = [round(part, 6) for part in from_degrees(*REST.get(bone, (0, 0, 0)))]
            frame["bone_rotations"].setdefault(bone, rest)
        frame["bone_rotations"] = dict(sorted(frame["bone_rotations"].items()))
    return {"description": description, "loop": loop, "moods": list(moods), "keyframes": list(keyframes)}


def motions() -> dict[str, Any]:
    """The content of every file, by name."""
    nod_down, nod_up = head(11), head(-2.5)
    return {
        "idle": motion(
            "At rest: breathing, and a slow shift of weight.",
            keyframe(0.0, head(0), spine(0), hips=(0.0, 0.0, 0.0)),
            keyframe(1.6, head(-0.4, 1.2, 0.4), BREATH, hips=(0.004, 0.001, 0.0)),
            keyframe(3.4, head(0.4, 1.8, 0.6), spine(0.2, 0.4, 0.3), hips=(0.007, 0.0, 0.0)),
            keyframe(5.0, head(0.0, -0.6, -0.2), BREATH, hips=(0.002, 0.001, 0.0)),
            keyframe(6.8, head(0), spine(0), hips=(0.0, 0.0, 0.0)),
            loop=True,
        ),
        "nod": motion(
            "Two nods.",
            keyframe(0.0, head(0), spine(0)),
            keyframe(0.18, nod_up),
            keyframe(0.45, nod_down, spine(1.2)),
            keyframe(0.75, head(1.0)),
            keyframe(1.0, head(8.0), spine(0.8)),
            keyframe(1.4, head(0), spine(0)),
        ),
        "shake": motion(
            "The head is shaken.",
            keyframe(0.0, head(0)),
            keyframe(0.3, head(1.5, 13.0, 1.0)),
            keyframe(0.7, head(2.0, -13.0, -1.0)),
            keyframe(1.1, head(1.5, 10.0, 0.8)),
            keyframe(1.45, head(1.0, -6.0, -0.4)),
            keyframe(1.8, head(0)),
        ),
        "agree": motion(
            "A slow, deep nod with a slight bow.",
            keyframe(0.0, head(0), spine(0)),
            keyframe(0.55, head(12.0, 0.0, 2.0), spine(4.0)),
            keyframe(0.9, head(9.0, 0.0, 2.0), spine(3.5)),
            keyframe(1.6, head(0), spine(0)),
        ),
        "greet": motion(
            "A hand is lifted and waves.",
            keyframe(0.0, head(0), spine(0)),
            keyframe(0.95, head(2.0, -3.0, 4.0), spine(0.0, -2.0, 1.5), right(**WAVE)),
            keyframe(1.25, head(1.0, -3.0, 4.5), spine(0.0, -2.0, 1.5), right(**WAVE | {"ForeArm": (0, -98, 16)})),
            keyframe(1.6, head(2.0, -3.0, 4.0), spine(0.0, -2.0, 1.5), right(**WAVE | {"ForeArm": (0, -98, -14)})),
            keyframe(1.95, head(1.0, -3.0, 4.5), spine(0.0, -2.0, 1.5), right(**WAVE | {"ForeArm": (0, -98, 14)})),
            keyframe(2.25, head(3.0, -2.0, 3.0), spine(1.0, -1.0, 1.0), right(**WAVE)),
            keyframe(3.3, head(0), spine(0)),
        ),
        "explain": motion(
            "Both hands open before the body and mark what is said.",
            keyframe(0.0, head(0), spine(0)),
            keyframe(0.8, head(2.0, 3.0), spine(1.0, 1.0), both(**OPEN)),
            keyframe(1.3, head(-1.0, 4.0, 1.0), spine(0.5, 2.0), left(**OPEN_WIDE), right(**OPEN)),
            keyframe(1.9, head(2.5, -2.0), spine(1.5, -1.0), left(**OPEN), right(**OPEN_WIDE)),
            keyframe(2.6, head(0.0, -3.0, -1.0), spine(1.0, -2.0), both(**NEAR)),
            keyframe(3.2, head(3.0, 1.0), spine(1.5), both(**OPEN_WIDE)),
            keyframe(3.7, head(1.0, 1.0), spine(1.0), both(**OPEN)),
            keyframe(4.6, head(0), spine(0)),
            moods=("neutral",),
        ),
        "talk": motion(
            "One hand marks what is said, low before the body.",
            keyframe(0.0, head(0), spine(0)),
            keyframe(0.9, head(2.0, 2.0), spine(0.8, 1.0), left(**NEAR)),
            keyframe(1.4, head(-0.5, 3.0, 1.0), spine(0.4, 1.5), left(**OPEN)),
            keyframe(2.0, head(1.5, 0.0), spine(0.8, 0.5), left(**NEAR)),
            keyframe(2.9, head(0.5, -2.0, -0.8), spine(0.3, -0.5)),
            keyframe(3.6, head(0), spine(0)),
            moods=("neutral",),
            loop=True,
        ),
        "listen": motion(
            "Leaning in, the head a little aside, with small nods.",
            keyframe(0.0, head(2.0, 2.0, 4.0), spine(3.0)),
            keyframe(1.4, head(2.5, 3.0, 5.0), spine(3.4)),
            keyframe(1.75, head(6.0, 3.0, 4.5), spine(3.6)),
            keyframe(2.2, head(2.5, 2.5, 5.0), spine(3.4)),
            keyframe(4.0, head(1.5, 0.5, 3.0), spine(2.8)),
            keyframe(5.2, head(2.0, 2.0, 4.0), spine(3.0)),
            loop=True,
        ),
        "think": motion(
            "A hand at the chin, the gaze up and aside.",
            keyframe(0.0, head(0), spine(0)),
            keyframe(1.35, head(-3.0, 8.0, -4.0), spine(1.0, 1.0), right(**CHIN), left(**ACROSS)),
            keyframe(2.4, head(-5.0, 10.0, -5.0), spine(0.6, 1.5), right(**CHIN), left(**ACROSS)),
            keyframe(3.4, head(-1.0, 6.0, -3.0), spine(1.2, 0.8), right(**CHIN), left(**ACROSS)),
            keyframe(4.8, head(0), spine(0)),
            moods=("thinking",),
        ),
        "shrug": motion(
            "The shoulders go up, the palms turn up.",
            keyframe(0.0, head(0), spine(0)),
            keyframe(0.85, head(-1.0, 0.0, 6.0), spine(-1.0), both(**OPEN_WIDE, Shoulder=(0, 0, 10))),
            keyframe(1.35, head(-1.0, 2.0, 6.5), spine(-1.0), both(**OPEN_WIDE, Shoulder=(0, 0, 9))),
            keyframe(2.3, head(0), spine(0)),
        ),
        "happy": motion(
            "Upright and lively, the head a little aside.",
            keyframe(0.0, head(-2.0, 0.0, 3.0), spine(-2.0)),
            keyframe(0.9, head(1.0, 3.0, 4.0), spine(-1.5, 1.0), both(**NEAR)),
            keyframe(1.5, head(-3.0, 1.0, 2.0), spine(-2.5, 0.5), both(**OPEN)),
            keyframe(2.2, head(1.0, -3.0, -2.0), spine(-1.5, -1.0), both(**NEAR)),
            keyframe(3.2, head(-2.0, 0.0, 3.0), spine(-2.0)),
            moods=("happy",),
            loop=True,
        ),
        "sad": motion(
            "Sunken, the head low, slow.",
            keyframe(0.0, head(9.0, 0.0, -2.0), spine(5.0), both(Shoulder=(0, -5, -4))),
            keyframe(2.0, head(10.5, -3.0, -3.0), spine(5.6, 0.0, -0.5), both(Shoulder=(0, -5.5, -5))),
            keyframe(4.2, head(8.5, 2.0, -1.0), spine(4.8, 0.0, 0.4), both(Shoulder=(0, -5, -4))),
            keyframe(6.2, head(9.0, 0.0, -2.0), spine(5.0), both(Shoulder=(0, -5, -4))),
            moods=("sad",),
            loop=True,
        ),
        "surprised": motion(
            "Back and up, the hands lift.",
            keyframe(0.0, head(0), spine(0)),
            keyframe(0.8, head(-6.0, 0.0, 1.0), spine(-5.0), both(**NEAR, Shoulder=(0, 0, 5))),
            keyframe(1.4, head(-4.0, 2.0, 2.0), spine(-4.0), both(**NEAR, Shoulder=(0, 0, 3))),
            keyframe(2.6, head(0), spine(0)),
            moods=("surprised",),
        ),
        "angry": motion(
            "Leaning forward, the head low, short movements.",
            keyframe(0.0, head(4.0), spine(4.0), both(Shoulder=(0, -4, 2))),
            keyframe(0.9, head(6.0, 3.0), spine(5.0, 1.0), both(Shoulder=(0, -4, 3)), right(**NEAR)),
            keyframe(1.2, head(8.5, 2.0), spine(6.0, 0.5), both(Shoulder=(0, -4, 3)), right(**NEAR)),
            keyframe(1.7, head(5.0, -2.0), spine(4.5, -0.5), both(Shoulder=(0, -4, 2)), right(**NEAR)),
            keyframe(2.6, head(4.0), spine(4.0), both(Shoulder=(0, -4, 2))),
            moods=("angry",),
            loop=True,
        ),
    }


def written(content: Any) -> str:
    """The text of a file: one line for each keyframe."""
    frames = ",\n".join("    " + json.dumps(frame) for frame in content["keyframes"])
    facts = {name: value for name, value in content.items() if name != "keyframes"}
    return json.dumps(facts, indent=2)[:-2] + f',\n  "keyframes": [\n{frames}\n  ]\n}}\n'


def main() -> None:
    """Write all files."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, content in motions().items():
        (FOLDER / f"{name}.json").write_text(written(content), encoding="utf-8")
    print(f"{len(motions())} motions in {FOLDER}")


if __name__ == "__main__":
    main()
