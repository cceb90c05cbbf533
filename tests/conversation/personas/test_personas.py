"""The personas that ship are whole; own ones are read from a folder; mistakes are named with file and field."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from lipsync.conversation.personas.errors import PersonaError
from lipsync.conversation.personas.load import MAX_FILE_BYTES, load_personas
from lipsync.conversation.personas.persona import Persona
from lipsync.face.avatars import avatar
from lipsync.language_models.disclosure import asks_for_disclosure
from lipsync.text.spoken_reply import spoken_reply

SHIPPED = list(load_personas(None, "ada"))
OWN = """
name = "{name}"
title = "Bo"
language = "{language}"
system_prompt = "You are Bo."
greeting = "Hi."
fallbacks = ["Hm."]
broken_off = ["Oh."]
{more}
"""
LETTERS = {"en": "[A-Za-z]", "ru": "[А-Яа-яЁё]", "uk": "[А-Яа-яЇїІіЄєҐґ]"}
FOREIGN = {"en": "[А-Яа-я]", "ru": "[ЇїІіЄєҐґ]", "uk": "[ЫыЭэЪъЁё]"}


def own(folder: Path, name: str = "bo", language: str = "en", more: str = "") -> Path:
    path = folder / f"{name}.toml"
    path.write_text(OWN.format(name=name, language=language, more=more), encoding="utf-8")
    return path


def sentences(persona: Persona) -> list[str]:
    replies = itertools.chain.from_iterable(reply.replies for reply in persona.stored_replies)
    return [
        persona.greeting,
        *persona.fillers,
        *persona.fallbacks,
        *persona.broken_off,
        *persona.disclosure,
        *replies,
    ]


def test_three_languages_ship() -> None:
    assert {persona.language for persona in SHIPPED} == {"en", "ru", "uk"}
    assert all(len(persona.stored_replies) >= 25 for persona in SHIPPED)
    assert all(persona.fillers and persona.disclosure and persona.character for persona in SHIPPED)


@pytest.mark.parametrize("persona", SHIPPED, ids=lambda persona: persona.name)
def test_a_shipped_persona_is_whole(persona: Persona) -> None:
    assert persona.avatar is not None
    avatar(persona.avatar)
    for text in [*sentences(persona), *(q for reply in persona.stored_replies for q in reply.questions)]:
        assert re.search(LETTERS[persona.language], text), text
        assert not re.search(FOREIGN[persona.language], text), text
    for text in sentences(persona):
        assert spoken_reply(text).text == text, "what is stored is spoken as it is"
        assert text[-1] in ".!?…", text


@pytest.mark.parametrize("persona", SHIPPED, ids=lambda persona: persona.name)
def test_each_question_finds_its_reply(persona: Persona) -> None:
    seen: set[str] = set()
    for reply in persona.stored_replies:
        for question in reply.questions:
            assert question not in seen, f"twice: {question}"
            seen.add(question)
            assert persona.stored.find(question) == reply, question
            assert not asks_for_disclosure(question, persona.language), question


@pytest.mark.parametrize("persona", SHIPPED, ids=lambda persona: persona.name)
def test_the_prompt_states_the_language_and_that_it_is_a_program(persona: Persona) -> None:
    language = {"en": "English", "ru": "Russian", "uk": "Ukrainian"}[persona.language]
    assert f"Reply in {language}" in persona.prompt
    assert "computer program" in persona.prompt
    assert "\n" not in persona.prompt


def test_own_personas_add_to_the_shipped_ones_and_replace_them(tmp_path: Path) -> None:
    own(tmp_path)
    own(tmp_path, "ada", "kk", "[[stored_replies]]\nquestions = ['Сәлем']\nreplies = ['Сәлем!']")
    personas = load_personas(tmp_path, "bo")
    assert {persona.name for persona in personas} == {"ada", "bo", "lev", "taras"}
    assert (personas.find().title, personas.find("ada").language) == ("Bo", "kk")
    assert personas.find("ada").stored.find("сәлем") is not None


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ("surprise = 1", "surprise"),
        ("voice = ''", "voice"),
        ("avatar = '../../etc/passwd'", "avatar"),
        ("fillers = ['x', 5]", "fillers.1"),
        ("[[stored_replies]]\nquestions = []\nreplies = ['x']", "stored_replies.0.questions"),
        ("[[stored_replies]]\nquestions = ['x']\nreplies = ['x']\naction = 'Rm -rf'", "stored_replies.0.action"),
        ("disclosure = ['" + "x" * 401 + "']", "disclosure.0"),
        ("not toml", "TOML"),
    ],
)
def test_a_mistake_is_named_with_file_and_field(tmp_path: Path, more: str, place: str) -> None:
    path = own(tmp_path, more=more)
    with pytest.raises(PersonaError) as caught:
        load_personas(tmp_path, "bo")
    assert (caught.value.code, caught.value.facts["place"]) == ("persona_file", place)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(("name", "language", "place"), [("Bo!", "en", "name"), ("bo", "klingon", "language")])
def test_name_and_language_are_checked(tmp_path: Path, name: str, language: str, place: str) -> None:
    own(tmp_path, name, language)
    with pytest.raises(PersonaError) as caught:
        load_personas(tmp_path, "ada")
    assert caught.value.facts["place"] == place


def test_large_files_and_missing_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PersonaError, match="LIPSYNC_PERSONAS"):
        load_personas(tmp_path / "missing", "ada")
    (tmp_path / "big.toml").write_bytes(b"#" * (MAX_FILE_BYTES + 1))
    with pytest.raises(PersonaError, match="bytes"):
        load_personas(tmp_path, "ada")


def test_an_unknown_persona_is_told_the_known_ones() -> None:
    with pytest.raises(PersonaError, match="ada, lev, taras") as caught:
        load_personas(None, "hal")
    assert caught.value.code == "unknown_persona"
