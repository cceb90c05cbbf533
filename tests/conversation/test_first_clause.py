"""From the embedded model to the voice: a part is spoken as soon as the model has written it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from lipsync.conversation.reply_text import ReplyClause, SpokenClauses
from lipsync.language_models.chain import GuardedModel, ModelChain, ReplySentences, TimeLimits
from lipsync.language_models.embedded import EmbeddedFile, EmbeddedModel
from lipsync.language_models.stored_replies import StoredReplies
from lipsync.language_models.types import GenerationOptions, Message
from lipsync.runtime.circuit_breaker import CircuitBreaker
from tests.helpers.virtual_time import run_virtually

LIMITS = TimeLimits(first_token_s=60, whole_s=60)
QUESTION = (Message(role="user", content="Well?"),)


class Process:
    """Writes a word a second."""

    def __init__(self, text: str) -> None:
        self._text = text

    async def generate(self, *_: object, **__: object) -> AsyncGenerator[str, None]:
        for word in self._text.split():
            await asyncio.sleep(1.0)
            yield f"{word} "

    async def use_cores(self, _count: int) -> None:
        """Cores make no difference."""


def clauses_of(text: str) -> list[tuple[float, ReplyClause]]:
    """The clauses of a reply, and the seconds after which each can be spoken."""

    async def run() -> list[tuple[float, ReplyClause]]:
        file = EmbeddedFile(Path("model.gguf"), languages=("en",))
        model = EmbeddedModel(file, Process(text))  # type: ignore[arg-type]
        models = [GuardedModel(model, CircuitBreaker())]
        chain = ModelChain(models, StoredReplies([], ["No."]), "en", ReplySentences(("Sorry.",)), LIMITS)
        loop, clauses = asyncio.get_running_loop(), SpokenClauses("en")
        began = loop.time()
        found: list[tuple[float, ReplyClause]] = []
        async with chain.reply(QUESTION, GenerationOptions()) as reply:
            async for piece in reply:
                found += [(loop.time() - began, clause) for clause in clauses.add(piece)]
        return found + [(loop.time() - began, clause) for clause in clauses.finish()]

    return run_virtually(run())


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("One two three. Four five six. Seven eight.", [4, 7, 8]),  # a sentence ends where the next one begins
        ("Yes indeed, one two three four.", [2, 6]),
        ("The quick brown fox jumps over a lazy dog today. Yes.", [8, 11, 11]),
    ],
)
def test_a_clause_is_spoken_when_it_is_written(text: str, times: list[float]) -> None:
    clauses = clauses_of(text)
    assert " ".join(clause.text for _, clause in clauses) == text
    assert [time for time, _ in clauses] == pytest.approx(times)


def test_an_action_at_the_end_belongs_to_the_last_clause() -> None:
    assert [clause for _, clause in clauses_of("One two three. Four five six. [action: nod]")] == [
        ReplyClause("One two three.", None, None),
        ReplyClause("Four five six.", None, "nod"),
    ]
