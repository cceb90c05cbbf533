"""The application below a path of its host, by the location that docs/deploy.md shows, in the real nginx."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from websockets.sync.client import connect

from lipsync.server.app import ROOT
from tests.deploy.proxy import Proxy, nginx
from tests.helpers.chromium import Launch
from tests.helpers.gunicorn_server import PATIENCE, serve
from tests.helpers.studio_page import LONG_WAIT, say, see_it_play
from tests.helpers.talk_page import ask, expect_phase

LOCATION = re.compile(r"^```nginx\n(    location /lipsync/ \{.*?^    \}\n)```", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    shown = LOCATION.search((ROOT / "docs" / "deploy.md").read_text("utf-8"))
    assert shown is not None
    folder = tmp_path_factory.mktemp("below")
    settings = {"LIPSYNC_PROXIES": "1", "LIPSYNC_ALLOW_ANONYMOUS": "1", "LIPSYNC_AVATAR": "hopper"}
    with serve(folder, **settings) as server, nginx(folder, server, shown[1]) as running:
        yield running


@pytest.fixture(scope="module")
def browser(launch: Launch) -> Browser:
    return launch()


def test_a_job_and_what_it_links_to(proxy: Proxy) -> None:
    body = json.dumps({"text": "Hi.", "language": "en"}).encode()
    answer, text = proxy.ask("POST", "/lipsync/api/jobs", body, {"Content-Type": "application/json"})
    assert answer.status == 202
    job = json.loads(text)
    assert answer.getheader("Location") == job["links"]["self"] == f"/lipsync/api/jobs/{job['id']}"
    answer, events = proxy.ask("GET", job["links"]["events"])
    last = json.loads(events.decode().strip().rpartition("data: ")[2])
    assert (last["state"], last["links"]) == ("done", job["links"])
    for link in ("stream", "video"):
        answer, video = proxy.ask("GET", job["links"][link])
        assert (answer.status, video[4:8]) == (200, b"ftyp")
    outside, _ = proxy.ask("GET", f"/api/jobs/{job['id']}")
    assert outside.status == 404


def test_what_a_stranger_writes_there_is_not_believed(proxy: Proxy) -> None:
    _, page = proxy.ask("GET", "/lipsync/openapi", headers={"X-Forwarded-Prefix": "/evil"})
    assert b"/evil" not in page
    assert b'href="/lipsync/static/' in page
    answer, _ = proxy.ask("GET", "/lipsync")
    assert (answer.status, answer.getheader("Location", "").partition("://")[2].partition("/")[2]) == (
        301,
        "lipsync/",
    )


def test_a_live_conversation(proxy: Proxy) -> None:
    context = ssl.create_default_context(cafile=str(proxy.certificate))
    context.check_hostname = False
    with connect(f"wss://127.0.0.1:{proxy.https}/lipsync/api/v1/stream", ssl=context) as websocket:
        websocket.send('{"type": "start"}')
        assert json.loads(websocket.recv(PATIENCE))["type"] == "ready"


@pytest.mark.browser
def test_the_page_makes_a_video_and_asks_for_nothing_outside(proxy: Proxy, browser: Browser) -> None:
    context = browser.new_context(locale="en-GB", ignore_https_errors=True)
    complaints: list[str] = []
    outside: list[str] = []
    base = f"https://127.0.0.1:{proxy.https}/lipsync/"
    tab = context.new_page()
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    tab.on("request", lambda one: outside.append(one.url) if not one.url.startswith((base, "blob:")) else None)
    tab.goto(base)
    expect(tab.locator("#language option").first).to_be_attached()
    tab.locator("#page-language").select_option("ru")
    tab.locator("#page-language").select_option("en")
    assert [one["path"] for one in context.cookies() if one["name"] == "page_language"] == ["/lipsync/"]
    say(tab, "Good evening! How nice to say a word at last.")
    see_it_play(tab)
    expect(tab.locator("#result")).to_be_visible(timeout=LONG_WAIT)
    command = tab.locator("pre code").text_content() or ""
    assert command.startswith("curl -X POST https://127.0.0.1/lipsync/api/generate"), "the port is not in $host"
    tab.goto(f"{base}openapi")
    expect(tab.locator("#operations-videos-jobs_generate")).to_be_visible(timeout=LONG_WAIT)
    context.close()
    assert complaints == []
    assert outside == []


@pytest.mark.browser
def test_the_talk_page_is_answered_through_the_proxy(proxy: Proxy, browser: Browser) -> None:
    context = browser.new_context(locale="en-GB", ignore_https_errors=True)
    outside: list[str] = []
    base = f"https://127.0.0.1:{proxy.https}/lipsync/"
    tab = context.new_page()
    tab.on("request", lambda one: outside.append(one.url) if not one.url.startswith((base, "blob:")) else None)
    sockets: list[str] = []
    tab.on("websocket", lambda socket: sockets.append(socket.url))
    tab.goto(f"{base}talk")
    expect(tab.locator("#persona-summary")).to_have_text("Ada · English")
    ask(tab, "What is your name?")  # a stored reply
    expect_phase(tab, "speaking")
    expect(tab.locator("#transcript .assistant .said").last).not_to_be_empty()
    context.close()
    assert sockets == [f"wss://127.0.0.1:{proxy.https}/lipsync/api/v1/stream"]
    assert outside == []
