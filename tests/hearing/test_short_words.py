"""Signs of attention and commands, in four languages."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest

from lipsync.hearing.short_words import MAX_BACKCHANNEL_WORDS, bare_words, is_backchannel, is_command

TABLES = tomllib.loads((files("lipsync.hearing") / "short_words.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        *(("Mm-hm.", "en"), ("MMHMM", "en"), ("uh-huh", "ru"), ("Yeah, yeah.", "en"), ("Oh, okay!", "en")),
        *(("Угу.", "ru"), ("Да-да!", "ru"), ("М-м-м…", "ru"), ("Ух ты!", "ru"), ("Так.", "uk"), ("Иә.", "kk")),
        *(("Авжеж", "uk"), ("Дұрыс.", "kk"), ("да", "de")),
    ],
)
def test_signs_of_attention(text: str, language: str) -> None:
    assert is_backchannel(text, language)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        *(("No.", "en"), ("Yes, but why?", "en"), ("", "en"), ("...", "en"), ("okay okay okay", "en")),
        *(("Нет", "ru"), ("Да, но почему?", "ru"), ("Жоқ", "kk")),
    ],
)
def test_what_is_no_sign_of_attention(text: str, language: str) -> None:
    assert not is_backchannel(text, language)


@pytest.mark.parametrize(
    ("text", "language"),
    [("Stop!", "en"), ("No, no.", "en"), ("Hold on", "en"), ("Хватит!", "ru"), ("Стоп, стоп", "uk")],
)
def test_commands(text: str, language: str) -> None:
    assert is_command(text, language)


@pytest.mark.parametrize("text", ["", "stop the car", "yes", "да"])
def test_what_is_no_command(text: str) -> None:
    assert not is_command(text, "ru")


@pytest.mark.parametrize("language", ["en", "ru", "uk", "kk"])
def test_the_lists(language: str) -> None:
    phrases = [" ".join(bare_words(phrase)) for phrase in TABLES["backchannels"][language]]
    assert len(phrases) >= 30
    assert all(len(phrase.split()) <= MAX_BACKCHANNEL_WORDS for phrase in phrases)
    commands = {" ".join(bare_words(phrase)) for phrase in TABLES["commands"][language]}
    assert not commands & set(phrases)
