from __future__ import annotations

import math
from itertools import pairwise
from typing import get_args

import pytest

from lipsync.animation.actions import ALIASES
from lipsync.animation.body_motion.preset import BONES
from lipsync.animation.body_motion.preset_library import SHIPPED, PresetLibrary
from lipsync.animation.body_motion.preset_motion import PresetMotionGenerator
from lipsync.animation.body_motion.sampling import Pose, furthest_turn
from lipsync.animation.body_motion.types import MotionGenerator, MotionKeyframes
from lipsync.text.mood import MOODS, Mood
from tests.animation.body_motion.client import played
from tools.motions import motions, written

GENERATOR = PresetMotionGenerator()
ACTIONS = GENERATOR.available_actions()


def pose(motion: MotionKeyframes, place: int) -> Pose:
    keyframe = motion.keyframes[place]
    return Pose(keyframe.bone_rotations, keyframe.bone_positions)


def test_it_is_a_motion_generator_with_the_actions_of_the_issue() -> None:
    generator: MotionGenerator = GENERATOR
    assert {"idle", "nod", "shake", "think", "greet", "explain", "shrug", "listen", "agree"} <= set(ACTIONS)
    assert tuple(sorted(ACTIONS)) == generator.available_actions()
    assert set(ALIASES.values()) <= set(ACTIONS)


def test_the_files_are_those_of_the_tool() -> None:
    assert {path.stem: path.read_text() for path in SHIPPED.glob("*.json")} == {
        name: written(content) for name, content in motions().items()
    }


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("duration", [0.3, 1.0, 1.5, 3.1, 9.7])
def test_motions_are_smooth_and_join(action: str, duration: float) -> None:
    motion = GENERATOR.motion("neutral", duration, action)
    idle = GENERATOR.motion("neutral", 6.8, "idle")
    assert (motion.action, motion.duration) == (action, duration)
    times = [keyframe.timestamp for keyframe in motion.keyframes]
    assert times[0] == 0
    assert times[-1] == pytest.approx(duration)
    assert all(before < after for before, after in pairwise(times))
    for place in (0, -1):
        assert furthest_turn(pose(motion, place), pose(idle, 0)) < 0.1
    frames = [played(motion, frame / 30) for frame in range(math.ceil(duration * 30) + 1)]
    assert max(furthest_turn(before, after) for before, after in pairwise(frames)) < 6.0
    for keyframe in motion.keyframes:
        assert set(keyframe.bone_rotations) <= BONES
        assert all(abs(math.hypot(*turn) - 1) < 1e-4 for turn in keyframe.bone_rotations.values())


@pytest.mark.parametrize("action", [action for action in ACTIONS if action != "idle"])
def test_actions_are_seen(action: str) -> None:
    motion = GENERATOR.motion("neutral", 4.0, action)
    rest = pose(motion, 0)
    assert max(furthest_turn(pose(motion, place), rest) for place in range(len(motion.keyframes))) > 3.0


def test_idle_breathes_and_hardly_moves() -> None:
    motion = GENERATOR.motion("neutral", 6.0, "idle")
    turns = [furthest_turn(pose(motion, place), pose(motion, 0)) for place in range(len(motion.keyframes))]
    assert 0.5 < max(turns) < 4.0


@pytest.mark.parametrize("mood", MOODS)
def test_a_feeling_chooses_where_no_action_fits(mood: Mood) -> None:
    expected = {"thinking": {"think"}, "neutral": {"talk", "explain"}}.get(mood, {mood})
    chosen = {
        GENERATOR.motion(mood, 1.0 + place / 7, hint).action for place in range(12) for hint in (None, "fly", "")
    }
    assert chosen == expected
    assert get_args(Mood) == MOODS


@pytest.mark.parametrize(
    ("hint", "action"),
    [("nod", "nod"), ("Nod", "nod"), ("*waves*", None), ("wave", "greet"), ("[Shake head]", "shake"), ("yes", "nod")],
)
def test_hints_are_read_kindly(hint: str, action: str | None) -> None:
    motion = GENERATOR.motion("sad", 2.0, hint)
    assert motion.action == (action or "sad")


def test_the_same_arguments_give_the_same_motion() -> None:
    assert PresetMotionGenerator().motion("happy", 3.3, "greet") == GENERATOR.motion("happy", 3.3, "greet")


def test_no_time_and_much_time() -> None:
    assert len(GENERATOR.motion("happy", 0.0).keyframes) == 1
    long = GENERATOR.motion("neutral", 900.0, "talk")
    assert len(long.keyframes) <= 1801
    for wrong in (-1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="motion of"):
            GENERATOR.motion("happy", wrong)


def test_a_nod_lowers_the_head() -> None:
    nodding = played(GENERATOR.motion("neutral", 2.0, "nod"), 0.45).rotations["Head"]
    assert math.degrees(2 * math.asin(nodding[0])) > 5


def test_loops_return_to_their_start() -> None:
    for name, preset in PresetLibrary().presets().items():
        first, last = preset.keyframes[0], preset.keyframes[-1]
        assert furthest_turn(Pose(first.bone_rotations), Pose(last.bone_rotations)) < 0.1, name
