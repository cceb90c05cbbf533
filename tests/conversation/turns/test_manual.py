"""Push to talk: a turn ends by the client's commit."""

from __future__ import annotations

import pytest

from lipsync.conversation.turns.actions import Interrupted, NoWords, Release, Think, Transcribe
from lipsync.conversation.turns.events import Clear, Commit
from lipsync.conversation.turns.options import TurnOptions
from tests.helpers.turns import FakeTalk

MANUAL = TurnOptions(mode="manual")


def test_a_pause_does_not_end_the_turn() -> None:
    talk = FakeTalk(MANUAL)
    talk.voice(1.0, "What is")
    talk.voice(5.0, "this?")
    talk.at(6.0, Commit(6.0))
    talk.run(8)
    assert talk.questions == ["What is this?"]


def test_what_was_recognized_in_the_last_pause_is_used_at_once() -> None:
    talk = FakeTalk(MANUAL, transcription_s=0.3)
    end = talk.voice(1.0, "What is this?")
    talk.at(end + 0.6, Commit(end + 0.6))
    talk.run(4)
    assert talk.times(Release) == [pytest.approx(end + 0.6)]
    assert talk.times(Think)[0] < end + 0.6, "the answer is prepared before the button is released"


def test_a_commit_in_the_last_word_recognizes_the_whole() -> None:
    talk = FakeTalk(MANUAL, transcription_s=0.3)
    end = talk.voice(1.0, "What is this?")
    talk.at(end, Commit(end))
    talk.run(4)
    (asked,) = talk.all(Transcribe)
    assert not asked.speculative
    assert talk.times(Release) == [pytest.approx(end + 0.3)]


def test_a_commit_without_a_voice_is_answered_with_nothing() -> None:
    talk = FakeTalk(MANUAL)
    talk.at(2.0, Commit(2.0))
    talk.run(3)
    assert len(talk.all(NoWords)) == 1
    assert talk.states == ["listening"]


def test_without_a_detector_all_sound_since_the_last_commit_is_recognized() -> None:
    talk = FakeTalk(MANUAL, microphone=False)
    talk.voice(0.5, "What is this?")
    talk.at(2.0, Commit(2.0))
    talk.voice(14.0, "And that?")
    talk.at(15.0, Commit(15.0))
    talk.run(17)
    assert talk.questions == ["What is this?", "And that?"]
    assert [(action.start, action.end) for action in talk.all(Transcribe)] == [(0.0, 2.0), (2.0, 15.0)]


def test_sound_alone_does_not_interrupt_a_commit_does() -> None:
    talk = FakeTalk(MANUAL)
    talk.voice(1.0, "What is this?")
    talk.at(2.5, Commit(2.5))
    talk.voice(4.0, "Stop that now.")
    talk.run(5.5)
    assert talk.all(Interrupted) == []
    talk.at(5.6, Commit(5.6))
    talk.run(7)
    assert [action.by for action in talk.all(Interrupted)] == ["message"]
    assert talk.questions == ["What is this?", "Stop that now."]


def test_what_was_cleared_is_not_heard() -> None:
    talk = FakeTalk(MANUAL)
    talk.voice(1.0, "Not this.")
    talk.at(2.0, Clear(2.0))
    talk.voice(2.2, "But this.")
    talk.at(3.2, Commit(3.2))
    talk.run(5)
    assert talk.questions == ["But this."]
