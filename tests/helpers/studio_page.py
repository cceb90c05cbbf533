"""What a person does on the page, in Chromium."""

from __future__ import annotations

import io

from PIL import Image
from playwright.sync_api import Page, expect

from lipsync.errors import LipsyncError
from tests.helpers.gunicorn_server import Server

LONG_WAIT = 60_000
"""Milliseconds that a video may take on a busy machine."""


TEN_SECONDS = (
    "Good evening! I have been hanging on this wall for a hundred and eighty years. How nice to say a word at last. "
    "Nobody asked me before, and there is so much to tell."
)
"""A text that takes about ten seconds to say."""


def picture(text: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (300, 300), "teal").save(buffer, text)
    return buffer.getvalue()


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


def sentence(code: str, language: str = "en", **facts: object) -> str:
    return LipsyncError(code, **facts).message(language)
