"""``python -m bench.live``: how soon a video plays that is watched while it is made, and whether it ever has to wait.

A real server (gunicorn, two cores or what there is), warm, voice espeak; a client asks ``/api/generate?stream=1`` for
about thirty seconds of speech and notes when each byte comes. With ``--page`` the page does so in Chromium, and its
player says when it plays and whether it runs dry.
"""

from __future__ import annotations

import argparse
import http.client
import io
import json
import os
import statistics
import struct
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import av

ROOT = Path(__file__).parents[1]
TEXT = {
    "en": "Good evening. I have been hanging on this wall for a hundred and eighty years, and nobody has ever asked "
    "me what I think. People come, they look at my hat, and they go away again. Some of them know my name, and a few "
    "remember that I was the one who counted faster than the teacher liked. How nice it is to say a word at last! "
    "If you have a minute, I would like to tell you about the stars, about numbers, and about patience.",
    "ru": "Добрый вечер! Я вишу на этой стене уже сто восемьдесят лет, и никто ни разу не спросил, что я думаю. "
    "Люди приходят, смотрят на мою шапку и уходят. Кто-то знает моё имя, а некоторые помнят, что это я считал "
    "быстрее, чем хотелось учителю. Как приятно наконец заговорить! Если у вас есть минута, "
    "я расскажу о звёздах и о числах.",
}


@dataclass(frozen=True)
class Watched:
    """One video that was watched while it was made; seconds since the request was sent."""

    first_byte: float
    first_playable: float
    """When the first fragment was there: its head and all of its data."""
    whole: float
    spare: float
    """Least time by which a later picture came before its turn, when playback began with the first fragment."""
    duration: float
    """Of the video."""


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench.live", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--avatars", nargs="*", default=["gauss", "newton", "hopper"])
    parser.add_argument("--page", action="store_true", help="also watch in Chromium, each video to its end")
    options = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    from tests.helpers.gunicorn_server import serve  # noqa: PLC0415 - the server as the tests start it

    if os.getloadavg()[0] > 0.5:
        print(f"Others are using this machine (load {os.getloadavg()[0]:.1f}).")
    print("| portrait | language | speech, s | first byte, s | first playable, s | whole, s | spare at least, s |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="lipsync-bench-") as folder:
        warm = {"LIPSYNC_WARM_UP": "true", "LIPSYNC_VOICES": "espeak"}
        with serve(Path(folder), **warm) as server:
            for avatar in options.avatars:
                for language, text in TEXT.items():
                    watch(server.port, avatar, language, "One." if language == "en" else "Раз.")
                    seen = [watch(server.port, avatar, language, text) for _ in range(options.runs)]
                    columns = zip(
                        *((one.first_byte, one.first_playable, one.whole, one.spare) for one in seen), strict=True
                    )
                    middle = [statistics.median(column) for column in columns]
                    figures = " | ".join(f"{figure:.2f}" for figure in middle)
                    print(f"| {avatar} | {language} | {seen[0].duration:.1f} | {figures} |", flush=True)
            if options.page:
                watch_pages(server.url, options.avatars, options.runs)
    return 0


def watch_pages(url: str, avatars: list[str], runs: int) -> None:
    """Print when the page plays, since the button was pressed, and how often it had to wait afterwards."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only here

    from tests.helpers.browser_tabs import tabs  # noqa: PLC0415
    from tests.helpers.chromium import FLAGS  # noqa: PLC0415

    print("\n| portrait | in Chromium it plays after, s | waits afterwards |\n|---|---|---|")
    flags = [*FLAGS, "--autoplay-policy=no-user-gesture-required"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", headless=True, args=flags)
        for avatar in avatars:
            begins, waits = [], 0
            for _ in range(runs):
                with tabs(browser) as new:
                    page = new()
                    page.goto(url)
                    page.check(f"input[name=avatar][value={avatar}]", force=True)
                    page.select_option("#language", "en")
                    page.fill("#text", TEXT["en"])
                    page.click("#generate")
                    while not page.evaluate("heard.some(([, what]) => what === 'ended')"):
                        page.wait_for_timeout(500)
                    heard = page.evaluate("heard")
                asked = next(time for time, what, _ in heard if what == "asked")
                plays = next(time for time, what, _ in heard if what == "playing")
                begins.append(plays - asked)
                waits += sum(1 for time, what, _ in heard if what in ("waiting", "stalled") and time > plays)
            print(f"| {avatar} | {statistics.median(begins):.2f} | {waits} in {runs} videos |", flush=True)
        browser.close()


def watch(port: int, avatar: str, language: str, text: str) -> Watched:
    """Ask for one video and read it as it comes."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    body = json.dumps({"text": text, "language": language, "avatar": avatar})
    began = time.perf_counter()
    connection.request("POST", "/api/generate?stream=1", body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    assert response.status == 200, response.read()
    film = bytearray()
    arrived: list[tuple[int, float]] = []  # bytes until then, seconds
    while piece := response.read1(65_536):
        film += piece
        arrived.append((len(film), time.perf_counter() - began))
    connection.close()

    def when(position: int) -> float:
        return next(seconds for total, seconds in arrived if total >= position)

    first = _end_of_first_fragment(bytes(film))
    playable = when(first)
    duration, ends = _ends(bytes(film))
    spare = min(playable + shown - when(end) for shown, end in ends if end > first)
    return Watched(arrived[0][1], playable, arrived[-1][1], spare, duration)


def _end_of_first_fragment(film: bytes) -> int:
    """Bytes until the end of the first ``mdat`` (ISO/IEC 14496-12: a box is its size, its name, its content)."""
    place = 0
    while True:
        size, name = struct.unpack_from(">I4s", film, place)
        place += size
        if name == b"mdat":
            return place


def _ends(film: bytes) -> tuple[float, list[tuple[float, int]]]:
    """Seconds of the film; and of each picture when it is shown and where its bytes end."""
    with av.open(io.BytesIO(film)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.pts is not None]
        shown = [float(packet.pts * packet.time_base) for packet in packets if packet.pts is not None]
        ends = [(packet.pos or 0) + packet.size for packet in packets]
    return max(shown), list(zip(shown, ends, strict=True))


if __name__ == "__main__":
    sys.exit(main())
