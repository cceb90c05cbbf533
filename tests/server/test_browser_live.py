"""Live playback in Chromium, over the real server: a video plays while it is made, and whatever stands in the way."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.helpers.browser_tabs import WATCH, tabs
from tests.helpers.chromium import Launch
from tests.helpers.gunicorn_server import Server, serve
from tests.helpers.mp4 import top_boxes
from tests.helpers.studio_page import LONG_WAIT, TEN_SECONDS, open_page, say, see_it_play

pytestmark = pytest.mark.browser

MP4 = 'video/mp4; codecs="avc1.640028, mp4a.40.2"'

FILE = re.compile(r"api/jobs/\w+/video$")


@pytest.fixture(scope="module")
def browser(launch: Launch) -> Browser:
    return launch()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("browser-live"), LIPSYNC_WARM_UP="true") as running:
        yield running


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    with tabs(browser) as new:
        tab = new()
        open_page(tab, server)
        yield tab


def source(page: Page) -> str:
    return str(page.evaluate("document.querySelector('#video').src"))


def until_ended(page: Page) -> None:
    """The video was played to its end, which the page hears too."""
    page.evaluate(
        """limit => new Promise((resolve, reject) => {
            setTimeout(() => reject(new Error("the video does not end: " + JSON.stringify(heard))), limit);
            const look = () => heard.some(([, what]) => what === "ended") ? resolve() : setTimeout(look, 50);
            look();
        })""",
        LONG_WAIT,
    )


def test_a_video_plays_while_it_is_made_to_its_end(page: Page) -> None:
    say(page, TEN_SECONDS)
    until_ended(page)
    heard = page.evaluate("heard")
    assert page.evaluate("before") > 0.2, "it was not played before it was finished"
    assert not [what for _, what, _ in heard if what == "error"]
    playing = [time for time, what, _ in heard if what == "playing"]
    for time, what, _ in heard:
        # On a busy machine it waits, and then it goes on: bench.live measures for how long.
        if what in ("waiting", "stalled") and time > playing[0]:
            assert any(one > time for one in playing), f"it waited at {time} for ever: {heard}"
    ended = next(value for _, what, value in heard if what == "ended")
    assert ended > 9

    # Afterwards it is the finished file, of the same length, which can be played again from any place.
    expect(page.locator("#video")).to_have_attribute("src", FILE)
    page.evaluate("document.querySelector('#video').currentTime = 5")
    page.evaluate("document.querySelector('#video').play()")
    page.evaluate(
        "new Promise((resolve) => document.querySelector('#video').addEventListener('timeupdate', resolve))"
    )
    assert page.evaluate("document.querySelector('#video').currentTime") >= 5
    assert page.evaluate("document.querySelector('#video').duration") == pytest.approx(ended, abs=0.1)
    expect(page.locator("#status")).to_have_text(re.compile("^Ready: "))


def test_without_media_source_the_finished_video_plays(browser: Browser, server: Server) -> None:
    script = f"delete window.MediaSource; delete window.ManagedMediaSource; {WATCH}"
    with tabs(browser, script) as new:
        tab = new()
        open_page(tab, server)
        say(tab, "Hello there.")
        see_it_play(tab)
        assert FILE.search(source(tab))
        assert tab.evaluate("window.before ?? 0") == 0


def test_a_refused_stream_is_no_loss(page: Page) -> None:
    page.route("**/stream", lambda route: route.fulfill(status=503, json={"error": "…", "code": "too_many_streams"}))
    say(page, "Hello there.")
    see_it_play(page)
    assert FILE.search(source(page))


@pytest.mark.parametrize("coming", [200_000, 400_000], ids=["before it plays", "while it plays"])
def test_a_stream_that_breaks_off_goes_on_from_the_file(browser: Browser, server: Server, coming: int) -> None:
    """About half a second of the video comes through, which is too little to begin with, or about a second."""
    script = """
        const real = window.fetch;
        window.fetch = async (address, options) => {
          const answer = await real(address, options);
          if (!String(address).endsWith("/stream")) return answer;
          const reader = answer.body.getReader();
          let left = BYTES;
          return new Response(new ReadableStream({async pull(controller) {
            const {done, value} = await reader.read();
            if (done) { controller.close(); return; }
            left -= value.length;
            if (left < 0) controller.error(new TypeError("network error")); else controller.enqueue(value);
          }}), answer);
        };
    """.replace("BYTES", str(coming))
    with tabs(browser, script + WATCH) as new:
        tab = new()
        open_page(tab, server)
        say(tab, "Good evening! How nice to say a word at last.")
        until_ended(tab)
        assert FILE.search(source(tab))
        ended = next(value for _, what, value in tab.evaluate("heard") if what == "ended")
        assert ended > 2.5


def without_a_second(stream: bytes) -> bytes:
    """What a player has that leaves out what came from the third fragment to the next key frame (two seconds)."""
    return b"".join(box for number, box in enumerate(top_boxes(stream)) if not 6 <= number < 14)


def test_a_hole_in_what_the_player_has_is_filled_from_the_file(page: Page, server: Server) -> None:
    body = {"text": TEN_SECONDS, "language": "en"}
    stream = without_a_second(server.ask("POST", "/api/generate?stream=1", body).body)
    page.route("**/stream", lambda route: route.fulfill(body=stream, content_type=MP4))
    say(page, TEN_SECONDS)
    until_ended(page)
    assert FILE.search(source(page))
    ended = next(value for _, what, value in page.evaluate("heard") if what == "ended")
    assert ended > 9
    assert page.evaluate("gaps") == [], "no second of it was left out"


def test_bytes_that_are_no_video_are_no_loss(page: Page) -> None:
    page.route("**/stream", lambda route: route.fulfill(body="<h1>Not a video</h1>", content_type="text/html"))
    say(page, "Hello there.")
    see_it_play(page)
    assert FILE.search(source(page))


def test_a_browser_that_wants_a_press_first(browser: Browser, server: Server) -> None:
    """Autoplay with sound may be refused: then the first picture and the controls are there."""
    script = """
        const play = HTMLMediaElement.prototype.play;
        let pressed = false;
        addEventListener("press", () => { pressed = true; });
        HTMLMediaElement.prototype.play = function () {
          return pressed ? play.call(this) : Promise.reject(new DOMException("not yet", "NotAllowedError"));
        };
    """
    with tabs(browser, script + WATCH) as new:
        tab = new()
        open_page(tab, server)
        say(tab, "Hello there.")
        expect(tab.locator("#result")).to_be_visible(timeout=LONG_WAIT)
        expect(tab.locator("#video")).to_be_visible()
        assert tab.evaluate("document.querySelector('#video').paused")
        tab.evaluate("dispatchEvent(new Event('press')); document.querySelector('#video').play()")
        see_it_play(tab)


def test_a_browser_that_forgets_a_press(browser: Browser, server: Server) -> None:
    """WebKit's rule: what was loaded while a button was pressed may play later, and nothing else."""
    script = """
        let pressing = false;
        const loaded = new WeakSet();
        addEventListener("click", () => { pressing = true; setTimeout(() => { pressing = false; }); }, true);
        const { load, play } = HTMLMediaElement.prototype;
        HTMLMediaElement.prototype.load = function () {
          if (pressing) loaded.add(this);
          return load.call(this);
        };
        HTMLMediaElement.prototype.play = function () {
          return loaded.has(this) ? play.call(this) : Promise.reject(new DOMException("too late", "NotAllowedError"));
        };
    """
    with tabs(browser, script + WATCH) as new:
        tab = new()
        open_page(tab, server)
        for text in ("Hello there.", "And again."):
            say(tab, text)
            until_ended(tab)
            tab.evaluate("heard.splice(0)")
