"""The field of the request that an error concerns, in the answer and in the job."""

from __future__ import annotations

import io

import pytest
from flask.testing import FlaskClient

from lipsync.errors import LipsyncError
from lipsync.server.error_fields import CODES_BY_FIELD, field_of
from lipsync.server.request_body import VideoRequestBody
from tests.messages.test_usage import CODES


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"text": ""}, "empty_text", "text"),
        ({"text": "!"}, "nothing_to_say", "text"),
        ({"text": "Hi", "language": "tlh"}, "unknown_language", "language"),
        ({"text": "Hi", "speed": "fast"}, "bad_field", "speed"),
        ({"text": "Hi", "webhook": "https://example.org/"}, "webhooks_off", "webhook"),
    ],
)
def test_the_answer_names_the_field(client: FlaskClient, body: dict[str, object], code: str, field: str) -> None:
    answer = client.post("/api/jobs", json=body).get_json()
    assert (answer["code"], answer["field"]) == (code, field)


def test_an_error_of_no_field_has_none(client: FlaskClient) -> None:
    assert set(client.get("/api/nothing").get_json()) == {"error", "code"}


def test_a_large_file_is_the_field_that_the_route_takes(client: FlaskClient) -> None:
    client.application.config["MAX_CONTENT_LENGTH"] = 1000
    large = bytes(2000)
    for path, name in (("/api/jobs", "image"), ("/api/voices", "sound")):
        answer = client.post(path, data={name: (io.BytesIO(large), "large")}).get_json()
        assert (answer["code"], answer["field"]) == ("file_too_large", name)


def test_each_code_exists_and_each_field_is_one_of_a_request() -> None:
    fields = {*VideoRequestBody.model_fields, "image", "name", "sound", "may_use"}
    assert set(CODES_BY_FIELD) <= fields
    codes = [code for codes in CODES_BY_FIELD.values() for code in codes]
    assert len(codes) == len(set(codes)), "a code names one field"
    assert set(codes) <= CODES


def test_an_error_that_names_its_field_is_believed() -> None:
    assert field_of(LipsyncError("file_too_large", limit=1, field="image_url")) == "image_url"
    assert field_of(LipsyncError("file_too_large", limit=1)) == "image"
    assert field_of(LipsyncError("internal", request="r")) is None
