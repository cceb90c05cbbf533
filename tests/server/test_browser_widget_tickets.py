"""The widget with a server that wants keys: tickets of the embedding site, in Chromium and in Firefox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from lipsync.auth.keys import add_key
from lipsync.settings import Settings
from lipsync.storage.database import connect
from tests.helpers.chromium import Launch
from tests.helpers.eventually import eventually
from tests.helpers.firefox import firefox
from tests.helpers.gunicorn_server import serve
from tests.helpers.studio_page import LONG_WAIT
from tests.helpers.talk_page import APP
from tests.helpers.widget_site import WATCH_MEDIA, Site, evaluate, expect_state, open_site, widget_site

pytestmark = pytest.mark.browser

BY_ADDRESS = '<lipsync-avatar ticket-url="/ticket"></lipsync-avatar>'
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="400"/>'


@pytest.fixture(scope="module")
def browser(launch: Launch) -> Browser:
    return launch()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("widget-tickets")
    engine = connect(Settings(_env_file=None, state=folder / "state"))
    with widget_site() as site:
        site.key = add_key(engine, "the site", ("generate",))[1]
        engine.dispose()
        with serve(folder, APP, LIPSYNC_CORS_ORIGINS=site.origin, LIPSYNC_REQUIRE_KEY="1") as server:
            site.lipsync = server
            yield site
        assert "Traceback" not in server.log.read_text()


@pytest.fixture
def site(running: Site) -> Site:
    running.tickets.clear()
    running.is_refusing = False
    return running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab. Its console says that the persona, which needs a key, is not shown."""
    context = browser.new_context(locale="en-GB")
    context.add_init_script(WATCH_MEDIA)
    yield context.new_page()
    context.close()


def test_firefox_talks_and_gives_everything_back(tmp_path: Path, site: Site) -> None:
    site.body = BY_ADDRESS
    with firefox(tmp_path) as tab:
        tab.open(site.origin, WATCH_MEDIA)
        tab.evaluate("customElements.whenDefined('lipsync-avatar').then(() => {})")
        answer = tab.evaluate("document.querySelector('lipsync-avatar').ask('repeat: One two three.')")
        assert answer == {"answer": 1, "text": "One two three.", "interrupted": False}
        assert (
            tab.evaluate(
                "document.querySelector('lipsync-avatar').shadowRoot.querySelector('.film.shown').videoWidth"
            )
            > 0
        )
        tab.evaluate("document.querySelector('lipsync-avatar').remove()")
        eventually(lambda: tab.evaluate("sockets.every(({readyState}) => readyState === 3)"))
        assert tab.evaluate("sockets.length") == 1
        assert tab.evaluate("[...addresses]") == []
        eventually(lambda: tab.evaluate("contexts.every(({state}) => state === 'closed')"))
        assert [text for level, text in tab.said if level == "error"] == []


def test_each_connection_has_a_new_ticket_of_the_site(page: Page, site: Site) -> None:
    open_site(page, site, BY_ADDRESS)
    assert site.tickets == [], "nothing is requested before the person begins"
    assert evaluate(page, "return avatar.ask('repeat: One.')")["text"] == "One."
    page.evaluate("sockets[0].close()")
    expect_state(page, "lost")
    expect_state(page, "listening")
    assert evaluate(page, "return avatar.ask('repeat: Two.')")["text"] == "Two."
    assert len(set(site.tickets)) == 2
    expect(page.locator("lipsync-avatar .assistant .said")).to_have_text(["One.", "Two."])
    assert site.key not in page.content()
    # There is no picture without a key: the last film stays.
    expect(page.locator("lipsync-avatar video.film.shown")).to_have_count(1)


def test_a_ticket_of_the_page_is_for_one_connection(page: Page, site: Site) -> None:
    open_site(page, site, f'<lipsync-avatar ticket="{site.new_ticket()}"></lipsync-avatar>')
    assert evaluate(page, "return avatar.ask('repeat: One.')")["text"] == "One."
    page.evaluate("sockets[0].close()")
    expect(page.get_by_role("alert")).to_have_text(
        "This site did not permit a conversation. Reload the page, then try again.", timeout=LONG_WAIT
    )
    expect_state(page, "idle")
    assert page.evaluate("named('error').map(({code}) => code)") == ["ticket_used"]
    evaluate(page, f"avatar.ticket = {json.dumps(site.new_ticket())}")
    page.get_by_role("button", name="Continue").click()
    expect_state(page, "listening")
    assert evaluate(page, "return avatar.ask('repeat: Two.')")["text"] == "Two."


def test_a_visitor_whom_the_site_refuses(page: Page, site: Site) -> None:
    site.is_refusing = True
    open_site(page, site, BY_ADDRESS)
    assert evaluate(page, "return avatar.ask('Hello').catch(({ code }) => code)") == "no_ticket"
    expect_state(page, "idle")
    assert page.evaluate("named('error').map(({code}) => code)") == ["no_ticket"]
    site.is_refusing = False
    assert evaluate(page, "return avatar.ask('repeat: One.')")["text"] == "One."
    expect(page.locator("lipsync-avatar .error")).to_have_text("")


def test_without_a_ticket_nothing_is_answered(page: Page, site: Site) -> None:
    open_site(page, site)
    assert evaluate(page, "return avatar.ask('Hello').catch(({ code }) => code)") == "no_key"
    expect_state(page, "idle")


def test_a_picture_of_the_site_stands_for_the_persona(page: Page, site: Site) -> None:
    page.route("**/poster.svg", lambda route: route.fulfill(body=PICTURE, content_type="image/svg+xml"))
    open_site(page, site, '<lipsync-avatar ticket-url="/ticket" poster="/poster.svg"></lipsync-avatar>')
    picture = page.locator("lipsync-avatar img")
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("(image) => image.naturalWidth") == 300
    evaluate(page, "await avatar.ask('repeat: One.')")
    expect(page.locator("lipsync-avatar video.film.shown")).to_have_count(0)
