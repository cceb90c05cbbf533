"""Chromium for the tests that drive the page. Playwright's loop can run once in a process: all browsers share it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

Launch = Callable[..., Browser]
"""Starts Chromium with more flags: ``launch("--flag")``."""


@pytest.fixture(scope="session")
def launch() -> Iterator[Launch]:
    """Starts Chromium, which ends with the session. Where there is none the test is skipped; in CI it fails."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        missing = "Chromium is missing, so the page is not tried: install the package “chromium”"
        if os.environ.get("LIPSYNC_CI") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        started: list[Browser] = []

        def start(*flags: str) -> Browser:
            browser = playwright.chromium.launch(executable_path=program, headless=True, args=[*FLAGS, *flags])
            started.append(browser)
            return browser

        yield start
        for browser in started:
            browser.close()
