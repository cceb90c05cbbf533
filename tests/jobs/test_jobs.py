from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from lipsync.errors import LipsyncError
from lipsync.face.avatars import avatar
from lipsync.jobs.job import Job
from lipsync.jobs.jobs import Jobs
from lipsync.jobs.repository import JobRepository
from lipsync.pipeline.request import VideoRequestFields
from lipsync.settings import Settings
from tests.helpers.eventually import eventually
from tests.helpers.fake_service import FakeService
from tests.helpers.jobs import Add

FIELDS = VideoRequestFields(text="Hello there", language="en")


@pytest.fixture
def service(settings: Settings) -> Iterator[FakeService]:
    service = FakeService(settings)
    yield service
    service.gate.set()


@pytest.fixture
def jobs(settings: Settings, engine: Engine, service: FakeService) -> Iterator[Jobs]:
    settings = settings.model_copy(update={"max_queued": 4, "max_queued_per_caller": 3, "max_concurrent_renders": 1})
    jobs = Jobs(settings, engine, lambda: service)
    yield jobs
    jobs.close()


def submit(jobs: Jobs, owner: str = "a", **more: object) -> Job:
    return jobs.submit(FIELDS, None, owner=owner, **more)  # type: ignore[arg-type]


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
    assert done.video is not None
    assert done.video.frames > 0
    assert jobs.files.exists(done.video_key)
    assert jobs.files.exists(done.stream), "for those who have just begun to read it"
    assert list(settings.outputs.glob("*.mp4")) == [settings.outputs / done.video_key]


def test_a_cancelled_job_leaves_nothing(jobs: Jobs, service: FakeService, settings: Settings) -> None:
    service.gate.clear()
    seen: list[str] = []
    jobs.on_end.append(lambda job: seen.append(job.state))
    job = submit(jobs)
    service.begun.wait(10)
    assert jobs.cancel(job.id, "a").state == "cancelled"
    eventually(lambda: not list(settings.outputs.glob("*.mp4")) and not list(settings.outputs.glob(".lipsync-*")))
    assert ended(jobs, job).problem().code == "job_cancelled"
    assert seen == ["cancelled"]
    service.gate.set()
    assert ended(jobs, submit(jobs)).state == "done", "the place is free"


def test_a_job_that_ended_is_forgotten_with_its_video(jobs: Jobs) -> None:
    job = ended(jobs, submit(jobs))
    jobs.cancel(job.id, "a")
    assert not jobs.files.exists(job.video_key)
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
    assert jobs.recent_jobs("b", 9) == []
    assert [one.id for one in jobs.recent_jobs("a", 9)] == [job.id]


@pytest.mark.slow
def test_a_full_queue_says_when_to_come_again(jobs: Jobs, service: FakeService) -> None:
    service.gate.clear()
    first = submit(jobs, "a")
    service.begun.wait(10)
    eventually(lambda: jobs.count_queued() == 0)
    waiting = [submit(jobs, "a") for _ in range(3)]
    with pytest.raises(LipsyncError) as caught:
        submit(jobs, "a")
    assert caught.value.code == "too_many_jobs", "one caller's share"
    last = submit(jobs, "b")
    with pytest.raises(LipsyncError) as caught:
        submit(jobs, "c")
    assert caught.value.code == "queue_full"
    assert int(str(caught.value.facts["seconds"])) >= 1
    estimate = jobs.estimate()
    assert [estimate.position(one) for one in (first, *waiting, last)] == [None, 2, 3, 4, 1]
    left = [estimate.seconds_left(one) or 0 for one in (last, *waiting)]
    assert left == sorted(left)
    service.gate.set()
    assert ended(jobs, waiting[-1]).state == "done"
    assert jobs.estimate().seconds_left(ended(jobs, last)) is None


def test_the_same_key_is_the_same_job(jobs: Jobs) -> None:
    job = submit(jobs, idempotency_key="k-1")
    assert submit(jobs, idempotency_key="k-1").id == job.id
    assert submit(jobs, "b", idempotency_key="k-1").id != job.id
    assert ended(jobs, job).id == submit(jobs, idempotency_key="k-1").id, "also afterwards"
    for other in (FIELDS.model_copy(update={"text": "Another"}), FIELDS.model_copy(update={"seed": 2})):
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
        ids.append(jobs.submit(FIELDS, b"", owner="a", idempotency_key="k").id)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 8
    assert len(set(ids)) == 1


def test_what_is_wrong_with_a_request_is_said_before_it_is_a_job(jobs: Jobs) -> None:
    with pytest.raises(LipsyncError) as caught:
        jobs.submit(VideoRequestFields(text="", language="en"), None, owner="a")
    assert caught.value.code == "empty_text"
    assert jobs.count_by_state()["queued"] == 0


def test_a_failure_is_the_jobs(jobs: Jobs, settings: Settings) -> None:
    job = ended(jobs, jobs.submit(FIELDS, b"no picture", owner="a"))
    assert (job.state, job.problem().code) == ("failed", "not_a_picture")
    assert job.picture is None
    assert not list((settings.outputs / "jobs").glob("*/picture")), "what was sent is kept no longer than needed"


def test_a_picture_for_behind_the_person_is_kept_until_the_job_has_ended(
    jobs: Jobs, settings: Settings, service: FakeService
) -> None:
    sea = avatar("newton").path.read_bytes()
    service.gate.clear()
    job = submit(jobs, background_image=sea, idempotency_key="k")
    assert job.background_image is not None
    assert jobs.files.get(job.background_image) == sea
    assert submit(jobs, background_image=sea, idempotency_key="k").id == job.id
    with pytest.raises(LipsyncError) as caught:
        submit(jobs, background_image=sea + b" ", idempotency_key="k")
    assert caught.value.code == "idempotency_reused"
    service.gate.set()
    done = ended(jobs, job)
    assert (done.state, done.background_image) == ("done", None)
    assert not list((settings.outputs / "jobs").glob("*/background"))


def test_while_the_server_stops_there_are_no_new_ones(
    settings: Settings, engine: Engine, service: FakeService
) -> None:
    jobs = Jobs(settings, engine, lambda: service, is_stopping=lambda: True)
    with pytest.raises(LipsyncError) as caught:
        submit(jobs)
    assert caught.value.code == "stopping"
    jobs.close()


def test_who_comes_after_goes_on_with_what_was_left(
    jobs: Jobs, settings: Settings, engine: Engine, service: FakeService
) -> None:
    service.gate.clear()
    left = [submit(jobs), submit(jobs)]
    service.begun.wait(10)
    jobs.close()
    assert [jobs.repository.count_by_state()[state] for state in ("queued", "running")] == [2, 0]
    service.gate.set()
    after = Jobs(settings, engine, lambda: service)
    after.start()
    assert [ended(after, job).state for job in left] == ["done", "done"]
    assert len(list(settings.outputs.glob("*.mp4"))) == 2
    after.close()


def test_a_job_of_a_dead_process_is_never_told_to_be_running(
    settings: Settings, engine: Engine, service: FakeService, add: Add
) -> None:
    lost = add()
    JobRepository(engine).claim("f" * 16)
    after = Jobs(settings, engine, lambda: service, shortage=lambda: "it waits")
    after.start()
    assert after.get(lost, None).state == "queued", "as soon as it has started"
    after.close()


def test_outputs_that_cannot_be_written_fail_that_job_alone(
    settings: Settings, engine: Engine, service: FakeService, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    broken = Jobs(settings.model_copy(update={"outputs": tmp_path / "file"}), engine, lambda: service)
    job = ended(broken, submit(broken))
    assert (job.state, job.problem().code) == ("failed", "cannot_write")
    broken.close()
