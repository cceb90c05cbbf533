"""Mouth cues of an answer and of its sentences, with a fake model and a real voice."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lipsync.auth.keys import add_key
from lipsync.conversation.answer_store import LIFETIME_S
from lipsync.server.app import create_app
from lipsync.settings import Settings
from lipsync.storage.database import connect
from tests.helpers.conversation import FakeModel, FakeResponder, fake_parts
from tests.helpers.fake_service import FakeService
from tests.helpers.flask_client import client_of
from tests.mouth_cues.programs import answering

SENTENCES = ("My mum bought a map.", "Five of them are here.")


def conversation_app(settings: Settings) -> Flask:
    model = FakeModel(*(f"{sentence} " for sentence in SENTENCES))
    return create_app(settings, FakeService(settings), fake_parts(FakeResponder(model)))


@pytest.fixture
def app(settings: Settings) -> Flask:
    return conversation_app(settings)


def ask(client: FlaskClient, headers: dict[str, str] | None = None) -> Any:
    form = {"text": "Well?", "video": "0"}
    kind = "multipart/form-data"
    return client.post("/api/v1/avatar/interact", data=form, content_type=kind, headers=headers).get_json()


def cues(client: FlaskClient, url: str, **query: str) -> Any:
    response = client.get(url, query_string=query)
    assert response.status_code == 200, response.text
    return response


def shapes(content: Any) -> list[str]:
    return [cue["value"] for cue in content["mouthCues"]]


def test_the_cues_of_the_whole_answer_fit_its_sound(client: FlaskClient) -> None:
    answer = ask(client)
    response = cues(client, answer["cues_url"])
    assert (response.mimetype, response.headers["X-Cues-Source"]) == ("application/json", "phones")
    assert response.headers["Cache-Control"] == "no-store"
    content = response.get_json()
    seconds = (len(client.get(answer["audio_url"]).data) - 44) / 2 / 24000
    assert content["metadata"]["duration"] == pytest.approx(seconds, abs=0.011)
    assert content["mouthCues"][-1]["end"] == content["metadata"]["duration"]
    assert content["metadata"]["soundFile"].endswith(".wav")
    assert shapes(content).count("A") >= 4
    assert shapes(content).count("G") >= 2


def test_a_sentence_has_the_cues_of_its_part_of_the_answer(client: FlaskClient) -> None:
    answer = ask(client)
    assert [sentence["text"] for sentence in answer["sentences"]] == list(SENTENCES)
    whole = cues(client, answer["cues_url"]).get_json()
    for number, sentence in enumerate(answer["sentences"]):
        content = cues(client, answer["cues_url"], sentence=str(number)).get_json()
        length = sentence["end"] - sentence["start"]
        assert content["metadata"]["duration"] == pytest.approx(length, abs=0.011)
        closed = [cue["start"] for cue in content["mouthCues"] if cue["value"] in "AG"]
        expected = [
            cue["start"] - sentence["start"]
            for cue in whole["mouthCues"]
            if cue["value"] in "AG" and sentence["start"] - 0.1 <= cue["start"] < sentence["end"] - 0.1
        ]
        assert closed == pytest.approx(expected, abs=0.021)
        assert closed


def test_the_three_formats_agree(client: FlaskClient) -> None:
    url = ask(client)["cues_url"]
    expected = shapes(cues(client, url, sentence="1", format="rhubarb-json").get_json())
    tsv = cues(client, url, sentence="1", format="tsv")
    assert [line.split("\t")[1] for line in tsv.text.splitlines()] == [*expected, "X"]
    xml = cues(client, url, sentence="1", format="xml")
    assert [cue.text for cue in ElementTree.fromstring(xml.text).iter("mouthCue")] == expected
    assert (tsv.mimetype, xml.mimetype) == ("text/tab-separated-values", "application/xml")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"sentence": "2"}, "sentence"),
        ({"sentence": "-1"}, "sentence"),
        ({"sentence": "one"}, "sentence"),
        ({"sentence": ""}, "sentence"),
        ({"sentence": "²"}, "sentence"),
        ({"sentence": "9" * 5000}, "sentence"),
        ({"format": "dat"}, "format"),
    ],
)
def test_a_wrong_parameter_is_named(client: FlaskClient, query: dict[str, str], field: str) -> None:
    response = client.get(ask(client)["cues_url"], query_string=query)
    assert (response.status_code, response.get_json()["code"]) == (400, "bad_field")
    assert response.get_json()["field"] == field


def test_they_are_gone_with_the_answer(client: FlaskClient, settings: Settings) -> None:
    url = ask(client)["cues_url"]
    old = time.time() - LIFETIME_S - 1
    for path in (settings.state / "answers").iterdir():
        os.utime(path, (old, old))
    expired = client.get(url)
    assert (expired.status_code, expired.get_json()["code"]) == (410, "answer_gone")
    ask(client)  # deletes what has expired
    assert sorted(path.suffix for path in (settings.state / "answers").iterdir()) == [".json", ".wav"]


@pytest.mark.parametrize("damage", ["", "[]", '{"language": "en"}'])
def test_a_damaged_file_is_an_answer_that_is_gone(client: FlaskClient, settings: Settings, damage: str) -> None:
    url = ask(client)["cues_url"]
    (path,) = (settings.state / "answers").glob("*.json")
    path.write_text(damage)
    assert client.get(url).get_json()["code"] == "answer_gone"


def test_another_caller_cannot_fetch_them(settings: Settings) -> None:
    protected = settings.model_copy(update={"require_key": True})
    engine = connect(settings)
    texts = [add_key(engine, name, ("generate",))[1] for name in ("one", "two")]
    engine.dispose()
    one, two = ({"Authorization": f"Bearer {text}"} for text in texts)
    client = client_of(conversation_app(protected))
    url = ask(client, one)["cues_url"]
    assert client.get(url, headers=one).status_code == 200
    refused = client.get(url, headers=two)
    assert (refused.status_code, refused.get_json()["code"]) == (410, "answer_gone")
    assert client.get(url).status_code == 401


def test_rhubarb_is_asked_where_it_is_configured(settings: Settings, tmp_path: Path) -> None:
    client = client_of(conversation_app(settings.model_copy(update={"rhubarb": answering(tmp_path)})))
    response = cues(client, ask(client)["cues_url"], sentence="0")
    assert response.headers["X-Cues-Source"] == "rhubarb"
    assert shapes(response.get_json()) == ["X", "D"]
