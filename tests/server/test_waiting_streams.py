"""Streams of videos that wait for their turn, over a real server: their connection stays open, and a caller who hangs
up gives the place in the queue back."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from lipsync.video.fragments import FILE_TYPE
from tests.helpers.browser_tabs import tabs
from tests.helpers.chromium import Launch
from tests.helpers.gunicorn_server import PATIENCE, Server, serve, wait_until
from tests.helpers.mp4 import boxes, top_boxes
from tests.helpers.raw_http import connected, to_the_end

pytestmark = pytest.mark.system

APP = "tests.helpers.apps.waiting_streams:app"
FIRST = {"text": "The first one.", "language": "en"}
SECOND = {"text": "Good evening! How nice to say a word at last.", "language": "en"}
FREE = b"\0\0\0\x08free"
NO_PICTURE = (
    b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\nHi\r\n--x\r\n'
    b'Content-Disposition: form-data; name="image"; filename="a.png"\r\n\r\nno picture\r\n--x--\r\n'
)
"""A form whose picture is none, which is found when the video is begun."""
BOUND = 'video/mp4; codecs="avc1.640033, mp4a.40.2"'
"""Content-Type of a stream before its first fragment: no video of the server needs more than High at level 5.1."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def hold(folder: Path) -> Path:
    """While it is there no video ends."""
    state = folder / "state"
    state.mkdir()
    (state / "hold").touch()
    return state / "hold"


@pytest.fixture
def server(folder: Path, hold: Path) -> Iterator[Server]:
    assert hold.exists()
    with serve(folder, APP, LIPSYNC_MAX_CONCURRENT_RENDERS="1") as running:
        yield running
        hold.unlink(missing_ok=True)
    assert "Traceback" not in running.log.read_text()


def job_of(server: Server, id: str) -> dict[str, object]:
    return dict(json.loads(server.ask("GET", f"/api/jobs/{id}").body))


def submitted(server: Server, body: dict[str, str]) -> str:
    return str(json.loads(server.ask("POST", "/api/jobs", body).body)["id"])


def busy(server: Server) -> str:
    """A job that has the only place, and does not end."""
    id = submitted(server, FIRST)
    wait_until(lambda: job_of(server, id)["state"] == "running", server)
    return id


def queued(server: Server) -> int:
    jobs = json.loads(server.ask("GET", "/api/jobs").body)["jobs"]
    return sum(job["state"] == "queued" for job in jobs)


@contextmanager
def asked(
    server: Server, method: str, path: str, body: dict[str, str] | None = None
) -> Iterator[http.client.HTTPResponse]:
    """An answer whose head is there."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    try:
        headers = {"Content-Type": "application/json"} if body else {}
        connection.request(method, path, json.dumps(body) if body else None, headers)
        yield connection.getresponse()
    finally:
        connection.close()


@contextmanager
def waiting(server: Server, kind: str) -> Iterator[http.client.HTTPResponse]:
    """The stream of a job that waits, by ``generate`` or by the job's own address."""
    if kind == "generate":
        with asked(server, "POST", "/api/generate?stream=1", SECOND) as answer:
            yield answer
    else:
        id = submitted(server, SECOND)
        with asked(server, "GET", f"/api/jobs/{id}/stream") as answer:
            yield answer


def post(kind: str, body: bytes) -> bytes:
    """The bytes of a request for a stream."""
    head = f"Host: localhost\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return b"POST /api/generate?stream=1 HTTP/1.1\r\n" + head.encode() + body


def without_free(stream: bytes) -> bytes:
    return b"".join(box for box in top_boxes(stream) if box != FREE)


@pytest.mark.parametrize("kind", ["generate", "job"])
def test_a_queued_stream_begins_at_once_and_plays_when_its_turn_has_come(
    server: Server, hold: Path, folder: Path, kind: str
) -> None:
    busy(server)
    with waiting(server, kind) as answer:
        assert (answer.status, answer.headers["Content-Type"]) == (200, BOUND)
        id = answer.headers["X-Job-Id"]
        assert job_of(server, id)["state"] == "queued"
        head = answer.read(len(FILE_TYPE) + 3 * len(FREE))  # comes while it waits
        assert head == FILE_TYPE + 3 * FREE
        assert job_of(server, id)["state"] == "queued"
        hold.unlink()
        stream = head + answer.read()
    wait_until(lambda: job_of(server, id)["state"] == "done", server)

    again = server.ask("GET", f"/api/jobs/{id}/stream").body
    assert FREE not in top_boxes(again), "a stream that need not wait is sent as it is"
    assert without_free(stream) == again
    assert boxes(stream).index("ftyp") == 0

    (folder / "waited.mp4").write_bytes(stream)
    (folder / "plain.mp4").write_bytes(again)
    assert shutil.which("ffmpeg"), "install the package “ffmpeg”"
    assert decoded(folder / "waited.mp4") == decoded(folder / "plain.mp4")
    assert packets(folder / "waited.mp4") == packets(folder / "plain.mp4")


def decoded(path: Path) -> str:
    """Digest of what FFmpeg decodes of it, read from a pipe as a player would take it from the network."""
    command = ["ffmpeg", "-v", "warning", "-i", "pipe:0", "-map", "0:v", "-map", "0:a", "-f", "md5", "-"]
    with path.open("rb") as file:
        run = subprocess.run(command, stdin=file, capture_output=True, text=True, check=True)
    assert run.stderr == ""
    return run.stdout


def packets(path: Path) -> str:
    command = ["ffprobe", "-v", "warning", "-count_packets", "-show_entries", "stream=codec_name,nb_read_packets"]
    run = subprocess.run([*command, "-of", "json", path], capture_output=True, text=True, check=True)
    assert run.stderr == ""
    return run.stdout


def test_a_stream_that_pauses_in_the_middle_is_kept_open_between_two_fragments(
    server: Server, hold: Path, folder: Path
) -> None:
    id = submitted(server, SECOND)
    with asked(server, "GET", f"/api/jobs/{id}/stream") as answer:
        stream = b""
        while stream.count(FREE) < 3:
            stream += answer.read1(65_536)
        assert b"mdat" in stream
        hold.unlink()
        stream += answer.read()
    kinds = boxes(stream)
    assert kinds[0] == "ftyp"
    assert "free" in kinds[kinds.index("mdat") :]
    assert not re.search("moof free", " ".join(kinds)), "a moof counts the bytes to its mdat"
    again = server.ask("GET", f"/api/jobs/{id}/stream").body
    assert without_free(stream) == again
    (folder / "paused.mp4").write_bytes(stream)
    (folder / "plain.mp4").write_bytes(again)
    assert decoded(folder / "paused.mp4") == decoded(folder / "plain.mp4")


def test_who_hangs_up_while_queued_leaves_the_queue_and_is_never_begun(server: Server, hold: Path) -> None:
    busy(server)
    with asked(server, "POST", "/api/generate?stream=1", SECOND) as answer:
        id = answer.headers["X-Job-Id"]
        assert queued(server) == 1
    wait_until(lambda: job_of(server, id)["state"] == "cancelled", server)  # the one before it still runs
    assert queued(server) == 0
    hold.unlink()
    assert server.ask("POST", "/api/generate", {**FIRST, "text": "Another."}).status == 200
    assert job_of(server, id)["started"] is None


def test_who_hangs_up_before_the_header_leaves_the_queue_too(server: Server) -> None:
    busy(server)
    body = json.dumps(SECOND).encode()
    with connected(server) as client:
        client.sendall(post("application/json", body))
        wait_until(lambda: queued(server) == 1, server)
    wait_until(lambda: queued(server) == 0, server)


def test_who_hangs_up_a_job_s_stream_gives_the_thread_back_and_the_job_goes_on_waiting(server: Server) -> None:
    busy(server)
    id = submitted(server, SECOND)
    with asked(server, "GET", f"/api/jobs/{id}/stream") as answer:
        assert answer.read(len(FILE_TYPE)) == FILE_TYPE
        assert watchers(server) == 1
    wait_until(lambda: watchers(server) == 0, server)
    assert job_of(server, id)["state"] == "queued"


def test_with_an_idempotency_key_it_goes_on_waiting_too(server: Server) -> None:
    busy(server)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    headers = {"Content-Type": "application/json", "Idempotency-Key": "one"}
    connection.request("POST", "/api/generate?stream=1", json.dumps(SECOND), headers)
    answer = connection.getresponse()
    id = answer.headers["X-Job-Id"]
    answer.close()
    connection.close()
    wait_until(lambda: watchers(server) == 0, server)
    assert job_of(server, id)["state"] == "queued"


def test_who_hangs_up_the_events_gives_the_thread_back(server: Server) -> None:
    id = busy(server)
    with asked(server, "GET", f"/api/jobs/{id}/events") as answer:
        assert answer.readline().startswith(b"event: job")
        assert watchers(server) == 1
    wait_until(lambda: watchers(server) == 0, server)


def watchers(server: Server) -> int:
    found = re.search(rb"^lipsync_live_watchers (\d+)", server.ask("GET", "/metrics").body, re.MULTILINE)
    assert found is not None
    return int(found[1])


def test_what_is_wrong_with_the_request_is_answered_before_it_waits(server: Server) -> None:
    busy(server)
    for body, status, code in (
        ({"text": "", "language": "en"}, 400, "empty_text"),
        ({"text": "Hi", "language": "xx"}, 400, "unknown_language"),
        ({"text": "Hi", "language": "en", "image_url": "http://127.0.0.1/x"}, 400, "picture_address"),
    ):
        answer = server.ask("POST", "/api/generate?stream=1", body)
        assert (answer.status, answer.code) == (status, code)


def test_what_fails_after_the_header_breaks_the_connection_off_and_is_told_by_the_job(
    server: Server, hold: Path
) -> None:
    busy(server)
    with connected(server) as client:
        client.sendall(post("multipart/form-data; boundary=x", NO_PICTURE))
        head = b""
        while b"ftyp" not in head:
            head += client.recv(4096)
        assert head.startswith(b"HTTP/1.1 200 ")
        hold.unlink()
        rest = to_the_end(client)
    assert not rest.endswith(b"0\r\n\r\n"), "it must not look as if it were whole"
    found = re.search(rb"x-job-id: (\w+)", head, re.IGNORECASE)
    assert found is not None
    job = job_of(server, found[1].decode())
    assert job["state"] == "failed"
    assert isinstance(job["error"], dict)
    assert job["error"]["code"] == "not_a_picture"


def test_a_stream_that_need_not_wait_answers_with_the_error_itself(server: Server, hold: Path) -> None:
    hold.unlink()
    answer = server.ask(
        "POST", "/api/generate?stream=1", NO_PICTURE, {"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert (answer.status, answer.code) == (415, "not_a_picture")


# ---- in a browser


@pytest.fixture(scope="module")
def browser(launch: Launch) -> Browser:
    return launch()


@pytest.mark.browser
def test_chromium_plays_a_stream_that_has_waited(browser: Browser, server: Server, hold: Path) -> None:
    busy(server)
    id = submitted(server, SECOND)
    with tabs(browser) as new:
        tab = new()
        tab.goto(server.url)
        tab.evaluate(
            """async (id) => {
                const { playLive } = await import("./static/studio/live-video.js");
                const video = document.createElement("video");
                video.muted = true;
                document.body.append(video);
                window.outcome = new Promise((resolve) => {
                  video.addEventListener("ended", () => resolve(["ended", video.currentTime]));
                  const stream = playLive(video, `api/jobs/${id}/stream`, {
                    progress: () => 0, onStart: () => video.play(), onBroken: () => resolve(["broken", 0]),
                  });
                });
            }""",
            id,
        )
        wait_until(lambda: watchers(server) == 1, server)
        time.sleep(1)  # some boxes come
        assert job_of(server, id)["state"] == "queued"
        hold.unlink()
        outcome, at = tab.evaluate("outcome")
    assert outcome == "ended"
    assert at == pytest.approx(job_of(server, id)["duration"], abs=0.1)
