"""The field image_url: pictures of real https servers, and all that is refused without a look at what is there."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lipsync.face.avatars import avatar
from lipsync.server import picture_url
from lipsync.server.app import create_app
from lipsync.settings import Settings
from tests.helpers import fake_internet
from tests.helpers.fake_internet import PRIVATE, PUBLIC, SPELLINGS
from tests.helpers.fake_service import FakeService
from tests.helpers.http_server import HttpServer, http_server, redirect, respond, respond_endlessly, respond_slowly
from tests.helpers.pictures import png

pytestmark = pytest.mark.slow

HOST = "pictures.example"
FORM = {"content_type": "multipart/form-data"}
HOPPER = avatar("hopper").path.read_bytes()


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Trusted; for the site's name, and for this machine, so that it is not TLS that keeps anybody out."""
    file = fake_internet.certificate(tmp_path, HOST, "rebinds.example", "inside.example", "localhost", PRIVATE, "::1")
    fake_internet.trust(monkeypatch, file)
    fake_internet.open_internet(monkeypatch)
    names = {
        HOST: [[PUBLIC]],
        "inside.example": [["10.0.0.1", PRIVATE, "::1"]],
        "rebinds.example": [[PUBLIC], [PRIVATE]],
    }
    fake_internet.name_server(monkeypatch, names)
    return file


@pytest.fixture
def site(certificate: Path) -> Iterator[HttpServer]:
    with http_server(PUBLIC, certificate=certificate) as one:
        yield one


@pytest.fixture
def inside(certificate: Path) -> Iterator[HttpServer]:
    """Listens where nobody may be sent."""
    with http_server(PRIVATE, certificate=certificate) as one:
        one.behave(respond(body=png()))
        yield one


@pytest.fixture
def app(settings: Settings, service: FakeService) -> Flask:
    return create_app(settings.model_copy(update={"max_upload_mb": 0.1}), service)


def ask(client: FlaskClient, url: object, **more: Any) -> TestResponse:
    return client.post("/api/generate", json={"text": "Hi", "language": "en", "image_url": url, **more})


def refused(response: TestResponse) -> tuple[int, str, str]:
    answer = response.get_json()
    return response.status_code, answer["code"], answer["error"]


# ---- what is fetched


def test_the_picture_behind_it_is_the_portrait(site: HttpServer, real_client: FlaskClient) -> None:
    site.behave(redirect("/there/hopper?size=big"), respond(body=HOPPER, Content_Type="text/plain"))
    response = ask(real_client, site.url("/hopper.exe", HOST))
    assert (response.status_code, response.mimetype) == (200, "video/mp4")
    assert [one.path for one in site.requests] == ["/hopper.exe", "/there/hopper?size=big"]
    assert site.requests[0].headers["host"] == f"{HOST}:{site.port}"
    assert not {"cookie", "authorization", "referer"} & site.requests[0].headers.keys()


def test_the_service_gets_its_bytes_and_not_its_address(
    client: FlaskClient, service: FakeService, site: HttpServer
) -> None:
    site.behave(respond(body=png(10, 8)))
    url = site.url("/x.png", HOST)
    form = client.post("/api/generate", data={"text": "Hi", "language": "en", "image_url": url}, **FORM)
    for response in (ask(client, url), form):
        assert "10x8" in refused(response)[2]  # FakeService has read it
    assert [wish["picture"] for wish in service.wishes] == [png(10, 8)] * 2
    assert not any("image_url" in wish for wish in service.wishes)


@pytest.mark.parametrize("body", [b"<html>Sign in</html>", b"", b"\x89PNG"])
def test_what_is_no_picture_is_judged_as_a_file_is(body: bytes, client: FlaskClient, site: HttpServer) -> None:
    site.behave(respond(body=body, Content_Type="image/png"))
    sent = client.post("/api/generate", data={"text": "Hi", "language": "en", "image": (io.BytesIO(body), "x.png")})
    assert refused(ask(client, site.url(host=HOST))) == refused(sent)
    assert sent.status_code in (400, 415)


def test_without_one_nothing_changes(client: FlaskClient) -> None:
    assert ask(client, None).status_code == 200
    assert client.post("/api/generate", data={"text": "Hi", "image_url": ""}, **FORM).status_code == 200


# ---- what is not


def test_not_together_with_a_file(client: FlaskClient, site: HttpServer) -> None:
    fields = {"text": "Hi", "language": "en", "image_url": site.url(host=HOST)}
    response = client.post("/api/generate", data={**fields, "image": (io.BytesIO(png()), "x.png")})
    assert refused(response)[:2] == (400, "bad_field")
    assert site.connections == []


@pytest.mark.parametrize("url", [7, ["https://example.org/"], "https://example.org/" + "a" * 2000])
def test_what_is_no_string_or_too_long(url: object, client: FlaskClient) -> None:
    assert refused(ask(client, url))[:2] == (400, "bad_field")


@pytest.mark.parametrize(
    "url",
    ["", "x.png", "http://{host}:{port}/", "ftp://{host}/", "file:///etc/passwd", "https://me:word@{host}:{port}/",
     "https://{host}:{port}/\n", "data:image/png;base64,AAAA", "//{host}:{port}/", "https://"],
)  # fmt: skip
def test_what_is_no_address_of_https(url: str, client: FlaskClient, site: HttpServer) -> None:
    assert refused(ask(client, url.format(host=HOST, port=site.port)))[:2] == (400, "picture_address")
    assert site.connections == []


@pytest.mark.parametrize("host", [*SPELLINGS, "inside.example"])
def test_every_spelling_of_a_private_machine(
    host: str, client: FlaskClient, inside: HttpServer, site: HttpServer
) -> None:
    site.behave(redirect(inside.url(host=host)))
    direct, redirected = ask(client, inside.url(host=host)), ask(client, site.url(host=HOST))
    for response in (direct, redirected):
        assert refused(response)[1] == "picture_address"
    assert inside.connections == []


def test_what_listens_inside_is_not_told(client: FlaskClient, inside: HttpServer, certificate: Path) -> None:
    with http_server(PRIVATE, certificate=certificate) as gone:
        pass
    with http_server(PRIVATE) as plain:
        told = {refused(ask(client, f"https://{PRIVATE}:{there.port}/")) for there in (inside, gone, plain)}
    assert len(told) == 1
    assert inside.connections == plain.connections == []


def test_a_name_that_leads_inside_the_second_time(client: FlaskClient, site: HttpServer, inside: HttpServer) -> None:
    site.behave(redirect(f"https://rebinds.example:{inside.port}/"))
    assert refused(ask(client, site.url(host="rebinds.example")))[1] == "picture_address"
    assert len(site.requests) == 1
    assert inside.connections == []


def test_a_redirect_to_http(client: FlaskClient, site: HttpServer) -> None:
    with http_server(PUBLIC) as plain:
        site.behave(redirect(plain.url()))
        assert refused(ask(client, site.url(host=HOST)))[1] == "picture_address"
        assert plain.connections == []


def unreachable(response: TestResponse) -> str:
    status, code, sentence = refused(response)
    assert (status, code) == (422, "picture_unreachable")
    return sentence


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (respond(404, png()), "the server answered with HTTP status 404"),
        (respond(500), "the server answered with HTTP status 500"),
        (respond(204), "the server answered with HTTP status 204"),
        (redirect("/round"), "too many redirects"),
        (respond(body=gzip.compress(png()), Content_Encoding="gzip"), "the response is compressed"),
        (respond(body=b"half", Content_Length="8"), "the connection failed"),
    ],
)
def test_why_it_could_not_be_fetched(behaviour: Any, reason: str, client: FlaskClient, site: HttpServer) -> None:
    site.behave(behaviour)
    said = f"The picture could not be downloaded from {HOST}: {reason}."
    assert unreachable(ask(client, site.url("/secret-path?token=1", HOST))) == said


def test_the_reason_is_told_in_the_reader_s_language(client: FlaskClient, site: HttpServer) -> None:
    site.behave(respond(404))
    response = client.post("/api/generate", json={"text": "Да", "language": "ru", "image_url": site.url(host=HOST)})
    assert unreachable(response) == f"Не удалось скачать картинку с {HOST}: сервер вернул код HTTP 404."


def test_nobody_there(client: FlaskClient, certificate: Path) -> None:
    with http_server(PUBLIC, certificate=certificate) as gone:
        pass
    assert "the connection failed" in unreachable(ask(client, gone.url(host=HOST)))
    assert "the host name is unknown" in unreachable(ask(client, gone.url(host="nowhere.example")))
    with http_server(PUBLIC, certificate=certificate) as untrusted:
        assert "certificate" in unreachable(ask(client, untrusted.url()))  # it is for the name, not for the number


def test_too_large(client: FlaskClient, site: HttpServer) -> None:
    for behaviour in (respond(Content_Length="100001"), respond_endlessly(site)):
        site.behave(behaviour)
        assert refused(ask(client, site.url(host=HOST)))[:2] == (413, "file_too_large")


def test_too_slow(client: FlaskClient, site: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_url, "SECONDS", 0.3)
    site.behave(respond_slowly(site))
    assert "longer than 0.3 seconds" in unreachable(ask(client, site.url(host=HOST)))


def test_no_address_is_in_the_log(client: FlaskClient, site: HttpServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(1)
    again = redirect("/on?token=secret-too")
    site.behave(respond(404), again, respond(404), respond(body=png()))
    for _ in range(3):
        ask(client, site.url("/secret-path?token=secret-query", HOST))
    assert "secret" not in caplog.text


def test_jobs_take_it_too(client: FlaskClient, site: HttpServer) -> None:
    site.behave(respond(404))
    body = {"text": "Hi", "language": "en", "image_url": site.url(host=HOST)}
    assert "the server answered with HTTP status 404" in unreachable(client.post("/api/jobs", json=body))
