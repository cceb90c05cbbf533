from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from lipsync.errors import LipsyncError
from lipsync.jobs.book import Book
from lipsync.jobs.database import connect
from lipsync.settings import Settings
from tests.jobs.conftest import Add

COMES_AND_GOES = "import sqlite3, sys; b = sqlite3.connect(sys.argv[1]); b.execute('select * from jobs'); b.close()"


def test_nobody_else_may_read_it(engine: Engine, settings: Settings) -> None:
    engine.connect().close()
    for file in settings.state.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file


def test_another_process_that_comes_and_goes_takes_nothing_away(engine: Engine, settings: Settings, add: Add) -> None:
    """Whose locks are gone has its log removed by the next who closes, and what it writes then is written nowhere."""
    file = settings.state / "lipsync.db"
    with engine.connect() as one, engine.connect() as other:  # the second is made while the first holds its lock
        for connection in (one, other):
            connection.execute(text("select * from jobs")).all()
            connection.rollback()
        subprocess.run([sys.executable, "-c", COMES_AND_GOES, file], check=True)
        assert {path.name for path in settings.state.glob("lipsync.db*")} == {
            "lipsync.db",
            "lipsync.db-shm",
            "lipsync.db-wal",
        }
    id = add()
    code = "import sqlite3, sys; print(*sqlite3.connect(sys.argv[1]).execute('select id from jobs').fetchone())"
    seen = subprocess.run([sys.executable, "-c", code, file], check=True, capture_output=True, text=True)
    assert seen.stdout == f"{id}\n"


def test_two_processes_that_make_it_at_the_same_time(
    settings: Settings, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = add()
    monkeypatch.setattr(Path, "exists", lambda _: False)  # as it was a moment ago
    other = connect(settings)
    assert Book(other).find(id) is not None
    other.dispose()


def test_a_folder_in_its_place(settings: Settings) -> None:
    (settings.state / "lipsync.db").mkdir(parents=True)
    with pytest.raises(LipsyncError) as caught:
        connect(settings)
    assert caught.value.code == "cannot_write"
    assert "lipsync.db" in str(caught.value)


def test_who_asks_later_is_not_told_where_it_is(settings: Settings, engine: Engine) -> None:
    engine.dispose()
    for file in settings.state.glob("lipsync.db*"):
        file.unlink()
    (settings.state / "lipsync.db").mkdir()
    with pytest.raises(LipsyncError) as caught:
        Book(engine).counts()
    assert caught.value.code == "cannot_write"
    assert str(settings.state) not in str(caught.value)


def test_one_that_may_not_be_written_is_said_at_start(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(settings).dispose()
    monkeypatch.setattr(os, "access", lambda *_: False)  # as root, all can be written
    with pytest.raises(LipsyncError) as caught:
        connect(settings)
    assert caught.value.code == "cannot_write"
    assert str(settings.state / "lipsync.db") in str(caught.value)
