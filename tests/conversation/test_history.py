"""What was heard, what is remembered, and what fits into a model's context."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

import pytest

from lipsync.conversation.history import MAX_UTTERANCES, ConversationHistory, estimate_tokens, heard_text
from lipsync.conversation.summary import MAX_SUMMARY, compact
from lipsync.language_models.errors import LanguageModelError
from lipsync.language_models.types import GenerationOptions, LLMResponse, Message
from tests.helpers.run_async import run_async

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
    assert [message.content for message in history.messages(1000)] == [
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
    assert len(history.overflow(100)) == 200 - len(messages)


def test_the_last_question_goes_to_the_model_however_long_it_is() -> None:
    history = talked(3)
    history.ask("x" * 2000)
    assert [message.content for message in history.messages(100)] == ["x" * 2000]


def test_a_history_is_bounded() -> None:
    history = talked(MAX_UTTERANCES)
    assert len(history.utterances) == MAX_UTTERANCES
    assert history.utterances[-1].text == "Answer 0999."


class FakeModel:
    """Summarizes by ``text``, or raises."""

    name = "fake"

    def __init__(self, text: str | None) -> None:
        self.text = text
        self.seen: list[Message] = []

    async def generate(self, messages: Sequence[Message], options: GenerationOptions) -> LLMResponse:  # noqa: ARG002
        self.seen = list(messages)
        if self.text is None:
            raise LanguageModelError("internal", request="")
        return LLMResponse(text=self.text, tokens_count=1, generation_time=0.0)

    async def stream(self, messages: Sequence[Message], options: GenerationOptions) -> AsyncGenerator[str, None]:  # noqa: ARG002
        yield ""

    async def health_check(self) -> bool:
        return True


def test_what_does_not_fit_is_summarized() -> None:
    history, model = talked(20), FakeModel("They counted.")
    left = history.messages(100)
    assert run_async(compact(history, 100, model))
    assert history.summary == "Earlier in this conversation: They counted."
    assert "Question 0000?" in model.seen[-1].content
    messages = history.messages(200)
    assert messages[0] == Message(role="system", content=history.summary)
    assert messages[1:] == left
    assert not run_async(compact(history, 1000, model)), "everything fits"


def test_a_summary_is_part_of_the_next_one_and_bounded() -> None:
    history = talked(20)
    run_async(compact(history, 100, FakeModel("They counted.")))
    for number in range(20):
        history.ask(f"More {number}?")
    model = FakeModel("y" * 5000)
    run_async(compact(history, 100, model))
    assert "They counted." in model.seen[-1].content
    assert len(history.summary) == MAX_SUMMARY


@pytest.mark.parametrize("model", [None, FakeModel(None), FakeModel(" ")])
def test_without_a_summary_the_oldest_are_dropped(model: FakeModel | None) -> None:
    history = talked(20)
    left = history.messages(100)
    assert run_async(compact(history, 100, model))
    assert history.messages(100) == left
    assert history.overflow(100) == ()
