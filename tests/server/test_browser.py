"""The page in Chromium, over the real server: what a person does there, and every mistake they can make."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pillow_heif
import pytest
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, Route, expect

from lipsync.face.avatars import avatar
from lipsync.face.errors import not_a_picture
from lipsync.server.page_words import words
from tests.face.videos import moving, mp4
from tests.helpers.browser_tabs import with_wav2lip
from tests.helpers.chromium import Launch
from tests.helpers.gunicorn_server import Server, serve
from tests.helpers.studio_page import LONG_WAIT, open_page, picture, say, see_it_play, sentence

pytestmark = pytest.mark.browser

MAX_TEXT = 500
HTML = not_a_picture("HTML").facts


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


def outputs(server: Server) -> list[str]:
    return sorted(path.name for path in (server.log.parent / "outputs").iterdir() if path.is_file())


# --- what a person does


def test_type_generate_play_download(page: Page) -> None:
    say(page, "Hello! How are you?")
    expect(page.locator("#progress")).to_be_visible()
    expect(page.locator("#time-left")).not_to_be_empty()
    see_it_play(page)
    expect(page.locator("#progress")).to_be_hidden()
    expect(page.locator("#still")).to_be_hidden()
    expect(page.locator("#status")).to_have_text(
        re.compile(r"^Ready: [\d.]+ secs? of video, generated in [\d.]+ secs?\.$")
    )
    rows = page.locator("#timings dt").all_text_contents()
    assert rows[:3] == ["Portrait", "Speech", "Face animation"]
    assert rows[-1] == "Total"
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
        "subtitles": "vtt",
    }
    see_it_play(page)
    aspect = page.evaluate(
        "document.querySelector('#video').videoWidth / document.querySelector('#video').videoHeight"
    )
    assert aspect == pytest.approx(768 / 432, abs=0.02)


def test_another_speed(page: Page) -> None:
    expect(page.locator("#speed-value")).to_have_text("× 1.00")
    page.get_by_label("Speed").fill("1.5")
    expect(page.locator("#speed-value")).to_have_text("× 1.50")
    with page.expect_request("**/api/jobs") as sent:
        say(page, "Hello")
    assert sent.value.post_data_json["speed"] == 1.5
    see_it_play(page)
    expect(page.locator("#status")).to_have_text(re.compile(r"generated in [\d.]+ secs?\.$"))


def test_mood_and_motion_by_keyboard(page: Page) -> None:
    page.locator("#expression summary").press("Enter")
    mood, strength, motion = (
        page.get_by_label("Mood", exact=True),
        page.get_by_label("Strength"),
        page.get_by_label("Motion"),
    )
    expect(mood).to_have_value("auto")
    mood.press("h")
    expect(mood).to_have_value("happy")
    strength.press("ArrowLeft")
    motion.press("Home")
    motion.press("ArrowRight")
    expect(strength).to_have_attribute("aria-valuetext", "90%")
    expect(motion).to_have_attribute("aria-valuetext", "10%")
    expect(motion).to_have_accessible_description(re.compile(r"\[sad:0\.5\]"))
    with page.expect_request("**/api/jobs") as sent:
        say(page, "Hello")
    assert sent.value.post_data_json == {
        "text": "Hello", "language": "auto", "mood": "happy", "mood_strength": 0.9, "motion": 0.1, "avatar": "gauss",
        "subtitles": "vtt",
    }  # fmt: skip
    mood.select_option("Neutral")
    expect(strength).to_be_disabled()
    page.get_by_label("Page language").select_option("ru")
    expect(page.get_by_label("Настроение", exact=True).locator("option:checked")).to_have_text("Нейтральное")
    see_it_play(page)


def test_picture_by_keyboard(page: Page) -> None:
    section = page.locator("#picture")
    section.locator("summary").press("Enter")
    color = page.get_by_label("Colour of the background")
    expect(color).to_be_hidden()
    page.get_by_label("Shape").press("7")
    page.get_by_label("Frame").press("f")
    background = page.get_by_label("Background", exact=True)
    background.press("c")
    expect(background).to_have_accessible_description(re.compile("approximate"))
    background.press("Tab")
    expect(color).to_be_focused()
    color.fill("#00ff7f")
    with page.expect_request("**/api/jobs") as sent:
        say(page, "Hello")
    assert sent.value.post_data_json == {
        "text": "Hello", "language": "auto", "size": "720x1280", "frame": "face", "background": "#00ff7f",
        "avatar": "gauss", "subtitles": "vtt",
    }  # fmt: skip
    background.select_option("Blurred")
    expect(color).to_be_hidden()
    page.get_by_label("Page language").select_option("ru")
    expect(page.get_by_label("Кадр").locator("option:checked")).to_have_text("Лицо")
    see_it_play(page)
    assert page.evaluate(
        "(({videoWidth, videoHeight}) => [videoWidth, videoHeight])(document.querySelector('#video'))"
    ) == [720, 1280]


def test_a_transparent_background(page: Page) -> None:
    """The video is a WebM: no stream is requested, the finished file is played, and is downloaded as ``.webm``."""
    streams: list[str] = []
    page.on("request", lambda request: streams.append(request.url) if request.url.endswith("/stream") else None)
    page.locator("#picture summary").click()
    background, hint = page.get_by_label("Background", exact=True), page.locator("#transparent-hint")
    expect(hint).to_be_hidden()
    expect(background).not_to_have_accessible_description(re.compile("WebM"))
    background.select_option("Transparent")
    expect(hint).to_be_visible()
    expect(background).to_have_accessible_description(re.compile("WebM.*approximate"))
    with page.expect_request("**/api/jobs") as sent:
        say(page, "Hello")
    assert sent.value.post_data_json["background"] == "transparent"
    see_it_play(page)
    assert streams == []
    expect(page.locator("#still")).to_be_hidden()
    expect(page.locator("#status")).to_have_text(re.compile("^Ready: "))
    assert "conic-gradient" in backdrop(page)
    with page.expect_download() as download:
        page.locator("#download").click()
    assert re.fullmatch(r"avatar_.+\.webm", download.value.suggested_filename)

    background.select_option("Blurred")
    say(page, "Hello again")
    expect(page.locator("#video")).to_have_attribute("src", re.compile("^blob:"), timeout=LONG_WAIT)
    assert backdrop(page) == "none"
    assert len(streams) == 1
    page.reload()
    page.locator("#videos .open").nth(1).click()
    see_it_play(page)
    assert "conic-gradient" in backdrop(page)


def backdrop(page: Page) -> str:
    """What is seen through the video of the stage."""
    image: str = page.evaluate("getComputedStyle(document.querySelector('#video')).backgroundImage")
    return image


def test_a_picture_behind_the_person(page: Page) -> None:
    page.route("**/api/jobs", lambda route: route.continue_())  # Chromium shows the bodies of intercepted forms only
    page.locator("#picture summary").click()
    chosen, problem = page.get_by_label("Choose a background picture"), page.locator("#background-image-error")
    name = page.locator("#background-image-name")
    expect(page.locator("#background-file")).to_be_hidden()
    page.get_by_label("Background", exact=True).select_option("Picture")
    expect(page.locator("#background-file")).to_be_visible()
    page.locator("#picture summary").click()
    say(page, "Hello")
    expect(problem).to_have_text(words()["en"]["background_image_missing"])  # visible: the section is open
    expect(problem).to_be_visible()
    expect(chosen).to_be_focused()
    expect(chosen).to_have_attribute("aria-invalid", "true")
    chosen.set_input_files(FilePayload(name="sea.mp4", mimeType="video/mp4", buffer=b"not looked at"))
    expect(problem).to_have_text(not_a_picture(None).message("en"))
    expect(name).to_be_empty()

    chosen.set_input_files(FilePayload(name="sea.jpg", mimeType="image/jpeg", buffer=b"<!doctype html>"))
    expect(problem).to_be_empty()
    expect(name).to_have_text("sea.jpg")
    say(page, "Hello")
    expect(problem).to_have_text(sentence("not_a_picture", **HTML), timeout=LONG_WAIT)
    expect(chosen).to_be_focused()

    chosen.set_input_files(FilePayload(name="teal.png", mimeType="image/png", buffer=picture()))
    with page.expect_request("**/api/jobs") as sent:
        say(page, "Hello")
    body = sent.value.post_data_buffer or b""
    for part in (
        b'name="background"\r\n\r\npicture',
        b'name="avatar"',
        b'name="background_image"; filename="teal.png"',
    ):
        assert part in body
    assert b'name="image"' not in body
    see_it_play(page)
    red, green, blue = page.evaluate(
        """() => {
            const canvas = Object.assign(document.createElement("canvas"), {width: 64, height: 64});
            const context = canvas.getContext("2d");
            context.drawImage(document.querySelector("#video"), 0, 0, 64, 64);
            return [...context.getImageData(2, 2, 1, 1).data.slice(0, 3)];
        }"""
    )
    assert (red, green, blue) == pytest.approx((0, 128, 128), abs=24)
    page.get_by_label("Background", exact=True).select_option("Blurred")
    expect(page.locator("#background-file")).to_be_hidden()
    with page.expect_request("**/api/jobs") as sent:
        say(page, "Hello")
    assert sent.value.post_data_json["background"] == "blur"


def test_a_refused_size_is_shown_where_it_is_chosen(page: Page) -> None:
    page.locator("#picture summary").click()
    page.locator("#size option").nth(1).evaluate("option => { option.value = '3x3'; }")
    page.locator("#size").select_option("3x3")
    page.locator("#picture summary").click()
    expect(page.locator("#size")).to_be_hidden()
    say(page, "Hello")
    expect(page.locator("#picture-error")).to_have_text(re.compile("720x1280"))
    expect(page.locator("#size")).to_be_focused()
    expect(page.locator("#size")).to_have_attribute("aria-invalid", "true")


def test_a_video_keeps_its_own_picture(context: BrowserContext, server: Server) -> None:
    tab = context.new_page()
    tab.route("**/api/health", with_wav2lip)
    open_page(tab, server)
    tab.locator("#picture summary").click()
    size, explanation = tab.get_by_label("Shape"), tab.locator("#picture-of-video")
    size.select_option("1080x1080")
    expect(explanation).to_be_hidden()
    film = FilePayload(name="me.mp4", mimeType="video/mp4", buffer=mp4(moving(6)))
    tab.locator("#file").set_input_files(film)
    expect(explanation).to_be_visible()
    expect(size).to_be_hidden()
    with tab.expect_request("**/api/jobs") as sent:
        say(tab, "Yes.")
    body = sent.value.post_data_buffer or b""
    assert b'name="subtitles"' in body
    assert b'name="size"' not in body
    tab.get_by_role("radio", name="Grace Hopper").check()
    expect(size).to_have_value("1080x1080")
    expect(size).to_be_visible()
    expect(explanation).to_be_hidden()


def test_markup_is_no_text(page: Page) -> None:
    page.locator("#text").fill("[happy] Hello [Грустно: 0,5] you [note]")
    expect(page.locator("#counter")).to_have_text(f"16 of {MAX_TEXT} characters")
    page.locator("#text").fill("[happy]")
    page.locator("#generate").click()
    expect(page.locator("#text-error")).to_have_text(sentence("nothing_to_say"))


def test_what_is_left_out_of_a_video_is_shown(page: Page) -> None:
    def add(route: Route) -> None:
        response = route.fetch()
        job = response.json()
        part = {"start": 1, "end": 4, "duration": 4, "left_out": [], "sentence": "Seconds 1.0-4.0 are used."}
        route.fulfill(response=response, json={**job, "avatar_part": part if job.get("state") == "done" else None})

    page.route(re.compile(r"/api/jobs/[0-9a-f]{32}$"), add)
    say(page, "Hello")
    see_it_play(page)
    expect(page.locator("#status")).to_have_text(re.compile(r"generated in .* secs?\. Seconds 1\.0-4\.0 are used\.$"))


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
    expect(page.locator("#status")).to_have_text(
        re.compile(r"generated in .* sec\. XTTS was slow\. The rest was spoken by espeak-male\.$")
    )


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
    expect(page.locator("#drop-hint")).to_have_text(words()["en"]["drop_picture_only"])
    expect(page.locator("label[for=file]")).to_have_text(words()["en"]["choose_picture"])
    for kind in ("image/heic", ".avif", ".gif"):
        assert kind in (page.locator("#file").get_attribute("accept") or "").split(",")
    assert "video" not in (page.locator("#file").get_attribute("accept") or "")
    film = FilePayload(name="me.mp4", mimeType="video/mp4", buffer=b"not looked at")
    page.locator("#file").set_input_files(film)
    expect(page.locator("#portrait-error")).to_have_text(sentence("video_needs_wav2lip"))
    expect(page.get_by_role("radio", name="Your video")).to_have_count(0)
    expect(page.locator("#moving")).to_be_hidden()
    page.locator("#page-language").select_option("ru")
    expect(page.locator("#drop-hint")).to_have_text(words()["ru"]["drop_picture_only"])


def test_a_video_of_ones_own_is_shown_where_there_is_wav2lip(context: BrowserContext, server: Server) -> None:
    tab = context.new_page()
    tab.route("**/api/health", with_wav2lip)
    open_page(tab, server)
    expect(tab.locator("#drop-hint")).to_have_text(words()["en"]["drop_picture_or_video"])
    expect(tab.locator("label[for=file]")).to_have_text(words()["en"]["choose_picture_or_video"])
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
    expect(tab.locator("#portrait-error")).to_have_text(sentence("video_needs_wav2lip"), timeout=LONG_WAIT)
    tab.get_by_role("radio", name="Grace Hopper").check()
    expect(tab.locator("#moving")).to_be_hidden()
    expect(tab.locator("#still")).to_be_visible()
    expect(tab.locator("#portrait-error")).to_be_empty()


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
    expect(page.locator("#portrait-error")).to_have_text(not_a_picture(None).message("en"))
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
    expect(page.locator("#portrait-error")).to_have_text(
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
        "page-language",
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
    page.locator("#page-language").select_option("ru")
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
    expect(page.locator("#text-error")).to_have_text(sentence("empty_text", "ru"))
    page.locator("#page-language").select_option("en")
    expect(page.locator("h1")).to_have_text(words()["en"]["title"])


@pytest.mark.parametrize("locale", ["ru-RU", "uk-UA", "kk-KZ"])
def test_a_browser_gets_its_language(browser: Browser, server: Server, locale: str) -> None:
    language = locale[:2]
    with browser.new_context(locale=locale) as context:
        tab = context.new_page()
        open_page(tab, server)
        expect(tab.locator("h1")).to_have_text(words()[language]["title"])
        expect(tab.locator("html")).to_have_attribute("lang", language)
        expect(tab.locator("#language")).to_have_value("auto")
        say(tab, "")
        expect(tab.locator("#text-error")).to_have_text(sentence("empty_text", language))


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
        expect(tab.locator("#text-error")).not_to_be_empty()
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
    problem = page.locator("#text-error")
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
        ("page.jpg", b"<!doctype html><title>Not a picture</title>", "not_a_picture", HTML),
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
    expect(page.locator("#portrait-error")).to_have_text(sentence(code, **facts), timeout=LONG_WAIT)
    expect(page.locator("#portrait-error")).to_have_attribute("role", "alert")
    expect(page.locator("#file")).to_be_focused()
    assert outputs(server) == before
    page.get_by_role("radio", name="Grace Hopper").check()
    expect(page.locator("#portrait-error")).to_be_empty()


def test_a_too_large_picture_is_refused_before_it_is_sent(page: Page) -> None:
    large = FilePayload(name="large.jpg", mimeType="image/jpeg", buffer=b"\0" * 1_000_001)
    page.locator("#file").set_input_files(large)
    expect(page.locator("#portrait-error")).to_have_text(sentence("file_too_large", limit=1))
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
    with serve(tmp_path, "tests.helpers.apps.gated_service:app") as running:
        open_page(tab, running)
        running.stop()
        say(tab, "Hello")
        expect(tab.locator("#form-error")).to_have_text(words()["en"]["network_error"])
        expect(tab.locator("#generate")).to_have_attribute("aria-disabled", "false")


def test_a_proxy_that_answers_in_html(page: Page) -> None:
    page.route("**/api/jobs", lambda route: route.fulfill(status=502, body="<h1>Bad Gateway</h1>"))
    say(page, "Hello")
    expect(page.locator("#form-error")).to_have_text("The server returned error 502.")


# --- captions


def caption_state(page: Page) -> list[object]:
    """Mode of the captions, their number, and the text that is shown now."""
    state: list[object] = page.evaluate(
        """() => {
            const [track] = document.querySelector("#video").textTracks;
            return [track.mode, track.cues?.length ?? 0, [...(track.activeCues ?? [])].map(cue => cue.text)];
        }"""
    )
    return state


def until_cues(page: Page) -> None:
    page.evaluate(
        """limit => new Promise((resolve, reject) => {
            setTimeout(() => reject(new Error("no captions")), limit);
            const { textTracks } = document.querySelector("#video");
            const look = () => textTracks[0]?.cues?.length ? resolve() : setTimeout(look, 50);
            look();
        })""",
        LONG_WAIT,
    )


def test_captions_are_on_and_can_be_switched_off(page: Page) -> None:
    with page.expect_request("**/api/jobs") as sent:
        say(page, "Hello there. How are you?")
    assert sent.value.post_data_json["subtitles"] == "vtt"
    switch = page.get_by_role("switch", name="Captions")
    expect(switch).to_be_checked(timeout=LONG_WAIT)
    until_cues(page)
    page.evaluate("document.querySelector('#video').currentTime = 0.6")
    page.wait_for_timeout(300)
    mode, count, shown = caption_state(page)
    assert (mode, bool(count)) == ("showing", True)
    assert shown
    switch.uncheck()
    assert caption_state(page)[0] == "hidden"

    page.reload()  # the choice is remembered, and the video is played from its file
    page.locator("#videos .open").first.click()
    expect(switch).not_to_be_checked(timeout=LONG_WAIT)
    until_cues(page)
    assert caption_state(page)[0] == "hidden"
    switch.check()
    assert caption_state(page)[0] == "showing"
    page.locator("#page-language").select_option("ru")
    assert page.evaluate("document.querySelector('#video').textTracks[0].label") == words()["ru"]["captions"]


def test_captions_stay_when_the_file_takes_the_place_of_the_stream(page: Page) -> None:
    say(page, "Hello there. How are you?")
    expect(page.locator("#video")).to_have_attribute("src", re.compile("/video$"), timeout=LONG_WAIT)
    until_cues(page)
    assert page.locator("#video track").count() == 1
    page.get_by_role("radio", name="Isaac Newton").check()
    expect(page.locator("#video track")).to_have_count(0)
    expect(page.get_by_role("switch", name="Captions")).to_be_hidden()


def test_a_job_without_captions_has_no_switch(page: Page, server: Server) -> None:
    for subtitles in ({}, {"subtitles": "srt"}):
        body = {"text": "Elsewhere.", "language": "en", **subtitles}
        assert server.ask("POST", "/api/generate", body).status == 200
        page.reload()
        page.locator("#videos .open").first.click()
        see_it_play(page)
        page.wait_for_timeout(500)
        expect(page.get_by_role("switch", name="Captions")).to_be_hidden()


# --- the first look


@pytest.mark.parametrize("locale", ["en-GB", "ru-RU"])
def test_the_button_is_seen_without_scrolling(browser: Browser, server: Server, locale: str) -> None:
    with browser.new_context(locale=locale, viewport={"width": 1280, "height": 800}) as context:
        tab = context.new_page()
        open_page(tab, server)
        expect(tab.locator("#drop-hint")).to_contain_text("Wav2Lip")  # the longest that it can be
        box = tab.locator("#generate").bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 800


def test_sound_is_not_called_a_picture_or_a_video(page: Page) -> None:
    for name, media_type in (("voice.m4a", ""), ("voice.m4a", "audio/mp4"), ("voice.mp3", "audio/mpeg")):
        page.locator("#file").set_input_files(FilePayload(name=name, mimeType=media_type, buffer=b"not looked at"))
        expect(page.locator("#portrait-error")).to_have_text(sentence("sound_only"))
        page.get_by_role("radio", name="Grace Hopper").check()
        expect(page.locator("#portrait-error")).to_be_empty()
        page.get_by_role("radio", name="Isaac Newton").check()


def test_steps_are_announced_in_one_place(page: Page) -> None:
    assert page.locator("#stage [role=status], #stage [aria-live]").count() == 1
    say(page, "Hello there.")
    expect(page.locator("#status")).to_have_class(re.compile("visually-hidden"))  # beside the step, which is seen
    expect(page.locator("#status")).to_have_text(re.compile("^Ready: "), timeout=LONG_WAIT)
    expect(page.locator("#status")).not_to_have_class(re.compile("visually-hidden"))
