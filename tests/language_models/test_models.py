"""The models that the settings name, for each language."""

from __future__ import annotations

from pathlib import Path

import pytest

from lipsync.conversation.personas.load import load_personas
from lipsync.language_models.embedded import EmbeddedModel
from lipsync.language_models.models import LanguageModels, generation_options
from lipsync.language_models.types import GenerationOptions, Message
from lipsync.settings import Settings
from lipsync.weights.catalogue import model as catalogue_model
from tests.helpers.ports import free_port
from tests.helpers.run_async import run_async
from tests.language_models.fake_servers import PIECES, model_server

pytest.importorskip("ollama", reason="the extra conversation is not installed")

QUESTION = [Message(role="user", content="What is the capital of France?")]


def reply(settings: Settings, persona_name: str = "ada") -> tuple[str, str, list[str], dict[str, bool]]:
    """Text, model, failures, and health."""
    persona = load_personas(None, persona_name).find()

    async def run() -> tuple[str, str, list[str], dict[str, bool]]:
        models = LanguageModels(settings)
        try:
            await models.preload(persona.language, persona.prompt)
            chain = models.chain(persona.language, persona.stored, persona.sentences)
            async with chain.reply(QUESTION, generation_options(settings)) as answer:
                text = "".join([piece async for piece in answer])
                failures = [failure.error.code for failure in answer.failures]
            return text, answer.model, failures, await models.health()
        finally:
            await models.close()

    return run_async(run())


def test_without_any_model_the_stored_replies_answer(settings: Settings, tmp_path: Path) -> None:
    text, model, failures, health = reply(settings.model_copy(update={"checkpoints": tmp_path}))
    assert text in load_personas(None, "ada").find().fallbacks
    assert (model, failures, health) == ("stored", [], {"stored": True})


@pytest.mark.parametrize("api", ["ollama", "openai"])
def test_the_server_of_the_settings_answers(settings: Settings, tmp_path: Path, api: str) -> None:
    with model_server() as server:
        changes = {"checkpoints": tmp_path, "llm_url": server.url, "llm_api": api}
        text, model, failures, health = reply(settings.model_copy(update=changes), "lev")
    assert (text, model, failures) == ("".join(PIECES), api, [])
    assert health == {api: True, "stored": True}


def test_a_dead_server_is_replaced_and_health_says_so(settings: Settings, tmp_path: Path) -> None:
    changes = {"checkpoints": tmp_path, "llm_url": f"http://127.0.0.1:{free_port()}", "llm_model": "m"}
    text, model, failures, health = reply(settings.model_copy(update=changes))
    assert text
    assert (model, failures) == ("stored", ["llm_unreachable"])
    assert health == {"ollama": False, "stored": True}


def test_a_known_file_is_for_its_languages_only(settings: Settings, tmp_path: Path) -> None:
    path = catalogue_model("smollm2-135m").paths(tmp_path)[0]
    path.parent.mkdir()
    path.write_bytes(b"no model")
    changed = settings.model_copy(update={"checkpoints": tmp_path})
    assert reply(changed, "lev")[1:3] == ("stored", []), "it is not asked in Russian"
    assert reply(changed, "ada")[1:3] == ("stored", ["llm_crashed"])
    assert "embedded" not in reply(changed.model_copy(update={"llm_embedded": "off"}))[3]


def test_the_embedded_model_is_loaded_where_the_server_is_not_ready(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []

    async def preload(_: EmbeddedModel, prompt: str) -> None:
        loaded.append(prompt)

    monkeypatch.setattr(EmbeddedModel, "preload", preload)
    (tmp_path / "llm").mkdir()
    (tmp_path / "llm" / "own.gguf").touch()
    with model_server() as server:
        changes = {"checkpoints": tmp_path, "llm_url": server.url, "llm_first_token_s": 5.0}
        reply(settings.model_copy(update=changes))
        assert loaded == []
        server.status = 500
        reply(settings.model_copy(update=changes))
        assert len(loaded) == 1


def test_the_options_come_from_the_settings(settings: Settings) -> None:
    changed = settings.model_copy(update={"llm_temperature": 0.1, "llm_max_tokens": 9})
    assert generation_options(changed) == GenerationOptions(temperature=0.1, max_tokens=9)
