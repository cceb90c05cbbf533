"""Firefox, for the tests that play in it. It speaks WebDriver BiDi itself (https://www.w3.org/TR/webdriver-bidi/):
Playwright drives only a Firefox of its own making, which no distribution has."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import websocket

PATIENCE = 120.0
_SANDBOXES = ("CONTENT", "GMP", "RDD", "SOCKET_PROCESS", "UTILITY")
_IN_A_CONTAINER = {f"MOZ_DISABLE_{part}_SANDBOX": "1" for part in _SANDBOXES}
"""Its sandbox needs namespaces that many a container has not; Chromium's is off in the tests too."""
_PREFERENCES = {"media.autoplay.default": 0, "app.update.enabled": False, "browser.shell.checkDefaultBrowser": False}


class Tab:
    """The one tab of a Firefox. ``said`` is what stands in its console: (level, text)."""

    def __init__(self, connection: websocket.WebSocket) -> None:
        self._connection = connection
        self._number = 0
        self.said: list[tuple[str, str]] = []
        self._call("session.new", capabilities={})
        self._call("session.subscribe", events=["log.entryAdded"])
        self._id = self._call("browsingContext.getTree")["contexts"][0]["context"]

    def open(self, url: str, script: str = "") -> None:
        """Go to ``url``; ``script`` runs before the page's own."""
        self._call("script.addPreloadScript", functionDeclaration=f"() => {{ {script} }}")
        self._call("browsingContext.navigate", context=self._id, url=url, wait="complete")

    def reload(self) -> None:
        """What F5 does: Firefox may restore what was typed."""
        self._call("browsingContext.reload", context=self._id, wait="complete")

    def resize(self, width: int, height: int) -> None:
        """Give the page so many pixels."""
        self._call("browsingContext.setViewport", context=self._id, viewport={"width": width, "height": height})

    def evaluate(self, script: str) -> Any:
        """What the expression is, or what it promises; as of a person who has pressed something."""
        answer = self._call(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({script})) ?? null)()",
            target={"context": self._id},
            awaitPromise=True,
            userActivation=True,
        )
        assert answer["type"] == "success", answer
        value = answer["result"].get("value")
        return None if value is None else json.loads(value)

    def _call(self, method: str, **parameters: object) -> dict[str, Any]:
        self._number += 1
        self._connection.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            said = json.loads(self._connection.recv())
            if said.get("id") == self._number:
                assert said["type"] == "success", said
                return dict(said["result"])
            if said.get("method") == "log.entryAdded":
                self.said.append((said["params"]["level"], said["params"]["text"]))


@contextmanager
def firefox(folder: Path) -> Iterator[Tab]:
    """A Firefox that has never been here, with its profile in ``folder``. Where there is none the test is skipped."""
    program = next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))), None)
    if program is None:
        pytest.skip("Firefox is missing, so the page is not tried in it: install the package “firefox-esr”")
    profile = folder / "profile"
    profile.mkdir()
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in _PREFERENCES.items()]
    (profile / "user.js").write_text("".join(lines))
    command = [program, "--headless", "--no-remote", "--remote-debugging-port", "0", "--profile", str(profile)]
    variables = os.environ | _IN_A_CONTAINER | {"HOME": str(folder)}
    with (folder / "firefox.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=variables)
    try:
        told = profile / "WebDriverBiDiServer.json"
        end = time.monotonic() + PATIENCE
        while not told.exists() or not told.read_text():
            assert process.poll() is None, (folder / "firefox.log").read_text()
            assert time.monotonic() < end, (folder / "firefox.log").read_text()
            time.sleep(0.05)
        place = json.loads(told.read_text())
        url = f"ws://{place['ws_host']}:{place['ws_port']}/session"
        connection = websocket.create_connection(url, timeout=PATIENCE, suppress_origin=True)
        try:
            yield Tab(connection)
        finally:
            connection.close()
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
