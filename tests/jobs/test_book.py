from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine

from lipsync.errors import LipsyncError
from lipsync.jobs import database
from lipsync.jobs.book import Book
from lipsync.jobs.job import Failure, Job, Made
from lipsync.settings import Settings
from tests.jobs.conftest import Add

MADE = Made(
    duration=1.2, frames=30, width=512, height=600, fps=25, voice="v", engine="puppet", portrait="made",
    timings={"total": 0.5},
)  # fmt: skip


def found(book: Book, id: str) -> Job:
    job = book.find(id)
    assert job is not None
    return job


def test_a_job_from_its_beginning_to_its_end(book: Book, add: Add) -> None:
    id = add()
    assert (found(book, id).state, found(book, id).wanted) == ("queued", {"text": "Hello"})
    claimed = book.claim("r")
    assert claimed is not None
    assert (claimed.id, claimed.state, claimed.attempts) == (id, "running", 1)
    assert book.report(id, "r", "render", 0.5)
    assert (found(book, id).stage, found(book, id).progress) == ("render", 0.5)
    assert book.done(id, "r", MADE)
    job = found(book, id)
    assert (job.state, job.progress, job.result, job.has_ended) == ("done", 1.0, MADE, True)
    assert job.wanted is None, "the text is kept no longer than needed"
    assert book.counts() == {"queued": 0, "running": 0, "done": 1, "failed": 0, "cancelled": 0}


def test_a_job_that_is_cancelled_is_nobodys_to_finish(book: Book, add: Add) -> None:
    id = add()
    book.claim("r")
    assert book.cancel(id)
    assert not book.report(id, "r", "render", 0.5)
    assert not book.done(id, "r", MADE)
    assert not book.failed(id, "r", Failure(code="internal"))
    assert not book.cancel(id), "it has ended"
    assert found(book, id).state == "cancelled"


def test_nobody_finishes_anothers_job(book: Book, add: Add) -> None:
    id = add()
    book.claim("r")
    assert not book.done(id, "other", MADE)
    assert found(book, id).state == "running"


def test_an_error_comes_back_as_it_was(book: Book, add: Add) -> None:
    id = add()
    book.claim("r")
    error = LipsyncError("bad_field", field="x\ud800", expected={"en": "a number", "ru": "число"})
    book.failed(id, "r", Failure.of(error))
    failure = found(book, id).error
    assert failure is not None
    assert failure.error().sentence("ru") == "Поле «x\\ud800» заполнено неверно: число."
    assert found(book, id).problem().code == "bad_field"


def test_each_job_is_claimed_once_by_however_many(book: Book, add: Add) -> None:
    ids = [add(owner=f"o{number % 3}") for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        claimed = list(pool.map(lambda number: book.claim(f"r{number % 4}"), range(40)))
    assert sorted(job.id for job in claimed if job) == sorted(ids)


def test_turns_go_on_where_they_were(book: Book, add: Add) -> None:
    for owner in "aaab":
        add(owner)
    order = []
    for _ in range(2):
        job = book.claim("r")
        assert job is not None
        order.append(job.owner)
    add("c")
    while job := book.claim("r"):
        order.append(job.owner)
    assert order == ["a", "b", "c", "a", "a"]


def test_only_what_is_among_the_wanted_is_claimed(book: Book, add: Add) -> None:
    add()
    second = add()
    job = book.claim("r", {second})
    assert job is not None
    assert job.id == second
    assert book.claim("r", {second}) is None


def test_what_a_runner_hands_back_counts_as_never_begun(book: Book, add: Add) -> None:
    id = add()
    for _ in range(5):
        book.claim("r")
        assert book.hand_back("r") == 1
    assert (found(book, id).state, found(book, id).attempts) == ("queued", 0)


def test_what_a_dead_runner_leaves_is_begun_once_more_and_then_given_up(book: Book, add: Add) -> None:
    id = add()
    book.claim("first")
    assert book.runners() == {"first"}
    assert book.lost("first") == 1
    assert found(book, id).state == "queued"
    book.claim("second")
    assert book.lost("first") == 0, "it is the second's now"
    assert book.lost("second") == 1
    job = found(book, id)
    assert (job.state, job.problem().code) == ("failed", "job_crashed")


def test_one_job_a_key_and_caller(book: Book, add: Add) -> None:
    id = add("a", idempotency_key="k")
    assert not book.add(
        {"id": "0" * 32, "owner": "a", "characters": 1, "language": "en", "avatar": "", "video": "v",
         "idempotency_key": "k"}
    )  # fmt: skip
    add("b", idempotency_key="k")
    add("a")
    add("a")
    kept = book.of_key("a", "k")
    assert kept is not None
    assert kept.id == id


def test_no_order_depends_on_the_clock(engine: Engine) -> None:
    now = [1_000_000.0]
    book = Book(engine, clock=lambda: now[0])
    ids = []
    for step in (0, -500_000, 900_000):
        now[0] += step
        ids.append(f"{len(ids):032x}")
        book.add({"id": ids[-1], "owner": "a", "characters": 1, "language": "en", "avatar": "", "video": "v"})
    assert [job.id for job in book.recent("a", 9)] == ids[::-1]
    assert [one.id for one in book.waiting()] == ids


def test_old_ones_are_forgotten_when_they_have_ended_and_are_told(engine: Engine) -> None:
    now = [1_000_000.0]
    book = Book(engine, clock=lambda: now[0])
    row = {"owner": "a", "characters": 1, "language": "en", "avatar": "", "video": "v"}
    for id in ("done", "waiting", "untold"):
        book.add({"id": id, **row, "webhook": "https://x.test/" if id == "untold" else None})
    book.cancel("done")
    book.cancel("untold")
    now[0] += 3601
    book.forget_old(hours=1)
    assert {job.id for job in book.recent(None, 9)} == {"waiting", "untold"}


def test_a_locked_database_is_said_in_a_sentence(
    settings: Settings, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = add()
    monkeypatch.setattr(database, "BUSY", 0.1)
    engine = database.connect(settings)
    other = sqlite3.connect(settings.state / "lipsync.db")
    other.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(LipsyncError, match="locked") as caught:
            Book(engine).cancel(id)
        assert caught.value.code == "database_busy"
        assert found(Book(engine), id).state == "queued", "who reads does not wait for who writes"
    finally:
        other.rollback()
        other.close()
    assert Book(engine).cancel(id)
    engine.dispose()


def test_a_folder_that_cannot_be_written_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LipsyncError) as caught:
        database.connect(Settings(_env_file=None, state=tmp_path / "file"))
    assert caught.value.code == "cannot_write"


def test_many_threads_read_and_write_at_once(book: Book, add: Add) -> None:
    ids = [add() for _ in range(8)]
    for _ in ids:
        book.claim("r")
    errors: list[Exception] = []

    def work(id: str) -> None:
        try:
            for step in range(20):
                assert book.report(id, "r", "render", step / 20)
                book.waiting()
            assert book.done(id, "r", MADE)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(id,)) for id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert book.counts()["done"] == 8
