"""A voice of one's own, in Chromium: recorded with a fake microphone, chosen, dropped; named, spoken, deleted."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.helpers.chromium import Launch
from tests.helpers.gunicorn_server import Server, serve
from tests.helpers.studio_page import LONG_WAIT, open_page, see_it_play, sentence
from tests.speech.recordings import spoken, wav

pytestmark = pytest.mark.browser

RECORDED = 10_000
"""Milliseconds of recording: ten seconds hold six of speech."""


@pytest.fixture(scope="module")
def server(tiny_xtts: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("browser-voices")
    variables = {
        "LIPSYNC_CHECKPOINTS": str(tiny_xtts),
        "LIPSYNC_VOICES": "xtts,espeak",
        "LIPSYNC_CLONED_VOICES": str(folder / "voices"),
        "LIPSYNC_VOICE_TIMEOUT_S": "120",
    }
    with serve(folder, **variables) as running:
        yield running


@pytest.fixture(scope="module")
def talkative_browser(launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """A browser whose microphone hears espeak-ng, and whose user allows everything."""
    heard = tmp_path_factory.mktemp("microphone") / "heard.wav"
    heard.write_bytes(wav(spoken("espeak-male", 2)))
    return launch(
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={heard}",
    )


@pytest.fixture
def page(talkative_browser: Browser, server: Server) -> Iterator[Page]:
    context = talkative_browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    complaints: list[str] = []
    tab = context.new_page()
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    open_page(tab, server)
    expect(tab.locator("#own-voice")).to_be_visible()
    yield tab
    context.close()
    assert [text for text in complaints if not text.startswith("Failed to load resource")] == []


def problem(page: Page) -> str:
    return page.locator("#own-voice-error").inner_text()


def recording(times: int = 1) -> FilePayload:
    return FilePayload(name="me.wav", mimeType="audio/wav", buffer=wav(spoken("espeak-female", times)))


def name_and_confirm(page: Page, name: str) -> None:
    page.locator("#voice-name").fill(name)
    page.locator("#may-use").check()
    page.locator("#add-voice").click()


def test_record_name_confirm_and_speak(page: Page) -> None:
    page.locator("#own-voice > summary").click()
    page.locator("#record").click()
    expect(page.locator("#record")).to_have_text("Stop")
    page.wait_for_timeout(RECORDED)
    page.locator("#record").click()
    expect(page.locator("#clips audio")).to_have_count(1)
    name_and_confirm(page, "Recorded")
    expect(page.locator("#own-voice-status")).to_have_text("The voice “Recorded” was added.", timeout=LONG_WAIT)
    assert problem(page) == ""
    expect(page.locator("#voice")).to_have_value("xtts:Recorded")
    expect(page.locator("#clips audio")).to_have_count(0)
    expect(page.locator("#may-use")).not_to_be_checked()

    page.locator("#text").fill("Hello.")
    page.locator("#generate").click()
    see_it_play(page)
    expect(page.locator("#result")).to_be_visible(timeout=LONG_WAIT)
    (made,) = page.evaluate("fetch('api/jobs').then((response) => response.json())")["jobs"]
    assert made["voice"] == "xtts:Recorded"


def test_a_file_is_chosen_and_mistakes_are_said(page: Page) -> None:
    page.locator("#own-voice > summary").click()
    page.locator("#sounds").set_input_files(recording())
    page.locator("#voice-name").fill("Filed")
    page.locator("#voice-name").press("Enter")  # adds the voice, and makes no video
    expect(page.locator("#own-voice-error")).to_have_text(sentence("not_confirmed"))
    name_and_confirm(page, "a/b")
    expect(page.locator("#own-voice-error")).to_have_text(sentence("voice_name"))
    name_and_confirm(page, "Filed")
    expect(page.locator("#added-voices")).to_contain_text("Filed", timeout=LONG_WAIT)
    page.locator("#added-voices li", has_text="Filed").get_by_role("button", name=re.compile("^Delete voice")).click()
    expect(page.locator("#added-voices")).not_to_contain_text("Filed")
    expect(page.locator("#voice option[value='xtts:Filed']")).to_have_count(0)


def test_a_sound_is_dropped_and_removed(page: Page) -> None:
    page.evaluate(
        """async ([base64]) => {
            const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([bytes], "dropped.wav", { type: "audio/wav" }));
            document.body.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer }));
        }""",
        [base64.b64encode(wav(spoken()[:22050])).decode()],
    )
    expect(page.locator("#clips audio")).to_have_count(1)
    name_and_confirm(page, "Short")
    expect(page.locator("#own-voice-error")).to_contain_text("at least 6 s are needed", timeout=LONG_WAIT)
    page.locator("#clips").get_by_role("button", name=re.compile("^Remove recording")).click()
    expect(page.locator("#clips audio")).to_have_count(0)
    page.locator("#page-language").select_option("ru")
    expect(page.locator("#record")).to_have_text("Записать")
