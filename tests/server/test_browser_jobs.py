"""The page's jobs in Chromium: their progress, cancelling, reloading, the list of the last ones, a key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from lipsync.auth.keys import add_key
from lipsync.errors import LipsyncError
from lipsync.server.page_words import words
from lipsync.settings import Settings
from lipsync.storage.database import connect
from tests.helpers.browser_tabs import tabs
from tests.helpers.chromium import Launch
from tests.helpers.gunicorn_server import Server, serve, wait_until
from tests.helpers.studio_page import LONG_WAIT, open_page, picture, say, see_it_play

pytestmark = pytest.mark.browser

EN = words()["en"]
ELSEWHERE = r"^Carl Friedrich Gauss · English · 10 characters"
"""Of a job without words in this browser, whose text is “Elsewhere.”."""


@pytest.fixture(scope="module")
def browser(launch: Launch) -> Browser:
    return launch()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that makes one video at a time, and lets one wait."""
    folder = tmp_path_factory.mktemp("browser-jobs")
    with serve(
        folder, "tests.helpers.apps.blocking_service:app", LIPSYNC_MAX_CONCURRENT_RENDERS="1", LIPSYNC_MAX_QUEUED="1"
    ) as running:
        yield running


@pytest.fixture
def server(house: Server) -> Iterator[Server]:
    """The same, as nobody had been there."""
    yield house
    release(house)
    for _ in range(2):  # one that runs is cancelled first
        for job in jobs(house):
            house.ask("DELETE", f"/api/jobs/{job['id']}")


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    with tabs(browser) as new:
        tab = new()
        open_page(tab, server)
        yield tab


def hold(server: Server) -> None:
    """Videos are not finished any more."""
    (server.log.parent / "state" / "hold").touch()


def release(server: Server) -> None:
    """The opposite of :func:`hold`."""
    (server.log.parent / "state" / "hold").unlink(missing_ok=True)


def jobs(server: Server) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(server.ask("GET", "/api/jobs").body)["jobs"]
    return found


def submit(server: Server, text: str, **more: str) -> str:
    """A job that the page did not ask for."""
    answer = server.ask("POST", "/api/jobs", {"text": text, "language": "en", **more})
    assert answer.status == 202, answer.body
    return str(json.loads(answer.body)["id"])


def state(server: Server, id: str) -> str:
    return next(str(job["state"]) for job in jobs(server) if job["id"] == id)


def until_running(server: Server, id: str) -> None:
    wait_until(lambda: any(job["id"] == id and job["state"] == "running" for job in jobs(server)), server)


def rows(page: Page) -> Locator:
    return page.locator("#videos > li")


def make(page: Page, text: str) -> None:
    """Another video, and its row is the first."""
    before = rows(page).count()
    say(page, text)
    expect(rows(page)).to_have_count(before + 1)
    expect(rows(page).first).to_have_class(re.compile(r"\bdone\b.*\bcurrent\b"), timeout=LONG_WAIT)


def ready(page: Page) -> None:
    expect(page.locator("#status")).to_have_text(re.compile(r"^Ready: "), timeout=LONG_WAIT)


# --- a job


def test_progress_is_told_from_the_line_to_the_end(page: Page, server: Server) -> None:
    hold(server)
    first = submit(server, "The first.")
    until_running(server, first)
    say(page, "Hello")
    expect(page.locator("#step")).to_have_text("Queued: position 1")
    expect(page.locator("#status")).to_have_text("Queued: position 1")
    expect(page.locator("#time-left")).to_have_text(re.compile(r"^about \d+ secs? left$|longer"))
    server.ask("DELETE", f"/api/jobs/{first}")
    expect(page.locator("#step")).to_have_text(EN["step_render"])
    release(server)
    ready(page)
    heard = page.evaluate("heard")
    doing = [value for _, what, value in heard if what == "doing"]
    known = [EN[f"step_{stage}"].format(n=1) for stage in ("queued", "portrait", "speech", "render", "finish")]
    assert set(doing) <= set(known)
    assert doing == sorted(doing, key=known.index)
    assert {known[0], known[3]} <= set(doing)
    bar = [value for _, what, value in heard if what == "bar"]
    assert bar == sorted(bar)
    expect(page.locator("#progress")).to_be_hidden()


def test_cancel_in_the_middle(page: Page, server: Server) -> None:
    hold(server)
    say(page, "Hello")
    expect(page.locator("#step")).to_have_text(EN["step_render"])
    page.locator("#cancel").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_have_text(EN["cancelled"], timeout=1000)
    expect(page.locator("#progress")).to_be_hidden()
    expect(page.locator("#generate")).to_be_focused()
    expect(page.locator("#still")).to_be_visible()
    expect(rows(page)).to_have_count(0)
    assert [job["state"] for job in jobs(server)] == ["cancelled"]
    release(server)
    say(page, "Hello")  # the same wish, and yet another job
    ready(page)
    assert [job["state"] for job in jobs(server)] == ["done", "cancelled"]


def test_a_wish_that_is_sent_twice_is_one_job(page: Page, server: Server) -> None:
    hold(server)
    say(page, "Hello")
    expect(page.locator("#progress")).to_be_visible()
    with page.expect_response("**/api/jobs") as answered:
        page.locator("#generate").click()
    assert answered.value.status == 202
    assert len(jobs(server)) == 1


def test_what_the_server_refuses_is_said_and_can_be_tried_again(page: Page, server: Server) -> None:
    hold(server)
    until_running(server, submit(server, "The first."))
    submit(server, "The second.")
    say(page, "The third.")
    expect(page.locator("#form-error")).to_have_text(
        re.compile(r"The queue is full: 1 video is waiting\. Try again in \d+ s\.")
    )
    expect(page.locator("#generate")).to_have_attribute("aria-disabled", "false")
    release(server)
    wait_until(lambda: all(job["state"] == "done" for job in jobs(server)), server)
    page.locator("#generate").click()
    expect(page.locator("#form-error")).to_be_empty()
    ready(page)


def test_without_events_the_job_is_asked_for(page: Page) -> None:
    page.route("**/events", lambda route: route.abort())
    say(page, "Hello")
    ready(page)


def test_a_server_that_is_away_for_a_while(page: Page, server: Server) -> None:
    hold(server)
    say(page, "Hello")
    expect(page.locator("#step")).to_have_text(EN["step_render"])
    gone = re.compile(r"/api/jobs/\w+(/events)?$")
    page.route(gone, lambda route: route.abort())
    page.reload()
    page.locator("#videos .open").click()
    expect(page.locator("#step")).to_have_text(EN["network_error"])
    page.unroute(gone)
    expect(page.locator("#step")).to_have_text(EN["step_render"], timeout=LONG_WAIT)
    release(server)
    ready(page)


def test_a_job_is_picked_up_after_a_reload(page: Page, server: Server) -> None:
    hold(server)
    say(page, "Numbers rule the world.")
    expect(page.locator("#step")).to_have_text(EN["step_render"])
    page.reload()
    expect(page.locator("#step")).to_have_text(EN["step_render"])
    expect(page.locator("#cancel")).to_be_visible()
    expect(rows(page)).to_have_text([re.compile(r"Numbers rule the world\.Generating: \d+%")])
    release(server)
    ready(page)
    expect(page.locator("#video")).to_be_visible()


def test_a_job_of_another_browser_is_only_listed(page: Page, server: Server) -> None:
    hold(server)
    submit(server, "Elsewhere.")
    page.reload()
    expect(rows(page)).to_have_text([re.compile(f"{ELSEWHERE}(Generating|Queued)")])
    expect(page.locator("#progress")).to_be_hidden()
    release(server)
    expect(rows(page)).to_have_text([re.compile(f"{ELSEWHERE}[\\d.]+ secs? · ")], timeout=LONG_WAIT)


# --- the list


def test_jobs_of_other_programs_can_be_told_apart(page: Page, server: Server) -> None:
    ids = []
    for more in ({}, {}, {"avatar": "newton", "language": "de"}):
        ids.append(submit(server, "Elsewhere.", **more))
        wait_until(lambda: state(server, ids[-1]) == "done", server)
    page.reload()
    expect(rows(page)).to_have_count(3)
    expect(page.locator("#videos .done")).to_have_count(3, timeout=LONG_WAIT)
    seen = rows(page).all_inner_texts()
    assert len(set(seen)) == 3
    for id, text in zip(reversed(ids), seen, strict=True):
        assert re.search(rf"[\d.]+ secs? · \d\d:\d\d:\d\d( [AP]M)? · {id[:8]}", text), text
    assert "Isaac Newton · German · 10 characters" in seen[0]
    assert seen[1].startswith("Carl Friedrich Gauss · English · 10 characters")
    labels = page.locator("#videos .icon").evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
    assert len(set(labels)) == len(labels) == 6
    page.locator("#page-language").select_option("ru")
    expect(rows(page).first.locator(".title")).to_have_text("Исаак Ньютон · немецкий · 10 символов")


def test_the_list_survives_a_reload_and_plays(page: Page) -> None:
    expect(page.locator("#recent")).to_be_hidden()  # nothing to show
    make(page, "<b>One</b> is\n the first.")
    make(page, "[happy] Two.")
    page.reload()
    expect(rows(page).locator(".title")).to_have_text(["Two.", "<b>One</b> is the first."])
    expect(rows(page).locator(".state")).to_have_text([re.compile(r"^[\d.]+ secs? · .*\d\d:\d\d")] * 2)
    expect(page.locator("#video")).to_be_hidden()
    rows(page).nth(1).locator(".open").press("Enter")
    see_it_play(page)
    expect(page.locator("#download")).to_have_attribute("href", re.compile("download=1$"))
    expect(page.locator(".current .title")).to_have_text("<b>One</b> is the first.")
    with page.expect_download() as download:
        rows(page).nth(0).locator("a").click()
    assert Path(download.value.path()).read_bytes()[4:8] == b"ftyp"


def test_a_video_is_deleted(page: Page, server: Server) -> None:
    make(page, "One.")
    make(page, "Two.")
    delete = rows(page).nth(0).get_by_role("button", name=re.compile("^Delete"))
    delete.click()
    expect(delete).to_have_text("Delete?")
    rows(page).nth(1).locator(".open").focus()  # thought better of it
    expect(delete).to_have_text("×")
    delete.click()
    delete.click()
    expect(rows(page).locator(".title")).to_have_text(["One."])
    expect(rows(page).locator(".open")).to_be_focused()
    expect(page.locator("#video")).to_be_hidden()  # it was on the stage
    expect(page.locator("#result")).to_be_hidden()
    assert len(jobs(server)) == 1
    page.reload()
    expect(rows(page).locator(".title")).to_have_text(["One."])
    assert "Two" not in page.evaluate("localStorage.getItem('lipsync.videos')")


def test_a_failure_is_listed_until_it_is_dismissed(page: Page, server: Server) -> None:
    page.locator("#file").set_input_files({"name": "wall.png", "mimeType": "image/png", "buffer": picture()})
    say(page, "Hello")
    sentence = LipsyncError("no_face", width=256, height=256).message
    expect(page.locator("#portrait-error")).to_have_text(sentence("en"), timeout=LONG_WAIT)
    page.reload()
    expect(rows(page).locator(".state")).to_have_text(sentence("en"))
    expect(rows(page).locator(".open")).not_to_have_attribute("type", "button")
    page.locator("#page-language").select_option("ru")
    expect(rows(page).locator(".state")).to_have_text(sentence("ru"))
    rows(page).get_by_role("button", name=words()["ru"]["dismiss"]).click()
    expect(page.locator("#recent")).to_be_hidden()
    assert jobs(server) == []


def test_more_than_a_dozen(page: Page) -> None:
    made = {
        "state": "done", "stage": "", "progress": 1, "place": None, "seconds_left": None, "avatar": "gauss",
        "language": "en", "characters": 7, "duration": 1.5, "fallbacks": [], "timings": {}, "error": None,
        "created": "2026-01-01T10:00:00Z", "started": "2026-01-01T10:00:00Z", "ended": "2026-01-01T10:00:02Z",
    }  # fmt: skip
    many = {"jobs": [{**made, "id": f"{n:032x}"} for n in range(20)]}

    def tell(route: Route) -> None:
        route.fulfill(json=many)

    page.route("**/api/jobs", tell)
    page.reload()
    expect(rows(page)).to_have_count(12)
    page.locator("#show-more").click()
    expect(rows(page)).to_have_count(20)
    expect(rows(page).nth(12).locator(".open")).to_be_focused()
    expect(page.locator("#show-more")).to_be_hidden()


def test_a_video_that_was_removed_meanwhile(browser: Browser, page: Page, server: Server) -> None:
    say(page, "Hello")
    ready(page)
    for video in (server.log.parent / "outputs").glob("*.mp4"):
        video.unlink()
    with tabs(browser) as new:  # another browser: this one may have kept what it played
        other = new()
        open_page(other, server)
        rows(other).locator(".open").click()
        expect(other.locator("#status")).to_have_text(LipsyncError("video_gone").message("en"))
        expect(other.locator("#result")).to_be_hidden()


# --- a key


def test_a_key_is_asked_for_and_left_behind(browser: Browser, tmp_path: Path) -> None:
    settings = Settings(_env_file=None, state=tmp_path / "state")
    engine = connect(settings)
    _, key = add_key(engine, "of the tests", ["generate"])
    engine.dispose()
    with (
        serve(tmp_path, "tests.helpers.apps.blocking_service:app", LIPSYNC_REQUIRE_KEY="1") as server,
        tabs(browser) as new,
    ):
        tab = new()
        tab.goto(server.url)
        expect(tab.locator("#key")).to_be_focused()
        expect(tab.locator("#sign-out")).to_be_hidden()
        tab.keyboard.press("Enter")
        expect(tab.locator("#key-error")).to_have_text(EN["key_empty"])
        tab.locator("#key").fill("lips_wrong")
        tab.keyboard.press("Enter")
        expect(tab.locator("#key-error")).to_have_text(LipsyncError("wrong_key").message("en"))
        tab.locator("#key").fill(key)
        tab.keyboard.press("Enter")
        expect(tab.locator("#login")).to_be_hidden()
        expect(tab.locator("#language")).to_have_value("auto")
        say(tab, "Hello")
        ready(tab)
        see_it_play(tab)
        assert key not in tab.evaluate("JSON.stringify(localStorage) + document.cookie")
        tab.context.clear_cookies()  # the session has run out
        say(tab, "Hello")
        expect(tab.locator("#key")).to_be_focused()
        expect(tab.locator("#form-error")).to_be_empty()
        tab.locator("#key").fill(key)
        tab.keyboard.press("Enter")
        expect(rows(tab)).to_have_count(1)
        tab.get_by_role("button", name="Sign out").click()
        expect(tab.locator("#key")).to_be_focused()
        expect(tab.locator("#recent")).to_be_hidden()
