"""The page in the real Firefox, over the real server: what another engine makes of the stream and the page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.browser_tabs import WATCH
from tests.helpers.eventually import eventually
from tests.helpers.firefox import Tab, firefox
from tests.helpers.gunicorn_server import Server, serve
from tests.helpers.studio_page import LONG_WAIT, TEN_SECONDS

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("firefox-server"), LIPSYNC_WARM_UP="true") as running:
        yield running


@pytest.fixture
def tab(tmp_path: Path, server: Server) -> Iterator[Tab]:
    with firefox(tmp_path) as one:
        one.open(server.url, WATCH)
        yield one
        assert [text for level, text in one.said if level in ("error", "warn")] == []


def until(tab: Tab, happens: str) -> None:
    def seen() -> object:
        return tab.evaluate("[heard, document.querySelector('#status').textContent]")

    eventually(lambda: tab.evaluate(happens), seen, timeout_s=LONG_WAIT / 1000, interval_s=0.1)


def say(tab: Tab, text: str) -> None:
    until(tab, "document.querySelector('#language').options.length > 0")
    tab.evaluate(f"""(() => {{
        const set = (name, value, event) => {{
          const field = document.querySelector(name);
          field.value = value;
          field.dispatchEvent(new Event(event, {{bubbles: true}}));
        }};
        set("#language", "en", "change");
        set("#text", {json.dumps(text)}, "input");
        document.querySelector("#generate").click();
    }})()""")


def test_a_video_plays_while_it_is_made_and_all_of_it(tab: Tab) -> None:
    say(tab, TEN_SECONDS)
    until(tab, "heard.some(([, what]) => what === 'ended')")
    assert tab.evaluate("before") > 0.2, "it was not played before it was finished"
    assert tab.evaluate("heard.filter(([, what]) => what === 'error')") == []
    assert tab.evaluate("gaps") == [], "no second of it was left out"
    assert tab.evaluate("heard.find(([, what]) => what === 'ended')[2]") > 9
    assert not [text for _, text in tab.said if "live playback" in text], "the stream alone was enough"
    # The file takes its place when it has ended, to be played again.
    until(tab, "document.querySelector('#video').src.endsWith('/video')")
    tab.evaluate("document.querySelector('#video').currentTime = 5")
    tab.evaluate("document.querySelector('#video').play()")
    until(tab, "document.querySelector('#video').currentTime > 5.2")


def test_a_reload_keeps_the_form_until_it_is_cleared(tab: Tab) -> None:
    until(tab, "document.querySelector('#language').options.length > 0")
    tab.evaluate("""(() => {
        const text = document.querySelector("#text");
        text.value = "Kept.";
        text.dispatchEvent(new Event("input", {bubbles: true}));
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(1000)], "me.png", {type: "image/png"}));
        document.body.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
    })()""")
    until(tab, "localStorage.getItem('lipsync.draft')?.includes('Kept.')")
    until(tab, "document.querySelector('.tile input:checked').value === '*'")
    tab.reload()
    until(tab, "document.querySelector('.tile input:checked')?.value === '*'")
    assert tab.evaluate("document.querySelector('#text').value") == "Kept."
    tab.evaluate("document.querySelector('#clear').click()")
    tab.evaluate("document.querySelector('#clear').click()")
    tab.reload()  # what Firefox itself would restore, the next person would see
    until(tab, "document.querySelector('.tile input:checked')?.value === 'gauss'")
    assert tab.evaluate("document.querySelector('#text').value") == ""
    assert tab.evaluate("document.querySelectorAll('.tile').length") == 3


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_is_wider_than_the_screen(tab: Tab, width: int) -> None:
    tab.resize(width, 900)
    assert tab.evaluate("innerWidth") == width
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
