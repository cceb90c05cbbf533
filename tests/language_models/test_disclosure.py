"""The question whether a person answers is recognized in many forms, and others are not taken for it."""

from __future__ import annotations

import pytest

from lipsync.language_models.disclosure import asks_for_disclosure, disclosure_replies

ASKS = {
    "en": (
        "Are you a real person?", "are you real", "are you human?", "Are you a robot?", "Are you an AI?",
        "Are you alive?",
        "are you just a computer program?", "You're not a real person, are you?", "Am I talking to a real human?",
        "am i speaking with a machine", "Is this a real person?", "Is this a recording?",
        "What are you?",
        "are you chatgpt", "human or robot?", "are you a bot or a human",
        "You are a robot, aren't you?",
        "aren't you just a bot?", "Is there a human here?", "Are you actually a living person?",
        "do you really exist",
        "Tell me you are a real person.", "Are you for real?", "Hello Ada, are you a real woman?",
        "who am I talking to?", "Are you artificial intelligence?", "you are human, right?",
    ),
    "ru": (
        "Ты настоящий человек?", "Вы человек?", "Ты робот?", "Ты живой?", "Вы настоящая?", "Ты бот или человек?",
        "Это робот?", "Я разговариваю с человеком?", "Я говорю с настоящим человеком?", "Ты реальный?",
        "А ты вообще живая?", "Ты же не человек, правда?", "Ты программа?", "Кто ты на самом деле?", "Ты нейросеть?",
        "Вы искусственный интеллект?", "ты случайно не робот", "С кем я говорю?", "Настоящий ли ты?",
        "человек или машина?", "Are you a robot?",
    ),
    "uk": (
        "Ти справжня людина?", "Ви робот?", "Ти жива?", "Ви людина?", "Я розмовляю з людиною?", "Ти бот чи людина?",
        "Це робот?", "Ти комп'ютер?", "Ви штучний інтелект?", "Чи ти справжня?", "З ким я розмовляю?",
    ),
    "kk": ("Сен адамсың ба?", "Сіз роботсыз ба?", "Сен шынымен адамсың ба?", "Сіз нағыз адамсыз ба?"),
}  # fmt: skip
ASKS_NOT = {
    "en": (
        "Are you a real fan of Paris?", "Are you really sure?", "what are you doing?", "Are you happy?",
        "What is a robot?", "Is this a good book?", "How do computers work?", "Are you hungry?", "Is it real gold?",
        "Is there a person I can ask about tickets?", "Is that a computer on the table?", "Am I talking too fast?",
        "What is the capital of France?",
    ),
    "ru": (
        "Ты настоящий друг!", "Что такое робот?", "Какая программа на сегодня?", "Кто такой Пушкин?",
        "Ты любишь людей?", "Это хорошая машина?", "Вы уверены?", "Что ты делаешь?", "ты живешь в Москве?",
    ),
    "uk": ("Що таке робот?", "Хто такий Шевченко?", "Як тебе звати?", "Це добра книга?"),
    "kk": ("Атың кім?", "Қалайсың?"),
}  # fmt: skip


@pytest.mark.parametrize(("language", "question"), [(code, one) for code, all_ in ASKS.items() for one in all_])
def test_it_is_recognized(language: str, question: str) -> None:
    assert asks_for_disclosure(question, language)


@pytest.mark.parametrize(("language", "question"), [(code, one) for code, all_ in ASKS_NOT.items() for one in all_])
def test_another_question_is_not_taken_for_it(language: str, question: str) -> None:
    assert not asks_for_disclosure(question, language)


def test_a_language_without_replies_is_answered_in_english() -> None:
    assert disclosure_replies("fr") == disclosure_replies("en") != disclosure_replies("ru")
    assert asks_for_disclosure("Are you a robot?", "fr")


def test_the_end_of_a_long_message_counts() -> None:
    assert asks_for_disclosure("I have a long story. " * 90 + "Are you a real person?", "en")


def test_a_long_message_is_searched_in_bounded_time() -> None:
    assert not asks_for_disclosure("are you really actually " * 80, "en")
