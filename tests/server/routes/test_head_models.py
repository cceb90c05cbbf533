"""3D models over HTTP: of the server's portraits, of the owner's, of a picture that is sent, and the shipped head."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from PIL import Image

from lipsync.animation.head_model.head_file import HEAD_FILE
from lipsync.face.avatars import avatar, shipped_avatars
from lipsync.server.app import create_app
from lipsync.settings import Settings
from tests.face.videos import moving, mp4
from tests.helpers.fake_service import FakeService
from tests.helpers.flask_client import client_of

GLB = "model/gltf-binary"


def model_of(picture: bytes, settings: Settings) -> bytes:
    return FakeService(settings).head_models.get(picture)


@pytest.mark.parametrize("name", [avatar.name for avatar in shipped_avatars()])
def test_a_portrait_of_the_server(client: FlaskClient, settings: Settings, name: str) -> None:
    response = client.get(f"/api/avatars/{name}/model.glb")
    assert (response.status_code, response.mimetype) == (200, GLB)
    assert response.data == model_of(avatar(name).path.read_bytes(), settings)


def test_it_is_sent_once_to_a_client_that_has_it(client: FlaskClient) -> None:
    first = client.get("/api/avatars/gauss/model.glb")
    again = client.get("/api/avatars/gauss/model.glb", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    other = client.get("/api/avatars/hopper/model.glb", headers={"If-None-Match": first.headers["ETag"]})
    assert other.status_code == 200
    part = client.get("/api/avatars/gauss/model.glb", headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.data) == (206, first.data[:4])


def test_an_unknown_portrait(client: FlaskClient) -> None:
    response = client.get("/api/avatars/nobody/model.glb")
    assert (response.status_code, response.get_json()["code"]) == (404, "unknown_avatar")


def test_the_head_that_comes_with_the_server(client: FlaskClient) -> None:
    response = client.get("/api/head.glb")
    assert (response.status_code, response.mimetype) == (200, GLB)
    assert response.data == HEAD_FILE.read_bytes()
    assert client.get("/api/head.glb", headers={"If-None-Match": response.headers["ETag"]}).status_code == 304


def test_the_default_portrait(client: FlaskClient) -> None:
    assert client.get("/api/avatar/model.glb").data == client.get("/api/avatars/gauss/model.glb").data


def test_a_portrait_of_the_owner_s(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "me.png"
    Image.new("RGB", (4, 4)).save(path)
    own = settings.model_copy(update={"avatar": str(path)})
    client = client_of(create_app(own, FakeService(own)))
    assert client.get("/api/avatar/model.glb").data == model_of(path.read_bytes(), own)


def test_a_video_has_no_model(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "me.mp4"
    path.write_bytes(mp4(moving(2)))
    own = settings.model_copy(update={"avatar": str(path)})
    response = client_of(create_app(own, FakeService(own))).get("/api/avatar/model.glb")
    assert (response.status_code, response.get_json()["code"]) == (415, "not_a_picture")


def test_a_picture_that_is_sent(client: FlaskClient, settings: Settings) -> None:
    picture = avatar("newton").path.read_bytes()
    response = client.post("/api/avatar/model.glb", data={"image": (io.BytesIO(picture), "me.jpg")})
    assert (response.status_code, response.mimetype) == (200, GLB)
    assert response.data == model_of(picture, settings)


@pytest.mark.parametrize(
    ("form", "status", "code", "field"),
    [
        ({}, 415, "wrong_type", None),
        ({"image": "text"}, 400, "bad_field", "image"),
        ({"image": (io.BytesIO(b"no picture"), "me.jpg")}, 415, "not_a_picture", "image"),
        ({"picture": (io.BytesIO(b"x"), "me.jpg")}, 400, "bad_field", "picture"),
        ({"image": [(io.BytesIO(b"x"), "a.jpg"), (io.BytesIO(b"x"), "b.jpg")]}, 400, "bad_field", "image"),
    ],
)
def test_a_form_that_is_wrong(client: FlaskClient, form: dict, status: int, code: str, field: str | None) -> None:
    content_type = "multipart/form-data" if form else "application/json"
    response = client.post("/api/avatar/model.glb", data=form or b"{}", content_type=content_type)
    assert (response.status_code, response.get_json()["code"]) == (status, code)
    assert response.get_json().get("field") == field


def test_a_picture_that_is_too_large(settings: Settings) -> None:
    small = settings.model_copy(update={"max_upload_mb": 0.01})
    client = client_of(create_app(small, FakeService(small)))
    response = client.post("/api/avatar/model.glb", data={"image": (io.BytesIO(b"x" * 10_001), "me.jpg")})
    assert response.status_code == 413
    assert response.get_json()["code"] in ("file_too_large", "body_too_large")


def test_a_service_that_loads(settings: Settings) -> None:
    service = FakeService(settings, loaded=False)
    response = client_of(create_app(settings, service)).get("/api/avatars/gauss/model.glb")
    service.load_now.set()
    assert (response.status_code, response.get_json()["code"]) == (503, "not_ready")
