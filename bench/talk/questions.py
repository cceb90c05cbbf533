"""What a fake language model answers, and the questions that are asked in Russian."""

from __future__ import annotations

RUSSIAN = (
    "Привет, как у тебя дела?",
    "Какая столица у Франции?",
    "Расскажи мне, пожалуйста, анекдот.",
    "Кто написал роман о войне и мире?",
    "Почему небо бывает синим?",
    "Сколько дней в неделе?",
    "Как тебя зовут?",
    "Ты настоящий человек?",
    "Какая сегодня погода?",
    "Что мне приготовить на ужин?",
    "Посоветуй мне хорошую книгу.",
    "Сколько будет два плюс два?",
    "Кто первым полетел в космос?",
    "Какой океан самый большой?",
    "Мне сегодня грустно.",
    "Что ты умеешь делать?",
    "Сколько ног у паука?",
    "Какая планета ближе всех к солнцу?",
    "Что делают пчёлы?",
    "Где находится город Рим?",
    "Какое животное самое высокое?",
    "Сколько минут в одном часе?",
    "Как называется наша планета?",
    "Какой цвет у травы?",
    "Что бывает после зимы?",
    "Можешь рассказать о море?",
    "Кто тебя сделал?",
    "Сколько тебе лет?",
    "Большое спасибо за помощь!",
    "До свидания, до завтра!",
)
"""Thirty short questions in Russian. (Those in English are in :mod:`bench.language_models`.)"""

REPLY = (
    "That is a good question, and I am glad that you ask. The answer is known to most people, "
    "but it is worth saying once more, slowly and clearly. Would you like to hear more about it?"
)
"""What the fake language model writes, whatever it is asked: about 40 tokens."""
