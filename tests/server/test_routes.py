"""What can be GETed: the page, health, voices, avatars."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from PIL import Image

from lipsync.face.avatars import shipped_avatars
from lipsync.server.app import create_app
from lipsync.server.page_words import words
from lipsync.settings import Settings
from tests.face.videos import moving, mp4
from tests.helpers.fake_service import FakeService
from tests.helpers.flask_client import client_of


def test_health_is_the_services_own_status(client: FlaskClient) -> None:
    response = client.get("/api/health")
    assert response.status_code == 200
    assert response.get_json() == {
        "status": "ready",
        "models_loaded": True,
        "avatar_loaded": True,
        "device": "cpu",
        "engine": "still",
    }


def test_voices_and_languages(client: FlaskClient) -> None:
    said = client.get("/api/voices").get_json()
    assert {"ru", "en", "uk", "kk"} <= {language["code"] for language in said["languages"]}
    assert said["languages"][0] == {"code": "ru", "name": "Русский"}
    for voice in said["voices"]:
        assert set(voice) == {"name", "engine", "languages", "labels", "sex"}
    assert said["default"] == "auto"
    assert said["absent"] == {"remote": "LIPSYNC_REMOTE_URL is missing. To add it: set it."}


def test_avatars_have_names_and_true_sizes(client: FlaskClient) -> None:
    said = client.get("/api/avatars").get_json()
    assert said["default"] == "gauss"
    assert {one["name"] for one in said["avatars"]} == {"gauss", "newton", "hopper"}
    for one in said["avatars"]:
        picture = Image.open(io.BytesIO(client.get(f"/api/avatars/{one['name']}").data))
        assert picture.size == (one["width"], one["height"])
    videos = {one["name"]: (one["video_width"], one["video_height"]) for one in said["avatars"]}
    assert videos == {one.name: one.video_size(1920) for one in shipped_avatars()}


def test_the_size_of_a_video_follows_the_setting(settings: Settings) -> None:
    small = settings.model_copy(update={"max_side": 512})
    client = client_of(create_app(small, FakeService(small)))
    avatars = client.get("/api/avatars").get_json()["avatars"]
    assert [max(avatar["video_width"], avatar["video_height"]) for avatar in avatars] == [512] * 3


def test_the_default_avatar(client: FlaskClient) -> None:
    response = client.get("/api/avatar")
    assert (response.status_code, response.mimetype) == (200, "image/jpeg")
    assert response.data == client.get("/api/avatars/gauss").data


def test_an_avatar_of_the_owners_own(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "me.png"
    Image.new("RGB", (4, 4)).save(path)
    own = settings.model_copy(update={"avatar": str(path)})
    client = client_of(create_app(own, FakeService(own)))
    assert client.get("/api/avatar").data == path.read_bytes()
    assert str(path) not in client.get("/api/avatars").text  # where it lies is nobody's business
    assert client.get("/api/avatars").get_json()["default_moves"] is False


def test_an_avatar_of_the_owners_own_that_moves(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "me.mp4"
    path.write_bytes(mp4(moving(2)))
    own = settings.model_copy(update={"avatar": str(path)})
    client = client_of(create_app(own, FakeService(own)))
    said = client.get("/api/avatars").get_json()
    assert (said["default"], said["default_moves"]) == (None, True)
    assert client.get("/api/avatar").mimetype == "video/mp4"


@pytest.mark.parametrize("name", ["nobody", "gauss.jpg", "..", "%2e%2e%2f..%2fsettings.py", "gauss%00", "a" * 5000])
def test_an_avatar_that_is_not_there(client: FlaskClient, name: str) -> None:
    response = client.get(f"/api/avatars/{name}")
    assert response.status_code == 404
    assert response.get_json()["code"] in ("unknown_avatar", "not_found")
    assert len(response.data) < 1000


def test_byte_ranges(client: FlaskClient) -> None:
    whole = client.get("/api/avatar")
    part = client.get("/api/avatar", headers={"Range": "bytes=2-9"})
    assert (part.status_code, part.data) == (206, whole.data[2:10])
    assert part.headers["Content-Range"] == f"bytes 2-9/{len(whole.data)}"
    beyond = client.get("/api/avatar", headers={"Range": "bytes=99999999-"})
    assert (beyond.status_code, beyond.get_json()["code"]) == (416, "bad_range")
    assert beyond.headers["Content-Range"] == f"bytes */{len(whole.data)}"


def test_a_picture_that_is_known_is_not_sent_again(client: FlaskClient) -> None:
    tag = client.get("/api/avatar").headers["ETag"]
    assert client.get("/api/avatar", headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize(
    ("accept", "cookie", "language"),
    [
        ("ru-RU,ru;q=0.9,en;q=0.8", None, "ru"),
        ("en-GB", None, "en"),
        ("fr", None, "en"),
        (None, None, "en"),
        ("en", "ru", "ru"),
        ("ru", "xx", "ru"),
    ],
)
def test_the_page_speaks_the_readers_language(
    client: FlaskClient, accept: str | None, cookie: str | None, language: str
) -> None:
    if cookie:
        client.set_cookie("page_language", cookie)
    page = client.get("/", headers={"Accept-Language": accept} if accept else {})
    assert page.status_code == 200
    assert f'<html lang="{language}">' in page.text
    assert f'<h1 data-i18n="title">{words()[language]["title"]}</h1>' in page.text
    assert {"Accept-Language", "Cookie"} <= set(page.vary.as_set(preserve_casing=True))


def test_the_page_offers_no_size_beyond_the_setting(settings: Settings, service: FakeService) -> None:
    small = settings.model_copy(update={"max_side": 1100})
    page = client_of(create_app(small, service)).get("/").text
    assert re.findall(r'<option value="(\d+x\d+)">', page) == ["1080x1080"]


def test_the_page_needs_nothing_from_elsewhere_and_nothing_inline(client: FlaskClient) -> None:
    page = client.get("/")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:", page.text)
    for address in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert address == "/talk" or address.startswith("/static/")
        assert client.get(address).status_code == 200


def test_security_headers_are_on_every_answer(client: FlaskClient) -> None:
    for address in ("/", "/api/health", "/api/nothing", "/static/studio/studio.js"):
        headers = client.get(address).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "no-referrer"
