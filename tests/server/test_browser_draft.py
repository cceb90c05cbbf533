"""What a person typed and chose stays in their browser over a reload, a crash and a closed tab, and in no other's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, FilePayload, Page, expect

from lipsync.auth.keys import add_key
from lipsync.errors import LipsyncError
from lipsync.face.avatars import avatar
from lipsync.server.page_words import words
from lipsync.settings import Settings
from lipsync.storage.database import connect
from tests.face.videos import moving, mp4
from tests.helpers.browser_tabs import WATCH, tabs, with_wav2lip
from tests.helpers.chromium import Launch
from tests.helpers.gunicorn_server import Server, serve
from tests.helpers.studio_page import LONG_WAIT, open_page, say

pytestmark = pytest.mark.browser

EN = words()["en"]
TEXT = "Numbers rule\nthe world. Числа правят миром! 🙂"
KEPT_FILE = """() => new Promise((resolve) => {
    const asked = indexedDB.open("lipsync", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("files");
    asked.onsuccess = () => {
        const all = asked.result.transaction("files").objectStore("files").getAll();
        all.onsuccess = () => { asked.result.close(); resolve(all.result.map(({file}) => [file.name, file.size])); };
    };
})"""
REFUSED = """
    for (const name of ["localStorage", "sessionStorage", "indexedDB"]) {
        Object.defineProperty(window, name, {get() { throw new DOMException("refused", "SecurityError"); }});
    }
"""
FULL = """
    Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };
    IDBObjectStore.prototype.put = () => { throw new DOMException("full", "QuotaExceededError"); };
"""


@pytest.fixture(scope="module")
def browser(launch: Launch) -> Browser:
    return launch()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("browser-draft"), "tests.helpers.apps.blocking_service:app") as running:
        yield running


def fill(page: Page) -> None:
    """All fields, other than they were."""
    page.locator("#text").fill(TEXT)
    page.get_by_label("Language", exact=True).select_option("kk")
    page.get_by_label("Voice", exact=True).select_option("espeak-female")
    page.get_by_label("Speed").fill("1.5")
    page.get_by_text("Mood and motion").click()
    page.get_by_label("Mood", exact=True).select_option("Sad")
    page.get_by_label("Strength").fill("0.5")
    page.get_by_label("Motion").fill("0.3")
    page.locator("#picture summary").click()
    page.get_by_label("Shape").select_option("1080x1080")
    page.get_by_label("Frame").select_option("To the chest")
    page.get_by_label("Background", exact=True).select_option("Colour")
    page.get_by_label("Colour of the background").fill("#00ff7f")
    page.locator("#file").set_input_files(avatar("hopper").path)
    until_kept(page, [["hopper.jpg", avatar("hopper").path.stat().st_size]])


def until_kept(page: Page, files: list[list[Any]]) -> None:
    """The file, and the text, have reached the browser's storage: neither waits for the page to end."""
    for _ in range(100):
        draft = json.loads(page.evaluate("localStorage.getItem('lipsync.draft')") or "{}")
        value = page.locator("#text").input_value()
        if page.evaluate(KEPT_FILE) == files and draft.get("text", "") == value:
            return
        page.wait_for_timeout(50)
    raise AssertionError((draft, page.evaluate(KEPT_FILE)))


def see_all(page: Page) -> None:
    expect(page.get_by_role("radio", name="Your picture")).to_be_checked()
    expect(page.locator("#text")).to_have_value(TEXT)
    expect(page.locator("#counter")).to_have_text(f"{len(TEXT)} of 5,000 characters")
    expect(page.locator("#language")).to_have_value("kk")
    expect(page.locator("#voice")).to_have_value("espeak-female")
    expect(page.locator("#speed-value")).to_have_text("× 1.50")
    expect(page.get_by_label("Mood", exact=True)).to_have_value("sad")  # visible: the section is open
    expect(page.locator("#mood-strength-value")).to_have_text("50%")
    expect(page.locator("#motion-value")).to_have_text("30%")
    expect(page.get_by_label("Shape")).to_have_value("1080x1080")  # visible: the section is open
    expect(page.get_by_label("Frame")).to_have_value("bust")
    expect(page.get_by_label("Colour of the background")).to_have_value("#00ff7f")
    expect(page.locator("#still")).to_have_attribute("src", "blob:" + page.url + page.evaluate(
        "document.querySelector('#still').src.split('/').at(-1)"
    ))  # fmt: skip
    expect(page.locator("#draft")).to_be_visible()


def see_nothing(page: Page) -> None:
    expect(page.locator("#language")).to_have_value("auto")
    expect(page.locator("#text")).to_have_value("")
    expect(page.locator("#voice")).to_have_value("")
    expect(page.locator("#speed-value")).to_have_text("× 1.00")
    expect(page.locator("#mood")).to_have_value("auto")
    expect(page.locator("#mood-strength-value")).to_have_text("100%")
    expect(page.locator("#motion-value")).to_have_text("100%")
    for selector in ("#size", "#frame-of-picture", "#background"):
        expect(page.locator(selector)).to_have_value("")
    expect(page.locator("#background-color")).to_have_value("#336699")
    expect(page.get_by_role("radio", name="Carl Friedrich Gauss")).to_be_checked()
    expect(page.locator(".tile")).to_have_count(3)
    expect(page.locator("#draft")).to_be_hidden()
    assert page.evaluate(KEPT_FILE) == []
    assert page.evaluate("localStorage.getItem('lipsync.draft')") is None


def test_a_reload_keeps_all_fields_and_the_picture(browser: Browser, server: Server) -> None:
    with tabs(browser) as new:
        page = new()
        open_page(page, server)
        fill(page)
        page.reload()
        see_all(page)
        page.locator("#generate").click()  # the picture is sent: this server finds no face in any
        refused = LipsyncError("no_face", width=218, height=256).message("en")
        expect(page.locator("#portrait-error")).to_have_text(refused, timeout=LONG_WAIT)


def test_a_closed_tab_and_a_crashed_one(browser: Browser, server: Server) -> None:
    with tabs(browser) as new:
        page = new()
        open_page(page, server)
        fill(page)
        page.close()
        page = new()
        open_page(page, server)
        see_all(page)
        page.locator("#text").fill("After that.")
        until_kept(page, [["hopper.jpg", avatar("hopper").path.stat().st_size]])
        with pytest.raises(Error, match="crash"):
            page.goto("chrome://crash")
        page = new()
        open_page(page, server)
        expect(page.locator("#text")).to_have_value("After that.")
        expect(page.get_by_role("radio", name="Your picture")).to_be_checked()


def test_a_video_of_ones_own(browser: Browser, server: Server) -> None:
    film = mp4(moving(6))
    with tabs(browser) as new:
        page = new()
        page.route("**/api/health", with_wav2lip)
        open_page(page, server)
        page.locator("#file").set_input_files(FilePayload(name="me.mp4", mimeType="video/mp4", buffer=film))
        until_kept(page, [["me.mp4", len(film)]])
        page.reload()
        expect(page.get_by_role("radio", name="Your video")).to_be_checked()
        expect(page.locator("#moving")).to_be_visible()


def test_another_avatar_is_kept_and_the_picture_is_not(browser: Browser, server: Server) -> None:
    with tabs(browser) as new:
        page = new()
        open_page(page, server)
        fill(page)
        page.get_by_role("radio", name="Isaac Newton").check()
        until_kept(page, [])
        page.reload()
        expect(page.get_by_role("radio", name="Isaac Newton")).to_be_checked()
        expect(page.locator("#still")).to_have_attribute("src", "api/avatars/newton")
        expect(page.locator("#text")).to_have_value(TEXT)
        expect(page.locator(".tile")).to_have_count(3)


def test_a_press_clears_it_all(browser: Browser, server: Server) -> None:
    with tabs(browser) as new:
        page = new()
        open_page(page, server)
        see_nothing(page)
        fill(page)
        page.locator("#clear").click()
        expect(page.locator("#clear")).to_have_text(EN["clear_confirm"])
        expect(page.locator("#text")).to_have_value(TEXT)
        page.locator("#clear").click()
        expect(page.locator("#text")).to_be_focused()
        see_nothing(page)
        page.reload()
        see_nothing(page)
        say(page, "Hello")
        expect(page.locator("#result")).to_be_visible(timeout=LONG_WAIT)


def test_the_way_back_to_the_page(browser: Browser, server: Server) -> None:
    """From the browser's memory (bfcache) or anew: the form is there once, with one picture."""
    with tabs(browser, "") as new:
        page = new()
        open_page(page, server)
        fill(page)
        page.goto(f"{server.url}api/ready")
        page.go_back()
        see_all(page)
        page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
        see_all(page)
        expect(page.locator(".tile")).to_have_count(4)


def test_a_draft_is_forgotten_after_a_month(browser: Browser, server: Server) -> None:
    with tabs(browser, "") as new:
        page = new()
        open_page(page, server)
        fill(page)
        page.goto(f"{server.url}api/ready")  # the same origin, without the page
        page.evaluate(
            """() => {
                const draft = JSON.parse(localStorage.getItem("lipsync.draft"));
                localStorage.setItem("lipsync.draft", JSON.stringify({...draft, saved: Date.now() - 31 * 86400000}));
            }"""
        )
        open_page(page, server)
        see_nothing(page)


@pytest.mark.parametrize("script", [REFUSED, FULL], ids=["refused", "full"])
def test_a_browser_that_keeps_nothing(browser: Browser, server: Server, script: str) -> None:
    with tabs(browser, WATCH + script) as new:
        page = new()
        open_page(page, server)
        page.locator("#file").set_input_files(avatar("hopper").path)
        expect(page.get_by_role("radio", name="Your picture")).to_be_checked()
        page.get_by_role("radio", name="Isaac Newton").check()
        say(page, "Hello")
        expect(page.locator("#result")).to_be_visible(timeout=LONG_WAIT)
        expect(page.locator("#draft")).to_be_hidden()
        page.reload()
        expect(page.locator("#language option").first).to_be_attached()
        expect(page.get_by_role("radio", name="Carl Friedrich Gauss")).to_be_checked()


@pytest.mark.parametrize(
    "draft", ["", "null", "[]", "{", '{"owner": "", "saved": 9e15}', '{"owner": "", "saved": "x"}']
)
def test_a_damaged_draft_does_not_break_the_page(browser: Browser, server: Server, draft: str) -> None:
    script = (
        f"if (!localStorage.getItem('lipsync.draft')) localStorage.setItem('lipsync.draft', {json.dumps(draft)});"
    )
    with tabs(browser, WATCH + script) as new:
        page = new()
        open_page(page, server)
        say(page, "Hello")
        expect(page.locator("#result")).to_be_visible(timeout=LONG_WAIT)


def test_the_next_person_sees_nothing_of_it(browser: Browser, tmp_path: Path) -> None:
    engine = connect(Settings(_env_file=None, state=tmp_path / "state"))
    keys = [add_key(engine, name, ["generate"])[1] for name in ("Anna", "Boris")]
    engine.dispose()

    def enter(page: Page, key: str) -> None:
        page.locator("#key").fill(key)
        page.keyboard.press("Enter")
        expect(page.locator("#login")).to_be_hidden()
        expect(page.locator("#language")).to_have_value("auto")

    with (
        serve(tmp_path, "tests.helpers.apps.blocking_service:app", LIPSYNC_REQUIRE_KEY="1") as server,
        tabs(browser) as new,
    ):
        page, other = new(), new()
        page.goto(server.url)
        enter(page, keys[0])
        fill(page)
        page.context.clear_cookies()  # the session has run out: the same person goes on
        page.reload()
        expect(page.locator("#workspace")).to_be_hidden()
        page.locator("#key").fill(keys[0])
        page.keyboard.press("Enter")
        see_all(page)
        other.goto(server.url)
        see_all(other)

        page.get_by_role("button", name="Sign out").click()
        expect(page.locator("#key")).to_be_focused()
        expect(page.locator("#text")).to_have_value("")
        expect(other.locator("#workspace")).to_be_hidden()  # the other tab has heard of it
        expect(other.locator("#text")).to_have_value("")
        enter(page, keys[1])
        see_nothing(page)

        fill(page)  # Boris' session runs out, and Anna comes
        page.context.clear_cookies()
        say(page, "Hello")
        expect(page.locator("#key")).to_be_focused()
        page.locator("#key").fill(keys[0])
        page.keyboard.press("Enter")
        expect(page.locator("#text")).to_have_value("")
        see_nothing(page)
        assert LipsyncError("no_key").message("en") not in page.content()
