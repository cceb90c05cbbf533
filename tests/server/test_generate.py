"""``POST /api/generate``: what is asked right, and everything that can be asked wrong."""

from __future__ import annotations

import hashlib
import io
import json
import re
from typing import Any

import av
import pytest
from flask.testing import FlaskClient

from lipsync.face.avatar_part import AvatarPart, LeftOut
from lipsync.face.avatars import avatar
from lipsync.pipeline.service import LipsyncService
from lipsync.server.routes.jobs import server_timing
from lipsync.settings import Settings
from lipsync.speech.types import Fallback
from tests.helpers.fake_service import FakeService
from tests.helpers.pictures import png

HELLO = {"text": "Привет! Как дела?", "language": "ru"}
GAUSS = avatar("gauss").path.read_bytes()


def test_json_comes_back_as_a_video(client: FlaskClient) -> None:
    response = client.post("/api/generate", json=HELLO)
    assert response.status_code == 200
    assert response.mimetype == "video/mp4"
    assert response.content_length == len(response.data)
    disposition = response.headers["Content-Disposition"]
    assert disposition.startswith("attachment; filename=avatar_")
    assert disposition.endswith(".mp4")
    assert response.headers["Server-Timing"] == "speech;dur=12.0, render;dur=345.6, total;dur=400.0"
    assert response.headers["Cache-Control"] == "no-store"
    with av.open(io.BytesIO(response.data)) as video:
        assert [stream.codec_context.name for stream in video.streams] == ["h264", "aac"]


def test_all_fields_reach_the_service(client: FlaskClient, service: FakeService) -> None:
    wish = {"text": "Hi", "language": "English", "avatar": "newton", "voice": "espeak-female", "seed": 7, "fps": 30}
    wish |= {"speed": 1.25, "pitch": -2.0, "pause": 2.0}
    wish |= {"engine": "puppet", "subtitles": "vtt", "box": [1, 2, 30.5, 40], "pads": "0,10,0,0"}
    assert client.post("/api/generate", json=wish).status_code == 200
    resolved = {"language": "en", "box": (1, 2, 30.5, 40), "pads": (0, 10, 0, 0), "picture": None}
    (request,) = service.wishes
    assert request == {**request, **wish, **resolved}


def test_the_answer_says_who_spoke_and_who_could_not(client: FlaskClient, service: FakeService) -> None:
    response = client.post("/api/generate", json={"text": "Да", "language": "ru"})
    assert response.headers["X-Voice"] == "espeak-male"
    assert "X-Voice-Fallbacks" not in response.headers
    sentence = {"en": "It was slow.\r\nX-Evil: 1", "ru": "Медленно."}
    service.fallbacks = (Fallback("xtts", "voice_slow", sentence, 2, "espeak-male"),)
    for language in ("ru", "en"):
        response = client.post("/api/generate", json={"text": "Да"}, headers={"Accept-Language": language})
        (one,) = json.loads(response.headers["X-Voice-Fallbacks"])
        facts = {"engine": "xtts", "reason": "voice_slow", "piece": 2, "voice": "espeak-male"}
        assert one == {**facts, "sentence": sentence[language]}
        assert "X-Evil" not in response.headers


def test_defaults_are_decided_when_a_request_is_submitted(
    client: FlaskClient, service: FakeService, settings: Settings
) -> None:
    assert client.post("/api/generate", json={"text": "Да", "voice": None}).status_code == 200
    (request,) = service.wishes
    defaults = {"language": "ru", "avatar": settings.avatar, "fps": settings.fps, "seed": 0, "engine": "puppet"}
    assert request == {**request, "text": "Да", "voice": "espeak-male", **defaults, "speed": 1.0, "picture": None}


def test_a_form_has_strings_for_numbers_and_a_picture(client: FlaskClient, service: FakeService) -> None:
    fields = {"text": "Hi", "language": "en", "seed": "7", "fps": "25", "avatar": "", "voice": "", "box": "1,2,30,40"}
    response = client.post("/api/generate", data={**fields, "image": (io.BytesIO(png()), "../../x.png")})
    assert response.get_json()["code"] == "no_face"
    named = {"text": "Hi", "language": "en", "seed": 7, "fps": 25}
    (request,) = service.wishes
    assert request == {**request, **named, "avatar": None, "box": (1, 2, 30, 40), "picture": png()}


def test_a_form_may_have_a_picture_for_behind_the_person(client: FlaskClient, service: FakeService) -> None:
    fields = {"text": "Hi", "language": "en"}
    response = client.post("/api/generate", data={**fields, "background_image": (io.BytesIO(png()), "sea.png")})
    assert response.status_code == 200
    (request,) = service.wishes
    assert request["background"] == "picture"
    assert request["background_image"] == hashlib.sha256(png()).hexdigest()
    for wrong in (
        {"background": "picture"},
        {"background": "blur", "background_image": (io.BytesIO(png()), "sea.png")},
        {"background_image": "a text"},
    ):
        answer = client.post("/api/generate", data={**fields, **wrong}, content_type="multipart/form-data")
        assert (answer.status_code, answer.get_json()["code"]) == (400, "bad_field")


def test_a_form_without_a_chosen_file_is_one_without_a_picture(client: FlaskClient, service: FakeService) -> None:
    data = {"text": "Hi", "language": "en", "image": (io.BytesIO(b""), "")}
    assert client.post("/api/generate", data=data, content_type="multipart/form-data").status_code == 200
    assert service.wishes[0]["picture"] is None


def test_the_whole_way(real_client: FlaskClient) -> None:
    response = real_client.post("/api/generate", json={**HELLO, "avatar": "newton", "fps": 30})
    assert response.status_code == 200
    stages = re.findall(r"([a-z_]+);dur=[\d.]+", response.headers["Server-Timing"])
    assert {"portrait", "speech", "track", "render", "encode", "total"} <= set(stages)
    with av.open(io.BytesIO(response.data)) as video:
        picture = video.streams.video[0]
        assert picture.average_rate == 30
        assert picture.width / picture.height == pytest.approx(768 / 432, abs=0.01)
        assert picture.frames > 30
        (newton,) = (a for a in real_client.get("/api/avatars").get_json()["avatars"] if a["name"] == "newton")
        assert (picture.width, picture.height) == (newton["video_width"], newton["video_height"])
    job = real_client.get(f"/api/jobs/{response.headers['X-Job-Id']}").get_json()
    assert (job["width"], job["height"]) == (newton["video_width"], newton["video_height"])
    assert (job["picture_width"], job["picture_height"]) == (768, 432)


def test_a_picture_of_ones_own(real_client: FlaskClient) -> None:
    data = {"text": "Ok", "language": "en", "image": (io.BytesIO(GAUSS), "C:\\me\\photo.JPG")}
    response = real_client.post("/api/generate", data=data)
    assert response.status_code == 200
    assert "photo" not in response.headers["Content-Disposition"]
    job = real_client.get(f"/api/jobs/{response.headers['X-Job-Id']}").get_json()
    sizes = [job[name] for name in ("picture_width", "picture_height", "width", "height")]
    assert sizes == [1024, 1305, 1024, 1304]


JSON_WRONGS: list[tuple[str | bytes, int, str]] = [
    ('{"text": "Hi"', 400, "bad_json"),
    ("not json", 400, "bad_json"),
    (b'{"text": "\xff\xfe"}', 400, "not_utf8"),
    ('{"text": "a\\ufffdb"}', 400, "bad_characters"),
    ('{"text": "Hi", "seed": NaN}', 400, "bad_json"),
    ('{"text": "Hi", "seed": Infinity}', 400, "bad_json"),
    ('{"text": "Hi", "seed": ' + "9" * 5000 + "}", 400, "bad_json"),
    ("[" * 100_000, 400, "bad_json"),
    ("", 400, "no_body"),
    ("   ", 400, "no_body"),
    ('["Hi"]', 400, "not_an_object"),
    ('"Hi"', 400, "not_an_object"),
    ("null", 400, "not_an_object"),
    ("{}", 400, "empty_text"),
    ('{"text": ""}', 400, "empty_text"),
    ('{"text": " \\n\\t "}', 400, "empty_text"),
    ('{"text": "?!… —"}', 400, "nothing_to_say"),
    ('{"text": "🙂🎉"}', 400, "nothing_to_say"),
    (json.dumps({"text": "я" * 100_000}), 413, "text_too_long"),
    ('{"text": "a\\ud800b"}', 400, "bad_characters"),
    ('{"text": "a\\u0000b"}', 400, "bad_characters"),
    ('{"text": "a\\u001bb"}', 400, "bad_characters"),
    ('{"text": null}', 400, "bad_field"),
    ('{"text": 5}', 400, "bad_field"),
    ('{"text": ["Hi"]}', 400, "bad_field"),
    ('{"text": {"a": 1}}', 400, "bad_field"),
    ('{"text": true}', 400, "bad_field"),
    ('{"text": "Hi", "language": 5}', 400, "bad_field"),
    ('{"text": "Hi", "language": "\\ud800"}', 400, "bad_field"),
    ('{"text": "Hi", "language": "tlh"}', 400, "unknown_language"),
    ('{"text": "Hi", "voice": "nobody"}', 400, "unknown_voice"),
    ('{"text": "Hi", "avatar": "nobody"}', 400, "unknown_avatar"),
    ('{"text": "Hi", "avatar": "/etc/passwd"}', 400, "unknown_avatar"),
    ('{"text": "Hi", "avatar": "../avatars/gauss.jpg"}', 400, "unknown_avatar"),
    ('{"text": "Hi", "avatar": "lipsync/assets/avatars/gauss.jpg"}', 400, "unknown_avatar"),
    ('{"text": "Hi", "avatar": "gauss\\u0000"}', 400, "unknown_avatar"),
    ('{"text": "Hi", "avatar": ["gauss"]}', 400, "bad_field"),
    (json.dumps({"text": "Hi", "avatar": "x" * 201}), 400, "bad_field"),
    ('{"text": "Hi", "seed": "7"}', 400, "bad_field"),
    ('{"text": "Hi", "seed": 7.5}', 400, "bad_field"),
    ('{"text": "Hi", "seed": 7.0}', 400, "bad_field"),
    ('{"text": "Hi", "speed": "2"}', 400, "bad_field"),
    ('{"text": "Hi", "pitch": true}', 400, "bad_field"),
    ('{"text": "Hi", "seed": true}', 400, "bad_field"),
    ('{"text": "Hi", "seed": -1}', 400, "bad_field"),
    ('{"text": "Hi", "seed": 4294967296}', 400, "bad_field"),
    ('{"text": "Hi", "seed": 1e400}', 400, "bad_field"),
    ('{"text": "Hi", "fps": 0}', 400, "bad_field"),
    ('{"text": "Hi", "fps": 9}', 400, "bad_field"),
    ('{"text": "Hi", "fps": 61}', 400, "bad_field"),
    ('{"text": "Hi", "avatr": "gauss"}', 400, "bad_field"),
    ('{"text": "Hi", "\\ud800": 1}', 400, "bad_field"),
]


@pytest.mark.parametrize(("body", "status", "code"), JSON_WRONGS, ids=lambda value: repr(value)[:40])
def test_wrong_json_gets_one_sentence_and_leaves_no_file(
    real_client: FlaskClient, real_service: LipsyncService, body: str | bytes, status: int, code: str
) -> None:
    before = files(real_service)
    response = real_client.post("/api/generate", data=body, content_type="application/json")
    said = response.get_json()
    assert (response.status_code, said["code"]) == (status, code)
    assert set(said) - {"field"} == {"error", "code"}
    assert 10 < len(said["error"]) < 300
    assert files(real_service) == before


PICTURE_WRONGS: list[tuple[bytes, int, str]] = [
    (b"<!doctype html><title>x</title>", 415, "not_a_picture"),
    (b"", 415, "not_a_picture"),
    (png()[:50], 400, "broken_picture"),
    (GAUSS[: len(GAUSS) // 2], 400, "broken_picture"),
    (GAUSS[:100], 400, "broken_picture"),
    (png(), 422, "no_face"),
    (png(9000, 9000), 413, "picture_too_large"),
]


@pytest.mark.parametrize(("picture", "status", "code"), PICTURE_WRONGS, ids=lambda value: repr(value)[:24])
def test_a_wrong_picture_gets_one_sentence_and_leaves_no_file(
    real_client: FlaskClient, real_service: LipsyncService, picture: bytes, status: int, code: str
) -> None:
    before = files(real_service)
    response = real_client.post("/api/generate", data={**HELLO, "image": (io.BytesIO(picture), "face.jpg")})
    assert (response.status_code, response.get_json()["code"]) == (status, code)
    assert files(real_service) == before


FORM_WRONGS: list[tuple[dict[str, Any], str]] = [
    ({}, "empty_text"),
    ({"text": ""}, "empty_text"),
    ({"text": "Hi", "seed": "seven"}, "bad_field"),
    ({"text": "Hi", "fps": "25.5"}, "bad_field"),
    ({"text": ["Hi", "Ho"]}, "bad_field"),
    ({"text": "Hi", "image": "a text"}, "bad_field"),
    ({"text": "Hi", "face": (io.BytesIO(b"x"), "x.png")}, "bad_field"),
    ({"text": "Hi", "image": [(io.BytesIO(b"x"), "x.png"), (io.BytesIO(b"x"), "y.png")]}, "bad_field"),
]


@pytest.mark.parametrize(("fields", "code"), FORM_WRONGS, ids=lambda value: repr(value)[:40])
def test_a_wrong_form(
    real_client: FlaskClient, real_service: LipsyncService, fields: dict[str, Any], code: str
) -> None:
    before = files(real_service)
    response = real_client.post("/api/generate", data=fields, content_type="multipart/form-data; boundary=x")
    assert response.get_json()["code"] == code
    assert files(real_service) == before


@pytest.mark.parametrize(
    ("content_type", "body", "status", "code"),
    [
        (None, None, 400, "no_body"),
        ("application/json", None, 400, "no_body"),
        ("text/plain", "Hi", 415, "wrong_type"),
        (None, "Hi", 415, "wrong_type"),
        ("application/x-www-form-urlencoded", "text=Hi", 415, "wrong_type"),
        ("multipart/form-data", "text=Hi", 400, "bad_request"),
        ("application/json", " " * 21_000_000, 413, "body_too_large"),
    ],
)
def test_a_wrong_body(client: FlaskClient, content_type: str, body: str, status: int, code: str) -> None:
    response = client.post("/api/generate", data=body, content_type=content_type)
    assert (response.status_code, response.get_json()["code"]) == (status, code)


def test_a_field_error_names_the_field_and_what_is_expected(client: FlaskClient) -> None:
    for language, sentence in (
        ("en", "“seed” is invalid: must be a whole number."),
        ("ru", "«seed» указано неверно: нужно целое число."),
        ("uk", "«seed» вказано неправильно: потрібне ціле число."),
        ("kk-KZ, ru;q=0.5", "«seed» қате көрсетілген: бүтін сан керек."),
    ):
        said = client.post("/api/generate", json={"text": "Hi", "seed": "7"}, headers={"Accept-Language": language})
        assert said.get_json()["error"] == sentence


def test_server_timing_is_in_milliseconds_and_its_names_are_tokens() -> None:
    assert server_timing({"a b": 1.5, "total": 0.0004}) == "a-b;dur=1500.0, total;dur=0.4"


def files(service: LipsyncService) -> list[str]:
    return sorted(path.name for path in service.settings.outputs.rglob("*"))


@pytest.mark.parametrize("box", ["everywhere", [1, 2, 3], [0, 0, 5000, 5000], {"x0": 1}, True])
def test_a_box_that_is_none(real_client: FlaskClient, box: object) -> None:
    response = real_client.post("/api/generate", json={**HELLO, "avatar": "hopper", "box": box})
    assert response.status_code == 400
    assert response.get_json()["code"] == "bad_box"


def test_a_box_around_the_face(real_client: FlaskClient) -> None:
    response = real_client.post("/api/generate", json={**HELLO, "avatar": "hopper", "box": [100, 60, 420, 460]})
    assert response.status_code == 200


@pytest.mark.slow
def test_the_answer_says_which_part_of_a_video_is_used(client: FlaskClient, service: FakeService) -> None:
    assert "X-Avatar-Part" not in client.post("/api/generate", json={"text": "Да"}).headers
    service.avatar_part = AvatarPart(0.0, 8.0, 8.0)
    assert "X-Avatar-Part" not in client.post("/api/generate", json={"text": "Да"}).headers
    service.avatar_part = AvatarPart(1.2, 8.0, 8.0, (LeftOut(0.0, 1.2, "no_face"),))
    for language, word in (("ru", "лица не видно"), ("en", "no face is visible")):
        response = client.post("/api/generate", json={"text": "Да"}, headers={"Accept-Language": language})
        assert response.headers["X-Avatar-Part"].isascii()
        part = json.loads(response.headers["X-Avatar-Part"])
        job = client.get(f"/api/jobs/{response.headers['X-Job-Id']}", headers={"Accept-Language": language}).json
        assert part == job["avatar_part"]
        assert (part["start"], part["end"], part["duration"]) == (1.2, 8.0, 8.0)
        assert part["left_out"] == [{"start": 0.0, "end": 1.2, "reason": "no_face"}]
        assert word in part["sentence"]
