"""How the widget ``<lipsync-avatar>`` looks in a page of another origin, for everybody and on every screen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from lipsync.messages import translate
from tests.helpers.axe import axe, violations
from tests.helpers.browser_tabs import tabs
from tests.helpers.chromium import Launch
from tests.helpers.gunicorn_server import serve
from tests.helpers.talk_page import APP, LONG_ANSWER
from tests.helpers.widget_site import Site, evaluate, expect_state, open_site, widget_site

__all__ = ["axe"]

pytestmark = pytest.mark.browser

COLOURS = "<style>:root { color-scheme: light dark; } body { margin: 8px; }</style>"
WIDGET = "<lipsync-avatar microphone></lipsync-avatar>"


@pytest.fixture(scope="module")
def browser(launch: Launch) -> Browser:
    return launch("--use-fake-device-for-media-stream")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with widget_site() as one, serve(tmp_path_factory.mktemp("view"), APP, LIPSYNC_CORS_ORIGINS=one.origin) as server:
        one.lipsync = server
        yield one


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1280)])
def test_nothing_stands_in_the_way_of_anybody(
    browser: Browser, site: Site, axe: str, scheme: str, width: int
) -> None:
    options = {"color_scheme": scheme, "viewport": {"width": width, "height": 844}, "permissions": ["microphone"]}
    with tabs(browser, "", **options) as new:
        page = new()
        open_site(page, site, f"{COLOURS}<main>{WIDGET}</main>")
        evaluate(page, "avatar.style.setProperty('--lipsync-width', '70rem')")
        assert violations(page, axe, "lipsync-avatar") == []
        evaluate(page, f"avatar.ask('repeat: {LONG_ANSWER}')")
        expect_state(page, "speaking")
        assert violations(page, axe, "lipsync-avatar") == []
        evaluate(page, "await avatar.listen()")
        assert violations(page, axe, "lipsync-avatar") == []


@pytest.mark.parametrize("language", ["en", "ru", "uk", "kk"])
def test_every_language_fits_every_screen(browser: Browser, site: Site, language: str) -> None:
    with tabs(browser, "") as new:
        page = new()
        open_site(page, site, f'{COLOURS}<div lang="{language}">{WIDGET}</div>')
        expect(page.get_by_role("button", name=translate("talk.begin", language))).to_be_visible()
        for width in (240, 320, 1280):
            page.set_viewport_size({"width": width, "height": 844})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            inner = "[...avatar.shadowRoot.querySelectorAll('button, input')].filter((one) => one.offsetParent)"
            assert evaluate(page, f"return {inner}.every((one) => one.scrollWidth <= one.clientWidth + 1)")


def test_the_page_chooses_colours_and_size(browser: Browser, site: Site) -> None:
    style = """<style>
      lipsync-avatar { --lipsync-width: 300px; --lipsync-accent: rgb(1, 2, 3); --lipsync-radius: 0; }
      lipsync-avatar::part(send-button) { color: rgb(4, 5, 6); }
    </style>"""
    with tabs(browser, "", color_scheme="dark") as new:
        page = new()
        open_site(page, site, style + WIDGET)
        computed = "getComputedStyle(avatar.shadowRoot.querySelector('{}'))"
        assert evaluate(page, "return avatar.offsetWidth") == 300
        assert evaluate(page, f"return {computed.format('.talk-button')}.backgroundColor") == "rgb(1, 2, 3)"
        assert evaluate(page, f"return {computed.format('.send-button')}.color") == "rgb(4, 5, 6)"
        assert evaluate(page, f"return {computed.format('.container')}.borderRadius") == "0px"
        background = f"return {computed.format('.container')}.backgroundColor"
        assert evaluate(page, background) == "rgb(255, 255, 255)", "the page has no dark colours"
        evaluate(page, "avatar.style.colorScheme = 'dark'")
        assert evaluate(page, background) == "rgb(32, 31, 28)"
