"""What of the page is in the window: after Generate all of the portrait, whatever its shape and the window's."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, expect

from lipsync.face.avatars import avatar
from tests.helpers.browser_tabs import tabs
from tests.helpers.chromium import Launch
from tests.helpers.gunicorn_server import Server, serve
from tests.helpers.studio_page import LONG_WAIT, open_page, say

pytestmark = pytest.mark.browser

SHORT = "Yes."
LONG = "The line is long. " * 6
SETTLED = """limit => new Promise(resolve => {
    const box = () => {
        const shown = ["video", "moving", "still"].map(id => document.getElementById(id)).find(one => !one.hidden);
        const {left, top, right, bottom} = shown.getBoundingClientRect();
        return [left, top, right - innerWidth, bottom - innerHeight];
    };
    const isInside = ([left, top, right, bottom]) => left >= 0 && top >= 0 && right <= 0 && bottom <= 0;
    const end = performance.now() + limit;
    const look = () => {
        const now = box();
        if (isInside(now) || performance.now() > end) resolve(now);
        else setTimeout(look, 50);
    };
    setTimeout(look, 50);
})"""
"""Pixels by which the portrait stands out of the window: left and top where negative, right and bottom where
positive; as soon as it does not, or when it has not come in for ``limit`` milliseconds."""


@pytest.fixture(scope="module")
def browser(launch: Launch) -> Browser:
    return launch()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("browser-view")) as running:
        yield running


def padded(width: int, height: int) -> FilePayload:
    """A picture of this shape, with a face in its middle."""
    with Image.open(avatar("hopper").path) as face:
        scale = min(width / face.width, height / face.height)
        small = face.resize((round(face.width * scale), round(face.height * scale)))
    picture = Image.new("RGB", (width, height), "gray")
    picture.paste(small, ((width - small.width) // 2, (height - small.height) // 2))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG")
    return FilePayload(name="me.jpg", mimeType="image/jpeg", buffer=buffer.getvalue())


PICTURES = {"wide": padded(1800, 420), "tall": padded(420, 1700)}


def is_inside(page: Page) -> bool:
    left, top, right, bottom = page.evaluate(SETTLED, 5000)
    return bool(left >= 0 and top >= 0 and right <= 0 and bottom <= 0)


@pytest.mark.parametrize(
    ("width", "height", "who", "scheme", "text"),
    [
        (1280, 720, "gauss", "light", SHORT),
        (1280, 720, "tall", "dark", SHORT),
        (1280, 720, "wide", "light", LONG),
        (1024, 768, "gauss", "dark", SHORT),
        (1024, 768, "hopper", "light", SHORT),
        (1366, 768, "gauss", "light", SHORT),
        (1920, 1080, "newton", "light", SHORT),
        (390, 844, "gauss", "light", SHORT),
        (390, 844, "tall", "dark", SHORT),
        (844, 390, "gauss", "dark", SHORT),
        (844, 390, "newton", "light", LONG),
    ],
)
def test_after_generate_the_whole_portrait_is_seen(
    browser: Browser, server: Server, width: int, height: int, who: str, scheme: str, text: str
) -> None:
    with tabs(browser, viewport={"width": width, "height": height}, color_scheme=scheme) as new:
        page = new()
        open_page(page, server)
        if who in PICTURES:
            page.locator("#file").set_input_files(PICTURES[who])
        else:
            page.locator(f".tile input[value={who}]").check()
        say(page, text)
        expect(page.locator("#progress")).to_be_visible()
        assert is_inside(page), "while it is made"
        expect(page.locator("#result")).to_be_visible(timeout=LONG_WAIT)
        expect(page.locator("#video")).to_be_visible(timeout=LONG_WAIT)
        assert is_inside(page), "when it is ready"


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_an_upright_video_is_seen_whole(browser: Browser, server: Server, width: int, height: int) -> None:
    with tabs(browser, viewport={"width": width, "height": height}) as new:
        page = new()
        open_page(page, server)
        page.locator("#picture summary").click()
        page.get_by_label("Shape").select_option("720x1280")
        say(page, SHORT)
        expect(page.locator("#result")).to_be_visible(timeout=LONG_WAIT)
        expect(page.locator("#video")).to_be_visible(timeout=LONG_WAIT)
        assert is_inside(page)


def test_a_person_who_scrolls_away_is_left_there(browser: Browser, server: Server) -> None:
    with tabs(browser, viewport={"width": 390, "height": 844}) as new:
        page = new()
        open_page(page, server)
        say(page, LONG)
        assert is_inside(page)
        page.wait_for_timeout(1000)  # the page has scrolled smoothly to the portrait
        page.mouse.move(100, 400)
        page.mouse.wheel(0, -5000)
        expect(page.locator("#text")).to_be_in_viewport()
        expect(page.locator("#result")).to_be_visible(timeout=LONG_WAIT)
        page.wait_for_timeout(500)
        assert page.evaluate("scrollY") == 0
