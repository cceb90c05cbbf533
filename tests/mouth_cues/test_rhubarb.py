from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from lipsync.errors import LipsyncError
from lipsync.mouth_cues.errors import RhubarbError
from lipsync.mouth_cues.make import Sound, make_mouth_cues, speech_cues
from lipsync.mouth_cues.rhubarb import Rhubarb
from lipsync.speech.types import Phone, Speech
from tests.mouth_cues.programs import answering, program

SOUND: Sound = (np.zeros(7520, np.float32), 16000)
PHONES = (Phone("", 0.0, 0.1), Phone("m", 0.1, 0.2), Phone("ɑ", 0.2, 0.47))


def code_of(path: Path, timeout_s: float = 20.0) -> str:
    with pytest.raises(RhubarbError) as caught:
        Rhubarb(path, timeout_s=timeout_s).cues(*SOUND, language="en")
    return caught.value.code


def test_the_program_gets_the_sound_and_the_dialog(tmp_path: Path) -> None:
    cues = Rhubarb(answering(tmp_path)).cues(*SOUND, language="en", dialog="Hi.")
    assert [(cue.start, cue.end, cue.shape) for cue in cues.cues] == [(0.0, 0.05, "X"), (0.05, 0.47, "D")]
    assert (cues.source, cues.duration) == ("rhubarb", 0.47)
    arguments = (tmp_path / "arguments").read_text().split()
    assert arguments[arguments.index("-r") + 1] == "pocketSphinx"
    assert arguments[arguments.index("-d") + 1].endswith("dialog.txt")
    assert (tmp_path / "sound").read_bytes()[:4] == b"RIFF"
    assert not Path(arguments[-1]).exists()


def test_other_languages_are_recognised_by_sound_alone(tmp_path: Path) -> None:
    Rhubarb(answering(tmp_path)).cues(*SOUND, language="ru", dialog="Привет.")
    arguments = (tmp_path / "arguments").read_text().split()
    assert arguments[arguments.index("-r") + 1] == "phonetic"
    assert "-d" not in arguments


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("", "rhubarb_output"),
        ("[]", "rhubarb_output"),
        ('{"metadata": {"duration": 1}, "mouthCues": []}', "rhubarb_output"),
        ('{"metadata": {"duration": 1}, "mouthCues": [{"start": 0, "end": 1, "value": "Q"}]}', "rhubarb_output"),
        ('{"metadata": {"duration": 1}, "mouthCues": [{"start": 0.5, "end": 1, "value": "A"}]}', "rhubarb_output"),
        ('{"metadata": {"duration": 1}, "mouthCues": [{"start": 0, "end": NaN, "value": "A"}]}', "rhubarb_output"),
    ],
)
def test_answers_that_are_not_rhubarbs(tmp_path: Path, answer: str, code: str) -> None:
    assert code_of(answering(tmp_path, answer)) == code


def test_a_program_that_fails_is_missing_or_writes_without_end(tmp_path: Path) -> None:
    assert code_of(program(tmp_path, "exit 3")) == "rhubarb_failed"
    assert code_of(tmp_path / "absent") == "rhubarb_missing"
    assert code_of(program(tmp_path, "yes")) == "rhubarb_failed"
    (tmp_path / "text").write_text("no program")
    assert code_of(tmp_path / "text") == "rhubarb_missing"


def test_a_program_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    hangs = program(tmp_path, f'sleep 600 & echo $! > "{tmp_path}/child"; sleep 600')
    assert code_of(hangs, timeout_s=0.5) == "rhubarb_slow"
    child = int((tmp_path / "child").read_text())
    for _ in range(100):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{child}/stat").read_text().split()[2] == "Z":
            return
        time.sleep(0.05)
    pytest.fail("the child of the program is still alive")


def test_no_thread_is_left(tmp_path: Path) -> None:
    before = threading.active_count()
    Rhubarb(answering(tmp_path)).cues(*SOUND, language="en")
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and isinstance(thread, threading.Timer):
            thread.join(5)
    assert threading.active_count() <= before


def test_the_phones_take_over_when_rhubarb_fails(tmp_path: Path) -> None:
    cues = make_mouth_cues(
        PHONES, 0.47, language="en", sound=lambda: SOUND, rhubarb=Rhubarb(program(tmp_path, "exit 1"))
    )
    assert cues.source == "phones"
    assert cues.problem is not None
    assert cues.problem.code == "rhubarb_failed"
    assert "A" in {cue.shape for cue in cues.cues}


def test_without_phones_a_failure_gives_rest(tmp_path: Path) -> None:
    def sound() -> Sound:
        raise LipsyncError("broken_sound")

    cues = make_mouth_cues((), 0.47, language="en", sound=sound, rhubarb=Rhubarb(answering(tmp_path)))
    assert (cues.source, [cue.shape for cue in cues.cues]) == ("silence", ["X"])
    assert cues.problem is not None


def test_the_cues_of_a_sentence(tmp_path: Path) -> None:
    speech = Speech(*SOUND, phones=PHONES, text="Ma.", language="en")
    assert speech_cues(speech).source == "phones"
    assert speech_cues(speech, Rhubarb(answering(tmp_path))).source == "rhubarb"
