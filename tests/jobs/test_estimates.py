from __future__ import annotations

import pytest

from lipsync.jobs.estimates import OVERHEAD_CHARACTERS, ThroughputEstimator
from lipsync.jobs.job import Job
from lipsync.jobs.repository import JobRepository
from lipsync.pipeline.result import VideoFacts
from tests.helpers.jobs import MADE, Add, found


def running(repository: JobRepository, add: Add, **facts: object) -> Job:
    return found(repository, add()).model_copy(
        update={"state": "running", "started": 1000.0, "characters": 80, **facts}
    )


def test_it_learns_from_what_videos_took(repository: JobRepository) -> None:
    throughput = ThroughputEstimator(repository)
    for _ in range(30):
        throughput.record(80, 10.0)
    assert throughput.seconds(180) == pytest.approx(20.0, rel=0.01)


def test_it_begins_with_what_an_earlier_process_made(repository: JobRepository, add: Add) -> None:
    made = VideoFacts(**{**MADE.model_dump(), "timings": {"total": 5.0}})
    add(characters=100 - OVERHEAD_CHARACTERS)
    job = repository.claim("r")
    assert job is not None
    repository.mark_done(job.id, "r", made)
    assert ThroughputEstimator(repository).seconds(100 - OVERHEAD_CHARACTERS) == pytest.approx(5.0)


def test_the_further_a_video_is_the_more_its_own_speed_counts(repository: JobRepository, add: Add) -> None:
    now = [1000.0]
    throughput = ThroughputEstimator(repository, clock=lambda: now[0])
    learned = throughput.seconds(80)
    assert throughput.seconds_left(running(repository, add, progress=0.0)) == learned
    now[0] += 9
    # A tenth in a second and a ninth: ten times as slow as learned or not, near the end it is what counts.
    assert throughput.seconds_left(running(repository, add, progress=0.9)) == pytest.approx(1.0, abs=0.1 * learned)


@pytest.mark.parametrize("jump", [-5000.0, 1e7])
def test_a_clock_that_was_moved_is_not_believed(repository: JobRepository, add: Add, jump: float) -> None:
    throughput = ThroughputEstimator(repository, clock=lambda: 1000.0 + jump)
    assert throughput.seconds_left(running(repository, add, progress=0.5)) == pytest.approx(
        throughput.seconds(80) / 2
    )
