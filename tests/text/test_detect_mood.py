from __future__ import annotations

import re
from pathlib import Path

import pytest

from lipsync.messages import LANGUAGES
from lipsync.text.detect_mood import MAX_STRENGTH, detect_mood
from lipsync.text.mood import MOODS
from lipsync.text.mood_lexicon import mood_lexicon
from lipsync.text.split import split_sentences
from tests.text.mood_sentences import BLIND, HELD_OUT, PLAIN_PROSE, SENTENCES

CASES = [(language, mood, text) for language, moods in SENTENCES.items() for mood in moods for text in moods[mood]]


@pytest.mark.parametrize(("language", "mood", "text"), CASES)
def test_the_mood_of_a_sentence_is_found(language: str, mood: str, text: str) -> None:
    found, strength = detect_mood(text, language)
    assert found == mood
    assert strength == 0.0 if mood == "neutral" else 0.2 < strength <= MAX_STRENGTH


@pytest.mark.parametrize("language", HELD_OUT)
def test_what_is_found_in_other_sentences_is_right(language: str) -> None:
    moods = [(mood, detect_mood(text, language)[0]) for mood, texts in HELD_OUT[language].items() for text in texts]
    shown = [(expected, found) for expected, found in moods if found != "neutral"]
    assert sum(expected == found for expected, found in shown) / len(shown) >= 0.95  # precision
    assert sum(expected == found for expected, found in moods) / len(moods) >= 0.9


@pytest.mark.parametrize("language", BLIND)
def test_a_mood_that_is_found_is_right_and_half_of_them_are_found(language: str) -> None:
    moods = [(mood, detect_mood(text, language)[0]) for mood, texts in BLIND[language].items() for text in texts]
    shown = [(expected, found) for expected, found in moods if found != "neutral"]
    felt = [(expected, found) for expected, found in moods if expected != "neutral"]
    assert sum(expected == found for expected, found in shown) / len(shown) >= 0.95  # precision
    assert sum(expected == found for expected, found in felt) / len(felt) >= 0.45  # recall


@pytest.mark.parametrize("language", PLAIN_PROSE)
def test_plain_prose_is_neutral(language: str) -> None:
    sentences = [*split_sentences(PLAIN_PROSE[language], language)]
    assert len(sentences) == 10
    assert {detect_mood(sentence, language) for sentence in sentences} == {("neutral", 0.0)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_technical_prose_is_neutral_but_for_greetings(language: str) -> None:
    catalogue = Path(f"lipsync/messages/locales/{language}.po").read_text(encoding="utf-8")
    messages = re.findall(r'^msgstr(?:\[\d\])? "(.+)"$', catalogue, re.MULTILINE)
    sentences = [sentence for message in messages for sentence in split_sentences(message, language)]
    sentences = [sentence for sentence in sentences if len(sentence.split()) > 2]  # no labels
    found = [sentence for sentence in sentences if detect_mood(sentence, language)[0] != "neutral"]
    assert len(sentences) > 300
    assert len(found) < 0.01 * len(sentences), found


@pytest.mark.parametrize(
    ("language", "plain", "stronger"),
    [
        ("en", "I am glad, it was fun.", "I am very glad, it was such fun!"),
        ("ru", "Мне грустно.", "Мне очень грустно…"),
        ("uk", "Я злюся.", "Я дуже злюся!"),
        ("kk", "Мен қуаныштымын.", "Мен өте қуаныштымын!"),
    ],
)
def test_intensifiers_and_punctuation_strengthen(language: str, plain: str, stronger: str) -> None:
    assert detect_mood(plain, language)[0] == detect_mood(stronger, language)[0] != "neutral"
    assert detect_mood(plain, language)[1] < detect_mood(stronger, language)[1]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "I don't hate it."), ("en", "Joy and grief came together."), ("en", "Why?"),
        ("en", "See (figure 2))."), ("en", "He lost the key :/home"),
        ("ru", "Он ничуть не злой."), ("ru", "Смотри (раздел (2))."),
        ("uk", "Вона не плакала."), ("kk", "Ол ашулы емес."), ("ru", "Почему?"),
    ],
)  # fmt: skip
def test_negation_and_mixed_feelings_are_neutral(language: str, text: str) -> None:
    assert detect_mood(text, language) == ("neutral", 0.0)


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "No, happily!"), ("ru", "Нет, я рад!"), ("uk", "Ні, я радий!"), ("kk", "Жоқ, қуаныштымын!")],
)
def test_a_negation_of_another_clause_does_not_count(language: str, text: str) -> None:
    assert detect_mood(text, language)[0] == "happy"


@pytest.mark.parametrize(
    ("text", "mood"),
    [
        ("Das ist gut 😀", "happy"),
        ("Das ist aus :(", "sad"),
        ("Was?!", "surprised"),
        ("Nein >:(", "angry"),
        ("Gut.", "neutral"),
    ],
)
def test_signs_count_in_every_language(text: str, mood: str) -> None:
    assert detect_mood(text, "de")[0] == mood


def test_each_lexicon_has_words_of_every_mood() -> None:
    for language in ("en", "ru", "uk", "kk"):
        lexicon = mood_lexicon(language)
        assert lexicon is not None
        assert set(lexicon.strong) == set(lexicon.mild) == set(MOODS) - {"neutral"}
    assert mood_lexicon("de") is None
