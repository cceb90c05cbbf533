"""Tabs of Chromium with the page in them, for the tests that drive it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Page, Route

WATCH = """
    window.heard = [];
    const note = (...what) => heard.push([performance.now() / 1000, ...what]);
    addEventListener("DOMContentLoaded", () => {
      const video = document.querySelector("#video");
      if (!video) return;  // Firefox also runs this in the empty page that it opens first.
      for (const name of ["playing", "waiting", "stalled", "ended", "error"]) {
        video.addEventListener(name, () => note(name, video.currentTime));
      }
      let last = 0;
      window.gaps = [];
      video.addEventListener("timeupdate", () => {
        if (video.currentTime > last + 1) gaps.push([last, video.currentTime]);
        last = video.currentTime;
      });
      // Seen from the test this would be too late on a busy machine.
      video.addEventListener("timeupdate", () => {
        if (!document.querySelector("#progress").hidden) window.before = video.currentTime;
      });
      document.querySelector("#generate").addEventListener("click", () => note("asked", 0));
      new MutationObserver(() => note("doing", document.querySelector("#step").textContent))
        .observe(document.querySelector("#step"), {childList: true});
      new MutationObserver(() => note("bar", document.querySelector("#bar").value))
        .observe(document.querySelector("#bar"), {attributes: true});
    });
"""
"""Notes in ``heard`` what the page shows and what its player meets: [seconds, what, value], and in ``before`` the
last moment that was played while the video was being made; in ``gaps`` what was leapt over."""


@contextmanager
def tabs(browser: Browser, script: str = WATCH, **options: object) -> Iterator[Callable[[], Page]]:
    """Opens tabs of a browser that has never been here; a complaint of theirs fails the test.

    ``script`` runs before the page's own.
    """
    complaints: list[str] = []
    wanted: dict[str, object] = {"locale": "en-GB", "viewport": {"width": 1280, "height": 900}, **options}
    context: BrowserContext = browser.new_context(**wanted)  # type: ignore[arg-type]
    context.add_init_script(script)

    def open_one() -> Page:
        tab = context.new_page()
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        return tab

    yield open_one
    context.close()
    # A refused request shows there too: some tests are about them.
    others = [text for text in complaints if not text.startswith("Failed to load resource")]
    assert not others, others


def with_wav2lip(route: Route) -> None:
    """Answer a request for ``/api/health`` as a server that has Wav2Lip does."""
    route.fulfill(json={"status": "ready", "engines": ["wav2lip", "puppet"]})
