"""What fails below the server: a clear error for that request alone, and the server goes on."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from lipsync.server.app import ROOT
from tests.helpers.gunicorn_server import PATIENCE, Answer, Server, serve, wait_until
from tests.helpers.http_server import ReceivedRequest, http_server, respond
from tests.helpers.limited_disk import small_disk

pytestmark = pytest.mark.system

HELLO = {"text": "Hello there.", "language": "en", "avatar": "hopper"}
LONG = HELLO | {"text": "A video of more than a megabyte is made of this sentence, which is said six times. " * 6}
GATED = "tests.helpers.apps.gated_service:app"
OTHER = "127.0.0.2"


def generated(server: Server) -> Answer:
    answer = server.ask("POST", "/api/generate", HELLO)
    assert (answer.status, answer.body[4:8]) == (200, b"ftyp"), answer.body[:300]
    return answer


def refused(answer: Answer, status: int, code: str) -> str:
    """That it is a sentence for a person, and no more."""
    said = json.loads(answer.body)
    assert (answer.status, said["code"]) == (status, code), said
    assert set(said) == {"error", "code"}
    assert "Traceback" not in said["error"]
    assert "sqlite3" not in said["error"]
    if status == 503:
        assert int(answer.headers["Retry-After"]) > 0
    return str(said["error"])


def asked(server: Server, address: str = "127.0.0.1", **more: Any) -> dict[str, Any]:
    answer = server.ask("POST", "/api/jobs", HELLO | more, address=address)
    assert answer.status == 202, answer.body
    return dict(json.loads(answer.body))


def job_of(server: Server, id: str, address: str = "127.0.0.1") -> dict[str, Any]:
    answer = server.ask("GET", f"/api/jobs/{id}", address=address)
    assert answer.status == 200, answer.body
    return dict(json.loads(answer.body))


def ended(server: Server, id: str, address: str = "127.0.0.1") -> dict[str, Any]:
    def has_ended() -> bool:
        return job_of(server, id, address)["state"] in ("done", "failed", "cancelled")

    wait_until(has_ended, server)
    return job_of(server, id, address)


def is_alive(server: Server) -> bool:
    return server.ask("GET", "/api/health").status == 200


def starting(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A start that is expected to fail."""
    return subprocess.run(
        [sys.executable, "-m", "gunicorn", GATED],
        cwd=ROOT,
        env={
            **os.environ,
            "LIPSYNC_PORT": "0",
            "LIPSYNC_OUTPUTS": str(folder / "outputs"),
            "LIPSYNC_STATE": str(folder / "state"),
            "LIPSYNC_LOG_LEVEL": "WARNING",
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


# ---- the disk


@pytest.mark.parametrize("mounts", [True, False], ids=["a file system", "files that may not grow"])
def test_a_full_disk_and_outputs_that_are_read_only(
    mounts: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only where videos are: the database is elsewhere."""
    if not mounts:
        monkeypatch.setenv("NO_MOUNT", "1")
    outputs = tmp_path / "disk" / "outputs"
    with small_disk(outputs.parent, most=1_000_000) as disk, serve(tmp_path, LIPSYNC_OUTPUTS=str(outputs)) as server:
        generated(server)
        before = sorted(outputs.glob("*.mp4"))
        for spoil, mend in ((disk.fill, disk.free), (lambda _: disk.forbid(), lambda _: disk.allow())):
            spoil(server)
            said = refused(server.ask("POST", "/api/generate", LONG), 500, "cannot_write")
            assert "Cannot write" in said
            assert is_alive(server)
            mend(server)
            assert sorted(outputs.glob("*.mp4")) == before, "nothing half-written"
            wait_until(lambda: not list(outputs.glob(".lipsync-*")), server)
            generated(server)
            before = sorted(outputs.glob("*.mp4"))


@pytest.mark.parametrize("mounts", [True, False], ids=["a file system", "files that may not grow"])
def test_everything_is_on_a_disk_that_is_full(mounts: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Database, videos, cache. What was accepted before is made when there is room again."""
    if not mounts:
        monkeypatch.setenv("NO_MOUNT", "1")
    with small_disk(tmp_path / "disk") as disk:
        folders = {f"LIPSYNC_{name.upper()}": str(tmp_path / "disk" / name) for name in ("outputs", "cache", "state")}
        with serve(tmp_path, **folders) as server:
            disk.fill(server)
            answers = [server.ask("POST", "/api/jobs", HELLO) for _ in range(3)]
            assert {answer.status for answer in answers} <= {202, 500, 503}
            assert any(answer.status != 202 for answer in answers)
            for answer in answers:
                if answer.status != 202:
                    refused(answer, answer.status, "cannot_write" if answer.status == 500 else "database_busy")
            assert is_alive(server)
            disk.free(server)
            wait_until(lambda: server.ask("GET", "/api/ready").status == 200, server)
            generated(server)
            for answer in answers:
                if answer.status == 202:
                    assert ended(server, json.loads(answer.body)["id"])["state"] in ("done", "failed")


# ---- the database


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process writes, and does not come to an end."""
    code = (
        "import sqlite3, sys\n"
        "base = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "base.execute('BEGIN EXCLUSIVE')\n"
        "print('locked', flush=True)\n"
        "sys.stdin.read()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"locked\n"
        yield
    finally:
        process.stdin.close()
        process.wait(PATIENCE)
        process.stdout.close()


def test_a_locked_database(tmp_path: Path) -> None:
    """Locked for longer than is waited: many who ask are told so, none of them only after all the others."""
    with serve(tmp_path, GATED) as server, ThreadPoolExecutor(12) as pool:
        known = ended(server, asked(server)["id"])
        with locked(tmp_path / "state" / "lipsync.db"):
            answers = list(pool.map(lambda _: server.ask("POST", "/api/jobs", HELLO), range(12)))
            for answer in answers:
                refused(answer, 503, "database_busy")
            assert job_of(server, known["id"]) == known, "what is written can still be read"
            assert server.ask("GET", f"/api/jobs/{known['id']}/video").status == 200
            assert is_alive(server)
        generated(server)
        assert server.stop() == 0


def test_a_database_that_is_locked_while_a_video_is_made(tmp_path: Path) -> None:
    """How far it is cannot be written down, nor at once that it is done: the video is there afterwards."""
    with serve(tmp_path, GATED, WAIT_FOR_GO="1") as server:
        job = asked(server)
        wait_until((tmp_path / "outputs" / "begun").exists, server)
        with locked(tmp_path / "state" / "lipsync.db"):
            (tmp_path / "outputs" / "go").touch()
            wait_until(lambda: "how a job ended cannot be written yet" in server.log.read_text(), server)
            assert job_of(server, job["id"])["state"] == "running"
        assert ended(server, job["id"])["state"] == "done"
        assert server.ask("GET", f"/api/jobs/{job['id']}/video").body[4:8] == b"ftyp"


def test_a_database_that_is_deleted_while_it_is_used(tmp_path: Path) -> None:
    """What was in it is lost; the server makes a new one and goes on."""
    with serve(tmp_path, GATED) as server:
        old = ended(server, asked(server)["id"])
        for name in ("lipsync.db", "lipsync.db-wal", "lipsync.db-shm"):
            (tmp_path / "state" / name).unlink(missing_ok=True)
        new = ended(server, asked(server)["id"])
        assert new["state"] == "done"
        refused(server.ask("GET", f"/api/jobs/{old['id']}"), 404, "job_unknown")
        assert (tmp_path / "state" / "lipsync.db").exists()
        with ThreadPoolExecutor(8) as pool:
            ids = [one["id"] for one in pool.map(lambda _: asked(server), range(8))]
        assert {ended(server, id)["state"] for id in ids} == {"done"}, "all see the same"
        with closing(sqlite3.connect(tmp_path / "state" / "lipsync.db")) as base:
            assert base.execute("select count(*) from jobs where state = 'done'").fetchone() == (9,)


@pytest.mark.parametrize("name", ["lipsync.db", "secret"])
def test_a_broken_file_of_the_state_is_said_at_start(name: str, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / name).write_bytes(b"no database" if name == "secret" else b"no database" * 1000)
    said = starting(tmp_path)
    assert said.returncode == os.EX_CONFIG
    assert "Traceback" not in said.stderr
    assert name in said.stderr
    assert len(said.stderr.strip().splitlines()) == 1, said.stderr


def test_a_state_that_cannot_be_written_is_said_at_start(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    said = starting(tmp_path)
    assert said.returncode == os.EX_CONFIG
    assert f"Cannot write to {tmp_path / 'state'}" in said.stderr
    assert len(said.stderr.strip().splitlines()) == 1, said.stderr


# ---- the clock


def test_a_clock_that_jumps(tmp_path: Path) -> None:
    """An hour back, a day on: jobs that wait and run come to their end, in their order, and are listed in it."""
    clock = tmp_path / "clock"
    with serve(
        tmp_path, "tests.helpers.apps.shifted_clock:app", WAIT_FOR_GO="1", LIPSYNC_OUTPUTS_MAX_HOURS="1000"
    ) as server:
        ids = [asked(server)["id"] for _ in range(2)]
        wait_until((tmp_path / "outputs" / "begun").exists, server)
        clock.write_text("-3600")
        ids += [asked(server)["id"] for _ in range(2)]
        (tmp_path / "outputs" / "go").touch()
        assert ended(server, ids[0])["state"] == "done"
        clock.write_text("86400")
        ids += [asked(server)["id"] for _ in range(2)]
        jobs = [ended(server, id) for id in ids]
        assert [job["state"] for job in jobs] == ["done"] * 6
        listed = [job["id"] for job in json.loads(server.ask("GET", "/api/jobs").body)["jobs"]]
        assert listed == ids[::-1]
        for id in ids:
            assert server.ask("GET", f"/api/jobs/{id}/video").status == 200
        clock.write_text("0")
        generated(server)
        assert server.stop() == 0
    assert "Traceback" not in server.log.read_text()


# ---- the processes


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_signal_to_all_processes_at_once(kind: signal.Signals, tmp_path: Path) -> None:
    """As systemd and a terminal send it. What was not finished is made after the restart."""
    with serve(tmp_path, GATED, WAIT_FOR_GO="1") as server:
        ids = [asked(server)["id"] for _ in range(3)]
        wait_until((tmp_path / "outputs" / "begun").exists, server)
        os.killpg(server.process.pid, kind)
        assert server.process.wait(PATIENCE) == 0
        assert "Traceback" not in server.log.read_text()
    assert not list((tmp_path / "outputs").glob(".lipsync-*"))
    with serve(tmp_path, GATED) as server:
        assert {ended(server, id)["state"] for id in ids} == {"done"}


def test_a_worker_that_is_killed_is_replaced(tmp_path: Path) -> None:
    with serve(tmp_path, GATED) as server:
        done = ended(server, asked(server)["id"])
        (_, worker) = server.processes()
        os.kill(worker, signal.SIGKILL)

        def is_another() -> bool:
            try:
                return server.processes()[1:] not in ([], [worker]) and is_alive(server)
            except OSError:
                return False

        wait_until(is_another, server)
        wait_until(lambda: server.ask("GET", "/api/ready").status == 200, server)
        assert job_of(server, done["id"]) == done
        generated(server)


# ---- others


@contextmanager
def receiver(slow: Event) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Where webhooks go: ``/slow`` answers when ``slow`` is set. Its address, and the path and job of each, and again
    ``answered`` with the path when it has its answer."""
    heard: list[tuple[str, str]] = []

    def behave(handler: BaseHTTPRequestHandler, request: ReceivedRequest) -> None:
        heard.append((request.path, request.json()["data"]["id"]))
        if request.path == "/slow":
            slow.wait(PATIENCE)
        heard.append(("answered", request.path))
        respond(204)(handler, request)

    with http_server(behaviour=behave) as server:
        try:
            yield server.url(""), heard
        finally:
            slow.set()


def test_a_slow_receiver_of_webhooks_holds_up_nobody(tmp_path: Path) -> None:
    slow = Event()
    environment = {"LIPSYNC_WEBHOOK_SECRET": "a secret of a receiver", "LIPSYNC_WEBHOOK_ALLOW_PRIVATE": "1"}
    with receiver(slow) as (url, heard), serve(tmp_path, GATED, **environment) as server:
        late = asked(server, webhook=f"{url}/slow")
        wait_until(lambda: ("/slow", late["id"]) in heard, server)
        assert ended(server, late["id"])["state"] == "done"
        quick = asked(server, webhook=f"{url}/quick")
        wait_until(lambda: ("/quick", quick["id"]) in heard, server)
        assert not slow.is_set(), "the slow one still has no answer"
        generated(server)
        assert server.stop() == 0
        assert ("answered", "/slow") not in heard, "the stop has not waited for it"


def test_one_job_beside_thirty_of_another_caller(tmp_path: Path) -> None:
    """The caller with one is served after one or two of the others."""
    with serve(tmp_path, GATED, WAIT_FOR_GO="1") as server:
        many = [asked(server)["id"] for _ in range(30)]
        wait_until((tmp_path / "outputs" / "begun").exists, server)
        one = asked(server, OTHER)
        assert one["place"] == 1
        (tmp_path / "outputs" / "go").touch()
        assert ended(server, one["id"], OTHER)["state"] == "done"
        jobs = [ended(server, id) for id in many]
        mine = job_of(server, one["id"], OTHER)
        assert {job["state"] for job in jobs} == {"done"}
        earlier = sum(job["started"] < mine["started"] for job in jobs)
        assert earlier <= 2, f"{earlier} of the others were begun before"
