"""Text in other encodings than UTF-8, in every way it can come in: decoded where that is certain, else refused with
the place. What a voice is given never holds U+FFFD."""

from __future__ import annotations

import json
from urllib.parse import quote_from_bytes

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.helpers.fake_service import FakeService

TEXT = "Привет, мир!"
CP1251 = TEXT.encode("cp1251")
ASK = {"Accept-Language": "en"}


def ask(client: FlaskClient, body: bytes, kind: str, path: str = "/api/generate") -> TestResponse:
    return client.post(path, data=body, content_type=kind, headers=ASK)


def form(*parts: tuple[bytes, bytes]) -> tuple[bytes, str]:
    """A multipart form of (headers, content), as a careless client writes it: bytes as they are."""
    body = b"".join(b"--cut\r\n" + headers + b"\r\n\r\n" + content + b"\r\n" for headers, content in parts)
    return body + b"--cut--\r\n", "multipart/form-data; boundary=cut"


def field(name: str, value: bytes, kind: str = "") -> tuple[bytes, bytes]:
    more = f"\r\nContent-Type: {kind}" if kind else ""
    return f'Content-Disposition: form-data; name="{name}"{more}'.encode(), value


def refused(response: TestResponse, source: str) -> None:
    said = response.get_json()
    assert (response.status_code, said["code"]) == (400, "not_utf8"), said
    assert f"({source})" in said["error"]
    assert "UTF-8" in said["error"]
    assert "\ufffd" not in said["error"]


def spoken(response: TestResponse, service: FakeService) -> None:
    assert response.status_code == 200, response.text
    assert [wish["text"] for wish in service.wishes] == [TEXT]


def as_json(codec: str, text: str = TEXT) -> bytes:
    return json.dumps({"text": text, "language": "ru"}, ensure_ascii=False).encode(codec)


# --- JSON


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "application/json; charset=x"]
)
def test_json_in_cp1251_is_refused(client: FlaskClient, service: FakeService, kind: str) -> None:
    refused(ask(client, as_json("cp1251"), kind), "the body")
    assert service.wishes == []


@pytest.mark.parametrize(
    ("codec", "charset"),
    [
        ("cp1251", "windows-1251"),
        ("cp1251", '"CP1251"'),
        ("koi8-r", "koi8-r"),
        ("cp866", "ibm866"),
        ("utf-8", "windows-1251"),  # stated wrongly, but it is plainly UTF-8
        ("utf-8", "utf8"),
        ("utf-8-sig", ""),
        ("utf-16", ""),
        ("utf-16", "utf-16"),
        ("utf-16-le", ""),  # RFC 4627, section 3: seen from its zeros
        ("utf-16-be", "utf-16be"),
        ("utf-32", ""),
    ],
)
def test_json_whose_encoding_is_certain_is_decoded(
    client: FlaskClient, service: FakeService, codec: str, charset: str
) -> None:
    kind = "application/json" + (f"; charset={charset}" if charset else "")
    spoken(ask(client, as_json(codec), kind), service)


@pytest.mark.parametrize("charset", ["rot13", "zip", "idna", "unicode_escape", "utf-7", "\0", "undefined"])
def test_a_codec_that_is_no_encoding_of_texts_is_not_used(
    client: FlaskClient, service: FakeService, charset: str
) -> None:
    spoken(ask(client, as_json("utf-8"), f"application/json; charset={charset}"), service)
    refused(ask(client, as_json("cp1251"), f"application/json; charset={charset}"), "the body")


@pytest.mark.parametrize("body", [b"\xff\xfe\x00", b"\xef\xbb\xbf{\xff}", as_json("utf-16")[:-1]])
def test_a_byte_order_mark_that_lies(client: FlaskClient, body: bytes) -> None:
    refused(ask(client, body, "application/json"), "the body")


def test_the_speech_of_openai(client: FlaskClient, service: FakeService) -> None:
    body = json.dumps({"input": TEXT, "language": "ru"}, ensure_ascii=False).encode("cp1251")
    response = ask(client, body, "application/json", "/v1/audio/speech")
    assert (response.status_code, response.get_json()["error"]["code"]) == (400, "not_utf8")
    spoken(ask(client, body, "application/json; charset=windows-1251", "/v1/audio/speech"), service)


def test_a_replacement_character_is_not_left_out_silently(client: FlaskClient, service: FakeService) -> None:
    """Another program decoded the text wrongly before it came here."""
    response = ask(client, as_json("utf-8", "При\ufffdет"), "application/json")
    assert (response.status_code, response.get_json()["code"]) == (400, "bad_characters")
    assert "U+FFFD" in response.get_json()["error"]
    assert service.wishes == []


# --- forms


def test_a_form_field_in_cp1251_is_refused(client: FlaskClient, service: FakeService) -> None:
    refused(ask(client, *form(field("text", CP1251), field("language", b"ru"))), "the field “text”")
    refused(ask(client, *form(field("text", b"Hi"), field("voice", CP1251))), "the field “voice”")
    refused(ask(client, *form(field("text", CP1251, "text/plain; charset=utf-8"))), "the field “text”")
    assert service.wishes == []


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (CP1251, "text/plain; charset=windows-1251"),
        (TEXT.encode("koi8-r"), 'text/plain; charset="KOI8-R"'),
        (TEXT.encode("utf-16"), "text/plain"),
        (TEXT.encode("utf-8"), "text/plain; charset=iso-8859-1"),
        (TEXT.encode("utf-8-sig"), ""),
        (TEXT.encode("utf-8"), ""),
    ],
)
def test_a_form_field_whose_encoding_is_certain_is_decoded(
    client: FlaskClient, service: FakeService, value: bytes, kind: str
) -> None:
    spoken(ask(client, *form(field("text", value, kind), field("language", b"ru"))), service)


def test_the_name_of_a_file_may_be_in_any_encoding(client: FlaskClient, service: FakeService) -> None:
    """curl in a cp1251 console sends it so, and nothing here uses it."""
    name = 'Content-Disposition: form-data; name="image"; filename="я.png"'.encode("cp1251")
    response = ask(client, *form(field("text", b"Hi"), (name, b"not a picture")))
    assert response.get_json()["code"] == "not_a_picture"
    assert service.wishes[0]["text"] == "Hi"
    assert service.wishes[0]["picture"] == b"not a picture"


@pytest.mark.parametrize("more", ["", '; filename="a.png"'])
def test_the_name_of_a_field_may_not(client: FlaskClient, more: str) -> None:
    name = f'Content-Disposition: form-data; name="текст"{more}'.encode("cp1251")
    refused(ask(client, *form((name, b"Hi"))), "the header of a form field")


def test_the_name_of_a_voice(client: FlaskClient) -> None:
    parts = form(field("name", "Анна".encode("cp1251")), field("may_use", b"yes"))
    refused(ask(client, *parts, "/api/voices"), "the field “name”")


def test_the_urlencoded_form_of_the_login(client: FlaskClient) -> None:
    kind = "application/x-www-form-urlencoded"
    for body in (b"key=" + quote_from_bytes(CP1251).encode(), b"key=" + CP1251):
        refused(ask(client, body, kind, "/login"), "the field “key”")
    refused(ask(client, CP1251 + b"=1", kind, "/login"), "the header of a form field")
    for body in (b"key=lips_%D0%AF", b"key=" + quote_from_bytes(CP1251).encode() + b"&x=1"):
        charset = "" if b"lips" in body else "; charset=windows-1251"
        assert ask(client, body, kind + charset, "/login").get_json()["code"] == "wrong_key"


@pytest.mark.parametrize(
    "body",
    [b"--cut\r\n\r\nHi\r\n--cut--\r\n", form(field("text", b"Hi"))[0][:-20], b"nothing"],
    ids=["no disposition", "cut short", "no form"],
)
def test_a_form_that_is_broken_is_no_empty_text(client: FlaskClient, body: bytes) -> None:
    response = ask(client, body, "multipart/form-data; boundary=cut")
    assert (response.status_code, response.get_json()["code"]) == (400, "bad_request")
    assert ask(client, body, "multipart/form-data").get_json()["code"] == "bad_request"


def test_a_large_form_in_small_pieces_is_whole(client: FlaskClient, service: FakeService) -> None:
    picture = bytes(range(256)) * 3000
    file = b'Content-Disposition: form-data; name="image"; filename="a.png"'
    response = ask(client, *form(field("text", b"Hi"), (file, picture)))
    assert response.get_json()["code"] == "not_a_picture"
    assert service.wishes[0]["picture"] == picture


# --- addresses


def test_an_address_that_is_not_utf8(client: FlaskClient) -> None:
    for method, path in (("GET", "/api/avatars/"), ("DELETE", "/api/voices/"), ("GET", "/nothing/")):
        there = {"PATH_INFO": path + CP1251.decode("latin-1")}  # as a server hands it over (PEP 3333)
        response = client.open(path, method=method, headers=ASK, environ_overrides=there)
        if path == "/nothing/":
            assert (response.status_code, response.text.count("UTF-8")) == (400, 2)
        else:
            refused(response, "the address")
    refused(client.get(f"/api/health?note={quote_from_bytes(CP1251)}", headers=ASK), "the address")
    assert client.get("/api/avatars/%D0%AF").get_json()["code"] == "unknown_avatar"
    assert client.get("/api/health?note=%D0%AF").status_code == 200
