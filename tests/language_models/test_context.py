"""How much of a conversation a model reads."""

from __future__ import annotations

import pytest

from lipsync.language_models.chain import GuardedModel, ModelChain, ReplySentences
from lipsync.language_models.context import estimate_tokens, fit_messages
from lipsync.language_models.stored_replies import StoredReplies
from lipsync.language_models.types import GenerationOptions, Message, Role
from lipsync.runtime.circuit_breaker import CircuitBreaker
from tests.helpers.run_async import run_async
from tests.language_models.fake_models import ScriptedModel

SYSTEM = Message(role="system", content="You are Ada.")


def said(role: Role, text: str) -> Message:
    return Message(role=role, content=text)


def talked(turns: int) -> list[Message]:
    pairs = [(said("user", f"Question {n:04d}?"), said("assistant", f"Answer {n:04d}.")) for n in range(turns)]
    return [SYSTEM, *(message for pair in pairs for message in pair)]


def tokens(messages: list[Message]) -> int:
    return sum(estimate_tokens(message.content) for message in messages)


@pytest.mark.parametrize("context", [100, 101, 105, 110, 113, 600])
def test_the_oldest_messages_are_left_out(context: int) -> None:
    messages = [*talked(100), said("user", "And now?")]
    read = fit_messages(messages, context, 40)
    assert tokens(read) <= context - 40
    assert tokens(read) > context - 40 - 2 * tokens(messages[1:3]), "as many as fit"
    assert (read[0], read[1].role, read[-1]) == (SYSTEM, "user", messages[-1])
    assert read[1:] == messages[len(messages) - len(read) + 1 :]


def test_a_long_reply_leaves_half_of_the_context() -> None:
    messages = talked(100)
    assert fit_messages(messages, 200, 8192) == fit_messages(messages, 200, 100)


def test_the_prompt_and_the_last_question_are_read_however_long_they_are() -> None:
    system, question = said("system", "y" * 4000), said("user", "x" * 2000)
    assert fit_messages([system, *talked(3)[1:], question], 512, 96) == [system, question]


def test_a_greeting_stays_where_everything_fits() -> None:
    messages = [SYSTEM, said("assistant", "Hello!"), said("user", "Who are you?")]
    assert fit_messages(messages, 4096, 512) == messages


def test_each_model_of_a_chain_reads_what_fits_into_its_own_context() -> None:
    large, small = ScriptedModel("ollama"), ScriptedModel("embedded", "It is Paris.")
    models = [GuardedModel(large, CircuitBreaker(), context=4096), GuardedModel(small, CircuitBreaker(), context=600)]
    chain = ModelChain(models, StoredReplies((), ("Oh.",)), "en", ReplySentences(("Oh.",)))
    messages = [*talked(300), said("user", "And now?")]

    async def read() -> None:
        async with chain.reply(messages, GenerationOptions(max_tokens=96)) as reply:
            assert [piece async for piece in reply] == ["It is Paris."]

    run_async(read())
    assert 504 >= tokens(list(small.calls[0])) > 470
    assert 4000 >= tokens(list(large.calls[0])) > 3970
