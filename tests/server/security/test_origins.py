"""Pages of other sites, names of other machines, and what browsers are told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from lipsync.errors import LipsyncError
from lipsync.server.security.hosts import read_hosts
from lipsync.server.security.origins import read_origins
from lipsync.settings import Settings
from tests.helpers.protected_app import STRANGER, Guarded, bearer, guarded

FRIEND = "https://friend.example"
ALLOW = "Access-Control-Allow-Origin"


@pytest.fixture
def friendly(settings: Settings) -> Iterator[Guarded]:
    with guarded(settings, cors_origins=f"{FRIEND}, http://[::1]:5173/") as one:
        yield one


@pytest.fixture
def closed(client: FlaskClient) -> FlaskClient:
    return client


# ---- what changes something


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://localhost:4000"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://localhost@evil.example"},
        {"Origin": "http://[::1"},
        {"Origin": "http://evil.example", "Host": "127.0.0.1:3000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
        {"Sec-Fetch-Site": "nonsense"},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/api/generate"), ("DELETE", "/api/voices/x"), ("POST", "/login")]
)
def test_a_strangers_page_changes_nothing(
    closed: FlaskClient, headers: dict[str, str], method: str, path: str
) -> None:
    answer = closed.open(path, method=method, headers=headers, json={"text": "Hi", "language": "en"})  # fmt: skip
    assert (answer.status_code, answer.get_json()["code"]) == (403, "other_site")
    assert ALLOW not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [
        {},  # a program
        {"Origin": "http://localhost"},
        {"Origin": "http://LOCALHOST:80"},
        {"Origin": "http://127.0.0.1:3000", "Host": "127.0.0.1:3000"},
        {"Origin": "http://[::1]:3000", "Host": "[::1]:3000"},
        {"Origin": "https://localhost"},  # TLS ends at a proxy that does not say so
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        # A proxy has changed the name; what the browser says of it is true all the same.
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://portraits.example", "Host": "localhost:3000"},
    ],
)
def test_our_own_page_and_programs_do(closed: FlaskClient, headers: dict[str, str]) -> None:
    assert closed.post("/api/generate", json={"text": "Hi", "language": "en"}, headers=headers).status_code == 200


def test_behind_a_proxy_its_name_is_ours(settings: Settings) -> None:
    with guarded(settings, proxies=1) as one:
        headers = {**bearer(one.key()), "Host": "127.0.0.1:3000", "X-Forwarded-Host": "portraits.example"}
        good = {**headers, "Origin": "https://portraits.example"}
        assert one.client.post("/api/generate", headers=good).status_code == 400
        evil = {**headers, "Origin": "https://127.0.0.1:3000"}
        assert one.client.post("/api/generate", headers=evil).status_code == 403


def test_to_read_is_not_refused_but_not_shown_either(closed: FlaskClient) -> None:
    answer = closed.get("/api/avatars", headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200
    assert not [name for name in answer.headers.keys() if name.startswith("Access-Control")]  # noqa: SIM118
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


# ---- the listed ones


@pytest.mark.parametrize("origin", [FRIEND, "https://FRIEND.example", "http://[::1]:5173"])
def test_a_listed_site_may(friendly: Guarded, origin: str) -> None:
    headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
    answer = friendly.client.post("/api/generate", json={"text": "Hi", "language": "en"}, headers=headers)
    assert answer.status_code == 200
    assert answer.headers[ALLOW] == origin
    assert "Origin" in answer.vary
    assert "Access-Control-Allow-Credentials" not in answer.headers
    exposed = answer.headers["Access-Control-Expose-Headers"]
    for name in ("X-Request-Id", "X-Job-Id", "X-Voice", "Server-Timing", "Retry-After", "ETag", "RateLimit-Limit"):
        assert name in exposed
    # Its errors can be read as well.
    assert friendly.client.get("/api/nothing", headers=headers).headers[ALLOW] == origin


@pytest.mark.parametrize(
    "origin",
    ["https://friend.example.evil.example", "https://xfriend.example", "http://friend.example", "https://friend.example:8443",
     "https://friendXexample", "http://1:5173", "http://:5173", f"{FRIEND}\nx", "null"],
)  # fmt: skip
def test_what_only_looks_like_a_listed_site(friendly: Guarded, origin: str) -> None:
    if "\n" in origin:
        return  # no server passes such a header on
    for method in ("GET", "OPTIONS"):
        assert ALLOW not in friendly.client.open("/api/voices", method=method, headers={"Origin": origin}).headers
    assert friendly.client.post("/api/generate", headers={"Origin": origin}).status_code == 403


def test_a_preflight_needs_no_key(settings: Settings) -> None:
    with guarded(settings, host="0.0.0.0", cors_origins=FRIEND) as one:
        asked = {
            "Origin": FRIEND,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, content-type, x-evil",
        }
        for path in ("/api/generate", "/api/jobs", "/v1/audio/speech"):
            answer = one.client.options(path, headers=asked, environ_base=STRANGER)
            assert (answer.status_code, answer.headers[ALLOW]) == (200, FRIEND)
            assert "POST" in answer.headers["Access-Control-Allow-Methods"]
            assert answer.headers["Access-Control-Allow-Headers"] == "authorization, content-type"
        # And the request itself does, and its refusal can be read.
        refused = one.client.post("/api/generate", headers={"Origin": FRIEND}, environ_base=STRANGER)
        assert (refused.status_code, refused.headers[ALLOW]) == (401, FRIEND)


@pytest.mark.parametrize("path", ["/", "/login", "/static/studio/studio.js"])
def test_what_is_for_our_own_page_is_not_for_listed_sites(friendly: Guarded, path: str) -> None:
    assert ALLOW not in friendly.client.get(path, headers={"Origin": FRIEND}).headers
    if path == "/login":
        assert friendly.client.post(path, headers={"Origin": FRIEND}).status_code == 403


@pytest.mark.parametrize(
    "path", ["/static/embed.js", "/static/embed/view.js", "/static/talk/state.js", "/static/shared/dom.js"]
)
def test_a_listed_site_loads_the_widget(friendly: Guarded, path: str) -> None:
    answer = friendly.client.get(path, headers={"Origin": FRIEND, "Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, answer.headers[ALLOW]) == (200, FRIEND)
    assert answer.mimetype in ("text/javascript", "application/javascript"), "with nosniff, no other type runs"
    assert "Cross-Origin-Resource-Policy" not in answer.headers
    for headers in ({"Origin": "https://evil.example"}, {}):
        other = friendly.client.get(path, headers=headers)
        assert ALLOW not in other.headers
        assert "Origin" in other.vary, "a shared cache does not give this answer to a listed site"


def test_everybody(settings: Settings) -> None:
    with guarded(settings, cors_origins="*") as one:
        answer = one.client.get("/api/voices", headers={"Origin": "https://any.example"})
        assert answer.headers[ALLOW] == "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert one.client.post("/api/generate", headers={"Origin": "https://any.example"}).status_code == 400
        assert one.client.post("/login", headers={"Origin": "https://any.example"}).status_code == 403


@pytest.mark.parametrize(
    "text",
    ["example.org", "https://", "https://a.example/path", "https://*.example", "ftp://a.example", "https://a b",
     "https://u@a.example", "https://a.example:x", "https://a.example:443", "null", "https://a.example?x",
     "javascript:alert(1)"],
)  # fmt: skip
def test_what_is_no_origin(settings: Settings, text: str) -> None:
    with pytest.raises(LipsyncError) as raised:
        read_origins(settings.model_copy(update={"cors_origins": text}))
    assert raised.value.code == "bad_field"


def test_the_list_of_origins(settings: Settings) -> None:
    text = " https://A.example/ ,http://localhost:5173,, "
    assert read_origins(settings.model_copy(update={"cors_origins": text})) == (
        "https://a.example",
        "http://localhost:5173",
    )


# ---- names


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:3000", "127.0.0.1:3000", "127.9.9.9", "[::1]:3000", "LocalHost"]
)
def test_the_names_of_this_machine(closed: FlaskClient, host: str) -> None:  # fmt: skip
    assert closed.get("/api/voices", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:3000", "127.0.0.1.evil.example", "localhost.evil.example", "192.168.1.5:3000",
     "0.0.0.0", "[::]", "[::1].evil.example", "localhost evil", "x" * 3000],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/", "/api/voices", "/api/nothing"])
def test_a_name_that_a_stranger_lets_lead_here(closed: FlaskClient, host: str, path: str) -> None:
    answer = closed.get(path, headers={"Host": host, "Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 400
    assert "LIPSYNC_TRUSTED_HOSTS" in answer.text


def test_an_address_of_loopback_that_the_settings_name(settings: Settings) -> None:
    with guarded(settings, host="::1") as one:
        assert one.client.get("/api/voices", headers={"Host": "[::1]:3000"}).status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [("portraits.example", 200), ("PORTRAITS.example:8443", 200), ("a.below.example", 200), ("below.example", 200),
     ("127.0.0.1:3000", 200), ("[2001:db8::1]:3000", 200), ("evil.example", 400), ("xbelow.example", 400),
     ("portraits.example.evil.example", 400), ("[2001:db8::2]", 400), ("xn--e1afmkfd.example", 200)],
)  # fmt: skip
def test_the_names_of_the_settings(settings: Settings, host: str, status: int) -> None:
    names = "portraits.example, .below.example, [2001:db8::1], пример.example"
    with guarded(settings, host="0.0.0.0", trusted_hosts=names) as one:
        assert one.client.get("/", headers={"Host": host}, environ_base=STRANGER).status_code == status


def test_where_a_key_is_needed_any_name_will_do(settings: Settings) -> None:
    for changed in ({"host": "0.0.0.0"}, {"proxies": 1}, {"require_key": True}):
        with guarded(settings, **changed) as one:
            headers = {"Host": "any.example", **bearer(one.key())}
            assert one.client.get("/api/voices", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "text", ["https://a.example", "a.example:3000", "a b", "*", "*.a.example", "a/b", "2001:db8::1"]
)
def test_what_is_no_name(settings: Settings, text: str) -> None:
    with pytest.raises(LipsyncError) as raised:
        read_hosts(settings.model_copy(update={"trusted_hosts": text}))
    assert raised.value.code == "bad_field"


# ---- headers


def test_what_every_answer_tells_a_browser(closed: FlaskClient) -> None:
    for path in ("/", "/api/voices", "/api/nothing", "/nothing", "/static/studio/studio.js", "/api/avatar"):
        headers = closed.get(path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "blob:" in headers["Content-Security-Policy"]
        assert "microphone=(self)" in headers["Permissions-Policy"]
        assert "camera=()" in headers["Permissions-Policy"]
        assert "Strict-Transport-Security" not in headers
    assert closed.get("/api/voices").headers["Cache-Control"] == "no-store"
    assert (
        closed.get("/api/voices", base_url="https://localhost").headers["Strict-Transport-Security"]
        == "max-age=31536000"
    )


def test_a_proxy_says_whether_it_is_tls_only_where_it_is_believed(settings: Settings) -> None:
    said: dict[str, Any] = {"X-Forwarded-Proto": "https"}
    with guarded(settings, proxies=1) as one:
        assert "Strict-Transport-Security" in one.client.get("/", headers=said).headers
    with guarded(settings) as one:
        assert "Strict-Transport-Security" not in one.client.get("/", headers=said).headers
