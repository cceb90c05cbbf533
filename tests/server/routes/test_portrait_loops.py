"""``/api/v1/avatars/<name>/loops/<kind>.mp4``."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.helpers.fake_service import FakeService


@pytest.mark.parametrize("name", ["hopper", "default"])
@pytest.mark.parametrize("kind", ["idle", "listening", "thinking"])
def test_a_loop_is_a_video(client: FlaskClient, name: str, kind: str) -> None:
    answer = client.get(f"/api/v1/avatars/{name}/loops/{kind}.mp4")
    assert (answer.status_code, answer.mimetype) == (200, "video/mp4")
    assert answer.data[4:8] == b"ftyp"


def test_a_loop_can_be_asked_for_in_parts_and_again(client: FlaskClient) -> None:
    path = "/api/v1/avatars/hopper/loops/idle.mp4"
    whole = client.get(path)
    part = client.get(path, headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.data) == (206, b"ftyp")
    assert client.get(path, headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("path", ["nobody/loops/idle.mp4", "hopper/loops/dancing.mp4", "..%2Fsecret/loops/idle.mp4"])
def test_what_is_not_there_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(f"/api/v1/avatars/{path}").status_code == 404


def test_a_server_that_loads_says_so(client: FlaskClient, service: FakeService) -> None:
    service.ready = False
    answer = client.get("/api/v1/avatars/hopper/loops/idle.mp4")
    assert (answer.status_code, answer.get_json()["code"]) == (503, "not_ready")
