"""What a clause of an answer brings to the face: the mood by its rank, and the gesture of an action."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from lipsync.conversation.clause_speech import ClauseSpeaker, SpokenClause
from lipsync.conversation.reply_text import ReplyClause
from lipsync.settings import Settings
from lipsync.speech.chain import VoiceChain
from lipsync.text.detect_mood import MAX_STRENGTH


@pytest.fixture
def chain(settings: Settings) -> VoiceChain:
    return VoiceChain(settings)


def spoken(chain: VoiceChain, clauses: Sequence[ReplyClause]) -> list[list[SpokenClause]]:
    failed: list[str] = []
    speaker = ClauseSpeaker(lambda: chain.open("en"), "en", failed.append)
    pieces = [list(speaker.speak(clause)) for clause in clauses]
    assert failed == []
    return pieces


@pytest.mark.parametrize(
    ("clause", "mood"),
    [
        (ReplyClause("This is a table."), "neutral"),
        (ReplyClause("I am so sad."), "sad"),
        (ReplyClause("I am so sad.", action="smile"), "happy"),
        (ReplyClause("I am so sad.", mood="angry", action="smile"), "angry"),
        (ReplyClause("I am so sad.", mood="neutral", action="smile"), "neutral"),
        (ReplyClause("[surprised] I am so sad.", action="smile"), "surprised"),
        (ReplyClause("I am so sad.", action="nod"), "sad"),
        (ReplyClause("This is a table.", action="think"), "thinking"),
    ],
)
def test_markup_wins_over_the_action_and_that_over_what_is_found(
    chain: VoiceChain, clause: ReplyClause, mood: str
) -> None:
    ((piece,),) = spoken(chain, [clause])
    assert piece.mood == mood
    if clause.mood or clause.action == "smile":
        assert [one.strength for one in piece.speech.moods] in ([], [MAX_STRENGTH], [1.0])


def test_the_mood_of_an_action_ends_with_its_sentence(chain: VoiceChain) -> None:
    clauses = [ReplyClause("Good day,", action="smile"), ReplyClause("this is a table."), ReplyClause("It is here.")]
    assert [piece.mood for (piece,) in spoken(chain, clauses)] == ["happy", "happy", "neutral"]


@pytest.mark.parametrize(
    ("action", "gesture"),
    [("nod", "nod"), ("agree", "nod"), ("shake", "shake"), ("shrug", "tilt"), ("explain", ""), (None, "")],
)
def test_the_gesture_is_that_of_the_action(chain: VoiceChain, action: str | None, gesture: str) -> None:
    (first,), (second,) = spoken(chain, [ReplyClause("Of course.", action=action), ReplyClause("And so on.")])
    assert (first.speech.gesture, first.action) == (gesture, action)
    assert (second.speech.gesture, second.action) == ("", None)


def test_a_clause_in_several_pieces_makes_one_gesture(chain: VoiceChain) -> None:
    (pieces,) = spoken(chain, [ReplyClause("First of all, no. And second, no.", action="shake")])
    assert [piece.speech.gesture for piece in pieces] == ["shake", *[""] * (len(pieces) - 1)]
    assert len(pieces) == 2
