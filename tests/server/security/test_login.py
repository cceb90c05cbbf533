"""The page's login: a cookie that names a key."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from pydantic import SecretStr
from werkzeug.test import TestResponse

from lipsync.settings import Settings
from tests.helpers.protected_app import Guarded, bearer, guarded

PRIVATE = "/api/voices"


@pytest.fixture
def one(settings: Settings) -> Iterator[Guarded]:
    with guarded(settings, require_key=True) as one:
        yield one


def enter(client: FlaskClient, key: object) -> TestResponse:
    return client.post("/login", data=json.dumps({"key": key}), content_type="application/json")


def test_in_and_out(one: Guarded) -> None:
    key = one.key()
    answer = enter(one.client, key)
    assert answer.status_code == 200
    assert answer.get_json() == {
        "caller": f"key {key[5:13]}",
        "scopes": ["generate"],
        "anonymous": False,
        "key_needed": False,
    }
    assert one.client.get(PRIVATE).status_code == 200
    assert one.client.get("/api/me").get_json()["caller"] == f"key {key[5:13]}"
    assert one.client.delete("/login").status_code == 204
    assert one.client.get(PRIVATE).status_code == 401


def test_the_cookie_is_for_this_site_and_no_script(one: Guarded) -> None:
    key = one.key()
    cookie = enter(one.client, key).headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert key.split("_", 2)[2] not in cookie
    assert "Expires=" in cookie
    assert "Set-Cookie" not in one.client.get(PRIVATE).headers  # not again with every answer
    secure = one.client.post("/login", json={"key": key}, base_url="https://localhost")
    assert "Secure" in secure.headers["Set-Cookie"].split("; ")


def test_behind_a_proxy_that_ends_tls_the_cookie_is_secure(settings: Settings) -> None:
    with guarded(settings, proxies=1) as one:
        answer = one.client.post("/login", json={"key": one.key()}, headers={"X-Forwarded-Proto": "https"})
        assert "Secure" in answer.headers["Set-Cookie"]
        assert answer.headers["Strict-Transport-Security"]


def test_a_form_does_too(one: Guarded) -> None:
    assert one.client.post("/login", data={"key": f" {one.key()}\n"}).status_code == 200


@pytest.mark.parametrize("key", ["", "lips_", "lips_00000000_" + "A" * 43, "lips_../../x", "x" * 10_000, "\ud800"])
def test_a_wrong_key(one: Guarded, key: str) -> None:
    answer = enter(one.client, key)
    assert (answer.status_code, answer.get_json()["code"]) == (401, "wrong_key")
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("key", [None, 5, ["lips_"], {"$gt": ""}, True])
def test_what_is_no_text(one: Guarded, key: object) -> None:
    assert (enter(one.client, key).status_code, enter(one.client, key).get_json()["code"]) == (400, "bad_field")


@pytest.mark.parametrize(("body", "status"), [(b"", 400), (b"[]", 400), (b"{", 400), (b" " * 100_000, 413)])
def test_what_is_no_login(one: Guarded, body: bytes, status: int) -> None:
    answer = one.client.post("/login", data=body, content_type="application/json")
    assert answer.status_code == status
    assert answer.get_json()["code"]


def test_the_session_of_a_revoked_key_is_over(one: Guarded) -> None:
    key = one.key()
    enter(one.client, key)
    one.revoke(key)
    answer = one.client.get(PRIVATE)
    assert (answer.status_code, answer.get_json()["code"]) == (401, "no_key")
    assert "lipsync_session=;" in answer.headers["Set-Cookie"]
    assert enter(one.client, key).status_code == 401


def test_a_cookie_that_we_did_not_sign(one: Guarded, settings: Settings) -> None:
    key = one.key("generate", "admin")
    for secret in (b"", b"\0" * 32, b"s" * 32):
        signer = URLSafeTimedSerializer(secret, salt="cookie-session", signer_kwargs={"key_derivation": "hmac"})
        for forged in (signer.dumps({"key": key[5:13], "_permanent": True}), "x", "a.b.c", "", "." * 3000):
            one.client.set_cookie("lipsync_session", forged)
            assert one.client.get(PRIVATE).status_code == 401
    # And the same with the right secret is taken: the test does forge what would be believed.
    signer = URLSafeTimedSerializer(
        (settings.state / "secret").read_bytes(), salt="cookie-session", signer_kwargs={"key_derivation": "hmac"}
    )
    one.client.set_cookie("lipsync_session", signer.dumps({"key": key[5:13], "_permanent": True}))
    assert one.client.get(PRIVATE).status_code == 200


def test_servers_with_the_same_secret_share_sessions(settings: Settings) -> None:
    shared = {"require_key": True, "secret": SecretStr("s" * 32)}
    with guarded(settings, **shared) as one, guarded(settings, **shared) as other:
        cookie = enter(one.client, one.key()).headers["Set-Cookie"].split(";")[0].split("=", 1)[1]
        other.client.set_cookie("lipsync_session", cookie)
        assert other.client.get(PRIVATE).status_code == 200


def test_a_key_in_the_header_goes_before_the_session(one: Guarded) -> None:
    enter(one.client, one.key())
    other = one.key()
    assert one.client.get("/api/me", headers=bearer(other)).get_json()["caller"] == f"key {other[5:13]}"
    assert one.client.get(PRIVATE, headers=bearer("lips_wrong")).status_code == 401


def test_a_session_is_no_longer_than_thirty_days(one: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    enter(one.client, one.key())
    later = URLSafeTimedSerializer("x").make_signer().get_timestamp() + 31 * 86_400  # type: ignore[attr-defined]
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: later)
    assert one.client.get(PRIVATE).status_code == 401


def test_trying_keys_is_bounded_also_where_nothing_else_is(one: Guarded) -> None:
    answers = [enter(one.client, f"lips_{number:08x}_" + "A" * 43) for number in range(11)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert answers[-1].get_json()["code"] == "too_many_requests"
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 61
    key = one.key()
    assert enter(one.client, key).status_code == 429  # a right one too: nothing is told by the answer
    assert one.client.post("/login", json={"key": key}, environ_base={"REMOTE_ADDR": "127.0.0.2"}).status_code == 200
    assert one.client.get(PRIVATE, headers=bearer(key)).status_code == 200  # who has a key is not held up


def test_no_other_site_logs_a_browser_in_or_out(one: Guarded) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert one.client.post("/login", json={"key": one.key()}, headers=headers).status_code == 403
        assert one.client.delete("/login", headers=headers).status_code == 403
