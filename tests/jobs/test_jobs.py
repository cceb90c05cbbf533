from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from lipsync.errors import LipsyncError
from lipsync.jobs.book import Book
from lipsync.jobs.job import Job
from lipsync.jobs.jobs import Jobs
from lipsync.settings import Settings
from tests.jobs.conftest import Add
from tests.jobs.test_runner import until
from tests.web.still import StillService

WANTED = {"text": "Hello there", "language": "en"}


@pytest.fixture
def service(settings: Settings) -> Iterator[StillService]:
    service = StillService(settings)
    yield service
    service.gate.set()


@pytest.fixture
def jobs(settings: Settings, engine: Engine, service: StillService) -> Iterator[Jobs]:
    settings = settings.model_copy(update={"queue": 4, "queue_per_caller": 3, "renders": 1})
    jobs = Jobs(settings, engine, lambda: service)
    yield jobs
    jobs.close()


def submit(jobs: Jobs, owner: str = "a", **more: object) -> Job:
    return jobs.submit(WANTED, None, owner=owner, **more)  # type: ignore[arg-type]


def ended(jobs: Jobs, job: Job) -> Job:
    *_, last = jobs.follow(job.id, None)
    return last


def test_a_job_is_followed_to_its_end(jobs: Jobs, settings: Settings) -> None:
    job = submit(jobs)
    assert (job.state, job.language, job.characters) == ("queued", "en", 11)
    states = [one.state for one in jobs.follow(job.id, "a")]
    assert states[-1] == "done"
    assert states == sorted(states, key=["queued", "running", "done"].index)
    done = jobs.get(job.id, "a")
    assert done.result is not None
    assert done.result.frames > 0
    assert jobs.files.has(done.video)
    assert jobs.files.has(done.stream), "for those who have just begun to read it"
    assert list(settings.outputs.glob("*.mp4")) == [settings.outputs / done.video]


def test_a_cancelled_job_leaves_nothing(jobs: Jobs, service: StillService, settings: Settings) -> None:
    service.gate.clear()
    seen: list[str] = []
    jobs.on_end.append(lambda job: seen.append(job.state))
    job = submit(jobs)
    service.begun.wait(10)
    assert jobs.cancel(job.id, "a").state == "cancelled"
    until(lambda: not list(settings.outputs.glob("*.mp4")) and not list(settings.outputs.glob(".lipsync-*")))
    assert ended(jobs, job).problem().code == "job_cancelled"
    assert seen == ["cancelled"]
    service.gate.set()
    assert ended(jobs, submit(jobs)).state == "done", "the place is free"


def test_a_job_that_ended_is_forgotten_with_its_video(jobs: Jobs) -> None:
    job = ended(jobs, submit(jobs))
    jobs.cancel(job.id, "a")
    assert not jobs.files.has(job.video)
    with pytest.raises(LipsyncError) as caught:
        jobs.get(job.id, "a")
    assert caught.value.code == "job_unknown"


@pytest.mark.parametrize("id", ["", "x", "0" * 31, "0" * 33, "../" * 11, "0" * 31 + "\n", "%00"])
def test_what_is_no_id_is_not_asked_for(jobs: Jobs, id: str) -> None:
    with pytest.raises(LipsyncError) as caught:
        jobs.get(id, None)
    assert caught.value.code == "job_unknown"


def test_anothers_job_is_as_if_it_were_not_there(jobs: Jobs) -> None:
    job = submit(jobs)
    for touch in (jobs.get, jobs.cancel, lambda id, owner: next(jobs.follow(id, owner))):
        with pytest.raises(LipsyncError) as caught:
            touch(job.id, "b")
        assert caught.value.code == "job_unknown"
    assert jobs.recent("b", 9) == []
    assert [one.id for one in jobs.recent("a", 9)] == [job.id]


def test_a_full_queue_says_when_to_come_again(jobs: Jobs, service: StillService) -> None:
    service.gate.clear()
    first = submit(jobs, "a")
    service.begun.wait(10)
    until(lambda: jobs.queued() == 0)
    waiting = [submit(jobs, "a") for _ in range(3)]
    with pytest.raises(LipsyncError) as caught:
        submit(jobs, "a")
    assert caught.value.code == "too_many_jobs", "one caller's share"
    last = submit(jobs, "b")
    with pytest.raises(LipsyncError) as caught:
        submit(jobs, "c")
    assert caught.value.code == "queue_full"
    assert int(str(caught.value.facts["seconds"])) >= 1
    outlook = jobs.outlook()
    assert [outlook.place(one) for one in (first, *waiting, last)] == [None, 2, 3, 4, 1]
    left = [outlook.seconds_left(one) or 0 for one in (last, *waiting)]
    assert left == sorted(left)
    service.gate.set()
    assert ended(jobs, waiting[-1]).state == "done"
    assert jobs.outlook().seconds_left(ended(jobs, last)) is None


def test_the_same_key_is_the_same_job(jobs: Jobs) -> None:
    job = submit(jobs, idempotency_key="k-1")
    assert submit(jobs, idempotency_key="k-1").id == job.id
    assert submit(jobs, "b", idempotency_key="k-1").id != job.id
    assert ended(jobs, job).id == submit(jobs, idempotency_key="k-1").id, "also afterwards"
    for other in ({**WANTED, "text": "Another"}, {**WANTED, "seed": 2}):
        with pytest.raises(LipsyncError) as caught:
            jobs.submit(other, None, owner="a", idempotency_key="k-1")
        assert caught.value.code == "idempotency_reused"
    for bad in ("", "x" * 201, "a b", "ключ"):
        with pytest.raises(LipsyncError) as caught:
            submit(jobs, idempotency_key=bad)
        assert caught.value.code == "idempotency_key"


def test_the_same_key_at_the_same_time_is_the_same_job(jobs: Jobs) -> None:
    ids: list[str] = []
    gate = threading.Barrier(8)

    def ask() -> None:
        gate.wait()
        ids.append(jobs.submit(WANTED, b"", owner="a", idempotency_key="k").id)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 8
    assert len(set(ids)) == 1


def test_what_is_wrong_with_a_request_is_said_before_it_is_a_job(jobs: Jobs) -> None:
    with pytest.raises(LipsyncError) as caught:
        jobs.submit({"text": "", "language": "en"}, None, owner="a")
    assert caught.value.code == "empty_text"
    assert jobs.counts()["queued"] == 0


def test_a_failure_is_the_jobs(jobs: Jobs, settings: Settings) -> None:
    job = ended(jobs, jobs.submit(WANTED, b"no picture", owner="a"))
    assert (job.state, job.problem().code) == ("failed", "not_a_picture")
    assert job.picture is None
    assert not list((settings.outputs / "jobs").glob("*/picture")), "what was sent is kept no longer than needed"


def test_while_the_server_stops_there_are_no_new_ones(
    settings: Settings, engine: Engine, service: StillService
) -> None:
    jobs = Jobs(settings, engine, lambda: service, stopping=lambda: True)
    with pytest.raises(LipsyncError) as caught:
        submit(jobs)
    assert caught.value.code == "stopping"
    jobs.close()


def test_who_comes_after_goes_on_with_what_was_left(
    jobs: Jobs, settings: Settings, engine: Engine, service: StillService
) -> None:
    service.gate.clear()
    left = [submit(jobs), submit(jobs)]
    service.begun.wait(10)
    jobs.close()
    assert [jobs.book.counts()[state] for state in ("queued", "running")] == [2, 0]
    service.gate.set()
    after = Jobs(settings, engine, lambda: service)
    after.start()
    assert [ended(after, job).state for job in left] == ["done", "done"]
    assert len(list(settings.outputs.glob("*.mp4"))) == 2
    after.close()


def test_a_job_of_a_dead_process_is_never_told_to_be_running(
    settings: Settings, engine: Engine, service: StillService, add: Add
) -> None:
    lost = add()
    Book(engine).claim("f" * 16)
    after = Jobs(settings, engine, lambda: service, why_not=lambda: "it waits")
    after.start()
    assert after.get(lost, None).state == "queued", "as soon as it has started"
    after.close()


def test_outputs_that_cannot_be_written_fail_that_job_alone(
    settings: Settings, engine: Engine, service: StillService, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    broken = Jobs(settings.model_copy(update={"outputs": tmp_path / "file"}), engine, lambda: service)
    job = ended(broken, submit(broken))
    assert (job.state, job.problem().code) == ("failed", "cannot_write")
    broken.close()
