"""The connection of the page at ``/talk``, in Chromium: lost, blocked on the way, refused for want of a key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from lipsync.auth.keys import add_key
from lipsync.settings import Settings
from lipsync.storage.database import connect
from tests.helpers.browser_tabs import tabs
from tests.helpers.chromium import Launch
from tests.helpers.gunicorn_server import Server, serve
from tests.helpers.studio_page import LONG_WAIT
from tests.helpers.talk_page import APP, LONG_ANSWER, RECORD_SOCKETS, ask, expect_phase, open_talk, stored

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser(launch: Launch) -> Browser:
    return launch()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("talk-connection"), APP) as running:
        yield running
    assert "Traceback" not in running.log.read_text()


def test_a_lost_connection_is_opened_again_and_nothing_is_said_twice(browser: Browser, server: Server) -> None:
    with tabs(browser, RECORD_SOCKETS) as new:
        reconnect(new(), server)


def reconnect(page: Page, server: Server) -> None:
    """Lose the connection between two questions."""
    wire = open_talk(page, server)
    ask(page, "repeat: Before it was lost.")
    expect_phase(page, "speaking")
    expect_phase(page, "listening")
    page.evaluate("sockets.at(-1).close()")
    expect(page.locator('#call[data-phase="lost"]')).to_be_attached()
    expect_phase(page, "listening")
    ask(page, "repeat: After it was found.")
    expect(page.locator("#transcript .assistant .said").last).to_have_text("After it was found.", timeout=LONG_WAIT)
    expect_phase(page, "speaking")
    expect_phase(page, "listening")
    assert [text for role, text, _ in stored(server) if role == "assistant"] == [
        "Before it was lost.",
        "After it was found.",
    ]
    first, second = wire.of("start")
    ready = next(message for message in wire.received if message["type"] == "ready")
    assert ("conversation" in first, second["conversation"]) == (False, ready["conversation"])
    assert not second["greeting"]


def test_a_conversation_that_was_deleted_elsewhere_gives_way_to_a_new_one(browser: Browser, server: Server) -> None:
    with tabs(browser, RECORD_SOCKETS) as new:
        page = new()
        wire = open_talk(page, server)
        ask(page, "repeat: Soon forgotten.")
        expect_phase(page, "speaking")
        expect_phase(page, "listening")
        deleted = next(message["conversation"] for message in wire.received if message["type"] == "ready")
        assert server.ask("DELETE", f"/api/v1/conversations/{deleted}").status == 200
        page.evaluate("sockets.at(-1).close()")
        expect(page.locator('#call[data-phase="lost"]')).to_be_attached()
        expect_phase(page, "listening")
        expect(page.locator("#problem")).to_be_empty()
        ask(page, "repeat: A new one.")
        expect(page.locator("#transcript .assistant .said").last).to_have_text("A new one.", timeout=LONG_WAIT)
        found = [message["conversation"] for message in wire.received if message["type"] == "ready"]
        assert len(set(found)) == 2


def test_one_talk_too_many_is_told_and_waits_for_a_place(browser: Browser, tmp_path: Path) -> None:
    context = browser.new_context(locale="en-GB")  # its console has the refusal, which tabs() would take for a fault
    with serve(tmp_path, APP, LIPSYNC_TALKS="1") as server, closing(context):
        first, second = context.new_page(), context.new_page()
        for page in (first, second):
            open_talk(page, server)
            page.get_by_role("button", name="Start talking").click()
            expect_phase(page, "speaking" if page is first else "lost")
        expect(second.locator("#problem")).to_have_text(re.compile("^Too many conversations at once"))
        expect(second.locator("#written-only")).to_be_empty()
        first.close()
        expect_phase(second, "speaking")
        expect(second.locator("#problem")).to_be_empty()


BLOCKED = """
    window.WebSocket = class extends EventTarget {
      static OPEN = 1;
      readyState = 3;
      constructor() {
        super();
        setTimeout(() => this.dispatchEvent(new Event("close")));
      }
      close() {}
    };
"""
"""As a browser behind a proxy that refuses WebSockets."""


def test_where_websockets_are_blocked_questions_are_answered_by_sound(browser: Browser, server: Server) -> None:
    with tabs(browser, BLOCKED) as new:
        page = new()
        open_talk(page, server)
        page.get_by_role("button", name="Start talking").click()
        expect(page.locator("#written-only")).to_have_text(re.compile("no live connection"), timeout=LONG_WAIT)
        expect(page.get_by_role("button", name="Hold to talk")).to_be_hidden()
        with page.expect_request("**/api/v1/chat?stream=1"):
            ask(page, "repeat: Through the proxy.")
        expect_phase(page, "speaking")
        expect(page.locator("#caption")).to_have_text("Through the proxy.")
        expect_phase(page, "listening")
        with page.expect_request("**/api/v1/chat?stream=1") as second:
            ask(page, f"repeat: {LONG_ANSWER}")
        assert second.value.post_data_json["conversation_history"] == [
            {"role": "user", "content": "repeat: Through the proxy."},
            {"role": "assistant", "content": "Through the proxy."},
        ]
        expect(page.locator("#caption-spoken")).to_have_text(re.compile("One sentence of"), timeout=LONG_WAIT)
        page.keyboard.press("Escape")
        expect_phase(page, "interrupted")
        expect(page.locator("#transcript .assistant .said").last).to_have_text(re.compile(r"^One.*…$"))
        expect_phase(page, "listening")


def test_a_key_is_asked_for_and_the_conversation_goes_on_after_it(browser: Browser, tmp_path: Path) -> None:
    engine = connect(Settings(_env_file=None, state=tmp_path / "state"))
    _, key = add_key(engine, "of the tests", ["generate"])
    engine.dispose()
    with serve(tmp_path, APP, LIPSYNC_REQUIRE_KEY="1") as server, tabs(browser, "") as new:
        page = new()
        page.goto(f"{server.url}talk")
        expect(page.locator("#key")).to_be_focused()
        expect(page.locator("#call")).to_be_hidden()
        page.locator("#key").fill(key)
        page.keyboard.press("Enter")
        expect(page.locator("#persona-summary")).to_have_text("Ada · English")
        ask(page, "repeat: With a key.")
        expect_phase(page, "speaking")
        expect_phase(page, "listening")
        assert key not in page.evaluate("JSON.stringify(localStorage) + document.cookie")
        page.context.clear_cookies()  # the session has run out
        page.get_by_role("button", name="New conversation").click()
        expect(page.locator("#key")).to_be_focused()
        expect_phase(page, "idle")
        page.locator("#key").fill(key)
        page.keyboard.press("Enter")
        expect(page.locator("#login")).to_be_hidden()
        page.get_by_role("button", name="Start talking").click()
        expect_phase(page, "speaking")
        page.get_by_role("button", name="Sign out").click()
        expect(page.locator("#key")).to_be_focused()
        expect(page.locator("#call")).to_be_hidden()
