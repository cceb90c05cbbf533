"""What was heard, and what is remembered."""

from __future__ import annotations

import pytest

from lipsync.conversation.history import MAX_UTTERANCES, ConversationHistory, heard_text

WORDS = [("The", 0.0, 0.2), ("capital", 0.2, 0.7), ("is", 0.7, 0.9), ("Paris.", 0.9, 1.4)]


@pytest.mark.parametrize(
    ("played", "text"),
    [(0.0, ""), (0.1, ""), (0.2, "The"), (0.69, "The"), (0.7, "The capital"), (1.39, "The capital is"), (9.0, None)],
)
def test_a_word_was_heard_when_its_end_was_played(played: float, text: str | None) -> None:
    assert heard_text(WORDS, played) == ("The capital is Paris." if text is None else text)


def test_no_model_sees_that_an_answer_was_interrupted() -> None:
    history = ConversationHistory(clock=lambda: 1.0)
    history.ask("What is the capital of France?")
    history.answer("The capital", interrupted=True)
    assert history.utterances[-1].interrupted
    assert [message.content for message in history.messages()] == [
        "What is the capital of France?",
        "The capital",
    ]


def test_a_question_is_retracted_an_answer_is_not() -> None:
    history = ConversationHistory()
    history.ask("What is")
    history.retract()
    history.ask("What is this?")
    history.answer("A house.", interrupted=False)
    history.retract()
    assert [utterance.text for utterance in history.utterances] == ["What is this?", "A house."]


def test_nothing_heard_is_nothing_remembered() -> None:
    history = ConversationHistory()
    history.answer(" ", interrupted=True)
    assert history.utterances == ()


def test_a_history_is_bounded() -> None:
    history = ConversationHistory()
    for number in range(MAX_UTTERANCES):
        history.ask(f"Question {number:04d}?")
        history.answer(f"Answer {number:04d}.", interrupted=False)
    assert len(history.utterances) == MAX_UTTERANCES
    assert history.utterances[-1].text == "Answer 0999."
