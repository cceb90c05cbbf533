from __future__ import annotations

import pytest

from lipsync.jobs.book import Book
from lipsync.jobs.job import Job, Made
from lipsync.jobs.pace import OVERHEAD, Pace
from tests.jobs.conftest import Add
from tests.jobs.test_book import MADE, found


def running(book: Book, add: Add, **facts: object) -> Job:
    return found(book, add()).model_copy(update={"state": "running", "started": 1000.0, "characters": 80, **facts})


def test_it_learns_from_what_videos_took(book: Book) -> None:
    pace = Pace(book)
    for _ in range(30):
        pace.learn(80, 10.0)
    assert pace.seconds(180) == pytest.approx(20.0, rel=0.01)


def test_it_begins_with_what_an_earlier_process_made(book: Book, add: Add) -> None:
    made = Made(**{**MADE.model_dump(), "timings": {"total": 5.0}})
    add(characters=100 - OVERHEAD)
    job = book.claim("r")
    assert job is not None
    book.done(job.id, "r", made)
    assert Pace(book).seconds(100 - OVERHEAD) == pytest.approx(5.0)


def test_the_further_a_video_is_the_more_its_own_speed_counts(book: Book, add: Add) -> None:
    now = [1000.0]
    pace = Pace(book, clock=lambda: now[0])
    learned = pace.seconds(80)
    assert pace.left(running(book, add, progress=0.0)) == learned
    now[0] += 9
    # A tenth in a second and a ninth: ten times as slow as learned or not, near the end it is what counts.
    assert pace.left(running(book, add, progress=0.9)) == pytest.approx(1.0, abs=0.1 * learned)


@pytest.mark.parametrize("jump", [-5000.0, 1e7])
def test_a_clock_that_was_moved_is_not_believed(book: Book, add: Add, jump: float) -> None:
    pace = Pace(book, clock=lambda: 1000.0 + jump)
    assert pace.left(running(book, add, progress=0.5)) == pytest.approx(pace.seconds(80) / 2)
