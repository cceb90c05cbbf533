"""The page in Chromium, over the real server: what a person does there, and every mistake they can make."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, Route, expect

from lipsync.errors import LipsyncError, not_a_picture
from lipsync.face.avatars import avatar
from lipsync.web.words import words
from tests.face.videos import moving, mp4
from tests.web.chromium import Launch
from tests.web.server import Server, serve
from tests.web.tabs import with_wav2lip

pytestmark = pytest.mark.browser

MAX_TEXT = 500
HTML = not_a_picture("HTML").facts["finding"]
LONG_WAIT = 60_000
"""Milliseconds that a video may take on a busy machine."""


def picture(text: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (300, 300), "teal").save(buffer, text)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def browser(launch: Launch) -> Browser:
    return launch()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("browser")
    with serve(folder, LIPSYNC_MAX_TEXT=str(MAX_TEXT), LIPSYNC_MAX_UPLOAD_MB="1") as running:
        yield running


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that has never been here, with English as its language."""
    fresh = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext, server: Server) -> Iterator[Page]:
    """The page, loaded; whatever the script or the content policy complains about fails the test."""
    complaints: list[str] = []
    tab = context.new_page()
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    open_page(tab, server)
    yield tab
    # A refused wish, and a server that is gone, show there too: both are what some tests are about.
    assert [text for text in complaints if not text.startswith("Failed to load resource")] == []


def open_page(tab: Page, server: Server) -> None:
    tab.goto(server.url)
    expect(tab.locator("#language option").first).to_be_attached()


def say(page: Page, text: str) -> None:
    page.locator("#text").fill(text)
    page.locator("#generate").click()


def see_it_play(page: Page) -> None:
    """The video is there, has a picture, and its time advances."""
    expect(page.locator("#video")).to_be_visible(timeout=LONG_WAIT)
    page.evaluate(  # not wait_for_function: it needs eval, which the content policy forbids
        """limit => new Promise((resolve, reject) => {
            setTimeout(() => reject(new Error("the video does not play")), limit);
            const look = () => document.querySelector("#video").currentTime > 0.2 ? resolve() : setTimeout(look, 50);
            look();
        })""",
        LONG_WAIT,
    )
    assert page.evaluate("document.querySelector('#video').videoWidth") > 0


def outputs(server: Server) -> list[str]:
    return sorted(path.name for path in (server.log.parent / "outputs").iterdir())


def sentence(code: str, language: str = "en", **facts: object) -> str:
    return LipsyncError(code, **facts).sentence(language)


# --- what a person does


def test_type_generate_play_download(page: Page) -> None:
    say(page, "Hello! How are you?")
    expect(page.locator("#progress")).to_be_visible()
    expect(page.locator("#remaining")).not_to_be_empty()
    see_it_play(page)
    expect(page.locator("#progress")).to_be_hidden()
    expect(page.locator("#still")).to_be_hidden()
    expect(page.locator("#status")).to_have_text(re.compile(r"^Ready: [\d.]+ s of video, made in [\d.]+ s\.$"))
    rows = page.locator("#timings dt").all_text_contents()
    assert rows[:3] == ["Portrait", "Speech", "Motion of the face"]
    assert rows[-1] == "Altogether"
    with page.expect_download() as download:
        page.locator("#download").click()
    assert re.fullmatch(r"avatar_.+\.mp4", download.value.suggested_filename)
    assert Path(download.value.path()).read_bytes()[4:8] == b"ftyp"


def test_another_portrait_and_language(page: Page) -> None:
    page.get_by_role("radio", name="Isaac Newton").check()
    expect(page.locator("#still")).to_have_attribute("src", "api/avatars/newton")
    page.get_by_label("Language", exact=True).select_option("kk")
    page.get_by_label("Voice", exact=True).select_option("espeak-female")
    with page.expect_request("**/api/jobs") as sent:
        say(page, "Сәлем!")
    assert sent.value.post_data_json == {
        "text": "Сәлем!",
        "language": "kk",
        "voice": "espeak-female",
        "avatar": "newton",
    }
    see_it_play(page)
    aspect = page.evaluate(
        "document.querySelector('#video').videoWidth / document.querySelector('#video').videoHeight"
    )
    assert aspect == pytest.approx(768 / 432, abs=0.02)


def test_another_speed(page: Page) -> None:
    expect(page.locator("#speed-now")).to_have_text("× 1.00")
    page.get_by_label("Speed of speech").fill("1.5")
    expect(page.locator("#speed-now")).to_have_text("× 1.50")
    with page.expect_request("**/api/jobs") as sent:
        say(page, "Hello")
    assert sent.value.post_data_json["speed"] == 1.5
    see_it_play(page)
    expect(page.locator("#status")).to_have_text(re.compile(r"made in [\d.]+ s\.$"))


def test_what_is_left_out_of_a_video_is_shown(page: Page) -> None:
    def add(route: Route) -> None:
        response = route.fetch()
        job = response.json()
        part = {"start": 1, "end": 4, "duration": 4, "left_out": [], "sentence": "Seconds 1.0-4.0 are used."}
        route.fulfill(response=response, json={**job, "avatar_part": part if job.get("state") == "done" else None})

    page.route(re.compile(r"/api/jobs/[0-9a-f]{32}$"), add)
    say(page, "Hello")
    see_it_play(page)
    expect(page.locator("#status")).to_have_text(re.compile(r"made in .* s\. Seconds 1\.0-4\.0 are used\.$"))


def test_a_voice_that_could_not_go_on_is_named(page: Page) -> None:
    told = [
        {"engine": "xtts", "reason": "voice_slow", "sentence": "XTTS was slow.", "piece": 1, "voice": "espeak-male"}
    ]

    def add(route: Route) -> None:
        response = route.fetch()
        job = response.json()
        route.fulfill(response=response, json={**job, "fallbacks": told if job.get("state") == "done" else []})

    page.route(re.compile(r"/api/jobs/[0-9a-f]{32}$"), add)
    say(page, "Hello")
    see_it_play(page)
    expect(page.locator("#status")).to_have_text(re.compile(r"made in .* s\. XTTS was slow\. espeak-male went on\.$"))


def test_a_picture_of_ones_own(page: Page) -> None:
    page.locator("#file").set_input_files(avatar("hopper").path)
    own = page.get_by_role("radio", name="Your picture")
    expect(own).to_be_checked()
    expect(page.locator("#still")).to_have_attribute("src", re.compile("^blob:"))
    say(page, "Yes.")
    see_it_play(page)
    page.locator("#file").set_input_files(avatar("newton").path)  # another takes its place
    expect(own).to_have_count(1)
    expect(page.locator("#video")).to_be_hidden()


def test_a_video_is_refused_when_it_is_chosen_where_there_is_no_wav2lip(page: Page) -> None:
    expect(page.locator("#drop-hint")).to_have_text(words()["en"]["drop_no_video"])
    expect(page.locator("label[for=file]")).to_have_text(words()["en"]["choose"])
    for kind in ("image/heic", ".avif", ".gif"):
        assert kind in (page.locator("#file").get_attribute("accept") or "").split(",")
    assert "video" not in (page.locator("#file").get_attribute("accept") or "")
    film = FilePayload(name="me.mp4", mimeType="video/mp4", buffer=b"not looked at")
    page.locator("#file").set_input_files(film)
    expect(page.locator("#avatar-problem")).to_have_text(sentence("video_needs_wav2lip"))
    expect(page.get_by_role("radio", name="Your video")).to_have_count(0)
    expect(page.locator("#moving")).to_be_hidden()
    page.get_by_role("button", name="Русский").click()
    expect(page.locator("#drop-hint")).to_have_text(words()["ru"]["drop_no_video"])


def test_a_video_of_ones_own_is_shown_where_there_is_wav2lip(context: BrowserContext, server: Server) -> None:
    tab = context.new_page()
    tab.route("**/api/health", with_wav2lip)
    open_page(tab, server)
    expect(tab.locator("#drop-hint")).to_have_text(words()["en"]["drop_video"])
    expect(tab.locator("label[for=file]")).to_have_text(words()["en"]["choose_video"])
    assert ".webm" in (tab.locator("#file").get_attribute("accept") or "").split(",")
    film = FilePayload(name="me.mp4", mimeType="video/mp4", buffer=mp4(moving(6)))
    tab.locator("#file").set_input_files(film)
    expect(tab.get_by_role("radio", name="Your video")).to_be_checked()
    expect(tab.locator("#moving")).to_be_visible()
    expect(tab.locator("#still")).to_be_hidden()
    tab.wait_for_function("document.querySelector('#moving').videoWidth === 240")
    assert tab.evaluate("document.querySelector('#moving').muted")
    expect(tab.locator(".tile video")).to_have_count(1)
    say(tab, "Yes.")  # the page was told otherwise: this server has none
    expect(tab.locator("#avatar-problem")).to_have_text(sentence("video_needs_wav2lip"), timeout=LONG_WAIT)
    tab.get_by_role("radio", name="Grace Hopper").check()
    expect(tab.locator("#moving")).to_be_hidden()
    expect(tab.locator("#still")).to_be_visible()
    expect(tab.locator("#avatar-problem")).to_be_empty()


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("logo.svg", "image/svg+xml"),
        ("scan.pdf", "application/pdf"),
        ("photo.jp2", "image/jp2"),
        ("a.txt", "text/plain"),
    ],
)
def test_another_kind_of_file_is_refused_when_it_is_chosen(page: Page, name: str, media_type: str) -> None:
    page.locator("#file").set_input_files(FilePayload(name=name, mimeType=media_type, buffer=b"<svg/>"))
    expect(page.locator("#avatar-problem")).to_have_text(not_a_picture(None).sentence("en"))
    expect(page.get_by_role("radio", name="Your picture")).to_have_count(0)
    expect(page.get_by_role("radio", name="Carl Friedrich Gauss")).to_be_checked()


@pytest.mark.parametrize("kind", ["GIF", "AVIF"])
def test_a_picture_that_the_browser_shows(page: Page, kind: str) -> None:
    page.locator("#file").set_input_files(
        FilePayload(name=f"me.{kind.lower()}", mimeType=f"image/{kind.lower()}", buffer=picture(kind))
    )
    expect(page.get_by_role("radio", name="Your picture")).to_be_checked()
    page.wait_for_function("document.querySelector('#still').naturalWidth === 300")


def test_a_picture_that_the_browser_cannot_show_is_named_in_its_place(page: Page) -> None:
    pillow_heif.register_heif_opener()
    file = FilePayload(name="IMG 0042 <b>.HEIC", mimeType="image/heic", buffer=picture("HEIF"))
    page.locator("#file").set_input_files(file)
    expect(page.get_by_role("radio", name="Your picture")).to_be_checked()
    # Both the tile and the stage show a picture that can be shown.
    page.wait_for_function("document.querySelector('#still').naturalWidth === 600")
    page.wait_for_function("document.querySelector('.tile:last-child img').naturalWidth === 600")
    inked = page.evaluate(
        """() => {
            const canvas = Object.assign(document.createElement("canvas"), {width: 600, height: 600});
            const context = canvas.getContext("2d");
            context.drawImage(document.querySelector("#still"), 0, 0);
            const { data } = context.getImageData(0, 0, 600, 600);
            return data.filter((value, index) => index % 4 === 3 && value > 128).length;
        }"""
    )
    assert 1000 < inked < 50_000  # letters
    say(page, "Hello")
    expect(page.locator("#avatar-problem")).to_have_text(
        sentence("no_face", width=300, height=300), timeout=LONG_WAIT
    )


def test_after_a_video_another_portrait_is_shown(page: Page) -> None:
    say(page, "Yes.")
    see_it_play(page)
    expect(page.locator("#still")).to_be_hidden()
    page.get_by_role("radio", name="Isaac Newton").check()
    expect(page.locator("#still")).to_be_visible()
    expect(page.locator("#video")).to_be_hidden()


def test_a_picture_can_be_dropped(page: Page) -> None:
    page.evaluate(
        """bytes => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], "me.png", {type: "image/png"}));
            document.body.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
        }""",
        list(picture()),
    )
    expect(page.get_by_role("radio", name="Your picture")).to_be_checked()


def test_the_keyboard_is_enough(page: Page) -> None:
    reached: list[str] = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.name || 'other'"))
        ring = page.evaluate(
            """(() => {
                const one = document.activeElement;
                const shown = {radio: one.nextElementSibling, file: one.parentElement}[one.type] ?? one;
                const {outlineStyle, outlineWidth, boxShadow} = getComputedStyle(shown);
                return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 || boxShadow !== "none";
            })()"""
        )
        assert ring, f"nothing shows that {reached[-1]} has the focus"
        if reached[-1] == "text":
            page.keyboard.type("Hi there")
        if reached[-1] == "avatar":
            page.keyboard.press("ArrowRight")
        if reached[-1] == "generate":
            break
    assert [one for one in reached if one != "other"] == [
        "example",
        "text",
        "language",
        "voice",
        "speed",
        "avatar",
        "file",
        "generate",
    ]
    expect(page.get_by_role("radio", name="Isaac Newton")).to_be_checked()
    page.keyboard.press("Enter")
    see_it_play(page)
    assert page.evaluate("document.activeElement.id") == "generate"  # the focus stays where it was


def test_control_enter_generates(page: Page) -> None:
    page.locator("#text").fill("Hi")
    page.locator("#text").press("Control+Enter")
    see_it_play(page)


def test_the_language_is_switched_and_remembered(page: Page, server: Server) -> None:
    expect(page.locator("h1")).to_have_text(words()["en"]["title"])
    expect(page.locator("#language")).to_have_value("auto")
    page.locator("#text").fill("Остаётся")
    page.get_by_role("button", name="Русский").click()
    expect(page.locator("h1")).to_have_text(words()["ru"]["title"])
    expect(page).to_have_title(words()["ru"]["title"])
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    expect(page.locator("#language")).to_have_value("auto")
    expect(page.locator("#text")).to_have_value("Остаётся")
    expect(page.get_by_role("radio", name="Грейс Хоппер")).to_be_visible()
    page.get_by_label("Язык", exact=True).select_option("kk")
    open_page(page, server)
    expect(page.locator("h1")).to_have_text(words()["ru"]["title"])
    say(page, "")
    expect(page.locator("#text-problem")).to_have_text(sentence("empty_text", "ru"))
    page.get_by_role("button", name="English").click()
    expect(page.locator("h1")).to_have_text(words()["en"]["title"])


def test_a_russian_browser_gets_russian(browser: Browser, server: Server) -> None:
    with browser.new_context(locale="ru-RU") as context:
        tab = context.new_page()
        open_page(tab, server)
        expect(tab.locator("h1")).to_have_text(words()["ru"]["title"])
        expect(tab.locator("#language")).to_have_value("auto")


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_is_wider_than_the_screen(browser: Browser, server: Server, width: int) -> None:
    with browser.new_context(locale="ru-RU", viewport={"width": width, "height": 800}) as context:
        tab = context.new_page()
        open_page(tab, server)
        tab.locator("#text").fill("ы" * MAX_TEXT)
        tab.locator("#file").set_input_files(avatar("hopper").path)
        tab.locator("footer summary").click()
        tab.get_by_label("Язык", exact=True).select_option("en")
        say(tab, "Ok.")
        see_it_play(tab)
        say(tab, "?")
        expect(tab.locator("#text-problem")).not_to_be_empty()
        assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_light_and_dark(browser: Browser, server: Server) -> None:
    seen = set()
    for scheme in ("light", "dark"):
        with browser.new_context(color_scheme=scheme) as context:  # type: ignore[arg-type]
            tab = context.new_page()
            open_page(tab, server)
            seen.add(tab.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(seen) == 2


def test_a_loading_service_is_waited_for(context: BrowserContext, server: Server) -> None:
    tab = context.new_page()
    answers = iter([{"status": 503, "json": {"error": "…", "code": "not_ready"}}])

    def voices(route: Route) -> None:
        answer = next(answers, None)
        if answer is None:
            route.continue_()
        else:
            route.fulfill(**answer)  # type: ignore[arg-type]

    tab.route("**/api/voices", voices)
    tab.goto(server.url)
    expect(tab.locator("#notice")).to_have_text(words()["en"]["loading"])
    expect(tab.locator("#notice")).to_be_hidden()
    expect(tab.locator("#language")).to_have_value("auto")


# --- every mistake a person can make


@pytest.mark.parametrize(
    ("text", "code", "facts"),
    [
        ("", "empty_text", {}),
        ("  \n ", "empty_text", {}),
        ("?!… —", "nothing_to_say", {}),
        ("🙂🎉", "nothing_to_say", {}),
        ("a" * (MAX_TEXT + 1), "text_too_long", {"length": MAX_TEXT + 1, "limit": MAX_TEXT}),
    ],
    ids=["empty", "blank", "punctuation", "emoji", "long"],
)
def test_a_wrong_text(page: Page, server: Server, text: str, code: str, facts: dict[str, object]) -> None:
    before = outputs(server)
    say(page, text)
    problem = page.locator("#text-problem")
    expect(problem).to_have_text(sentence(code, **facts))
    expect(problem).to_have_attribute("role", "alert")
    expect(page.locator("#text")).to_be_focused()
    expect(page.locator("#text")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#video")).to_be_hidden()
    expect(page.locator("#progress")).to_be_hidden()
    page.locator("#text").fill("better")
    expect(problem).to_be_empty()
    expect(page.locator("#text")).to_have_attribute("aria-invalid", "false")
    assert outputs(server) == before


def test_the_counter_warns_before_it_is_sent(page: Page) -> None:
    page.locator("#text").fill("🙂" * 3)
    expect(page.locator("#counter")).to_have_text(f"3 of {MAX_TEXT} characters")
    expect(page.locator("#counter")).not_to_have_class(re.compile("over-limit"))
    page.locator("#text").fill("a" * (MAX_TEXT + 1))
    expect(page.locator("#counter")).to_have_class(re.compile("over-limit"))


@pytest.mark.parametrize(
    ("name", "content", "code", "facts"),
    [
        ("page.jpg", b"<!doctype html><title>Not a picture</title>", "not_a_picture", {"finding": HTML}),
        ("cut.jpg", avatar("hopper").path.read_bytes()[:5000], "broken_picture", {}),
        ("wall.png", picture(), "no_face", {"width": 300, "height": 300}),
    ],
    ids=["not a picture", "cut short", "no face"],
)
def test_a_wrong_picture(
    page: Page, server: Server, name: str, content: bytes, code: str, facts: dict[str, object]
) -> None:
    before = outputs(server)
    page.locator("#file").set_input_files(FilePayload(name=name, mimeType="image/jpeg", buffer=content))
    say(page, "Hello")
    expect(page.locator("#avatar-problem")).to_have_text(sentence(code, **facts), timeout=LONG_WAIT)
    expect(page.locator("#avatar-problem")).to_have_attribute("role", "alert")
    expect(page.locator("#file")).to_be_focused()
    assert outputs(server) == before
    page.get_by_role("radio", name="Grace Hopper").check()
    expect(page.locator("#avatar-problem")).to_be_empty()


def test_a_too_large_picture_is_refused_before_it_is_sent(page: Page) -> None:
    large = FilePayload(name="large.jpg", mimeType="image/jpeg", buffer=b"\0" * 1_000_001)
    page.locator("#file").set_input_files(large)
    expect(page.locator("#avatar-problem")).to_have_text(sentence("file_too_large", limit=1))
    expect(page.get_by_role("radio", name="Your picture")).to_have_count(0)
    expect(page.get_by_role("radio", name="Carl Friedrich Gauss")).to_be_checked()


def test_a_too_large_picture_that_was_sent_all_the_same(page: Page) -> None:
    """The browser must see the server's answer, not a broken connection."""
    status, code = page.evaluate(
        """async () => {
            const form = new FormData();
            form.append("text", "Hi");
            form.append("image", new Blob([new Uint8Array(8_000_000)]), "large.jpg");
            const response = await fetch("api/generate", {method: "POST", body: form});
            return [response.status, (await response.json()).code];
        }"""
    )
    assert (status, code) == (413, "file_too_large")


def test_the_server_is_gone(context: BrowserContext, tmp_path: Path) -> None:
    tab = context.new_page()
    with serve(tmp_path, "tests.web.served:app") as running:
        open_page(tab, running)
        running.stop()
        say(tab, "Hello")
        expect(tab.locator("#form-problem")).to_have_text(words()["en"]["network"])
        expect(tab.locator("#generate")).to_have_attribute("aria-disabled", "false")


def test_a_proxy_that_answers_in_html(page: Page) -> None:
    page.route("**/api/jobs", lambda route: route.fulfill(status=502, body="<h1>Bad Gateway</h1>"))
    say(page, "Hello")
    expect(page.locator("#form-problem")).to_have_text("The server answered with error 502.")
