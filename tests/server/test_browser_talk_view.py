"""The page at ``/talk`` as it looks and reads, in Chromium: for eyes, for screen readers, by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, expect

from lipsync.server.page_words import talk_words
from tests.helpers.axe import axe, violations
from tests.helpers.browser_tabs import tabs
from tests.helpers.chromium import Launch
from tests.helpers.gunicorn_server import Server, serve
from tests.helpers.studio_page import LONG_WAIT
from tests.helpers.talk_page import APP, LONG_ANSWER, ask, expect_phase, open_talk

__all__ = ["axe"]

pytestmark = pytest.mark.browser

WIDTHS = [320, 390, 1280]


@pytest.fixture(scope="module")
def browser(launch: Launch) -> Browser:
    return launch("--use-fake-device-for-media-stream")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("browser-talk-view"), APP) as running:
        yield running


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_stands_in_the_way_of_anybody(
    browser: Browser, server: Server, axe: str, scheme: str, width: int
) -> None:
    options = {"color_scheme": scheme, "viewport": {"width": width, "height": 844}, "permissions": ["microphone"]}
    with tabs(browser, "", **options) as new:
        page = new()
        open_talk(page, server)
        assert violations(page, axe) == []
        page.get_by_text("Who answers:").first.click()
        page.get_by_text("Earlier conversations", exact=True).click()
        ask(page, f"repeat: {LONG_ANSWER}")
        expect_phase(page, "speaking")
        assert violations(page, axe) == []
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Hold to talk").click()
        expect_phase(page, "hearing")
        assert violations(page, axe) == []


@pytest.mark.parametrize("language", ["en", "ru", "uk", "kk"])
def test_every_language_fits_every_screen(browser: Browser, server: Server, language: str) -> None:
    with tabs(browser, "", locale=language) as new:
        page = new()
        open_talk(page, server)
        words = talk_words()[language]
        expect(page.locator("h1")).to_have_text(str(words["title"]))
        expect(page.locator("#phase")).to_have_text(str(words["phase_idle"]))
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 844})
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_language_can_be_changed_in_the_middle(browser: Browser, server: Server) -> None:
    with tabs(browser, "") as new:
        page = new()
        open_talk(page, server)
        ask(page, f"repeat: {LONG_ANSWER}")
        expect_phase(page, "speaking")
        page.get_by_label("Page language").select_option("ru")
        words = talk_words()["ru"]
        expect(page.locator("#phase")).to_have_text(str(words["phase_speaking"]))
        expect(page.locator("#talk-label")).to_have_text(str(words["hold_to_talk"]))
        expect(page.locator("#transcript .user .speaker")).to_have_text(str(words["you"]))
        expect_phase(page, "speaking")


def test_states_are_announced(browser: Browser, server: Server) -> None:
    with tabs(browser, "") as new:
        page = new()
        open_talk(page, server)
        page.evaluate("""() => {
            window.announced = [];
            const status = document.querySelector("#phase[role=status]");
            new MutationObserver(() => announced.push(status.textContent)).observe(status, {childList: true});
        }""")
        ask(page, "repeat: Hello.")
        expect_phase(page, "speaking")
        expect_phase(page, "listening")
        announced = page.evaluate("announced")
        assert announced[-3:] == ["Thinking…", "Speaking", "Your turn"]
        assert all(one != before for before, one in pairwise(announced)), "none twice"


def test_everything_can_be_reached_by_keyboard(browser: Browser, server: Server) -> None:
    with tabs(browser, "", permissions=["microphone"]) as new:
        page = new()
        open_talk(page, server)
        page.locator("#begin").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#talk-button")).to_be_focused()
        expect_phase(page, "speaking")
        page.keyboard.press("Escape")
        expect_phase(page, "listening")
        page.keyboard.press("Enter")  # begins a turn, and the next one ends it
        expect_phase(page, "hearing")
        expect(page.locator("#talk-button")).to_have_attribute("aria-pressed", "true")
        page.keyboard.press("Enter")
        expect(page.locator("#talk-button")).to_have_attribute("aria-pressed", "false")
        reached = []
        page.locator(".mark").focus()
        for _ in range(14):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
        assert {"page-language", "talk-button", "open-microphone", "question", "SUMMARY"} <= set(reached)


def test_the_space_bar_writes_in_the_text_field(browser: Browser, server: Server) -> None:
    with tabs(browser, "", permissions=["microphone"]) as new:
        page = new()
        open_talk(page, server)
        page.locator("#question").focus()
        page.keyboard.type("a b")
        expect(page.locator("#question")).to_have_value("a b")
        expect_phase(page, "idle")


def test_the_portrait_moves_at_rest_and_not_for_who_wants_stillness(browser: Browser, server: Server) -> None:
    with tabs(browser, "") as new:
        page = new()
        open_talk(page, server)
        expect(page.locator('video.loop.shown[data-kind="idle"]')).to_be_attached(timeout=LONG_WAIT)
        assert page.evaluate("document.querySelector('video.loop.shown').muted")
        ask(page, f"repeat: {LONG_ANSWER}")
        expect_phase(page, "speaking")
        assert page.evaluate("[...document.querySelectorAll('video.loop')].every((video) => video.paused)")
        page.keyboard.press("Escape")
        expect_phase(page, "listening")
        expect(page.locator('video.loop.shown[data-kind="idle"]')).to_have_js_property("paused", False)
    with tabs(browser, "", reduced_motion="reduce") as new:
        page = new()
        open_talk(page, server)
        expect(page.locator("#still")).to_be_visible()
        assert page.evaluate(
            "[...document.querySelectorAll('video.loop')].every((video) => !video.hasAttribute('src'))"
        )


def test_a_browser_that_wants_a_press_before_it_plays_gets_a_button(browser: Browser, server: Server) -> None:
    refusing = """
        const play = HTMLMediaElement.prototype.play;
        HTMLMediaElement.prototype.play = function () {
          if (this.muted || window.isPressed) return play.call(this);
          return Promise.reject(new DOMException("a press is needed", "NotAllowedError"));
        };
    """
    with tabs(browser, refusing) as new:
        page = new()
        open_talk(page, server)
        ask(page, "repeat: Played late.")
        button = page.get_by_role("button", name="Play the answer")
        expect(button).to_be_visible(timeout=LONG_WAIT)
        page.evaluate("window.isPressed = true")
        button.click()
        expect_phase(page, "speaking")
        expect(page.locator("#caption")).to_have_text(re.compile("Played late"))
        expect(button).to_be_hidden()
