"""Whatever happens, in whatever order: each answer has one life, and the machine comes to rest."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from lipsync.conversation.turns import actions as do
from lipsync.conversation.turns.events import (
    AnswerFailed,
    AnswerFinished,
    Clear,
    Commit,
    Event,
    Interrupt,
    Played,
    SpeechRequested,
    TranscriptionFailed,
    TranscriptReady,
    WrittenQuestion,
)
from lipsync.conversation.turns.options import BargeIn, Eagerness, TurnLimits, TurnMode, TurnOptions
from tests.helpers.turns import FakeTalk

MODES: tuple[TurnMode, ...] = ("vad", "manual")
BARGE_INS: tuple[BargeIn, ...] = ("voice", "message", "off")
EAGERNESS: tuple[Eagerness, ...] = ("low", "auto", "high")
SENTENCES = ("What is this?", "No", "mm-hm", "six seven eight nine", "and then", "stop")


def confused(seed: int) -> FakeTalk:
    """A conversation in which everything happens at any time, also what belongs to earlier answers."""
    rng = random.Random(seed)
    options = TurnOptions(mode=rng.choice(MODES), barge_in=rng.choice(BARGE_INS), eagerness=rng.choice(EAGERNESS))
    talk = FakeTalk(
        options,
        TurnLimits(max_thinking_s=3.0, max_utterance_s=6.0),
        age=rng.choice((0.0, 10.0)),
        transcription_s=rng.choice((0.05, 0.4, 2.0, None)),
        first_sound_s=rng.choice((0.0, 0.3, 2.0, None)),
        reports_played=rng.random() < 0.5,
        microphone=rng.random() < 0.9,
    )
    time = 0.5
    while time < 40.0:
        talk.voice(
            time,
            rng.choice(SENTENCES),
            word_s=rng.choice((0.05, 0.2, 0.4)),
            probability=rng.choice((0.55, 0.95)),
            is_hum=rng.random() < 0.2,
            own_voice=rng.random() < 0.2,
            no_speech=rng.choice((0.0, 0.0, 0.9)),
        )
        time += rng.expovariate(0.5)
    for _ in range(40):
        at = rng.uniform(0.0, 40.0)
        number = rng.randrange(1, 12)
        event: Event = rng.choice(
            (
                *(WrittenQuestion("Who?"), SpeechRequested("Hello there."), Interrupt(), Interrupt(1.0)),
                *(Commit(at), Clear(at), Played(number, rng.uniform(0, 9)), TranscriptionFailed(number)),
                *(AnswerFailed(number), AnswerFinished(number, rng.choice((0.0, 3.0)))),
                TranscriptReady(number, "Late words.", "en"),
            )
        )
        talk.at(at, event)
    talk.run(75.0)
    return talk


@pytest.mark.parametrize("seed", range(40))
def test_each_answer_has_one_life(seed: int) -> None:
    talk = confused(seed)
    began: list[int] = []
    released: set[int] = set()
    interrupted: set[int] = set()
    ended: Counter[int] = Counter()
    for _, action in talk.log:
        match action:
            case do.Think(answer) | do.Speak(answer) | do.Fallback(answer):
                assert not set(began) - set(ended), "one answer at a time"
                began.append(answer)
                released |= set() if isinstance(action, do.Think) else {answer}
            case do.Resume(answer, resumes):
                assert resumes in interrupted
                began.append(answer)
                released.add(answer)
                ended[resumes] += 1
            case do.Release(answer):
                assert answer not in released
                released.add(answer)
            case do.Duck(answer) | do.Unduck(answer):
                assert answer in released - set(ended) - interrupted
            case do.Interrupted(answer):
                assert answer in released - set(ended) - interrupted
                interrupted.add(answer)
            case do.Complete(answer):
                assert answer in released
                ended[answer] += 1
            case do.Cancel(answer):
                ended[answer] += 1
            case _:
                pass
    assert began == sorted(set(began)), "numbers are never used again"
    assert ended == Counter(began), "each answer ends once"
    assert talk.machine.state in ("listening", "idle")
    assert talk.machine.next_deadline() is None


@pytest.mark.parametrize("seed", range(40))
def test_what_is_dropped_was_requested(seed: int) -> None:
    talk = confused(seed)
    pending: set[int] = set()
    for _, action in talk.log:
        match action:
            case do.Transcribe(recognition, _, start, end):
                assert 0.0 <= start < end
                pending.add(recognition)
            case do.DropTranscription(recognition):
                assert recognition in pending
                pending.remove(recognition)
            case _:
                pass


def test_the_same_events_give_the_same_actions() -> None:
    assert confused(7).log == confused(7).log
