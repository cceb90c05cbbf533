"""The embedded model: which file, short replies without repetition, and the messages that it reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from lipsync.conversation.personas.load import load_personas
from lipsync.language_models.embedded import (
    KNOWN_MODELS,
    MAX_HISTORY,
    EmbeddedFile,
    EmbeddedModel,
    find_file,
    recent_messages,
    short_prompt,
)
from lipsync.language_models.errors import LanguageModelError
from lipsync.language_models.llama_process import LlamaProcess
from lipsync.language_models.repetition import RepetitionCheck
from lipsync.language_models.types import GenerationOptions, Message
from lipsync.weights.catalogue import model as catalogue_model
from tests.helpers.run_async import run_async

BACKEND = "tests.language_models.fake_backend"


def reply_to(question: str, *, is_small: bool = False, **options: Any) -> list[str]:
    async def run() -> list[str]:
        process = LlamaProcess(Path("model.gguf"), backend=BACKEND)
        model = EmbeddedModel(EmbeddedFile(Path("model.gguf"), is_small=is_small), process)
        try:
            await model.preload("You are Ada.")
            messages = [Message(role="user", content=question)]
            return [part async for part in model.stream(messages, GenerationOptions(**options))]
        finally:
            await model.close()

    return run_async(run())


def test_a_reply_comes_in_parts_that_can_be_spoken() -> None:
    parts = reply_to("echo Yes indeed, the capital is Paris. It is large.")
    assert parts == ["Yes indeed, ", "the capital is Paris. ", "It is large."]


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("I am glad you are here. I am glad you are here. And so on.", "I am glad you are here."),
        (
            "One is here. Two is there. Three is gone. Four is back. Five is late.",
            "One is here. Two is there. Three is gone.",
        ),
        (
            "We like to sail on the big ship. Today we like to sail on the big boat.",
            "We like to sail on the big ship.",
        ),
    ],
)
def test_a_reply_ends_where_it_repeats_itself_or_gets_long(text: str, spoken: str) -> None:
    assert "".join(reply_to(f"echo {text}")).strip() == spoken


def test_the_abbreviations_of_the_language_of_the_question_are_known() -> None:
    parts = reply_to("echo Это город Москва, т. е. столица. Она на ул. Ленина и им. Горького. Да.")
    assert parts == ["Это город Москва, ", "т. е. столица. ", "Она на ул. Ленина и им. Горького. ", "Да."]


def test_a_sentence_that_the_limit_cut_is_dropped() -> None:
    assert "".join(reply_to("echo This is whole. This one is cut in the", max_tokens=9)).strip() == "This is whole."
    assert reply_to("echo Cut in the", max_tokens=3) == ["Cut in the"], "better than nothing"


def test_phrases_that_short_replies_hold_twice_are_no_repetition() -> None:
    check = RepetitionCheck()
    assert not any(check.is_repeated(part) for part in ("Yes, it is.", "It is large.", "Yes, it is old, too."))
    assert check.is_repeated("It is large.")
    assert RepetitionCheck().is_repeated("row row row row row row row row")


def test_a_small_model_gets_no_temperature() -> None:
    assert "".join(reply_to("settings", temperature=0.9)).split()[3] == "0.9"
    assert "".join(reply_to("settings", temperature=0.9, is_small=True)).split()[3] == "0"


def test_a_small_model_reads_a_short_prompt() -> None:
    prompt = load_personas(None, "ada").find().prompt
    assert short_prompt(prompt).count(".") == 2
    assert short_prompt(prompt).startswith("You are Ada, ")
    assert short_prompt("") == "Answer in one short sentence."


def test_which_file_is_used(tmp_path: Path) -> None:
    assert find_file(tmp_path) is None
    good, small = (catalogue_model(name).paths(tmp_path)[0] for name in KNOWN_MODELS)
    small.parent.mkdir()
    small.touch()
    assert find_file(tmp_path) == EmbeddedFile(small, ("en",), is_small=True)
    good.touch()
    found = find_file(tmp_path)
    assert found == EmbeddedFile(good, ("en",), is_small=True)
    assert (found.speaks("en"), found.speaks("ru")) == (True, False)
    own = small.parent / "my-model.gguf"
    own.touch()
    found = find_file(tmp_path)
    assert found == EmbeddedFile(own)
    assert found.speaks("ru")
    assert find_file(tmp_path, small) == EmbeddedFile(small, ("en",), is_small=True)
    assert find_file(tmp_path, tmp_path / "missing.gguf") is None


def test_the_model_reads_the_system_prompt_and_the_last_messages() -> None:
    system = Message(role="system", content="You are Ada.")
    turns: Sequence[Message] = [
        Message(role=role, content=f"{role} {number}") for number in range(9) for role in ("user", "assistant")
    ]
    read = recent_messages([system, *turns, Message(role="user", content="last")])
    assert (read[0], read[1].role, read[-1].content) == (system, "user", "last")
    assert len(read) <= MAX_HISTORY + 1
    with pytest.raises(LanguageModelError):
        recent_messages([system])
