"""The widget ``<lipsync-avatar>`` in a page of another origin, in Chromium, over the real server."""

from __future__ import annotations

import json
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, WebSocketRoute, expect

from lipsync.server.app import ROOT
from tests.helpers.browser_tabs import tabs
from tests.helpers.chromium import Launch
from tests.helpers.eventually import eventually
from tests.helpers.gunicorn_server import Server, serve
from tests.helpers.live_client import RATE, SECOND
from tests.helpers.studio_page import LONG_WAIT
from tests.helpers.talk_page import APP, LONG_ANSWER, Wire, launch_hearing
from tests.helpers.widget_site import WATCH_MEDIA, Site, evaluate, expect_state, open_site, widget_site

pytestmark = pytest.mark.browser

TWO = '<lipsync-avatar id="one"></lipsync-avatar><lipsync-avatar id="two" persona="lev"></lipsync-avatar>'
REFUSE_TO_PLAY = """
    const { play } = HTMLMediaElement.prototype;
    let isPressed = false;
    addEventListener("click", () => { isPressed = true; }, true);
    HTMLMediaElement.prototype.play = function () {
      return isPressed ? play.call(this) : Promise.reject(new DOMException("not yet", "NotAllowedError"));
    };
    window.AudioContext = class extends AudioContext {
      constructor(...options) {
        super(...options);
        this.suspend();
      }
      resume() { return isPressed ? super.resume() : new Promise(() => {}); }
    };
"""
"""What a test evaluates counts as a press for the browser itself."""


@pytest.fixture(scope="module")
def browser(launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> Browser:
    return launch_hearing(launch, tmp_path_factory.mktemp("microphone"))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with widget_site() as site:
        with serve(tmp_path_factory.mktemp("widget"), APP, LIPSYNC_CORS_ORIGINS=site.origin) as server:
            site.lipsync = server
            yield site
        assert "Traceback" not in server.log.read_text()


@pytest.fixture
def site(running: Site) -> Site:
    running.policy = running.document = ""
    return running


@pytest.fixture
def server(site: Site) -> Server:
    assert site.lipsync is not None
    return site.lipsync


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[[], Page]]:
    with tabs(browser, WATCH_MEDIA, permissions=["microphone"]) as new:
        yield new


@pytest.fixture
def page(new_page: Callable[[], Page]) -> Page:
    return new_page()


@pytest.fixture
def complaining_page(browser: Browser) -> Iterator[tuple[Page, list[str]]]:
    """A tab, and the errors in its console, which do not fail the test."""
    context = browser.new_context(locale="en-GB")
    context.add_init_script(WATCH_MEDIA)
    tab = context.new_page()
    errors: list[str] = []
    tab.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    yield tab, errors
    context.close()


def test_a_question_is_answered_by_the_face(page: Page, site: Site) -> None:
    wire = Wire(page)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    open_site(page, site)
    expect(page.get_by_role("region", name="Ada")).to_be_visible()
    expect(page.get_by_role("button", name="Start talking")).to_be_visible()
    expect(page.get_by_role("button", name="Hold to talk")).to_be_hidden()
    expect(page.get_by_text("You are talking with a computer program, not with a person.")).to_be_visible()
    assert not [url for url in requests if "/stream" in url or "/tickets" in url or "/loops" in url]
    answer = evaluate(page, "return avatar.ask('repeat: One two three. Four five six.')")
    assert answer == {"answer": 1, "text": "One two three. Four five six.", "interrupted": False}
    names = [name for name in page.evaluate("events.map(({name}) => name)") if name not in ("state", "ready")]
    assert names == ["sentence", "sentence", "done"]
    states = page.evaluate("named('state').map(({state}) => state)")
    assert states == ["idle", "connecting", "thinking", "speaking", "listening"]
    assert page.evaluate("named('ready')[0].persona") == "ada"
    first, second = page.evaluate("named('sentence')")
    assert (first["text"], second["index"], first["words"][0][0]) == ("One two three.", 1, "One")
    assert 0 <= first["start"] < first["end"] <= second["start"]
    assert page.evaluate("named('done')[0].duration_s") > 1.5
    assert any(message["type"] == "video" for message in wire.received)
    log = page.get_by_role("log", name="Conversation")
    expect(log.get_by_role("listitem")).to_have_text(
        ["Yourepeat: One two three. Four five six.", "AdaOne two three. Four five six."]
    )


def test_the_film_is_seen_while_the_answer_is_spoken(page: Page, site: Site) -> None:
    open_site(page, site)
    page.get_by_role("textbox", name="Your message").fill("repeat: One two three. Four five six.")
    page.keyboard.press("Enter")
    expect_state(page, "speaking")
    film = page.locator("lipsync-avatar video.film.shown")
    expect(film).to_have_count(1)
    assert film.evaluate("(video) => video.videoWidth") > 0
    expect_state(page, "listening")
    expect(film).to_have_count(0)


def test_a_text_is_said_as_it_is_and_another_takes_its_place(page: Page, site: Site) -> None:
    open_site(page, site)
    said = evaluate(
        page,
        """
        const first = avatar.say("repeat: this is never heard, because the next text takes its place.");
        const second = avatar.say("repeat: exactly.");
        return Promise.all([first, second]);
        """,
    )
    assert [one["interrupted"] for one in said] == [True, False]
    assert said[1]["text"] == "repeat: exactly."
    expect(page.locator("lipsync-avatar .user")).to_have_count(0)


def test_an_answer_is_interrupted(page: Page, site: Site) -> None:
    wire = Wire(page)
    open_site(page, site)
    evaluate(page, f"window.end = avatar.ask('repeat: {LONG_ANSWER}')")
    expect_state(page, "speaking")
    page.evaluate("document.querySelector('lipsync-avatar').interrupt()")
    expect_state(page, "listening")
    assert len(wire.of("interrupt")) == 1
    (event,) = page.evaluate("named('interrupted')")
    assert page.evaluate("window.end") == {"answer": 1, "text": event["text"], "interrupted": True}
    assert event["by"] == "message"
    assert len(event["text"]) < len(LONG_ANSWER)
    assert page.evaluate("named('done')") == []


@pytest.mark.parametrize("way", ["button", "escape", "face"])
def test_the_person_interrupts(page: Page, site: Site, way: str) -> None:
    open_site(page, site)
    page.get_by_role("textbox").fill(f"repeat: {LONG_ANSWER}")
    page.keyboard.press("Enter")
    expect_state(page, "speaking")
    match way:
        case "button":
            page.get_by_role("button", name="Interrupt").click()
        case "escape":
            page.keyboard.press("Escape")
        case "face":
            page.locator("lipsync-avatar .stage").click(position={"x": 100, "y": 100})
    expect_state(page, "interrupted")
    expect_state(page, "listening")


def test_two_elements_talk_apart_from_each_other(page: Page, site: Site) -> None:
    open_site(page, site, TWO)
    evaluate(page, f"window.first = avatar.ask('repeat: {LONG_ANSWER}').then(({{ text }}) => text)", "#one")
    expect_state(page, "speaking", "#one")
    second = evaluate(page, "return avatar.ask('repeat: Раз, два.')", "#two")
    assert (second["text"], second["interrupted"]) == ("Раз, два.", False)
    expect_state(page, "speaking", "#one")
    evaluate(page, "avatar.interrupt()", "#one")
    assert page.evaluate("window.first") in LONG_ANSWER
    ready = page.evaluate("events.filter(({name}) => name === 'ready').map(({id, detail}) => [id, detail.persona])")
    assert ready == [["one", "ada"], ["two", "lev"]]
    assert page.evaluate("new Set(named('ready').map(({conversation}) => conversation)).size") == 2
    assert page.evaluate("sockets.length") == 2


def test_a_removed_element_gives_everything_back(page: Page, site: Site) -> None:
    open_site(page, site, "<lipsync-avatar microphone></lipsync-avatar>")
    evaluate(page, "await avatar.listen()")
    assert page.evaluate("tracks.map(({readyState}) => readyState)") == ["live"]
    page.wait_for_function("named('transcript').length > 0", timeout=LONG_WAIT)
    evaluate(page, "await avatar.stopListening()")
    expect_state(page, "speaking")
    evaluate(page, "window.left = avatar.ask('repeat: Never heard.').catch(({ name }) => name); avatar.remove()")
    assert page.evaluate("window.left") == "AbortError"
    closed = "sockets.every(({readyState}) => readyState === WebSocket.CLOSED)"
    eventually(lambda: page.evaluate(closed))
    assert page.evaluate("sockets.length") == 1
    assert page.evaluate("tracks.map(({readyState}) => readyState)") == ["ended"]
    assert page.evaluate("contexts.length") > 0
    eventually(lambda: page.evaluate("contexts.every(({state}) => state === 'closed')"))
    assert page.evaluate("[...addresses]") == []
    assert page.evaluate("named('error')") == []


def test_an_element_that_is_moved_goes_on(page: Page, site: Site) -> None:
    open_site(page, site, "<lipsync-avatar></lipsync-avatar><div></div>")
    evaluate(page, "await avatar.ask('repeat: One.'); document.querySelector('div').append(avatar)")
    assert evaluate(page, "return avatar.ask('repeat: Two.')")["text"] == "Two."
    assert page.evaluate("sockets.length") == 1


def test_push_to_talk(page: Page, site: Site) -> None:
    wire = Wire(page)
    open_site(page, site, "<lipsync-avatar microphone></lipsync-avatar>")
    button = page.get_by_role("button", name="Hold to talk")
    button.focus()
    page.keyboard.down("Space")
    expect_state(page, "hearing")
    expect(page.get_by_role("button", name="Release to send")).to_have_attribute("aria-pressed", "true")
    page.wait_for_function("named('transcript').length > 0", timeout=LONG_WAIT)
    page.keyboard.up("Space")
    expect(page.locator("lipsync-avatar .assistant .said").last).to_have_text("Paris it is.", timeout=LONG_WAIT)
    assert page.evaluate("named('transcript').at(-1)") == {"text": "What is the capital of France?", "final": True}
    assert (len(wire.of("commit")), wire.of("start")[0]["turn"]) == (1, {"mode": "manual"})


def test_listening_by_methods(page: Page, site: Site) -> None:
    open_site(page, site)
    evaluate(page, "await avatar.listen()")
    expect_state(page, "hearing")
    page.wait_for_function("named('transcript').length > 0", timeout=LONG_WAIT)
    assert evaluate(page, "return avatar.stopListening()") == "What is the capital of France?"
    assert evaluate(page, "return avatar.stopListening()") == "", "nobody was listened to"


def test_a_turn_without_words_is_over(launch: Launch, site: Site, tmp_path: Path) -> None:
    """The microphone is silent: the server hears no voice, and tells no state."""
    with wave.open(str(tmp_path / "silence.wav"), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(bytes(len(SECOND)))
    recording = f"--use-file-for-fake-audio-capture={tmp_path / 'silence.wav'}"
    silent = launch("--use-fake-device-for-media-stream", recording)
    with tabs(silent, WATCH_MEDIA, permissions=["microphone"]) as new:
        page = new()
        open_site(page, site)
        evaluate(page, "await avatar.listen()")
        assert evaluate(page, "return avatar.stopListening()") == ""
        expect(page.get_by_text("No words were heard. Please say it again.")).to_be_visible()
        expect_state(page, "listening")


@pytest.mark.parametrize("script", ["", "delete window.MediaSource;"], ids=["film", "sound"])
def test_a_browser_that_wants_a_press_first(
    complaining_page: tuple[Page, list[str]], site: Site, script: str
) -> None:
    page, _ = complaining_page
    page.add_init_script(REFUSE_TO_PLAY + script)
    open_site(page, site, "<lipsync-avatar autoconnect></lipsync-avatar>")
    expect(page.get_by_role("alert")).to_have_text(
        "The browser plays sound only after a click. Press the button on the picture.", timeout=LONG_WAIT
    )
    assert page.evaluate("named('error').map(({code}) => code)") == ["play_refused"]
    page.get_by_role("button", name="Continue").click()
    expect_state(page, "speaking")
    expect(page.locator("lipsync-avatar .assistant .said")).to_contain_text("Hello! I am Ada.")
    page.wait_for_function("named('done').length === 1", timeout=LONG_WAIT)


def test_a_muted_element_begins_by_itself(page: Page, site: Site) -> None:
    open_site(page, site, "<lipsync-avatar autoconnect muted></lipsync-avatar>")
    expect_state(page, "speaking")
    muted = "return [...avatar.shadowRoot.querySelectorAll('.film')].map((video) => video.muted)"
    assert evaluate(page, muted) == [True, True]
    evaluate(page, "avatar.muted = false")
    assert evaluate(page, muted) == [False, False]


def test_what_the_server_says_is_text(complaining_page: tuple[Page, list[str]], site: Site) -> None:
    page, _ = complaining_page
    text = "1 < 2 & <b>bold</b> <img src=x onerror=alert(1)>"
    page.route_web_socket("**/api/v1/stream", lambda socket: answer_with_markup(socket, text))
    open_site(page, site)
    evaluate(page, "avatar.connect()")
    expect(page.locator("lipsync-avatar .assistant .said")).to_have_text(text)
    expect(page.locator("lipsync-avatar .disclosure")).to_have_text(text)
    expect(page.get_by_role("alert")).to_have_text(text)
    assert page.locator("lipsync-avatar :is(b, .controls img)").count() == 0


def answer_with_markup(socket: WebSocketRoute, text: str) -> None:
    """A server that sends markup wherever the element shows its words."""

    def answer(_: str | bytes) -> None:
        limits = {"turn_s": 60, "idle_s": 300}
        for message in (
            {
                "type": "ready",
                "session": "s",
                "conversation": "c",
                "persona": "ada",
                "language": "en",
                "notice": text,
                "limits": limits,
            },
            {"type": "answer", "answer": 1},
            {"type": "sentence", "answer": 1, "index": 0, "text": text, "start": 0, "end": 1, "words": []},
            {"type": "error", "code": "x", "error": text, "fatal": False},
        ):
            socket.send(json.dumps(message))

    socket.on_message(answer)


def test_a_strict_content_policy_of_the_site(page: Page, site: Site, server: Server) -> None:
    """The policy of docs/embed.md."""
    address = server.url.rstrip("/")
    site.policy = (
        f"default-src 'none'; script-src 'self' {address}; connect-src {address} {address.replace('http', 'ws')}; "
        f"img-src {address}; media-src {address} blob:"
    )
    open_site(page, site, "<lipsync-avatar microphone></lipsync-avatar>")
    expect(page.get_by_role("region", name="Ada")).to_be_visible()
    evaluate(page, "await avatar.listen()")
    evaluate(page, "await avatar.stopListening()")
    assert evaluate(page, "return avatar.ask('repeat: One.')")["text"] == "One."
    expect(page.locator("lipsync-avatar .loop.shown")).to_have_count(1, timeout=LONG_WAIT)


def test_the_example(page: Page, site: Site, server: Server) -> None:
    example = (ROOT / "examples" / "embed" / "index.html").read_text("utf-8")
    assert "http://localhost:3000/" in example
    site.document = example.replace("http://localhost:3000/", server.url)
    page.goto(site.origin)
    page.get_by_role("button", name="hear the opening hours").click()
    expect(page.locator("#events")).to_contain_text("heard to the end", timeout=LONG_WAIT)
    expect(page.locator("#events")).to_contain_text('sentence {"answer":1,"index":0,"text":"We are open')


# ---- what is wrong


def test_a_site_that_is_not_listed_does_not_get_the_widget(
    complaining_page: tuple[Page, list[str]], site: Site
) -> None:
    page, errors = complaining_page
    site.body = "<lipsync-avatar></lipsync-avatar>"
    page.goto(site.other_origin)
    assert page.evaluate("document.readyState") == "complete"
    assert page.evaluate("customElements.get('lipsync-avatar') === undefined")
    assert any("blocked by CORS policy" in error for error in errors), errors
    assert page.evaluate("sockets.length") == 0


def fulfil_for_everybody(route: Route) -> None:
    found = route.fetch()
    route.fulfill(response=found, headers={**found.headers, "Access-Control-Allow-Origin": "*"})


def test_a_site_that_is_not_listed_gets_no_conversation(complaining_page: tuple[Page, list[str]], site: Site) -> None:
    """It may serve the scripts itself."""
    page, errors = complaining_page
    page.route("**/static/**", fulfil_for_everybody)
    site.body = "<lipsync-avatar></lipsync-avatar>"
    page.goto(site.other_origin)
    page.get_by_role("button", name="Start talking").click()
    expect(page.get_by_role("alert")).to_contain_text("The server is not responding.")
    expect_state(page, "lost")
    assert page.evaluate("named('error').map(({code}) => code)") == ["network_error"]
    assert len([error for error in errors if error.startswith("<lipsync-avatar>:")]) == 1
    assert page.evaluate("sockets.length") == 0


@pytest.mark.parametrize(
    ("attributes", "code", "text"),
    [
        ('mode="3d"', "unsupported_mode", "The mode “3d” is not available. Available: video."),
        ('server="ftp://example.org"', "bad_server", "The attribute “server” is not an address with http or https"),
    ],
)
def test_a_wrong_attribute_is_one_error(
    complaining_page: tuple[Page, list[str]], site: Site, attributes: str, code: str, text: str
) -> None:
    page, errors = complaining_page
    open_site(page, site, f"<lipsync-avatar {attributes} autoconnect></lipsync-avatar>")
    expect(page.get_by_role("alert")).to_contain_text(text)
    page.wait_for_function("named('error').length > 0")
    assert page.evaluate("named('error').map(({code}) => code)") == [code]
    assert [error.startswith(f"<lipsync-avatar>: {text}") for error in errors] == [True]
    assert evaluate(page, "return avatar.ask('Hello').catch(({ name }) => name)") == "InvalidStateError"
    assert page.evaluate("sockets.length") == 0
    evaluate(page, "avatar.mode = 'video'; avatar.removeAttribute('server'); avatar.removeAttribute('autoconnect')")
    expect(page.get_by_role("button", name="Start talking")).to_be_visible()


def test_an_unknown_persona_is_one_error(complaining_page: tuple[Page, list[str]], site: Site) -> None:
    page, _ = complaining_page
    open_site(page, site, '<lipsync-avatar persona="nobody"></lipsync-avatar>')
    assert evaluate(page, "return avatar.ask('Hello').catch(({ code }) => code)") == "unknown_persona"
    assert page.evaluate("named('error').map(({code}) => code)") == ["unknown_persona"]
