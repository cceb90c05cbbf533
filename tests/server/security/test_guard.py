"""Who may call what: every route, by every kind of caller."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from pydantic import SecretStr
from sqlalchemy import text

from lipsync.errors import LipsyncError
from lipsync.server.app import create_app
from lipsync.server.components import parts_of
from lipsync.server.security.guard import ASKED, OPEN, scope_of
from lipsync.settings import Settings
from tests.auth.signing import jwks_server, token
from tests.helpers.fake_service import FakeService
from tests.helpers.protected_app import STRANGER, Guarded, bearer, guarded

SECRET = "a secret of more than thirty-two bytes"
PRIVATE = "/api/voices"
"""A route that needs the scope generate."""


@pytest.fixture
def open_to_others(settings: Settings) -> Iterator[Guarded]:
    """It listens on every address, and has keys."""
    with guarded(settings, host="0.0.0.0") as one:
        yield one


@pytest.fixture
def at_home(settings: Settings) -> Iterator[Guarded]:
    """It listens on loopback, as it does unless it is told otherwise."""
    with guarded(settings) as one:
        yield one


def calls(app: Flask) -> list[tuple[str, str, str]]:
    """Method, rule and a path of each route."""
    return [
        (method, rule.rule, re.sub(r"<[^>]*>", "x", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def test_every_route_asks_for_a_key_unless_it_is_listed(open_to_others: Guarded) -> None:
    asked = set()
    for method, rule, path in calls(open_to_others.app):
        answer = open_to_others.client.open(path, method=method, environ_base=STRANGER)
        if rule not in OPEN | ASKED:
            assert (answer.status_code, "Bearer" in answer.headers["WWW-Authenticate"]) == (401, True), rule
            asked.add(rule)
        else:
            assert answer.status_code != 401, rule
    assert {"/api/generate", "/api/jobs", "/api/voices", "/v1/audio/speech", "/api/avatar"} <= asked


def test_a_new_route_is_not_open_by_mistake(open_to_others: Guarded) -> None:
    """What needs no key is written down here once more."""
    unasked = {rule for _, rule, _ in calls(open_to_others.app) if scope_of(rule) is None}
    assert unasked <= {
        *("/", "/talk", "/static/<path:filename>", "/login", "/api/me"),
        *("/api/health", "/api/ready", "/openapi.json", "/openapi", "/openapi/<path:filename>"),
        "/api/v1/health",
        *("/v1/audio/voices", "/v1/audio/models"),  # Open WebUI sends no key for these
    }


@pytest.mark.parametrize(
    ("rule", "scope"),
    [
        ("/admin", "admin"),
        ("/admin/jobs/<id>", "admin"),
        ("/metrics", "admin"),
        ("/administer", "generate"),
        ("/api/admin", "generate"),
        ("/api/jobs/<id>", "generate"),
        ("/static", "generate"),
        ("/", None),
    ],
)
def test_the_scopes_of_routes(rule: str, scope: str | None) -> None:
    assert scope_of(rule) == scope


def test_a_key_in_either_header(open_to_others: Guarded) -> None:
    key, client = open_to_others.key(), open_to_others.client
    for headers in (
        bearer(key),
        {"X-API-Key": key},
        {"Authorization": f"bearer  {key}"},
        {**bearer(key), "X-API-Key": key},
    ):
        assert client.get(PRIVATE, headers=headers, environ_base=STRANGER).status_code == 200  # fmt: skip
    # One for the proxy in front, one for us.
    both = {"Authorization": "Basic Zm9vOmJhcg==", "X-API-Key": key}
    assert client.get(PRIVATE, headers=both, environ_base=STRANGER).status_code == 200


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "no_key"),
        ({"Authorization": "Basic Zm9vOmJhcg=="}, "no_key"),
        ({"Authorization": "Bearer"}, "wrong_key"),
        ({"Authorization": "Bearer nonsense"}, "wrong_key"),
        ({"X-API-Key": ""}, "wrong_key"),
        ({"X-API-Key": "lips_00000000_" + "A" * 43}, "wrong_key"),
        ({"X-API-Key": "lips_../../etc/passwd"}, "wrong_key"),
        ({"Authorization": "Bearer lips_" + "A" * 10_000}, "wrong_key"),
        ({"Authorization": "Bearer \xff\xfe"}, "wrong_key"),
    ],
)
def test_no_key_and_wrong_keys(open_to_others: Guarded, headers: dict[str, str], code: str) -> None:
    answer = open_to_others.client.get(PRIVATE, headers=headers, environ_base=STRANGER)
    assert (answer.status_code, answer.get_json()["code"]) == (401, code)
    assert len(answer.data) < 500
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_header_that_comes_twice(open_to_others: Guarded) -> None:
    key, other = open_to_others.key(), open_to_others.key()
    twice = [("Authorization", f"Bearer {key}"), ("Authorization", f"Bearer {other}")]
    assert open_to_others.client.get(PRIVATE, headers=twice, environ_base=STRANGER).status_code == 401
    two = {**bearer(key), "X-API-Key": other}
    assert open_to_others.client.get(PRIVATE, headers=two, environ_base=STRANGER).status_code == 401


def test_a_revoked_key_is_refused_at_once(open_to_others: Guarded) -> None:
    key = open_to_others.key()
    assert open_to_others.client.get(PRIVATE, headers=bearer(key), environ_base=STRANGER).status_code == 200
    open_to_others.revoke(key)
    assert open_to_others.client.get(PRIVATE, headers=bearer(key), environ_base=STRANGER).status_code == 401


def test_a_key_without_the_scope(open_to_others: Guarded) -> None:
    key = open_to_others.key("admin")
    answer = open_to_others.client.get(PRIVATE, headers=bearer(key), environ_base=STRANGER)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "not_allowed")
    assert "generate" in answer.get_json()["error"]


def test_the_sentence_of_a_401_below_v1_is_openais(open_to_others: Guarded) -> None:
    answer = open_to_others.client.get("/v1/models", environ_base=STRANGER)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (401, "no_key")


def test_an_address_that_is_not_there_needs_no_key_to_say_so(open_to_others: Guarded) -> None:
    for path in ("/nothing", "/api/nothing", "/api/../admin", "/%2e%2e/admin", "//api/voices/"):
        assert open_to_others.client.get(path, environ_base=STRANGER).status_code in (308, 401, 404)
    assert open_to_others.client.put(PRIVATE, environ_base=STRANGER).status_code == 405


def test_head_is_asked_as_get_is_and_options_tells_only_methods(open_to_others: Guarded) -> None:
    assert open_to_others.client.head(PRIVATE, environ_base=STRANGER).status_code == 401
    answer = open_to_others.client.options(PRIVATE, environ_base=STRANGER)
    assert (answer.status_code, answer.data) == (200, b"")


# ---- on this machine


def test_at_home_nobody_is_asked(at_home: Guarded) -> None:
    assert at_home.client.get(PRIVATE).status_code == 200
    said = at_home.client.get("/api/me").get_json()
    assert said == {
        "caller": "address 127.0.0.1",
        "scopes": ["admin", "generate"],
        "anonymous": True,
        "key_needed": False,
    }


def test_a_wrong_key_is_wrong_at_home_too(at_home: Guarded) -> None:
    assert at_home.client.get(PRIVATE, headers=bearer("lips_00000000_" + "A" * 43)).status_code == 401


def test_what_openais_client_sends_where_no_key_is_needed(at_home: Guarded) -> None:
    assert at_home.client.get("/v1/models", headers=bearer("none is needed")).status_code == 200


def test_at_home_a_key_is_who_one_is(at_home: Guarded) -> None:
    key = at_home.key()
    said = at_home.client.get("/api/me", headers=bearer(key)).get_json()
    assert said["caller"] == f"key {key[5:13]}"
    assert (said["scopes"], said["anonymous"], said["key_needed"]) == (["generate"], False, False)


@pytest.mark.parametrize(
    "name", ["X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "Via", "X-Real-IP", "x-forwarded-proto"]
)
def test_what_came_through_a_proxy_is_not_from_home(at_home: Guarded, name: str) -> None:  # fmt: skip
    answer = at_home.client.get(PRIVATE, headers={name: "127.0.0.1"})
    assert (answer.status_code, answer.get_json()["code"]) == (401, "no_key")
    assert at_home.client.get("/", headers={name: "127.0.0.1"}).status_code == 200


def test_a_stranger_is_not_at_home_whatever_was_set(at_home: Guarded) -> None:
    """As with gunicorn -b 0.0.0.0, of which LIPSYNC_HOST knows nothing."""
    assert at_home.client.get(PRIVATE, environ_base=STRANGER).status_code == 401
    said = {**STRANGER, "HTTP_X_FORWARDED_FOR": "127.0.0.1"}
    assert at_home.client.get(PRIVATE, environ_base=said).status_code == 401


def test_a_socket_in_the_file_system_is_home(at_home: Guarded) -> None:
    assert at_home.client.get(PRIVATE, environ_base={"REMOTE_ADDR": ""}).status_code == 200


@pytest.mark.parametrize("changed", [{"require_key": True}, {"host": "0.0.0.0"}, {"proxies": 1}])
def test_where_a_key_is_needed_home_is_no_excuse(settings: Settings, changed: dict[str, Any]) -> None:
    with guarded(settings, **changed) as one:
        assert one.client.get(PRIVATE).status_code == 401
        said = one.client.get("/api/me").get_json()
        assert (said["scopes"], said["anonymous"], said["key_needed"]) == ([], True, True)


def test_everybody_may_generate_where_that_was_said_and_nobody_is_admin(settings: Settings) -> None:
    with guarded(settings, host="0.0.0.0", allow_anonymous=True) as one:
        for where in (STRANGER, {"REMOTE_ADDR": "127.0.0.1"}):
            assert one.client.get(PRIVATE, environ_base=where).status_code == 200
            assert one.client.get("/api/me", environ_base=where).get_json()["scopes"] == ["generate"]
        assert one.client.get(PRIVATE, headers=bearer("lips_x"), environ_base=STRANGER).status_code == 401


# ---- behind proxies


def me(one: Guarded, forwarded: str) -> str:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    return str(one.client.get("/api/me", headers=headers).get_json()["caller"])


def test_the_proxy_is_believed_as_far_as_it_was_told(settings: Settings) -> None:
    with guarded(settings, proxies=1) as one:
        assert me(one, "198.51.100.7") == "address 198.51.100.7"
        assert me(one, "127.0.0.1, 198.51.100.7") == "address 198.51.100.7"  # the first is what the caller wrote
        assert me(one, "2001:db8::1") == "address 2001:db8::1"
    with guarded(settings, proxies=2) as one:
        assert me(one, "127.0.0.1, 198.51.100.7, 10.0.0.1") == "address 198.51.100.7"
    with guarded(settings) as one:
        assert me(one, "198.51.100.7") == "address 127.0.0.1"


def test_what_a_proxy_says_may_be_anything(settings: Settings) -> None:
    with guarded(settings, proxies=1) as one:
        assert me(one, "x" * 5000) == "address " + "x" * 64
        assert one.client.get(PRIVATE, headers={"X-Forwarded-For": "localhost"}).status_code == 401


# ---- tokens


def test_a_token(settings: Settings) -> None:
    with guarded(settings, host="0.0.0.0", jwt_secret=SecretStr(SECRET)) as one:
        good = bearer(token("HS256", SECRET))
        assert one.client.get(PRIVATE, headers=good, environ_base=STRANGER).status_code == 200
        assert one.client.get("/api/me", headers=good).get_json()["caller"] == "jwt ann"
        for wrong in (token("HS256", SECRET, exp=1), token("HS256", SECRET + "!"), "nonsense"):
            answer = one.client.get(PRIVATE, headers=bearer(wrong), environ_base=STRANGER)
            assert (answer.status_code, answer.get_json()["code"]) == (401, "wrong_key")
        narrow = bearer(token("HS256", SECRET, scope="openid"))
        assert one.client.get(PRIVATE, headers=narrow, environ_base=STRANGER).status_code == 403
        assert one.client.get(PRIVATE, headers=bearer(one.key()), environ_base=STRANGER).status_code == 200


def test_a_token_while_its_keys_are_out_of_reach(settings: Settings) -> None:
    with jwks_server() as shown, guarded(settings, host="0.0.0.0", jwks_url=shown.url) as one:
        shown.status = 500
        answer = one.client.get(PRIVATE, headers=bearer(token("RS256")), environ_base=STRANGER)
        assert (answer.status_code, answer.get_json()["code"]) == (503, "tokens_unchecked")
        assert answer.headers["Retry-After"]
        assert one.client.get(PRIVATE, headers=bearer(one.key()), environ_base=STRANGER).status_code == 200


# ---- start, and trouble


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"host": "0.0.0.0"}, "unprotected"),
        ({"proxies": 1}, "unprotected"),
        ({"jwt_secret": SecretStr("short")}, "bad_field"),
        ({"secret": SecretStr("short")}, "bad_field"),
        ({"jwks_url": "http://id.example/"}, "bad_field"),
        ({"rate_limit": "often"}, "bad_field"),
        ({"rate_storage": SecretStr("mysql://user:password@x")}, "bad_field"),
        ({"cors_origins": "example.org"}, "bad_field"),
        ({"trusted_hosts": "https://example.org"}, "bad_field"),
    ],
)
def test_an_application_that_is_not_made(settings: Settings, changed: dict[str, Any], code: str) -> None:
    changed_settings = settings.model_copy(update=changed)
    with pytest.raises(LipsyncError) as raised:
        create_app(changed_settings, FakeService(changed_settings))
    assert raised.value.code == code
    assert "password" not in str(raised.value)


def test_a_database_in_trouble_is_503_and_health_goes_on(open_to_others: Guarded) -> None:
    key = open_to_others.key()
    with parts_of(open_to_others.app).engine.begin() as connection:
        connection.execute(text("ALTER TABLE keys RENAME TO lost"))
    answer = open_to_others.client.get(PRIVATE, headers=bearer(key), environ_base=STRANGER)
    assert (answer.status_code, answer.get_json()["code"]) == (503, "database_busy")
    health = open_to_others.client.get("/api/health", headers=bearer(key), environ_base=STRANGER)
    assert health.status_code == 200
