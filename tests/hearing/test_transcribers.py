"""Which transcriber answers for which language."""

from __future__ import annotations

from pathlib import Path

from lipsync.hearing.transcribers import (
    conversation_transcriber,
    file_transcriber,
    load_conversation_transcriber,
    unload_transcribers,
)
from lipsync.settings import Settings
from tests.hearing.sounds import spoken
from tests.hearing.tiny_whisper import TEXT


def settings(checkpoints: Path, **more: object) -> Settings:
    return Settings(_env_file=None, checkpoints=checkpoints, **more)  # type: ignore[arg-type]


def test_there_is_one_for_each_model_and_process(tiny_whisper: Path) -> None:
    assert file_transcriber(settings(tiny_whisper)) is file_transcriber(settings(tiny_whisper))
    assert file_transcriber(settings(tiny_whisper)) is not file_transcriber(
        settings(tiny_whisper, whisper_model="small")
    )


def test_a_conversation_in_english_has_the_fast_model(tiny_whisper: Path) -> None:
    fast = file_transcriber(settings(tiny_whisper, whisper_model="tiny.en"))
    base = file_transcriber(settings(tiny_whisper))
    unload_transcribers()
    conversation = conversation_transcriber(settings(tiny_whisper))
    assert conversation.transcribe(spoken(), "en").text == TEXT
    assert (bool(fast._models), bool(base._models)) == (True, False)
    assert conversation.transcribe(spoken(), "ru").language == "ru"
    assert conversation.transcribe(spoken()).language == "uk"
    assert base._models
    unload_transcribers()
    assert not fast._models
    assert not base._models


def test_without_the_fast_model_or_the_wish_for_it_the_other_answers(tiny_whisper: Path, tmp_path: Path) -> None:
    (tmp_path / "whisper-base").symlink_to(tiny_whisper / "whisper-base")
    assert conversation_transcriber(settings(tmp_path)).transcribe(spoken(), "en").text == TEXT
    slow = settings(tiny_whisper, whisper_fast_english=False)
    assert conversation_transcriber(slow) is file_transcriber(slow)


def test_health(tiny_whisper: Path, tmp_path: Path) -> None:
    assert conversation_transcriber(settings(tiny_whisper)).health_check()
    assert not conversation_transcriber(settings(tmp_path)).health_check()


def test_the_model_of_the_language_is_loaded_ahead(tiny_whisper: Path) -> None:
    fast = file_transcriber(settings(tiny_whisper, whisper_model="tiny.en"))
    base = file_transcriber(settings(tiny_whisper))
    unload_transcribers()
    load_conversation_transcriber(settings(tiny_whisper), "en")
    assert (bool(fast._models), bool(base._models)) == (True, False)
    load_conversation_transcriber(settings(tiny_whisper), "ru")
    assert base._models
    unload_transcribers()
