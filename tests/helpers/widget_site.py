"""A site of another origin that embeds the widget ``<lipsync-avatar>``."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from playwright.sync_api import Page, expect

from tests.helpers.gunicorn_server import Server
from tests.helpers.http_server import HttpServer, ReceivedRequest, http_server, respond
from tests.helpers.studio_page import LONG_WAIT

WATCH_MEDIA = """
    window.sockets = [];
    window.WebSocket = class extends WebSocket {
      constructor(...options) { super(...options); sockets.push(this); }
    };
    window.contexts = [];
    window.AudioContext = class extends AudioContext {
      constructor(...options) { super(...options); contexts.push(this); }
    };
    window.addresses = new Set();
    const { createObjectURL, revokeObjectURL } = URL;
    URL.createObjectURL = (object) => {
      const address = createObjectURL.call(URL, object);
      addresses.add(address);
      return address;
    };
    URL.revokeObjectURL = (address) => { addresses.delete(address); revokeObjectURL.call(URL, address); };
    window.tracks = [];
    const media = navigator.mediaDevices;
    if (media) {
      const getUserMedia = media.getUserMedia.bind(media);
      media.getUserMedia = async (wish) => {
        const stream = await getUserMedia(wish);
        tracks.push(...stream.getTracks());
        return stream;
      };
    }
"""
"""Notes what a page holds: ``sockets``, ``contexts``, object URLs in ``addresses``, ``tracks`` of microphones."""

_LISTENING = """
    window.events = [];
    window.named = (name) => events.filter((one) => one.name === name).map((one) => one.detail);
    for (const element of document.querySelectorAll("lipsync-avatar")) {
      for (const name of ["ready", "state", "transcript", "sentence", "done", "interrupted", "error"]) {
        element.addEventListener(name, ({ detail }) => events.push({ name, id: element.id, detail }));
      }
    }
"""
"""Notes the events of the elements in ``events``."""


@dataclass
class Site:
    """A running site. ``body`` is what its page shows."""

    server: HttpServer
    policy: str = ""
    """Its Content-Security-Policy."""
    body: str = ""
    document: str = ""
    """A whole page, in place of the one with ``body``."""
    lipsync: Server | None = None
    key: str = ""
    """Its key to the server, which no page gets: the address ``/ticket`` gives tickets."""
    tickets: list[str] = field(default_factory=list)
    """Those that were given out."""
    is_refusing: bool = False
    """Whether visitors get no tickets."""

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    @property
    def other_origin(self) -> str:
        """The same site by a name that the server does not list."""
        return f"http://localhost:{self.server.port}"

    def new_ticket(self, **fields: str) -> str:
        """A ticket for pages of this site, with its key."""
        assert self.lipsync is not None
        headers = {"Authorization": f"Bearer {self.key}"}
        answer = self.lipsync.ask("POST", "/api/v1/tickets", {"origin": self.origin, **fields}, headers)
        assert answer.status == 201, answer.body
        return str(json.loads(answer.body)["ticket"])

    def answer(self, handler: BaseHTTPRequestHandler, request: ReceivedRequest) -> None:
        """Serve the page, and tickets."""
        if request.path == "/ticket" and request.method == "POST":
            if self.is_refusing:
                respond(403, b"Please sign in.")(handler, request)
                return
            self.tickets.append(self.new_ticket())
            respond(200, json.dumps({"ticket": self.tickets[-1]}).encode(), Content_Type="application/json")(
                handler, request
            )
        elif request.path == "/":
            headers = {"Content-Security-Policy": self.policy} if self.policy else {}
            respond(200, (self.document or self.page()).encode(), Content_Type="text/html; charset=utf-8", **headers)(
                handler, request
            )
        elif request.path == "/listen.js":
            respond(200, _LISTENING.encode(), Content_Type="text/javascript")(handler, request)
        else:
            respond(404)(handler, request)

    def page(self) -> str:
        """The two lines, and what notes events."""
        assert self.lipsync is not None
        module = html.escape(f"{self.lipsync.url}static/embed.js")
        return (
            f'<!doctype html><html lang="en"><title>A site</title><script type="module" src="{module}"></script>'
            f'{self.body}<script src="/listen.js"></script></html>'
        )


@contextmanager
def widget_site() -> Iterator[Site]:
    """A site until the block ends; its ``lipsync`` is set when that server runs, which has to know its origin."""
    with http_server() as server:
        site = Site(server)
        server.behave(site.answer)
        yield site


def open_site(tab: Page, site: Site, body: str = "<lipsync-avatar></lipsync-avatar>") -> None:
    """Load the site's page with this body, and wait until the widget is there."""
    site.body = body
    tab.goto(site.origin)
    tab.evaluate("customElements.whenDefined('lipsync-avatar').then(() => {})")


def evaluate(tab: Page, script: str, element: str = "lipsync-avatar") -> Any:
    """What ``script`` is for the ``avatar`` that the selector finds."""
    return tab.evaluate(
        f"(async () => {{ const avatar = document.querySelector({json.dumps(element)}); {script} }})()"
    )


def expect_state(tab: Page, state: str, element: str = "lipsync-avatar") -> None:
    """Wait until an element shows this state."""
    expect(tab.locator(f'{element} [data-phase="{state}"]')).to_be_attached(timeout=LONG_WAIT)
