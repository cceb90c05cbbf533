from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from lipsync.animation.body_motion.preset import MAX_FILE_BYTES, read_preset
from lipsync.animation.body_motion.preset_motion import PresetMotionGenerator
from lipsync.animation.errors import MotionError
from tests.animation.body_motion.client import played

TURN = [0.0, 0.0871557, 0.0, 0.9961947]


def frame(time: object, bone: str = "Head", turn: object = None) -> dict[str, Any]:
    return {"timestamp": time, "bone_rotations": {bone: TURN if turn is None else turn}}


def put(folder: Path, name: str, content: object) -> Path:
    path = folder / f"{name}.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_files_are_found_and_forgotten_without_a_restart(tmp_path: Path) -> None:
    generator = PresetMotionGenerator(tmp_path)
    assert "bow" not in generator.available_actions()
    path = put(tmp_path, "bow", {"moods": ["happy"], "keyframes": [frame(0), frame(1.0)]})
    assert "bow" in generator.available_actions()
    motion = generator.motion("neutral", 3.0, "bow")
    assert motion.action == "bow"
    middle = played(motion, 0.5).rotations["Head"]
    assert middle[1] == pytest.approx(TURN[1], abs=0.01)
    put(tmp_path, "bow", {"keyframes": [frame(0, "mixamorig:Spine")], "description": "now another"})
    assert "Spine" in generator.motion("neutral", 1.0, "bow").keyframes[1].bone_rotations
    path.unlink()
    assert "bow" not in generator.available_actions()


def test_a_file_replaces_a_preset(tmp_path: Path) -> None:
    put(tmp_path, "nod", {"keyframes": [frame(0), frame(1)]})
    motion = PresetMotionGenerator(tmp_path).motion("neutral", 2.0, "nod")
    assert all(abs(one.bone_rotations["Head"][0]) < 0.02 for one in motion.keyframes)


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ("{", "JSON"),
        ("[]", "object"),
        ({"keyframes": []}, "keyframes"),
        ({"keyframes": [frame(0.5)]}, "keyframes.0.timestamp"),
        ({"keyframes": [frame(0), frame(1), frame(1)]}, "keyframes.2.timestamp"),
        ({"keyframes": [frame(0), frame(61)]}, "keyframes.1.timestamp"),
        ({"keyframes": [frame(0, "Tail")]}, "bone_rotations"),
        ({"keyframes": [frame(0, turn=[0, 0, 0, 2])]}, "keyframes.0.bone_rotations.Head"),
        ({"keyframes": [frame(0, turn=[0, 0, 0])]}, "keyframes.0.bone_rotations.Head"),
        ({"keyframes": [frame(0, turn=["NaN", 0, 0, 1])]}, "keyframes.0.bone_rotations.Head"),
        ({"keyframes": [{"timestamp": 0, "bone_positions": {"Hips": [0, 5, 0]}}]}, "keyframes.0.bone_positions.Hips"),
        ({"keyframes": [frame(0)], "moods": ["bored"]}, "moods.0"),
        ({"keyframes": [frame(0)], "speed": 2}, "speed"),
        (" " * (MAX_FILE_BYTES + 1), "bytes"),
    ],
)
def test_a_broken_file_is_named_with_its_field_and_the_others_work(
    tmp_path: Path, content: object, field: str
) -> None:
    put(tmp_path, "broken", content)
    put(tmp_path, "bow", {"keyframes": [frame(0), frame(1)]})
    generator = PresetMotionGenerator(tmp_path)
    assert "bow" in generator.available_actions()
    assert "broken" not in generator.available_actions()
    problem = generator.problems()["broken"]
    assert problem.code == "bad_motion"
    assert "broken.json" in str(problem)
    assert field in str(problem)


def test_a_broken_file_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    put(tmp_path, "broken", "{")
    generator = PresetMotionGenerator(tmp_path)
    for _ in range(3):
        generator.available_actions()
    assert len(caplog.records) == 1


def test_a_broken_replacement_leaves_the_preset_of_the_package(tmp_path: Path) -> None:
    put(tmp_path, "idle", {"keyframes": [frame(0, turn=[9, 9, 9, 9])]})
    assert len(PresetMotionGenerator(tmp_path).motion("neutral", 2.0, "idle").keyframes[0].bone_rotations) > 5


def test_names_and_folders(tmp_path: Path) -> None:
    path = put(tmp_path, "Bad Name", {"keyframes": [frame(0)]})
    with pytest.raises(MotionError, match="a-z"):
        read_preset(path)
    with pytest.raises(MotionError):
        read_preset(tmp_path / "absent.json")
    assert "idle" in PresetMotionGenerator(tmp_path / "absent").available_actions()
    assert "idle" in PresetMotionGenerator(path).available_actions()


def test_a_loop_that_does_not_close_is_played_there_and_back(tmp_path: Path) -> None:
    put(tmp_path, "sway", {"loop": True, "keyframes": [frame(0, turn=[0, 0, 0, 1]), frame(1)]})
    motion = PresetMotionGenerator(tmp_path).motion("neutral", 6.0, "sway")
    turns = [keyframe.bone_rotations["Head"][1] for keyframe in motion.keyframes]
    assert max(abs(a - b) for a, b in pairwise(turns)) < 0.02
