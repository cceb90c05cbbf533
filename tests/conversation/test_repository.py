"""Conversations in the database: who may read them, how long they are kept, how much of them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

import pytest
from sqlalchemy import Engine

from lipsync.conversation import repository as module
from lipsync.conversation.errors import ConversationError
from lipsync.conversation.history import Utterance
from lipsync.conversation.memory import ConversationMemory
from lipsync.conversation.repository import ConversationRepository
from lipsync.settings import Settings
from lipsync.storage.database import connect


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    engine = connect(settings)
    yield engine
    engine.dispose()


@pytest.fixture
def repository(engine: Engine) -> ConversationRepository:
    return ConversationRepository(engine)


@pytest.fixture
def writer() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as writer:
        yield writer


def question(text: str) -> Utterance:
    return Utterance(role="user", text=text, created=1.0)


def texts(repository: ConversationRepository, id: str) -> list[str]:
    return [utterance.text for utterance in repository.utterances(id)]


def test_a_conversation_comes_back_as_it_was(repository: ConversationRepository) -> None:
    made = repository.create("a", "anna")
    said = [question("Кто ты?"), Utterance(role="assistant", text="Я", interrupted=True, created=2.5)]
    for utterance in said:
        repository.add(made.id, utterance)
    found = repository.get(made.id, "a")
    assert (found.persona, found.title, found.created) == ("anna", "Кто ты?", made.created)
    assert repository.utterances(made.id) == said


def test_a_conversation_of_another_is_unknown(repository: ConversationRepository) -> None:
    made = repository.create("a", "anna")
    for call in (repository.get, repository.delete):
        with pytest.raises(ConversationError) as caught:
            call(made.id, "b")
        assert caught.value.code == "conversation_unknown"
    assert repository.recent("b", 10) == []
    assert [one.id for one in repository.recent("a", 10)] == [made.id]


def test_only_an_empty_conversation_that_nobody_resumes_is_deleted(repository: ConversationRepository) -> None:
    empty, resumed, said = (repository.create("a", "anna") for _ in range(3))
    repository.resume(resumed.id, "a")
    repository.add(said.id, question("Who are you?"))
    for one in (empty, resumed, said):
        repository.delete_if_empty(one)
    assert {one.id for one in repository.recent("a", 10)} == {resumed.id, said.id}
    repository.delete_if_empty(repository.get(resumed.id, "a"))
    assert [one.id for one in repository.recent("a", 10)] == [said.id]


def test_two_conversations_share_no_word(repository: ConversationRepository, writer: ThreadPoolExecutor) -> None:
    memories = [ConversationMemory.open(repository.create("a", "anna"), repository, writer) for _ in range(2)]
    for number in range(50):
        for name, memory in zip("xy", memories, strict=True):
            memory.ask(f"{name}{number}?")
            memory.answer(f"{name}{number}!", interrupted=False)
    for name, memory in zip("xy", memories, strict=True):
        memory.flush()
        said = texts(repository, memory.conversation.id)
        assert len(said) == 100
        assert {text[0] for text in said} == {name}
        assert {message.content[0] for message in memory.messages()} == {name}


def test_a_memory_is_opened_again(repository: ConversationRepository, writer: ThreadPoolExecutor) -> None:
    made = repository.create("a", "anna")
    memory = ConversationMemory.open(made, repository, writer)
    memory.ask("What is")
    memory.retract()
    memory.ask("What is this?")
    memory.answer("It is a", interrupted=True)
    memory.flush()
    again = ConversationMemory.open(repository.get(made.id, "a"), repository, writer)
    assert again.messages() == memory.messages()
    assert again.history.utterances[-1].interrupted
    assert [message.content for message in again.messages()] == ["What is this?", "It is a"]


def test_any_text_is_stored(repository: ConversationRepository, writer: ThreadPoolExecutor) -> None:
    memory = ConversationMemory.open(repository.create("a", "anna"), repository, writer)
    memory.ask("a\0b\ud800c 🙂 'x'; --")
    memory.flush()
    assert texts(repository, memory.conversation.id) == ["ab?c 🙂 'x'; --"]


def test_a_conversation_is_bounded(repository: ConversationRepository) -> None:
    made = repository.create("a", "anna")
    other = repository.create("a", "anna")
    repository.add(other.id, question("other"))
    with patch.object(module, "MAX_UTTERANCES", 5):
        for number in range(12):
            repository.add(made.id, question(str(number)))
    assert texts(repository, made.id) == ["7", "8", "9", "10", "11"]
    assert texts(repository, other.id) == ["other"]


def test_the_conversations_of_a_caller_are_bounded(engine: Engine) -> None:
    times = iter(range(100))
    repository = ConversationRepository(engine, clock=lambda: float(next(times)))
    other = repository.create("b", "anna")
    with patch.object(module, "MAX_CONVERSATIONS", 3):
        ids = [repository.create("a", "anna").id for _ in range(5)]
    assert [one.id for one in repository.recent("a", 10)] == ids[:1:-1]
    assert [one.id for one in repository.recent("b", 10)] == [other.id]


def test_a_deleted_conversation_leaves_nothing_and_takes_nothing(repository: ConversationRepository) -> None:
    made = repository.create("a", "anna")
    repository.add(made.id, question("What is this?"))
    repository.delete(made.id, "a")
    repository.add(made.id, question("late"))
    repository.retract(made.id)
    assert repository.recent("a", 10) == []
    assert texts(repository, made.id) == []


def test_what_has_expired_is_deleted(engine: Engine) -> None:
    now = 0.0
    repository = ConversationRepository(engine, clock=lambda: now)
    old, new = repository.create("a", "anna"), repository.create("a", "anna")
    repository.add(old.id, question("old"))
    now = 7200.0
    repository.add(new.id, question("new"))
    repository.delete_expired(1.0)
    assert [one.id for one in repository.recent("a", 10)] == [new.id]
    assert texts(repository, old.id) == []
    assert texts(repository, new.id) == ["new"]


def test_a_database_that_cannot_be_written_does_not_end_the_talk(
    repository: ConversationRepository, writer: ThreadPoolExecutor, engine: Engine
) -> None:
    memory = ConversationMemory.open(repository.create("a", "anna"), repository, writer)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE utterances")
    memory.ask("What is this?")
    memory.flush()
    assert [message.content for message in memory.messages()] == ["What is this?"]
