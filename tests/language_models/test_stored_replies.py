"""Replies without a model: by similarity of words, varied, deterministic; else a polite sentence."""

from __future__ import annotations

import pytest

from lipsync.conversation.personas.load import load_personas
from lipsync.language_models.stored_replies import StoredReplies, StoredReply
from lipsync.language_models.types import GenerationOptions, Message
from tests.helpers.run_async import run_async

PERSONAS = load_personas(None, "ada")
PARAPHRASES = [
    ("ada", "what's your name", "What is your name?"),
    ("ada", "so what is the weather today", "What is the weather like?"),
    ("ada", "tell me another funny joke please", "Tell me a joke"),
    ("ada", "who has created you", "Who made you?"),
    ("ada", "i had a really bad day today", "I am sad"),
    ("ada", "goodbye ada", "Goodbye"),
    ("ada", "thnak you very much", "Thank you"),
    ("lev", "скажите, как тебя зовут", "Как тебя зовут?"),
    ("lev", "расскажи ещё один анекдот", "Расскажи анекдот"),
    ("lev", "какая завтра погода в Москве", "Какая погода?"),
    ("lev", "сколько сейчас время", "Который час?"),
    ("lev", "спасибо большое вам", "Спасибо"),
    ("lev", "мне очень грустно", "Мне грустно"),
    ("taras", "скажи, як тебе звати", "Як тебе звати?"),
    ("taras", "розкажи мені анекдот", "Розкажи анекдот"),
    ("taras", "дуже дякую тобі", "Дякую"),
]
UNKNOWN = [
    *(
        "What is the capital of France?",
        "Who wrote Romeo and Juliet?",
        "How old is the universe?",
        "Where is Berlin?",
    ),
    *("What is the price of a ticket?", "How do I cook rice?", "What is a prime number?", "xyzzy", "?!", ""),
    *("Столица Франции?", "Кто такой Пушкин?", "Где находится Байкал?", "Как сварить борщ?", "Хто написав Кобзар?"),
]


@pytest.mark.parametrize(("persona", "question", "stored"), PARAPHRASES)
def test_a_paraphrase_finds_its_reply(persona: str, question: str, stored: str) -> None:
    found = PERSONAS.find(persona).stored.find(question)
    assert found is not None
    assert stored in found.questions


@pytest.mark.parametrize("question", UNKNOWN)
def test_an_unknown_question_gets_a_polite_sentence(question: str) -> None:
    for persona in PERSONAS:
        assert persona.stored.find(question) is None
        assert persona.stored.reply([Message(role="user", content=question)])[0] in persona.fallbacks


def test_no_reply_comes_twice_before_all_have_come() -> None:
    replies = ("One.", "Two.", "Three.")
    stored = StoredReplies([StoredReply(questions=("Tell me a joke",), replies=replies)], ["Hm."])
    messages: list[Message] = []
    for _ in range(6):
        messages.append(Message(role="user", content="tell me a joke!"))
        messages.append(Message(role="assistant", content=stored.reply(messages)[0]))
    texts = [message.content for message in messages if message.role == "assistant"]
    assert sorted(texts[:3]) == sorted(texts[3:]) == sorted(replies)


def test_the_last_message_of_the_person_is_answered() -> None:
    stored = StoredReplies([StoredReply(questions=("Hello",), replies=("Hi!",), action="greet")], ["Hm."])
    messages = [Message(role="user", content="Hello"), Message(role="assistant", content="Hi!")]
    response = run_async(stored.generate(messages, GenerationOptions()))
    assert (response.text, response.action) == ("Hi!", "greet")
    assert stored.reply([])[0] == "Hm."
    assert StoredReplies([], ["Hm."]).reply(messages) == ("Hm.", None)
