from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine

from lipsync.errors import LipsyncError
from lipsync.jobs.job import Failure
from lipsync.jobs.repository import JobRepository
from lipsync.messages import Message
from lipsync.settings import Settings
from lipsync.storage import database
from tests.helpers.jobs import MADE, Add, found


def test_a_job_from_its_beginning_to_its_end(repository: JobRepository, add: Add) -> None:
    id = add()
    assert (found(repository, id).state, found(repository, id).video_request) == ("queued", {"text": "Hello"})
    claimed = repository.claim("r")
    assert claimed is not None
    assert (claimed.id, claimed.state, claimed.attempts) == (id, "running", 1)
    assert repository.report(id, "r", "render", 0.5)
    assert (found(repository, id).stage, found(repository, id).progress) == ("render", 0.5)
    assert repository.mark_done(id, "r", MADE)
    job = found(repository, id)
    assert (job.state, job.progress, job.video, job.has_ended) == ("done", 1.0, MADE, True)
    assert job.video_request is None, "the text is kept no longer than needed"
    assert repository.count_by_state() == {"queued": 0, "running": 0, "done": 1, "failed": 0, "cancelled": 0}


def test_a_job_that_is_cancelled_is_nobodys_to_finish(repository: JobRepository, add: Add) -> None:
    id = add()
    repository.claim("r")
    assert repository.cancel(id)
    assert not repository.report(id, "r", "render", 0.5)
    assert not repository.mark_done(id, "r", MADE)
    assert not repository.mark_failed(id, "r", Failure(code="internal"))
    assert not repository.cancel(id), "it has ended"
    assert found(repository, id).state == "cancelled"


def test_nobody_finishes_anothers_job(repository: JobRepository, add: Add) -> None:
    id = add()
    repository.claim("r")
    assert not repository.mark_done(id, "other", MADE)
    assert found(repository, id).state == "running"


def test_an_error_comes_back_as_it_was(repository: JobRepository, add: Add) -> None:
    id = add()
    repository.claim("r")
    error = LipsyncError("bad_field", field="x\ud800", expected=Message("field.number"))
    repository.mark_failed(id, "r", Failure.of(error))
    failure = found(repository, id).error
    assert failure is not None
    assert failure.error().message("ru") == "«x\\ud800» указано неверно: нужно число."
    assert found(repository, id).problem().code == "bad_field"


def test_each_job_is_claimed_once_by_however_many(repository: JobRepository, add: Add) -> None:
    ids = [add(owner=f"o{number % 3}") for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        claimed = list(pool.map(lambda number: repository.claim(f"r{number % 4}"), range(40)))
    assert sorted(job.id for job in claimed if job) == sorted(ids)


def test_turns_go_on_where_they_were(repository: JobRepository, add: Add) -> None:
    for owner in "aaab":
        add(owner)
    order = []
    for _ in range(2):
        job = repository.claim("r")
        assert job is not None
        order.append(job.owner)
    add("c")
    while job := repository.claim("r"):
        order.append(job.owner)
    assert order == ["a", "b", "c", "a", "a"]


def test_only_what_is_among_the_wanted_is_claimed(repository: JobRepository, add: Add) -> None:
    add()
    second = add()
    job = repository.claim("r", {second})
    assert job is not None
    assert job.id == second
    assert repository.claim("r", {second}) is None


def test_what_a_runner_hands_back_counts_as_never_begun(repository: JobRepository, add: Add) -> None:
    id = add()
    for _ in range(5):
        repository.claim("r")
        assert repository.requeue_running("r") == 1
    assert (found(repository, id).state, found(repository, id).attempts) == ("queued", 0)


def test_what_a_dead_runner_leaves_is_begun_once_more_and_then_given_up(repository: JobRepository, add: Add) -> None:
    id = add()
    repository.claim("first")
    assert repository.active_runners() == {"first"}
    assert repository.requeue_orphaned("first") == 1
    assert found(repository, id).state == "queued"
    repository.claim("second")
    assert repository.requeue_orphaned("first") == 0, "it is the second's now"
    assert repository.requeue_orphaned("second") == 1
    job = found(repository, id)
    assert (job.state, job.problem().code) == ("failed", "job_crashed")


def test_one_job_a_key_and_caller(repository: JobRepository, add: Add) -> None:
    id = add("a", idempotency_key="k")
    assert not repository.add(
        {"id": "0" * 32, "owner": "a", "characters": 1, "language": "en", "avatar": "", "video_key": "v",
         "idempotency_key": "k"}
    )  # fmt: skip
    add("b", idempotency_key="k")
    add("a")
    add("a")
    kept = repository.find_by_idempotency_key("a", "k")
    assert kept is not None
    assert kept.id == id


def test_no_order_depends_on_the_clock(engine: Engine) -> None:
    now = [1_000_000.0]
    repository = JobRepository(engine, clock=lambda: now[0])
    ids = []
    for step in (0, -500_000, 900_000):
        now[0] += step
        ids.append(f"{len(ids):032x}")
        repository.add(
            {"id": ids[-1], "owner": "a", "characters": 1, "language": "en", "avatar": "", "video_key": "v"}
        )
    assert [job.id for job in repository.recent_jobs("a", 9)] == ids[::-1]
    assert [one.id for one in repository.queued_jobs()] == ids


def test_old_ones_are_forgotten_when_they_have_ended_and_are_told(engine: Engine) -> None:
    now = [1_000_000.0]
    repository = JobRepository(engine, clock=lambda: now[0])
    row = {"owner": "a", "characters": 1, "language": "en", "avatar": "", "video_key": "v"}
    for id in ("done", "waiting", "untold"):
        repository.add({"id": id, **row, "webhook": "https://x.test/" if id == "untold" else None})
    repository.cancel("done")
    repository.cancel("untold")
    now[0] += 3601
    repository.delete_expired(max_hours=1)
    assert {job.id for job in repository.recent_jobs(None, 9)} == {"waiting", "untold"}


def test_a_locked_database_is_said_in_a_sentence(
    settings: Settings, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = add()
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.1)
    engine = database.connect(settings)
    other = sqlite3.connect(settings.state / "lipsync.db")
    other.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(LipsyncError, match="locked") as caught:
            JobRepository(engine).cancel(id)
        assert caught.value.code == "database_busy"
        assert found(JobRepository(engine), id).state == "queued", "who reads does not wait for who writes"
    finally:
        other.rollback()
        other.close()
    assert JobRepository(engine).cancel(id)
    engine.dispose()


def test_a_folder_that_cannot_be_written_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LipsyncError) as caught:
        database.connect(Settings(_env_file=None, state=tmp_path / "file"))
    assert caught.value.code == "cannot_write"


@pytest.mark.slow
def test_many_threads_read_and_write_at_once(repository: JobRepository, add: Add) -> None:
    ids = [add() for _ in range(8)]
    for _ in ids:
        repository.claim("r")
    errors: list[Exception] = []

    def work(id: str) -> None:
        try:
            for step in range(20):
                assert repository.report(id, "r", "render", step / 20)
                repository.queued_jobs()
            assert repository.mark_done(id, "r", MADE)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(id,)) for id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert repository.count_by_state()["done"] == 8
