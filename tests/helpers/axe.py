"""axe-core, which finds what keeps people from using a page."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from lipsync.server.app import ROOT

_AXE = ROOT / "node_modules/axe-core/axe.min.js"


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    if not _AXE.exists():
        pytest.skip("axe-core is not installed: npm ci")
    return _AXE.read_text("utf-8")


def violations(page: Page, axe: str, part: str = "html") -> list[dict[str, Any]]:
    """What axe-core finds wrong in ``part`` of the page as it is now: rule, and the elements."""
    page.evaluate(axe)
    found = page.evaluate("(part) => axe.run(part)", part)["violations"]
    return [{"rule": one["id"], "elements": [node["html"] for node in one["nodes"]]} for one in found]
