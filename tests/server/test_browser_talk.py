"""The page at ``/talk`` in Chromium, over the real server: questions in writing and by voice, and interruptions."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.helpers.browser_tabs import tabs
from tests.helpers.chromium import Launch
from tests.helpers.gunicorn_server import Server, serve
from tests.helpers.studio_page import LONG_WAIT
from tests.helpers.talk_page import (
    APP,
    LONG_ANSWER,
    RECORD_SOCKETS,
    ask,
    expect_phase,
    last_said,
    launch_hearing,
    open_talk,
    stored,
)

pytestmark = pytest.mark.browser

HEARD = "What is the capital of France?"
PARIS = "Paris it is."
HEARD_OR_CUT = re.compile(f"^{PARIS}|…$")


@pytest.fixture(scope="module")
def browser(launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> Browser:
    return launch_hearing(launch, tmp_path_factory.mktemp("microphone"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("browser-talk"), APP) as running:
        yield running
    assert "Traceback" not in running.log.read_text()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[[], Page]]:
    with tabs(browser, RECORD_SOCKETS, permissions=["microphone"]) as new:
        yield new


@pytest.fixture
def page(new_page: Callable[[], Page]) -> Page:
    return new_page()


def test_a_written_question_is_answered_by_the_face(page: Page, server: Server) -> None:
    wire = open_talk(page, server)
    ask(page, "repeat: One two three. Four five six.")
    expect_phase(page, "speaking")
    expect(page.locator("video.film.shown")).to_have_count(1)
    assert page.evaluate("document.querySelector('video.film.shown').videoWidth") > 0
    expect(page.locator("#caption")).to_have_text(re.compile("One two three|Four five six"))
    expect_phase(page, "listening")
    expect(page.locator("video.film.shown")).to_have_count(0)
    expect(page.locator("#caption")).to_be_hidden()
    assert last_said(page, "user") == "repeat: One two three. Four five six."
    assert last_said(page, "assistant") == "One two three. Four five six."
    played = [message["ms"] for message in wire.of("played")]
    done = next(message for message in wire.received if message["type"] == "done")
    assert played == sorted(played)
    assert played[-1] == pytest.approx(done["total_duration"] * 1000, abs=1)
    assert stored(server)[-1] == ("assistant", "One two three. Four five six.", False)


def test_the_portrait_greets_and_says_that_it_is_a_machine(page: Page, server: Server) -> None:
    open_talk(page, server)
    expect(page.locator("#disclosure")).to_have_text("You are talking with a computer program, not with a person.")
    page.get_by_role("button", name="Start talking").click()
    expect_phase(page, "speaking")
    expect(page.locator("#transcript .assistant .said")).to_have_text(re.compile(r"^Hello! I am Ada\."))
    expect(page.get_by_role("button", name="Hold to talk")).to_be_focused()


def test_push_to_talk_by_the_space_bar(page: Page, server: Server) -> None:
    wire = open_talk(page, server)
    page.locator("h1").evaluate("document.activeElement.blur()")
    page.keyboard.down("Space")
    expect_phase(page, "hearing")
    expect(page.get_by_role("button", name="Release to send")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#transcript .user .said")).to_have_text(HEARD, timeout=LONG_WAIT)
    page.keyboard.up("Space")
    expect(page.get_by_role("button", name="Hold to talk")).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#transcript .assistant .said").last).to_have_text(PARIS, timeout=LONG_WAIT)
    expect_phase(page, "speaking")
    assert len(wire.of("commit")) == 1
    before = wire.microphone_messages
    assert before > 20
    expect_phase(page, "listening")
    assert wire.microphone_messages == before, "the microphone is sent only while the key is down"
    assert wire.of("start")[0]["turn"] == {"mode": "manual"}
    assert not wire.of("start")[0]["greeting"], "who talks is not interrupted by a greeting"


def test_push_to_talk_by_taps(page: Page, server: Server) -> None:
    wire = open_talk(page, server)
    page.get_by_role("button", name="Hold to talk").click()
    expect(page.get_by_role("button", name="Tap to send")).to_be_visible(timeout=LONG_WAIT)
    expect(page.locator("#transcript .user .said")).to_have_text(HEARD, timeout=LONG_WAIT)
    page.get_by_role("button", name="Tap to send").click()
    expect(page.locator("#transcript .assistant .said").last).to_have_text(PARIS, timeout=LONG_WAIT)
    assert len(wire.of("commit")) == 1


def test_a_turn_is_forgotten_by_escape(page: Page, server: Server) -> None:
    wire = open_talk(page, server)
    page.get_by_role("button", name="Hold to talk").click()
    expect_phase(page, "hearing")
    page.keyboard.press("Escape")
    expect_phase(page, "listening")
    assert (len(wire.of("clear")), wire.of("commit")) == (1, [])
    expect(page.get_by_role("button", name="Hold to talk")).to_be_visible()


def test_a_question_in_writing_ends_a_turn_by_voice(page: Page, server: Server) -> None:
    open_talk(page, server)
    page.get_by_role("button", name="Hold to talk").click()
    expect_phase(page, "hearing")
    ask(page, "repeat: In writing instead.")
    expect(page.locator("#transcript .assistant .said").last).to_have_text("In writing instead.", timeout=LONG_WAIT)
    expect(page.get_by_role("button", name="Hold to talk")).to_have_attribute("aria-pressed", "false")
    expect_phase(page, "speaking")


def test_an_open_microphone_needs_no_button(page: Page, server: Server) -> None:
    wire = open_talk(page, server)
    page.get_by_role("switch", name="Open microphone").check()
    expect(page.locator("#transcript .assistant .said", has_text=PARIS).first).to_be_visible(timeout=LONG_WAIT)
    assert page.locator("#transcript .user .said").first.inner_text() == HEARD
    assert wire.of("commit") == []
    assert wire.of("start")[-1]["turn"] == {"mode": "vad"}
    page.get_by_role("button", name="Mute").click()
    expect(page.get_by_role("switch", name="Open microphone")).not_to_be_checked()
    expect(page.get_by_role("button", name="Hold to talk")).to_be_visible()


@pytest.mark.parametrize("way", ["button", "escape", "face", "question"])
def test_an_answer_is_interrupted(page: Page, server: Server, way: str) -> None:
    wire = open_talk(page, server)
    ask(page, f"repeat: {LONG_ANSWER}")
    expect_phase(page, "speaking")
    expect(page.locator("#caption-spoken")).to_have_text(re.compile("One sentence of"))
    match way:
        case "button":
            page.get_by_role("button", name="Interrupt").click()
        case "escape":
            page.keyboard.press("Escape")
        case "face":
            page.locator("#stage").click(position={"x": 100, "y": 100})
        case "question":
            ask(page, "repeat: Something else.")
    if way == "question":
        expect(page.locator("#transcript .assistant .said").last).to_have_text("Something else.", timeout=LONG_WAIT)
    else:
        expect_phase(page, "interrupted")
        assert len(wire.of("interrupt")) == 1
        expect(page.locator("video.film.shown")).to_have_count(0)
        expect_phase(page, "listening")
    cut = page.locator("#transcript .assistant .said").first
    expect(cut).to_have_text(re.compile(r"^One.*…$"))
    assert len(cut.inner_text()) < len(LONG_ANSWER)
    if way != "question":
        assert page.evaluate("[...document.querySelectorAll('video.film')].every((video) => video.paused)")
    interrupted = [one for one in stored(server) if one[2]]
    assert [f"{text} …" for _, text, _ in interrupted] == [cut.inner_text()]


def test_a_voice_interrupts_where_the_microphone_is_open(page: Page, server: Server) -> None:
    wire = open_talk(page, server)
    page.get_by_role("switch", name="Open microphone").check()
    expect_phase(page, "hearing")
    ask(page, f"repeat: {LONG_ANSWER}")
    expect(page.locator("#transcript .assistant .said").last).to_have_text(HEARD_OR_CUT, timeout=LONG_WAIT)
    page.get_by_role("button", name="Mute").click()
    assert "voice" in [message["by"] for message in wire.received if message["type"] == "interrupted"]


def test_the_volume_is_lowered_as_soon_as_the_server_says_so(page: Page, server: Server) -> None:
    open_talk(page, server)
    ask(page, f"repeat: {LONG_ANSWER}")
    expect_phase(page, "speaking")
    volumes = page.evaluate("""[0.3, 1].map((volume) => {
        const data = JSON.stringify({type: "volume", answer: 1, volume});
        sockets.at(-1).dispatchEvent(new MessageEvent("message", {data}));
        return document.querySelector("video.film.shown").volume;
    })""")
    assert volumes == pytest.approx([0.3, 1])


def test_a_microphone_that_is_refused_leaves_the_text_field(browser: Browser, server: Server) -> None:
    with tabs(browser, "") as new:
        page = new()
        open_talk(page, server)
        page.get_by_role("button", name="Hold to talk").click()
        expect(page.locator("#microphone-problem")).to_have_text(
            re.compile("not allowed for this page"), timeout=LONG_WAIT
        )
        expect(page.get_by_role("button", name="Hold to talk")).to_have_attribute("aria-pressed", "false")
        ask(page, "repeat: In writing.")
        expect(page.locator("#transcript .assistant .said").last).to_have_text("In writing.", timeout=LONG_WAIT)


def test_a_page_without_https_says_why_there_is_no_microphone(browser: Browser, server: Server) -> None:
    insecure = "Object.defineProperty(window, 'isSecureContext', {value: false})"
    with tabs(browser, insecure) as new:
        page = new()
        open_talk(page, server)
        page.get_by_role("switch", name="Open microphone").click()
        expect(page.locator("#microphone-problem")).to_have_text(re.compile("https"), timeout=LONG_WAIT)
        expect(page.get_by_role("switch", name="Open microphone")).not_to_be_checked()


def test_another_persona_begins_another_conversation(page: Page, server: Server) -> None:
    wire = open_talk(page, server)
    page.get_by_text("Who answers:").first.click()
    expect(page.get_by_role("radio")).to_have_count(3)
    page.get_by_role("radio", name=re.compile("Лев")).check()
    expect(page.locator("#still")).to_have_attribute("src", "api/avatars/gauss")
    page.get_by_role("button", name="Start talking").click()
    expect(page.locator("#transcript .assistant .said")).to_have_text(re.compile("Здравствуйте"), timeout=LONG_WAIT)
    expect(page.locator("#disclosure")).to_have_text("Вы разговариваете с компьютерной программой, а не с человеком.")
    page.get_by_role("radio", name=re.compile("Ada")).check()
    expect(page.locator("#transcript .assistant .said")).to_have_text(re.compile("Hello"), timeout=LONG_WAIT)
    assert [message["persona"] for message in wire.of("start")] == ["lev", "ada"]


def test_an_earlier_conversation_is_continued_and_deleted(page: Page, server: Server) -> None:
    wire = open_talk(page, server)
    ask(page, "repeat: Remember me.")
    expect_phase(page, "speaking")
    expect_phase(page, "listening")
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator("#transcript .assistant .said")).to_have_text(re.compile("Hello"), timeout=LONG_WAIT)
    page.get_by_text("Earlier conversations", exact=True).click()
    earlier = page.locator("#conversation-list li", has_text="repeat: Remember me.").first
    earlier.get_by_role("button", name=re.compile("^repeat: Remember me.")).click()
    expect(page.locator("#transcript .said")).to_have_text(["repeat: Remember me.", "Remember me."])
    expect_phase(page, "listening")
    assert wire.of("start")[-1]["conversation"] == wire.received[0]["conversation"]
    count = page.locator("#conversation-list li").count()
    earlier.get_by_role("button", name="Delete the conversation").click()
    earlier.get_by_role("button", name="Delete?").click()
    expect(page.locator("#conversation-list li")).to_have_count(count - 1)
    expect(page.locator("#transcript .said")).to_have_count(0)
    expect_phase(page, "idle")
    left = json.loads(server.ask("GET", "/api/v1/conversations").body)["conversations"]
    assert wire.received[0]["conversation"] not in [one["id"] for one in left]
