"""The page at ``/talk`` as the server sends it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from lipsync.server.page_words import talk_words

MAX_PAGE_BYTES = 200_000
"""Of the page with everything that it loads but portraits and answers."""
IMPORT = re.compile(r'(?:from|import) "(\.[^"]+)"')


@pytest.mark.parametrize("language", ["en", "ru", "uk", "kk"])
def test_the_page_speaks_the_readers_language(client: FlaskClient, language: str) -> None:
    page = client.get("/talk", headers={"Accept-Language": language})
    assert page.status_code == 200
    assert f'<html lang="{language}">' in page.text
    assert f'data-i18n="title">{talk_words()[language]["title"]}</h1>' in page.text
    assert {"Accept-Language", "Cookie"} <= set(page.vary.as_set(preserve_casing=True))


def test_the_page_says_that_a_machine_answers(client: FlaskClient) -> None:
    assert talk_words()["en"]["notice"] in client.get("/talk").text


def test_the_page_needs_nothing_from_elsewhere_and_nothing_inline(client: FlaskClient) -> None:
    page = client.get("/talk")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:", page.text)
    for address in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert address == "/" or address.startswith("/static/")
        assert client.get(address).status_code == 200


def test_the_pages_lead_to_each_other(client: FlaskClient) -> None:
    assert 'href="/talk"' in client.get("/").text
    assert 'href="/"' in client.get("/talk").text


def test_the_page_is_small(client: FlaskClient) -> None:
    page = client.get("/talk")
    waiting = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)
    sizes = {"/talk": len(page.data)}
    while waiting:
        address = waiting.pop()
        if address in sizes:
            continue
        body = client.get(address)
        assert body.status_code == 200, address
        sizes[address] = len(body.data)
        if address.endswith(".js"):
            folder = Path(address).parent
            waiting += [_joined(folder, module) for module in IMPORT.findall(body.text)]
    assert sum(sizes.values()) < MAX_PAGE_BYTES, sizes
    assert len(sizes) > 10


def _joined(folder: Path, module: str) -> str:
    """The address of a module that one in ``folder`` imports."""
    parts = list(folder.parts)
    for part in module.split("/"):
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return str(Path(*parts))
