"""The person's turn with an open microphone: its start, its end, and what is begun before the end is certain."""

from __future__ import annotations

import pytest

from lipsync.conversation.turns.actions import (
    Cancel,
    DropTranscription,
    Fallback,
    Interrupted,
    NoWords,
    Release,
    ReportTranscript,
    SpeechStarted,
    SpeechStopped,
    Think,
    Transcribe,
)
from lipsync.conversation.turns.events import Clear, Commit, TranscriptionFailed, WrittenQuestion
from lipsync.conversation.turns.options import TurnLimits, TurnOptions
from tests.helpers.turns import FakeTalk


def test_a_question_is_answered() -> None:
    talk = FakeTalk()
    end = talk.voice(1.0, "What is this?")
    talk.run(12)
    assert talk.states == ["listening", "hearing", "thinking", "speaking", "listening"]
    assert talk.questions == ["What is this?"]
    assert [action.final for action in talk.all(ReportTranscript)] == [False, True]
    (started,), (stopped,) = talk.all(SpeechStarted), talk.all(SpeechStopped)
    assert started.at == pytest.approx(0.7, abs=0.04), "0.3 s before the first voiced window"
    assert stopped.at == pytest.approx(end, abs=0.04)


def test_recognition_begins_at_the_third_quiet_window_and_the_answer_before_the_end_is_certain() -> None:
    talk = FakeTalk(transcription_s=0.1)
    end = talk.voice(1.0, "What is this?")
    talk.run(4)
    (asked,), (thought,), (released,) = talk.times(Transcribe), talk.times(Think), talk.times(Release)
    assert asked - end == pytest.approx(0.096, abs=0.033)
    assert thought == pytest.approx(asked + 0.1)
    assert released - end == pytest.approx(0.4, abs=0.033)
    assert talk.all(Transcribe)[0].speculative
    assert talk.all(Think)[0].speculative


def test_a_slow_recognition_ends_the_turn_at_once() -> None:
    talk = FakeTalk(transcription_s=0.8)
    talk.voice(1.0, "What is this?")
    talk.run(4)
    (asked,), (released,) = talk.times(Transcribe), talk.times(Release)
    assert released == pytest.approx(asked + 0.8)


def test_recognition_and_answer_are_dropped_when_the_person_goes_on() -> None:
    talk = FakeTalk(transcription_s=0.1)
    talk.voice(1.0, "What is")
    talk.voice(2.4, "the capital?")  # 0.6 s of silence; 0.9 s would end it
    talk.run(6)
    assert [action.text for action in talk.all(Think)] == ["What is", "What is the capital?"]
    assert [(action.answer, action.reason) for action in talk.all(Cancel)] == [(1, "continued")]
    assert talk.questions == ["What is the capital?"]
    assert talk.all(Transcribe)[0].start == talk.all(Transcribe)[1].start
    assert len(talk.all(SpeechStarted)) == 1


def test_a_running_recognition_is_dropped_when_the_person_goes_on() -> None:
    talk = FakeTalk(transcription_s=0.5)
    talk.voice(1.0, "What is")
    talk.voice(2.1, "the capital?")
    talk.run(6)
    assert [action.recognition for action in talk.all(DropTranscription)] == [1]
    assert len(talk.all(Think)) == 1
    assert talk.questions == ["What is the capital?"]


def test_a_click_in_the_pause_does_not_drop_what_was_begun() -> None:
    talk = FakeTalk(transcription_s=0.5)
    end = talk.voice(1.0, "What is this?")
    talk.noise(end + 0.2, 0.03)
    talk.run(4)
    assert talk.all(DropTranscription) == []
    assert talk.questions == ["What is this?"]


def test_the_person_goes_on_while_the_answer_is_awaited() -> None:
    talk = FakeTalk(first_sound_s=3.0)
    talk.voice(1.0, "What is this?")
    talk.voice(3.5, "I mean that one.")
    talk.run(7)
    assert talk.questions == ["What is this?", "What is this? I mean that one."]
    assert [action.reason for action in talk.all(Cancel)] == ["continued"]
    assert talk.states == ["listening", "hearing", "thinking", "hearing", "thinking"]


def test_a_cough_while_the_answer_is_awaited_loses_nothing() -> None:
    talk = FakeTalk(first_sound_s=1.5)
    talk.voice(1.0, "What is this?")
    talk.noise(3.2, 0.4)
    talk.run(8)
    assert talk.questions[-1] == "What is this?"
    assert talk.machine.state == "speaking"


@pytest.mark.parametrize("word", ["No.", "да", "угу"])
def test_short_answers_are_heard(word: str) -> None:
    talk = FakeTalk()
    talk.voice(1.0, word, word_s=0.2)
    talk.run(4)
    assert talk.questions == [word]


def test_a_noise_without_words_ends_in_listening() -> None:
    talk = FakeTalk()
    talk.noise(1.0, 0.5)
    talk.run(5)
    assert talk.states == ["listening", "hearing", "listening"]
    assert len(talk.all(NoWords)) == 1
    assert talk.all(Think) == []


def test_invented_words_are_dropped() -> None:
    talk = FakeTalk()
    talk.voice(1.0, "Thank you.", no_speech=0.7)
    talk.run(5)
    assert talk.all(Think) == []
    assert len(talk.all(NoWords)) == 1


def test_a_single_voiced_window_is_no_voice() -> None:
    talk = FakeTalk()
    talk.noise(1.0, 0.03)
    talk.run(3)
    assert talk.states == ["listening"]


def test_the_second_turn_does_not_hear_the_first() -> None:
    talk = FakeTalk(first_sound_s=0.0)
    talk.voice(1.0, "What is this?")
    talk.voice(12.0, "And that?")
    talk.run(15)
    assert talk.questions == ["What is this?", "And that?"]


@pytest.mark.parametrize(("eagerness", "silence"), [("low", 0.64), ("auto", 0.4), ("high", 0.28)])
def test_eagerness_changes_the_silence(eagerness: str, silence: float) -> None:
    talk = FakeTalk(TurnOptions.model_validate({"eagerness": eagerness}), transcription_s=0.05)
    end = talk.voice(1.0, "What is this?")
    talk.run(4)
    assert talk.times(Release)[0] - end == pytest.approx(silence, abs=0.04)


def test_a_turn_is_bounded() -> None:
    talk = FakeTalk(limits=TurnLimits(max_utterance_s=5.0), transcription_s=0.1)
    talk.noise(1.0, 20.0)
    talk.voice(1.5, "on and on")
    talk.run(6.5)
    assert talk.questions[0] == "on and on"
    assert talk.all(Transcribe)[0].end - talk.all(Transcribe)[0].start <= 5.1


def test_a_microphone_that_is_switched_off_ends_the_turn() -> None:
    talk = FakeTalk()
    talk.voice(1.0, "What is this and")
    talk.run(2.5)
    talk.microphone = False
    talk.run(6)
    assert talk.questions == ["What is this and"]


def test_a_recognition_that_hangs_is_answered_by_a_stored_sentence() -> None:
    talk = FakeTalk(transcription_s=None)
    end = talk.voice(1.0, "What is this?")
    talk.run(10)
    assert [action.reason for action in talk.all(Fallback)] == ["transcription_late"]
    assert talk.times(Fallback)[0] - end == pytest.approx(5.1, abs=0.05)
    assert talk.states == ["listening", "hearing", "thinking", "speaking", "listening"]


def test_a_recognition_that_fails_is_tried_again_and_then_a_stored_sentence_is_spoken() -> None:
    talk = FakeTalk(transcription_s=None)
    talk.voice(1.0, "What is this?")
    talk.at(2.4, TranscriptionFailed(1))
    talk.run(4)
    assert [action.speculative for action in talk.all(Transcribe)] == [True, False]
    talk.at(4.0, TranscriptionFailed(2))
    talk.run(4.5)
    assert [action.reason for action in talk.all(Fallback)] == ["transcription_failed"]


def test_a_late_recognition_of_the_rest_leaves_the_question_that_was_understood() -> None:
    talk = FakeTalk(first_sound_s=6.0)
    talk.voice(1.0, "What is this?")
    talk.run(3.5)
    talk.transcription_s = None
    talk.voice(4.0, "I mean that.")
    talk.run(14)
    assert talk.questions == ["What is this?", "What is this?"]
    assert talk.all(Fallback) == []


def test_an_answer_that_hangs_is_replaced_by_a_stored_sentence() -> None:
    talk = FakeTalk(first_sound_s=None, limits=TurnLimits(max_thinking_s=3.0))
    talk.voice(1.0, "What is this?")
    talk.run(5)
    talk.first_sound_s = 0.1
    talk.run(9)
    assert [action.reason for action in talk.all(Fallback)] == ["answer_late"]
    assert talk.machine.state == "listening"


def test_a_stored_sentence_that_hangs_ends_in_listening() -> None:
    talk = FakeTalk(first_sound_s=None, limits=TurnLimits(max_thinking_s=3.0))
    talk.voice(1.0, "What is this?")
    talk.run(12)
    assert len(talk.all(Fallback)) == 1
    assert talk.machine.state == "listening"


def test_a_written_question_replaces_what_is_being_said() -> None:
    talk = FakeTalk()
    talk.voice(1.0, "What is")
    talk.at(1.75, WrittenQuestion("Who are you?"))
    talk.run(2.2)
    assert talk.questions == ["Who are you?"]
    assert talk.all(Interrupted) == []


def test_without_a_microphone_the_machine_is_idle() -> None:
    talk = FakeTalk(microphone=False)
    talk.at(1.0, WrittenQuestion("Who are you?"))
    talk.run(12)
    assert talk.states == ["thinking", "speaking", "idle"]


def test_clear_forgets_the_turn() -> None:
    talk = FakeTalk(transcription_s=0.1)
    talk.voice(1.0, "What is this")
    talk.at(2.6, Clear(2.6))
    talk.run(5)
    assert talk.questions == []
    assert [action.reason for action in talk.all(Cancel)] == ["continued"]
    assert talk.machine.state == "listening"


def test_commit_ends_a_turn_at_once() -> None:
    talk = FakeTalk(transcription_s=0.1)
    end = talk.voice(1.0, "What is this and")
    talk.at(end + 0.25, Commit(end + 0.25))
    talk.run(4)
    assert talk.times(Release) == [pytest.approx(end + 0.25)]
