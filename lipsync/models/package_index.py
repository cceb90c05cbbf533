"""Where a package's archive lies on the package index that pip is set up to use.

pip itself is not asked to download: of a source archive it would run the setup, and that is a stranger's program.
The index is read instead (PEP 503 and 691), and the archive must have the sum that our catalogue says.
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

from lipsync.errors import LipsyncError
from lipsync.models.web import Open, said_plainly

PUBLIC_INDEX = "https://pypi.org/simple"
_FILES = "files.pythonhosted.org"
_MOST_PAGE = 50_000_000
_ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.1"


@dataclass(frozen=True)
class Index:
    """A package index."""

    address: str
    """Without a user and a password."""
    authorization: str | None = None
    """The header of that name, for this machine only."""

    @property
    def host(self) -> str:
        return urlsplit(self.address).hostname or ""

    @property
    def trusted(self) -> frozenset[str]:
        """The machines that may be private ones: who mirrors the index in their own house has said so."""
        return frozenset((self.host, _FILES))

    def headers(self, address: str) -> dict[str, str]:
        """What is sent to ``address`` to be let in."""
        mine = urlsplit(address).netloc == urlsplit(self.address).netloc
        return {"Authorization": self.authorization} if self.authorization and mine else {}


def configured_index() -> Index:
    """The index that pip uses here: of PIP_INDEX_URL, of its configuration files, or the public one."""
    found = os.environ.get("PIP_INDEX_URL", "")
    if not found:
        # pip's own answer knows all the places where its configuration may be.
        asked = subprocess.run(
            [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, timeout=60, check=False
        )
        said = dict(re.findall(r"^(\w+)\.index-url='([^']+)'$", asked.stdout, re.MULTILINE))
        found = said.get("download") or said.get("global") or PUBLIC_INDEX
    return _index(found)


def find_archive(index: Index, package: str, archive: str, open_address: Open) -> str:
    """The address of the file ``archive`` of ``package``. Raises LipsyncError not_in_index."""
    name = re.sub(r"[-_.]+", "-", package).lower()  # PEP 503
    page = f"{index.address}/{name}/"
    with open_address(page, {"Accept": _ACCEPT, **index.headers(page)}) as response:
        with said_plainly(index.host):
            body = response.read(_MOST_PAGE)
        kind = response.getheader("Content-Type") or ""
    for link in _json_links(body) if "json" in kind else _html_links(body):
        address = urldefrag(urljoin(page, link)).url
        if unquote(urlsplit(address).path.rpartition("/")[2]) == archive:
            return address
    raise LipsyncError("not_in_index", index=index.address, archive=archive)


def _index(address: str) -> Index:
    parts = urlsplit(address.rstrip("/"))
    if parts.username is None:
        return Index(urlunsplit(parts))
    user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    netloc = parts.netloc.rpartition("@")[2]
    code = base64.b64encode(user.encode()).decode()
    return Index(urlunsplit(parts._replace(netloc=netloc)), f"Basic {code}")


def _json_links(body: bytes) -> list[str]:
    try:
        return [str(file["url"]) for file in json.loads(body)["files"]]
    except (ValueError, KeyError, TypeError):
        return []


def _html_links(body: bytes) -> list[str]:
    page = _Links()
    page.feed(body.decode("utf-8", "replace"))
    return page.found


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found += [value for name, value in attrs if name == "href" and value]
