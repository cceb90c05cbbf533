from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lipsync.text.detect import detect_language
from lipsync.text.languages import LANGUAGES
from tests.speech.samples import SAMPLES

SHORT = {
    "ru": ["Привет!", "Да", "Доброе утро", "Меня зовут Гаусс.", "Где находится вокзал?", "Съешь ещё булку"],
    "en": ["Hello!", "OK", "Good morning", "My name is Gauss.", "Where is the station?", "123 apples"],
    "uk": ["Привіт!", "Дякую", "Добрий вечір", "Мене звати Гаус.", "Де знаходиться вокзал?", "Дуже добре"],
    "kk": ["Сәлем!", "Рахмет", "Қайырлы таң", "Менің атым Гаусс.", "Вокзал қайда?", "Мен студентпін"],
    "be": ["Прывітанне!", "Добры дзень", "Дзякуй"],
    "de": ["Guten Morgen", "Wo ist der Bahnhof?"],
    "fr": ["Bonjour à tous", "Où est la gare ?"],
    "es": ["Buenos días", "¿Dónde está la estación?"],
    "it": ["Buongiorno a tutti", "Dove si trova la stazione?"],
    "pt": ["Bom dia", "Onde fica a estação?"],
    "pl": ["Dzień dobry", "Gdzie jest dworzec?"],
    "cs": ["Dobrý den", "Kde je nádraží?"],
    "tr": ["Günaydın", "İstasyon nerede, biliyor musunuz?"],
    "uz": ["Assalomu alaykum", "Vokzal qayerda va bu nima?"],
    "ka": ["გამარჯობა"],
}


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_each_language_is_detected(language) -> None:
    code = language.code
    texts = [SAMPLES[code], *SHORT[code]]
    assert [(text, detect_language(text)) for text in texts] == [(text, code) for text in texts]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Я люблю Google и YouTube, а ты?", "ru"),
        ("Pushkin (Пушкин) was a great poet.", "en"),
        ("Нұрсұлтан приехал в Москву, и мы его встретили на вокзале.", "ru"),
        ("12345", "ru"),
        ("", "ru"),
    ],
)
def test_most_of_the_text_decides(text: str, code: str) -> None:
    assert detect_language(text) == code


@pytest.mark.parametrize(
    ("text", "likely", "code"),
    [
        ("Hello", ["ru"], "en"),
        ("Привет", ["en"], "ru"),
        ("Привіт", ["ru"], "uk"),
        ("Salut", ["fr"], "fr"),
        ("Salut", ["ru", "de", "fr"], "de"),  # Russian is not written in these letters
        ("Salut", [], "en"),
        ("Добраніч", ["uk"], "uk"),
        ("Хліб", ["be", "uk"], "be"),
        ("Мама", ["uk"], "uk"),
        ("Мама", ["en"], "ru"),
        ("12345", ["en"], "en"),
        ("12345", ["xx"], "ru"),
        ("გამარჯობა", ["en"], "ka"),
        ("Good morning, how are you today?", ["de"], "en"),
    ],
)
def test_likely_languages_decide_ambiguous_texts(text: str, likely: list[str], code: str) -> None:
    assert detect_language(text, likely) == code


@given(st.text(max_size=300))
def test_any_text_has_one_of_our_languages(text: str) -> None:
    assert detect_language(text) in {one.code for one in LANGUAGES}


def test_a_long_text_is_not_read_to_its_end() -> None:
    started = time.process_time()
    assert detect_language("Мама мыла раму. " * 200_000) == "ru"
    assert time.process_time() - started < 2
