"""Below a path: every address that the application gives out begins with it, if a trusted proxy says so."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from lipsync.settings import Settings
from tests.helpers.protected_app import Guarded, guarded

PREFIX = {"X-Forwarded-Prefix": "/tools/lipsync"}
HELLO = {"text": "Hi", "language": "en"}


def addresses(client: FlaskClient, path: str, headers: dict[str, str]) -> set[str]:
    """What a page refers to with an absolute path."""
    page = client.get(path, headers=headers).get_data(as_text=True)
    return set(re.findall(r"(?:href|src)=\"(/[^\"]*)\"", page))


def bearer(one: Guarded) -> dict[str, str]:
    return {"Authorization": f"Bearer {one.key('admin', 'generate')}"}


def test_every_address_begins_with_the_prefix(settings: Settings) -> None:
    with guarded(settings, proxies=1) as one:
        headers = {**PREFIX, **bearer(one)}
        for path in ("/", "/admin", "/openapi"):
            found = addresses(one.client, path, headers)
            assert found
            assert all(address.startswith("/tools/lipsync/") for address in found), path
            for address in found:
                inside = address.removeprefix("/tools/lipsync")
                assert one.client.get(inside, headers=headers).status_code == 200, address
        assert "http://localhost/tools/lipsync/api/generate" in one.client.get("/", headers=headers).text

        answer = one.client.post("/api/jobs", json=HELLO, headers=headers)
        job = answer.get_json()
        here = f"/tools/lipsync/api/jobs/{job['id']}"
        assert answer.headers["Location"] == here
        for again in (
            job,
            one.client.get(f"/api/jobs/{job['id']}", headers=headers).get_json(),
            one.client.get("/api/jobs", headers=headers).get_json()["jobs"][0],
        ):
            assert again["links"]["self"] == here
            assert again["links"]["video"] == f"{here}/video"
        events = one.client.get(f"/api/jobs/{job['id']}/events", headers=headers).text
        assert set(re.findall(r'"self": "([^"]*)"', events)) == {here}
        deleted = one.client.delete(f"/api/jobs/{job['id']}", headers=headers).get_json()
        assert deleted["links"]["self"] == here
        document = one.client.get("/openapi.json", headers=headers).get_json()
        assert document["servers"] == [{"url": "/tools/lipsync"}]
        assert one.client.get("/openapi.json").get_json()["servers"] == [{"url": "/"}]


def test_the_session_s_cookie_is_for_the_prefix_alone(settings: Settings) -> None:
    with guarded(settings, proxies=1) as one:
        cookie = one.client.post("/login", json={"key": one.key()}, headers=PREFIX).headers["Set-Cookie"]
        assert "Path=/tools/lipsync;" in f"{cookie};"
        cookie = one.client.post("/login", json={"key": one.key()}).headers["Set-Cookie"]
        assert "Path=/;" in f"{cookie};"


def root_of(client: FlaskClient, given: str) -> str:
    """What stands before the addresses of an application that is told this prefix."""
    answer = client.get("/openapi", headers={"X-Forwarded-Prefix": given})
    assert answer.status_code == 200
    found = re.search(r'<nav><a href="([^"]*)/"', answer.text)
    assert found is not None
    return found[1]


def test_without_a_proxy_nobody_is_believed(settings: Settings) -> None:
    with guarded(settings, allow_anonymous=True) as one:
        assert root_of(one.client, "/tools/lipsync") == ""
        answer = one.client.post("/api/jobs", json=HELLO, headers=PREFIX)
        assert answer.headers["Location"] == f"/api/jobs/{answer.get_json()['id']}"


@pytest.mark.parametrize(
    "given",
    [
        *(
            "//evil.example",
            "/a//b",
            "https://evil.example",
            "evil.example",
            "/\\evil.example",
            "/a/../b",
            "/..",
            "/.",
        ),
        *(
            '/"><script>alert(1)</script>',
            "/a b",
            "/a%2f",
            "/a?b",
            "/a#b",
            "/a;b",
            "/'x",
            "/é",
            "/" + "a" * 300,
            "",
            "/",
        ),
        *("/a, //evil.example", "/{{ 1 }}"),
    ],
)
def test_what_is_no_path_is_ignored(settings: Settings, given: str) -> None:
    with guarded(settings, proxies=1) as one:
        assert root_of(one.client, given) == ""


@pytest.mark.parametrize(
    ("given", "taken"),
    [("/a", "/a"), ("/a/", "/a"), ("/a.b/~c_d-1", "/a.b/~c_d-1"), ("/x, /a", "/a"), ("/...", "/...")],
)
def test_what_is_a_path_is_taken(settings: Settings, given: str, taken: str) -> None:
    with guarded(settings, proxies=1) as one:
        assert root_of(one.client, given) == taken
