"""Where one model fails the next one replies; after half a reply it ends politely; a reply always comes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from lipsync.language_models.chain import GuardedModel, ModelChain, ModelReply, ReplySentences, TimeLimits
from lipsync.language_models.disclosure import disclosure_replies
from lipsync.language_models.errors import LanguageModelError
from lipsync.language_models.stored_replies import StoredReplies, StoredReply
from lipsync.language_models.types import CompletePart, GenerationOptions, Message
from lipsync.runtime.circuit_breaker import MAX_FAILURES, CircuitBreaker
from lipsync.text.spoken_reply import spoken_reply
from tests.helpers.run_async import run_async
from tests.helpers.virtual_time import run_virtually
from tests.language_models.fake_models import ScriptedModel

STORED = StoredReplies(
    [StoredReply(questions=("Hello",), replies=("Hi there!",), action="greet")], ["I do not know."]
)
SENTENCES = ReplySentences(broken_off=("I have lost my thread.",))
LIMITS = TimeLimits(first_token_s=0.05, whole_s=0.4)
GOOD = ("The capital", " of France", " is Paris.", " It is", " large.")
SLOW = 30.0
BROKEN = LanguageModelError("llm_broke_off", model="x")


def chain_of(
    *models: ScriptedModel,
    sentences: ReplySentences = SENTENCES,
    language: str = "en",
    limits: TimeLimits = LIMITS,
) -> ModelChain:
    guarded = [GuardedModel(model, CircuitBreaker()) for model in models]
    return ModelChain(guarded, STORED, language, sentences, limits)


def asked(question: str) -> tuple[Message, ...]:
    return (Message(role="system", content="You are Ada."), Message(role="user", content=question))


def reply_of(chain: ModelChain, question: str = "What is the capital of France?") -> tuple[list[str], ModelReply]:
    async def read() -> tuple[list[str], ModelReply]:
        async with chain.reply(asked(question), GenerationOptions()) as reply:
            return [piece async for piece in reply], reply

    return run_async(read())


def codes(reply: ModelReply) -> list[tuple[str, str]]:
    return [(failure.model, failure.error.code) for failure in reply.failures]


def test_the_first_model_replies() -> None:
    first, second = ScriptedModel("ollama", *GOOD), ScriptedModel("embedded", "No.")
    pieces, reply = reply_of(chain_of(first, second))
    assert "".join(pieces) == "".join(GOOD)
    assert (reply.model, reply.degraded, reply.is_broken_off) == ("ollama", (), False)
    assert (first.closed, second.calls) == (1, [])


def test_nothing_comes_before_the_first_part_is_complete() -> None:
    pieces, _ = reply_of(chain_of(ScriptedModel("ollama", *GOOD)))
    assert pieces[0] == "The capital of France is Paris. It is"


def test_a_complete_part_comes_at_once() -> None:
    parts = (CompletePart("*waves* "), CompletePart("It is Paris. "), "It is large. ")
    pieces, _ = reply_of(chain_of(ScriptedModel("embedded", *parts)))
    assert pieces == ["*waves* It is Paris. ", "It is large. "]
    assert isinstance(pieces[0], CompletePart)
    assert not isinstance(pieces[1], CompletePart)


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ((BROKEN,), "llm_broke_off"),
        ((SLOW, "Too late."), "llm_slow"),
        (("The capital", BROKEN), "llm_broke_off"),  # nothing of it can have been spoken
        (("The capital", SLOW), "llm_slow"),
        ((), "llm_empty"),
        (("*smiles* 😀",), "llm_empty"),
        ((ZeroDivisionError(),), "llm_broke_off"),
    ],
)
def test_another_model_takes_over_while_nothing_was_spoken(script: Sequence[Any], code: str) -> None:
    first, second = ScriptedModel("ollama", *script), ScriptedModel("embedded", "It is Paris.")
    pieces, reply = reply_of(chain_of(first, second))
    assert "".join(pieces) == "It is Paris."
    assert (reply.model, reply.degraded, codes(reply)) == ("embedded", ("llm",), [("ollama", code)])
    assert first.closed == 1


def test_when_all_fail_the_stored_reply_comes() -> None:
    pieces, reply = reply_of(chain_of(ScriptedModel("ollama", BROKEN), ScriptedModel("embedded", SLOW)), "Hello!")
    spoken = spoken_reply("".join(pieces))
    assert (spoken.text, spoken.action, reply.model) == ("Hi there!", "greet", "stored")
    assert codes(reply) == [("ollama", "llm_broke_off"), ("embedded", "llm_slow")]


def test_a_model_that_knows_little_is_not_asked_what_is_stored() -> None:
    small = ScriptedModel("embedded", "Hello, hello, hello.")
    chain = ModelChain([GuardedModel(small, CircuitBreaker(), knows_little=True)], STORED, "en", SENTENCES, LIMITS)
    pieces, reply = reply_of(chain, "Hello!")
    assert (spoken_reply(pieces[0]).text, reply.model, reply.degraded, small.calls) == ("Hi there!", "stored", (), [])
    assert reply_of(chain, "What is the capital of France?")[1].model == "embedded"


def test_without_a_model_nothing_is_degraded() -> None:
    pieces, reply = reply_of(chain_of())
    assert (pieces, reply.model, reply.degraded) == (["I do not know."], "stored", ())


@pytest.mark.parametrize("end", [BROKEN, SLOW])
def test_half_a_reply_ends_politely(end: float | Exception) -> None:
    second = ScriptedModel("embedded", "No.")
    pieces, reply = reply_of(chain_of(ScriptedModel("ollama", *GOOD, end), second))
    assert "".join(pieces) == "The capital of France is Paris. It is large.… I have lost my thread."
    assert (reply.model, reply.is_broken_off, second.calls) == ("ollama", True, [])


def test_a_reply_without_an_end_is_ended() -> None:
    steps = [step for _ in range(200) for step in ("More and more words. ", 0.02)]
    limits = TimeLimits(first_token_s=60, whole_s=0.4)
    pieces, reply = reply_of(chain_of(ScriptedModel("ollama", *steps), limits=limits))
    assert "".join(pieces).endswith("… I have lost my thread.")
    assert codes(reply) == [("ollama", "llm_slow")]


def test_a_model_that_fails_often_is_not_asked_for_a_while() -> None:
    failing = ScriptedModel("ollama", BROKEN)
    chain = chain_of(failing)
    for _ in range(MAX_FAILURES):
        reply_of(chain)
    _, reply = reply_of(chain)
    assert codes(reply) == [("ollama", "llm_resting")]
    assert len(failing.calls) == MAX_FAILURES
    assert "60 s" in str(reply.failures[0].error)


@pytest.mark.parametrize(
    ("question", "language"),
    [("Are you a real person?", "en"), ("Ты настоящий человек?", "ru"), ("Are you human?", "uk")],
)
def test_whether_it_is_a_person_no_model_answers(question: str, language: str) -> None:
    liar = ScriptedModel("ollama", "Yes, I am a real person.")
    pieces, reply = reply_of(chain_of(liar, language=language), question)
    assert pieces[0] in disclosure_replies(language)
    assert (liar.calls, reply.model, reply.degraded) == ([], "stored", ())


def test_a_persona_says_in_its_own_words_that_it_is_a_program() -> None:
    sentences = ReplySentences(("Oh.",), ("I am a puppet.",))
    assert reply_of(chain_of(sentences=sentences), "Are you real?")[0] == ["I am a puppet."]


def test_closing_the_reply_stops_the_model() -> None:
    model = ScriptedModel("ollama", *GOOD, SLOW)

    async def read_one() -> str:
        async with chain_of(model).reply(asked("Hm?"), GenerationOptions()) as reply:
            return await anext(reply)

    assert run_async(read_one()).startswith("The capital")
    assert model.closed == 1


def test_the_whole_reply() -> None:
    response = run_async(
        chain_of(ScriptedModel("ollama", "*nods* **Yes**, it is.")).generate(asked("Is it?"), GenerationOptions())
    )
    assert (response.text, response.action) == ("Yes, it is.", "nod")


def test_health_is_that_of_the_preferred_model() -> None:
    well, ill = ScriptedModel("a"), ScriptedModel("b", is_healthy=False)
    assert run_async(chain_of(well, ill).health_check()) is True
    assert run_async(chain_of(ill, well).health_check()) is False
    assert run_async(chain_of().health_check()) is True


def loading(load: Callable[[], Awaitable[None]], *script: str | float) -> tuple[list[str], ModelReply, float]:
    """Pieces and reply of a model that has to be loaded, and the seconds that they took, in virtual time."""
    limits = TimeLimits(first_token_s=4, whole_s=30, load_s=15)
    models = [GuardedModel(ScriptedModel("embedded", *script), CircuitBreaker(), load=load)]
    chain = ModelChain(models, STORED, "en", SENTENCES, limits)

    async def read() -> tuple[list[str], ModelReply, float]:
        async with chain.reply(asked("What is this?"), GenerationOptions()) as reply:
            return [piece async for piece in reply], reply, asyncio.get_running_loop().time()

    return run_virtually(read())


def test_the_first_piece_is_waited_for_from_the_end_of_loading_on() -> None:
    pieces, reply, seconds = loading(lambda: asyncio.sleep(14), 3.9, "It is a house.")
    assert (pieces, reply.model, reply.degraded) == (["It is a house."], "embedded", ())
    assert seconds == pytest.approx(17.9)
    pieces, reply, seconds = loading(lambda: asyncio.sleep(14), 4.1, "It is a house.")
    assert (pieces, codes(reply)) == (["I do not know."], [("embedded", "llm_slow")])
    assert seconds == pytest.approx(18)


def test_the_whole_reply_is_waited_for_from_the_end_of_loading_on() -> None:
    script = ["More and more words. ", 3.0] * 20
    pieces, _, seconds = loading(lambda: asyncio.sleep(14), *script)
    assert "".join(pieces).endswith("… I have lost my thread.")
    assert seconds == pytest.approx(14 + 30)


def test_loading_is_waited_for_in_vain_for_a_while_only() -> None:
    pieces, reply, seconds = loading(lambda: asyncio.sleep(16), "It is a house.")
    assert (pieces, codes(reply)) == (["I do not know."], [("embedded", "llm_slow")])
    assert seconds == pytest.approx(15)


@pytest.mark.parametrize(("error", "code"), [(BROKEN, "llm_broke_off"), (OSError("no memory"), "llm_broke_off")])
def test_a_model_that_cannot_be_loaded_is_replaced(error: Exception, code: str) -> None:
    async def fail() -> None:
        raise error

    pieces, reply, _ = loading(fail, "It is a house.")
    assert (pieces, codes(reply)) == (["I do not know."], [("embedded", code)])
