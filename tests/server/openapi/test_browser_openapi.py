"""The page /openapi in Chromium: a video is made and played through it, with nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.helpers.chromium import Launch
from tests.helpers.gunicorn_server import Server, serve

pytestmark = pytest.mark.browser

LONG_WAIT = 60_000
"""Milliseconds that a video may take on a busy machine."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("openapi")
    with serve(folder, LIPSYNC_AVATAR="hopper", LIPSYNC_LANGUAGE="en") as running:
        yield running


@pytest.fixture(scope="session")
def browser(launch: Launch) -> Browser:
    return launch()


@pytest.fixture(params=[(1280, "light"), (390, "dark")], ids=["wide", "narrow"])
def page(browser: Browser, server: Server, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page, loaded; a complaint of the script or of the policy, or a request to elsewhere, fails the test."""
    width, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    complaints: list[str] = []
    tab = context.new_page()
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("console", lambda message: complaints.append(message.text) if is_bad(message) else None)
    tab.on("request", lambda one: complaints.append(one.url) if not ours(one.url, server) else None)
    tab.goto(f"{server.url}openapi")
    yield tab
    context.close()
    assert complaints == []


def is_bad(message: ConsoleMessage) -> bool:
    """An answer of 404 is none of the page's mistakes."""
    return message.type == "error" and "status of 404" not in message.text


def ours(address: str, server: Server) -> bool:
    return address.startswith((server.url, "blob:", "data:"))


def test_a_video_is_made_and_plays(page: Page) -> None:
    call = page.locator("#operations-videos-jobs_generate")
    call.locator(".opblock-summary-control").click()
    body = call.locator("textarea.body-param__text")
    expect(body).to_have_value('{\n  "language": "en",\n  "text": "Hello. How nice to say a word at last."\n}')
    body.fill('{"text": "Hi."}')
    call.locator("button.execute").click()
    video = call.locator("video")
    expect(video).to_be_visible(timeout=LONG_WAIT)
    played = "(video) => new Promise((ended) => { video.onended = ended; video.muted = true; video.play(); })"
    video.evaluate(f"(video) => ({played})(video).then(() => true)")
    assert video.evaluate("(video) => [video.videoWidth > 0, video.error]") == [True, None]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_error_is_shown_and_the_page_follows_the_reader_s_light(page: Page) -> None:
    call = page.locator("#operations-jobs-jobs_one")
    call.locator(".opblock-summary-control").click()
    call.get_by_placeholder("id").fill("0" * 32)
    call.locator("button.execute").click()
    answer = call.locator(".live-responses-table .response-col_description")
    expect(answer.filter(has_text="job_unknown")).to_be_visible()
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    shown = expect(page.locator("html.dark-mode"))
    shown.to_have_count(1 if dark else 0)
    page.emulate_media(color_scheme="light" if dark else "dark")
    shown.to_have_count(0 if dark else 1)
