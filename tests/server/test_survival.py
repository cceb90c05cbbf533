"""A server that is killed, or stopped, in the middle of its jobs, and what the next one makes of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import av
import pytest

from tests.helpers.gunicorn_server import PATIENCE, Server, serve, wait_until

pytestmark = pytest.mark.system

JOBS = 20
TEXT = "Number {n} speaks."


def ask(server: Server, number: int) -> dict[str, Any]:
    body = {"text": TEXT.format(n=number), "language": "en", "avatar": "hopper"}
    answer = server.ask("POST", "/api/jobs", body, {"Idempotency-Key": f"number-{number}"})
    assert answer.status == 202, answer.body
    return dict(json.loads(answer.body))


def listed(server: Server) -> dict[str, dict[str, Any]]:
    return {job["id"]: job for job in json.loads(server.ask("GET", "/api/jobs").body)["jobs"]}


def states(server: Server) -> Counter[str]:
    return Counter(job["state"] for job in listed(server).values())


def videos(folder: Path) -> list[Path]:
    return sorted((folder / "outputs").glob("*.mp4"))


def are_whole(paths: list[Path], jobs: dict[str, dict[str, Any]]) -> None:
    """Each job has its own video, and each of these has as many frames as the job says."""
    frames = []
    for path in paths:
        with av.open(str(path)) as film:
            frames.append(film.streams.video[0].frames)
    assert sorted(frames) == sorted(job["frames"] for job in jobs.values())


def test_all_jobs_of_a_killed_server_end_once(tmp_path: Path) -> None:
    with serve(tmp_path) as server:
        asked = [ask(server, number)["id"] for number in range(JOBS)]
        wait_until(lambda: states(server)["done"] >= 3 and states(server)["running"] >= 1, server)
        server.kill()
    before = set(videos(tmp_path))
    with serve(tmp_path) as server:
        wait_until(lambda: states(server)["done"] == JOBS, server, 2 * PATIENCE)
        jobs = listed(server)
        assert set(jobs) == set(asked), "none lost, none doubled"
        # Who asks again after the crash gets the same job.
        assert ask(server, 7)["id"] in asked
        assert states(server) == {"done": JOBS}
    assert before <= set(videos(tmp_path)), "what was done stays"
    assert len(videos(tmp_path)) == JOBS
    are_whole(videos(tmp_path), jobs)


def test_a_job_that_kills_the_server_twice_is_given_up(tmp_path: Path) -> None:
    with serve(tmp_path) as server:
        ask(server, 1)  # what does not kill it
        wait_until(lambda: states(server)["done"] == 1, server)
    for _ in range(2):
        with serve(tmp_path, "tests.helpers.apps.gated_service:app", WAIT_FOR_GO="1") as server:
            ask(server, 2)  # the second time it is the same one
            wait_until(lambda server=server: states(server)["running"] == 1, server)  # type: ignore[misc]
            server.kill()
    with serve(tmp_path) as server:
        wait_until(lambda: states(server)["running"] + states(server)["queued"] == 0, server)
        failed = [job for job in listed(server).values() if job["state"] == "failed"]
        assert [job["error"]["code"] for job in failed] == ["job_crashed"]
        assert states(server) == {"done": 1, "failed": 1}


def test_the_command_line_beside_a_server_takes_nothing_from_it(tmp_path: Path) -> None:
    """What is written while another process uses the database, and afterwards, is there after a crash."""
    with serve(tmp_path) as server, ThreadPoolExecutor(8) as pool:
        asked = [job["id"] for job in pool.map(lambda number: ask(server, number), range(8))]
        command = [sys.executable, "-m", "lipsync", "keys", "add", "Anna"]
        state = {"LIPSYNC_STATE": str(tmp_path / "state")}
        subprocess.run(command, env=os.environ | state, check=True, capture_output=True, timeout=PATIENCE)
        asked += [ask(server, number)["id"] for number in range(8, 11)]
        server.kill()
    with serve(tmp_path) as server:
        assert set(listed(server)) == set(asked)
        wait_until(lambda: states(server)["done"] == len(asked), server)


def test_what_a_stopped_server_had_not_finished_is_handed_back(tmp_path: Path) -> None:
    with serve(tmp_path) as server:
        asked = [ask(server, number)["id"] for number in range(6)]
        wait_until(lambda: states(server)["running"] >= 1, server)
        assert server.stop() == 0
    done = len(videos(tmp_path))
    assert done < len(asked), "it does not wait for the whole queue"
    assert not list((tmp_path / "outputs").glob(".lipsync-*")), "nothing half-written stays"
    with serve(tmp_path) as server:
        wait_until(lambda: states(server)["done"] == len(asked), server)
        assert "made again" not in server.log.read_text(), "handed back, not lost"
    assert len(videos(tmp_path)) == len(asked)
