"""Interruption: each row of the design, at 30 positions of the answer."""

from __future__ import annotations

import pytest

from lipsync.conversation.turns.actions import (
    Cancel,
    Complete,
    Duck,
    Interrupted,
    Resume,
    SpeechStarted,
    Think,
    Transcribe,
    Unduck,
)
from lipsync.conversation.turns.events import Interrupt, Played, SpeechRequested, WrittenQuestion
from lipsync.conversation.turns.options import TurnLimits, TurnOptions
from tests.helpers.turns import ANSWER, WORD_S, FakeTalk

ANSWER_S = sum(len(sentence.split()) for sentence in ANSWER) * WORD_S


def answering(talk: FakeTalk) -> float:
    """Ask in writing; returns when the answer begins to sound."""
    talk.at(1.0, WrittenQuestion("What is this?"))
    talk.run(1.5)
    assert talk.machine.state == "speaking"
    return 1.3


@pytest.mark.parametrize("position", range(30))
def test_a_voice_interrupts_at_any_position(position: int) -> None:
    talk = FakeTalk(transcription_s=0.1)
    start = answering(talk) + 0.3 + position * (ANSWER_S - 1.0) / 30
    talk.voice(start, "No, what is the capital of Japan?")
    talk.run(start + 4.0)
    (ducked,), (interrupted,) = talk.times(Duck), talk.times(Interrupted)
    assert 0.03 < ducked - start < 0.11
    assert 0.12 < interrupted - start < 0.21, "5 windows of 32 ms"
    assert talk.all(Interrupted)[0].heard_s == pytest.approx(interrupted - 1.3)
    assert talk.questions[-1] == "No, what is the capital of Japan?"
    assert [(action.answer, action.reason) for action in talk.all(Cancel)] == [(1, "interrupted")]
    assert talk.all(Resume) == []


def test_a_short_noise_ducks_and_changes_nothing_else() -> None:
    talk = FakeTalk()
    begun = answering(talk)
    talk.noise(3.0, 0.1)
    talk.run(12)
    (ducked,), (unducked,) = talk.times(Duck), talk.times(Unduck)
    assert unducked - ducked <= 0.41
    assert talk.all(Interrupted) == []
    assert talk.times(Complete) == [pytest.approx(begun + ANSWER_S)]


def test_a_cough_that_is_confirmed_is_followed_by_the_last_sentence() -> None:
    talk = FakeTalk()
    answering(talk)
    talk.noise(4.0, 0.5)
    talk.run(15)
    (resumed,) = talk.all(Resume)
    assert (resumed.resumes, resumed.sentence) == (1, 1), "2.9 s were heard; the second sentence begins at 2.0 s"
    assert talk.times(Resume)[0] - 4.5 == pytest.approx(0.6, abs=0.1)
    assert talk.all(Cancel) == []
    assert [action.answer for action in talk.all(Complete)] == [resumed.answer]
    assert talk.states == [
        "listening",
        "thinking",
        "speaking",
        "hearing",
        "listening",
        "thinking",
        "speaking",
        "listening",
    ]


@pytest.mark.parametrize(
    ("text", "language"),
    [("mm-hm", "en"), ("yeah", "ru"), ("Okay.", "en"), ("Угу.", "ru"), ("так", "uk"), ("Иә", "kk")],
)
def test_a_backchannel_does_not_end_the_answer(text: str, language: str) -> None:
    talk = FakeTalk()
    answering(talk)
    talk.voice(4.0, text, word_s=0.5, language=language)
    talk.run(15)
    assert talk.all(Think)[1:] == []
    assert len(talk.all(Complete)) == 1


def test_a_hum_does_not_stop_the_answer_at_all() -> None:
    talk = FakeTalk()
    answering(talk)
    talk.voice(4.0, "mm-hm", word_s=0.6, is_hum=True)
    talk.run(15)
    assert talk.all(Interrupted) == []
    assert len(talk.all(Unduck)) == 1


@pytest.mark.parametrize(
    ("text", "language", "interrupts"), [("stop", "en", True), ("нет", "ru", True), ("one", "en", False)]
)
def test_under_400_ms_only_commands_are_words(text: str, language: str, interrupts: bool) -> None:
    talk = FakeTalk()
    answering(talk)
    talk.voice(4.0, text, word_s=0.32, language=language)
    talk.run(6)
    assert bool(talk.all(Cancel)) is interrupts


def test_a_word_too_short_to_be_confirmed_interrupts_when_it_is_recognized() -> None:
    talk = FakeTalk()
    answering(talk)
    talk.voice(4.0, "stop", word_s=0.13)
    talk.run(6)
    assert len(talk.all(Interrupted)) == 1
    assert talk.questions[-1] == "stop"


def test_an_answer_is_resumed_once() -> None:
    talk = FakeTalk()
    answering(talk)
    talk.noise(4.0, 0.5)
    talk.noise(6.5, 0.5)
    talk.run(15)
    assert len(talk.all(Resume)) == 1
    assert [(action.answer, action.reason) for action in talk.all(Cancel)] == [(2, "interrupted")]
    assert talk.machine.state == "listening"


def test_a_voice_before_the_resumption_is_heard() -> None:
    talk = FakeTalk()
    answering(talk)
    talk.noise(4.0, 0.5)
    talk.voice(5.0, "What was that?")
    talk.run(8)
    assert talk.all(Resume) == []
    assert talk.questions[-1] == "What was that?"


def test_own_voice_never_interrupts() -> None:
    talk = FakeTalk()
    answering(talk)
    talk.noise(1.5, ANSWER_S, own_voice=True)
    talk.run(12)
    assert (talk.all(Duck), talk.all(Transcribe), talk.all(Interrupted)) == ([], [], [])


def test_a_person_over_the_own_voice_interrupts() -> None:
    talk = FakeTalk()
    answering(talk)
    talk.noise(1.5, ANSWER_S, own_voice=True)
    talk.voice(4.0, "Please tell me more.")
    talk.run(8)
    assert talk.questions[-1] == "Please tell me more."


def test_a_piece_of_what_was_said_is_no_question() -> None:
    talk = FakeTalk()
    answering(talk)
    talk.voice(4.5, "six seven eight nine")
    talk.run(15)
    assert len(talk.all(Think)) == 1
    assert len(talk.all(Resume)) == 1


def test_a_piece_of_what_was_said_is_no_question_just_after_the_answer() -> None:
    talk = FakeTalk()
    end = answering(talk) + ANSWER_S
    talk.voice(end + 0.2, "thirteen fourteen fifteen")
    talk.run(end + 6)
    assert len(talk.all(Think)) == 1


def test_an_echo_of_seconds_is_no_question_however_late_it_is_recognized() -> None:
    talk = FakeTalk(limits=TurnLimits(greeting_s=60.0), transcription_s=2.5)  # only words interrupt
    begun = answering(talk)
    talk.voice(begun + 0.1, "One two three four five. Six seven eight nine ten.")
    talk.run(20)
    assert len(talk.all(Think)) == 1


def test_the_same_words_some_seconds_after_the_answer_are_a_question() -> None:
    talk = FakeTalk()
    end = answering(talk) + ANSWER_S
    talk.voice(end + 1.7, "thirteen fourteen fifteen")
    talk.run(end + 6)
    assert talk.questions[-1] == "thirteen fourteen fifteen"


def test_in_the_greeting_a_voice_alone_does_not_interrupt() -> None:
    talk = FakeTalk(age=0.0)
    talk.at(0.2, SpeechRequested("Hello and welcome to this long greeting of mine."))
    talk.noise(1.0, 0.6)
    talk.run(2.9)
    assert talk.all(Interrupted) == []
    assert talk.all(SpeechStarted) == []


def test_in_the_greeting_words_interrupt() -> None:
    talk = FakeTalk(age=0.0)
    talk.at(0.2, SpeechRequested("Hello and welcome to this long greeting of mine."))
    talk.voice(1.0, "Who are you?")
    talk.run(5)
    assert [action.by for action in talk.all(Interrupted)] == ["voice"]
    assert talk.questions == ["Who are you?"]


def test_an_interrupt_message_stops_at_once() -> None:
    talk = FakeTalk()
    answering(talk)
    talk.at(3.0, Interrupt(1.25))
    talk.run(6)
    assert talk.times(Interrupted) == [3.0]
    assert talk.all(Interrupted)[0].heard_s == 1.25, "as the client says"
    assert talk.all(Cancel)[0].heard_s == 1.25
    assert talk.states[-1] == "listening"


def test_an_interrupt_before_the_first_sound_cancels_the_answer() -> None:
    talk = FakeTalk(first_sound_s=2.0)
    talk.voice(1.0, "What is this?")
    talk.at(3.5, Interrupt())
    talk.run(8)
    assert talk.all(Interrupted) == []
    assert [action.reason for action in talk.all(Cancel)] == ["interrupted"]
    assert "speaking" not in talk.states


def test_an_interrupt_while_the_words_are_awaited_drops_them() -> None:
    talk = FakeTalk(transcription_s=3.0)
    talk.voice(1.0, "What is this?")
    talk.at(4.0, Interrupt())
    talk.run(8)
    assert talk.all(Think) == []
    assert talk.machine.state == "listening"


def test_a_written_question_interrupts() -> None:
    talk = FakeTalk()
    answering(talk)
    talk.at(3.0, WrittenQuestion("And this?"))
    talk.run(4)
    assert [action.by for action in talk.all(Interrupted)] == ["text"]
    assert talk.questions == ["What is this?", "And this?"]


def test_what_was_heard_follows_the_clients_reports() -> None:
    talk = FakeTalk()
    answering(talk)
    talk.at(3.0, Played(1, 1.0))  # the player is 0.7 s behind the clock
    talk.at(3.1, Interrupt())
    talk.run(4)
    assert talk.all(Interrupted)[0].heard_s == pytest.approx(1.1)


def test_reports_of_earlier_answers_are_ignored() -> None:
    talk = FakeTalk(reports_played=True)
    answering(talk)
    talk.at(3.0, WrittenQuestion("And this?"))
    talk.at(3.35, Played(1, 5.0))
    talk.at(3.4, Interrupt())
    talk.run(5)
    assert talk.all(Cancel)[-1].heard_s == pytest.approx(0.1)


@pytest.mark.parametrize("reports", [False, True])
def test_an_answer_is_complete_when_it_was_heard(reports: bool) -> None:
    talk = FakeTalk(reports_played=reports)
    begun = answering(talk)
    talk.run(12)
    (complete,) = talk.times(Complete)
    assert complete - begun == pytest.approx(ANSWER_S, abs=0.15)


def test_barge_in_message_ignores_voices_and_takes_messages() -> None:
    talk = FakeTalk(TurnOptions(barge_in="message"))
    answering(talk)
    talk.voice(2.0, "What is the capital of Japan?")
    talk.run(5)
    assert (talk.all(Duck), talk.all(Interrupted), talk.all(SpeechStarted)) == ([], [], [])
    talk.at(5.0, Interrupt())
    talk.voice(6.0, "What now?")
    talk.run(9)
    assert [action.by for action in talk.all(Interrupted)] == ["message"]
    assert talk.questions[-1] == "What now?"


def test_barge_in_off_finishes_the_answer_and_then_takes_the_question() -> None:
    talk = FakeTalk(TurnOptions(barge_in="off"))
    begun = answering(talk)
    talk.voice(2.0, "What is the capital of Japan?")
    talk.at(2.0, Interrupt())
    talk.at(2.5, WrittenQuestion("And this?"))
    talk.run(begun + ANSWER_S - 0.1)
    assert talk.all(Interrupted) == []
    talk.run(begun + ANSWER_S + 1)
    assert talk.questions == ["What is this?", "And this?"]
