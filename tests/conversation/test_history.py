"""What was heard, what is remembered, and what fits into a model's context."""

from __future__ import annotations

import pytest

from lipsync.conversation.history import MAX_UTTERANCES, ConversationHistory, estimate_tokens, heard_text
from lipsync.language_models.types import Message

WORDS = [("The", 0.0, 0.2), ("capital", 0.2, 0.7), ("is", 0.7, 0.9), ("Paris.", 0.9, 1.4)]


@pytest.mark.parametrize(
    ("played", "text"),
    [(0.0, ""), (0.1, ""), (0.2, "The"), (0.69, "The"), (0.7, "The capital"), (1.39, "The capital is"), (9.0, None)],
)
def test_a_word_was_heard_when_its_end_was_played(played: float, text: str | None) -> None:
    assert heard_text(WORDS, played) == ("The capital is Paris." if text is None else text)


def test_the_break_is_displayed_and_no_model_sees_it() -> None:
    history = ConversationHistory(clock=lambda: 1.0)
    history.ask("What is the capital of France?")
    history.answer("The capital", interrupted=True)
    assert history.utterances[-1].displayed == "The capital…"
    assert [message.content for message in history.messages(1000)] == [
        "What is the capital of France?",
        "The capital",
    ]
    assert history.was_interrupted
    history.answer("Paris.", interrupted=False)
    assert not history.was_interrupted


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


def talked(turns: int) -> ConversationHistory:
    history = ConversationHistory()
    for number in range(turns):
        history.ask(f"Question {number:04d}?")
        history.answer(f"Answer {number:04d}.", interrupted=False)
    return history


def test_the_oldest_do_not_go_to_the_model() -> None:
    history = talked(100)
    messages = history.messages(100)
    assert sum(estimate_tokens(message.content) for message in messages) <= 100
    assert messages[0] == Message(role="user", content="Question 0094?")
    assert messages[-1].content == "Answer 0099."
    assert len(history.utterances) == 200, "people can read all of it"


def test_the_last_question_goes_to_the_model_however_long_it_is() -> None:
    history = talked(3)
    history.ask("x" * 2000)
    assert [message.content for message in history.messages(100)] == ["x" * 2000]


def test_a_history_is_bounded() -> None:
    history = talked(MAX_UTTERANCES)
    assert len(history.utterances) == MAX_UTTERANCES
    assert history.utterances[-1].text == "Answer 0999."
