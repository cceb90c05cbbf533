"""The routes of conversations: the caller's own are listed, read and deleted."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lipsync.conversation.history import Utterance
from lipsync.conversation.repository import Conversation
from lipsync.server.app import create_app
from lipsync.server.components import parts_of
from lipsync.settings import Settings
from tests.helpers.eventually import eventually
from tests.helpers.fake_service import FakeService

URL = "/api/v1/conversations"
OTHER = {"REMOTE_ADDR": "127.0.0.2"}


@pytest.fixture
def talked(app: Flask) -> Conversation:
    """A conversation of the client's address, which was interrupted."""
    repository = parts_of(app).conversations
    made = repository.create("address 127.0.0.1", "anna")
    repository.add(made.id, Utterance(role="user", text="What is this?", created=1.0))
    repository.add(made.id, Utterance(role="assistant", text="It is", interrupted=True, created=2.0))
    return made


def test_conversations_are_listed_and_read(client: FlaskClient, talked: Conversation) -> None:
    (listed,) = client.get(URL).get_json()["conversations"]
    assert (listed["id"], listed["persona"], listed["title"]) == (talked.id, "anna", "What is this?")
    assert client.get(f"{URL}/{talked.id}").get_json() == {
        **listed,
        "messages": [
            {"role": "user", "text": "What is this?", "interrupted": False, "created": 1.0},
            {"role": "assistant", "text": "It is", "interrupted": True, "created": 2.0},
        ],
    }


def test_a_conversation_is_deleted(client: FlaskClient, talked: Conversation) -> None:
    assert client.delete(f"{URL}/{talked.id}").get_json() == {"deleted": talked.id}
    for answer in (client.get(f"{URL}/{talked.id}"), client.delete(f"{URL}/{talked.id}")):
        assert (answer.status_code, answer.get_json()["code"]) == (404, "conversation_unknown")
    assert client.get(URL).get_json() == {"conversations": []}


def test_the_conversation_of_another_is_not_there(client: FlaskClient, talked: Conversation) -> None:
    unknown = client.get(f"{URL}/{'0' * 32}", environ_base=OTHER)
    answer = client.get(f"{URL}/{talked.id}", environ_base=OTHER)
    assert (answer.status_code, answer.text) == (404, unknown.text)
    assert client.delete(f"{URL}/{talked.id}", environ_base=OTHER).status_code == 404
    assert client.get(URL, environ_base=OTHER).get_json() == {"conversations": []}
    assert client.get(f"{URL}/{talked.id}").status_code == 200


def test_a_key_is_required_of_strangers(client: FlaskClient, talked: Conversation) -> None:
    for url in (URL, f"{URL}/{talked.id}"):
        assert client.get(url, environ_base={"REMOTE_ADDR": "203.0.113.5"}).status_code == 401


def test_the_cleanup_deletes_expired_conversations(
    app: Flask, settings: Settings, talked: Conversation, service: FakeService
) -> None:
    parts_of(app).close()
    again = create_app(settings.model_copy(update={"conversations_max_hours": 1e-9}), service)
    repository = parts_of(again).conversations
    eventually(lambda: not repository.recent(talked.owner, 10))
