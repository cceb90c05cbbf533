"""The description of the API: whole, valid, and true where it can be asked without making videos."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from jsonschema_rs import Draft202012Validator
from pydantic import SecretStr

from lipsync import __version__
from lipsync.server import route_errors as faults
from lipsync.server.app import create_app
from lipsync.server.describe import HEADERS
from lipsync.server.errors import status_of_code
from lipsync.server.security import guard
from lipsync.settings import Settings
from tests.helpers.fake_service import FakeService
from tests.helpers.flask_client import client_of
from tests.messages.test_usage import CODES

PAGES = {"/", "/talk", "/admin", "/openapi"}
"""What a person looks at, and no program calls."""
THEIRS = {"/static/<path:filename>", "/openapi/<path:filename>"}
"""What those are made of."""

Operation = dict[str, Any]


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    answer = client.get("/openapi.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    said = answer.get_json()
    assert isinstance(said, dict)
    return said


def operations(document: dict[str, Any]) -> Iterator[tuple[str, Operation]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def routes(app: Flask) -> set[str]:
    """Every rule and method but the pages; HEAD and OPTIONS are Flask's own."""
    there = set()
    for rule in app.url_map.iter_rules():
        if rule.rule not in PAGES | THEIRS:
            path = re.sub(r"<(?:[^:<>]*:)?(\w+)>", r"{\1}", rule.rule)
            there |= {f"{method} {path}" for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}
    return there


def test_every_route_is_described_and_nothing_else(app: Flask, document: dict[str, Any]) -> None:
    assert {label for label, _ in operations(document)} == routes(app)


def test_a_route_that_was_forgotten_is_noticed(app: Flask, client: FlaskClient) -> None:
    app.add_url_rule("/api/forgotten", "forgotten", lambda: "")
    described = {label for label, _ in operations(client.get("/openapi.json").get_json())}
    assert routes(app) - described == {"GET /api/forgotten"}


def test_pages_and_what_they_are_made_of_are_there(app: Flask) -> None:
    assert {rule.rule for rule in app.url_map.iter_rules()} >= PAGES | THEIRS


def test_head_and_options_are_answered_without_a_word(client: FlaskClient, document: dict[str, Any]) -> None:
    for path, item in document["paths"].items():
        assert not set(item) & {"head", "options"}
        if "get" in item and "{" not in path:
            got, head = client.get(path), client.head(path)
            assert (head.status_code, head.data) == (got.status_code, b""), path
        assert client.options(path.replace("{", "").replace("}", "")).status_code == 200


@pytest.mark.slow
def test_the_document_is_valid(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["version"] == __version__
    schemathesis.openapi.from_dict(document).validate()


def test_each_operation_says_what_it_does_and_answers(document: dict[str, Any]) -> None:
    seen = set()
    tags = {tag["name"] for tag in document["tags"]}
    for label, operation in operations(document):
        assert operation["summary"], label
        assert operation["operationId"] not in seen, label
        seen.add(operation["operationId"])
        assert set(operation["tags"]) <= tags, label
        assert any(status.startswith("2") or status == "101" for status in operation["responses"]), label
        for status, answer in operation["responses"].items():
            assert answer["description"], f"{label} {status}"
            assert set(answer["headers"]) <= set(HEADERS), f"{label} {status}"
            for media in answer.get("content", {}).values():
                assert media["schema"], f"{label} {status}"
            assert ("content" in answer) == (status not in ("101", "204", "304")), f"{label} {status}"


def test_examples_and_defaults_are_what_they_are_examples_of(document: dict[str, Any]) -> None:
    found = 0
    for schema in schemas(document):
        known = {"components": document["components"]}
        for value in (*schema.get("examples", ()), *([schema["default"]] if "default" in schema else ())):
            Draft202012Validator({**schema, **known}).validate(value)
            found += 1
    assert found > 20


def schemas(node: Any) -> Iterator[dict[str, Any]]:
    """Whatever has examples or a default."""
    if isinstance(node, dict):
        if isinstance(node.get("examples"), list) or ("default" in node and not isinstance(node["default"], dict)):
            yield node
        for value in node.values():
            yield from schemas(value)
    elif isinstance(node, list):
        for value in node:
            yield from schemas(value)


@pytest.mark.slow
def test_errors_have_the_status_that_is_described(document: dict[str, Any]) -> None:
    own = {"unknown_avatar", "unknown_voice", "unknown_model"}  # of an address they are 404
    described = set()
    for label, operation in operations(document):
        for status, answer in operation["responses"].items():
            for code in re.findall(r"^- `(\w+)`", answer["description"], re.MULTILINE):
                described.add(code)
                assert status_of_code(code) == int(status) or (code in own and status == "404"), f"{label} {code}"
    assert described >= {code for name, codes in vars(faults).items() if name.isupper() for code in codes}


def test_no_code_of_the_faults_is_made_up() -> None:
    listed = [codes for name, codes in vars(faults).items() if name.isupper()]
    assert listed
    assert {code for codes in listed for code in codes} <= CODES


def test_a_form_has_the_fields_of_the_json_and_the_picture(document: dict[str, Any]) -> None:
    form = document["components"]["schemas"]["VideoRequestBodyForm"]
    body = document["components"]["schemas"]["VideoRequestBody"]
    assert [*form["properties"]] == [*body["properties"], "image", "background_image"]
    assert form["required"] == ["text"]
    assert "null" not in str(form)  # a form cannot say it


# ---- the description against the code that checks


def test_the_longest_text_is_the_setting_s(settings: Settings) -> None:
    short = settings.model_copy(update={"max_text": 7})
    models = client_of(create_app(short, FakeService(short))).get("/openapi.json").get_json()["components"]["schemas"]
    bodies = ("VideoRequestBody", "VideoRequestBodyForm")
    assert [models[name]["properties"]["text"]["maxLength"] for name in bodies] == [7, 7]
    assert models["SpeechRequest"]["properties"]["input"]["maxLength"] == 7


@pytest.mark.parametrize("name", ["speed", "pitch", "pause", "seed", "fps"])
def test_a_number_s_bounds_are_where_it_is_refused(
    real_client: FlaskClient, document: dict[str, Any], name: str
) -> None:
    field = document["components"]["schemas"]["VideoRequestBodyForm"]["properties"][name]
    step = 1 if field["type"] == "integer" else 0.01
    kind = int if field["type"] == "integer" else float
    for bound, beyond in ((field["minimum"], -step), (field["maximum"], step)):
        assert status_of(real_client, **{name: kind(bound)}) == 202
        assert status_of(real_client, **{name: kind(bound + beyond)}) == 400


@pytest.mark.parametrize("name", ["avatar", "subtitles", "language"])
def test_each_name_that_is_described_is_taken(real_client: FlaskClient, document: dict[str, Any], name: str) -> None:
    field = document["components"]["schemas"]["VideoRequestBodyForm"]["properties"][name]
    names = field["enum"] if "enum" in field else field["anyOf"][0]["enum"]
    text = {"text": "Да hello 1"} if name == "language" else {}
    assert {one: status_of(real_client, **{name: one, **text}) for one in names} == dict.fromkeys(names, 202)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("box", ["1,2,30,40", " 1 , 2.5,30,40", [0, 0, 9, 9.5]]),
        ("pads", ["0,10,0,0", "-1000, 1000,0,0", [0, -3, 1000, 0]]),
    ],
)
def test_boxes_in_either_form_are_as_described(
    real_client: FlaskClient, document: dict[str, Any], name: str, values: list[Any]
) -> None:
    check = Draft202012Validator(document["components"]["schemas"]["VideoRequestBody"]["properties"][name])
    for value in (*values, None):
        assert check.is_valid(value)
        assert status_of(real_client, **{name: value}) == 202
    for value in ("1,2,3", [1, 2, 3], "a,b,c,d", 7, {}, [1, 2, 3, "x"]):
        assert not check.is_valid(value)
        assert status_of(real_client, **{name: value}) == 400


def status_of(client: FlaskClient, **fields: object) -> int:
    """What a request for a job with these fields is answered; the job is not made."""
    answer = client.post("/api/jobs", json={"text": "Hi", "language": "en", **fields})
    if answer.status_code == 202:
        client.delete(answer.headers["Location"])
    return answer.status_code


# ---- keys


def test_what_needs_a_key_says_so(settings: Settings) -> None:
    locked = settings.model_copy(update={"require_key": True, "jwt_secret": SecretStr("s" * 32)})
    client = client_of(create_app(locked, FakeService(locked)))
    for address in ("/openapi.json", "/openapi", "/openapi/swagger-ui.css"):
        assert client.get(address).status_code == 200, address
    for label, operation in operations(client.get("/openapi.json").get_json()):
        method, path = label.split()
        asked = guard.scope_of(path.replace("{", "<").replace("}", ">"))
        assert bool(operation["security"]) == (asked is not None), label
        assert {} not in operation["security"], label
        if asked is not None and method == "GET":
            refused = client.get(path.replace("{", "").replace("}", ""))
            assert refused.status_code == 401, label
            assert "401" in operation["responses"], label


def test_without_a_need_for_keys_none_is_asked_for(document: dict[str, Any]) -> None:
    assert {} in document["paths"]["/api/generate"]["post"]["security"]


# ---- the page


def test_the_document_is_not_sent_again(client: FlaskClient) -> None:
    tag = client.get("/openapi.json").headers["ETag"]
    assert client.get("/openapi.json", headers={"If-None-Match": tag}).status_code == 304


def test_the_page_needs_nothing_from_elsewhere(client: FlaskClient) -> None:
    page = client.get("/openapi")
    policy = page.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert not re.search(r"\son\w+=|\sstyle=|<style|<script>", page.text)
    for address in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert address.startswith("/")
        assert client.get(address).status_code == 200, address


@pytest.mark.parametrize("name", ["nothing.js", "../__init__.py", "..%2f__init__.py", "%2e%2e/flask_swagger_ui.py"])
def test_nothing_else_of_the_package_is_shown(client: FlaskClient, name: str) -> None:
    assert client.get(f"/openapi/{name}").status_code == 404


def test_the_package_has_a_recent_swagger_ui(client: FlaskClient) -> None:
    """OpenAPI 3.1 is understood since 5.0, dark mode is there since 5.31."""
    assert b"dark-mode" in client.get("/openapi/swagger-ui.css").data
