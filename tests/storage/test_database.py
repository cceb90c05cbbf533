from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, text

from lipsync.auth.keys import list_keys
from lipsync.errors import LipsyncError
from lipsync.jobs.repository import JobRepository
from lipsync.settings import Settings
from lipsync.storage.database import connect
from tests.helpers.jobs import Add

COMES_AND_GOES = "import sqlite3, sys; b = sqlite3.connect(sys.argv[1]); b.execute('select * from jobs'); b.close()"


def test_nobody_else_may_read_it(engine: Engine, settings: Settings) -> None:
    engine.connect().close()
    files = list(settings.state.iterdir())
    assert files
    for file in files:
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
    assert JobRepository(other).find(id) is not None
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
        JobRepository(engine).count_by_state()
    assert caught.value.code == "cannot_write"
    assert str(settings.state) not in str(caught.value)


def test_one_that_may_not_be_written_is_said_at_start(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(settings).dispose()
    monkeypatch.setattr(os, "access", lambda *_: False)  # as root, all can be written
    with pytest.raises(LipsyncError) as caught:
        connect(settings)
    assert caught.value.code == "cannot_write"
    assert str(settings.state / "lipsync.db") in str(caught.value)


# ---- a file without content


@pytest.mark.parametrize("content", ["no bytes", "no tables"])
def test_an_empty_file_is_not_taken_for_a_new_database(settings: Settings, content: str) -> None:
    file = settings.state / "lipsync.db"
    connect(settings).dispose()
    file.unlink()
    if content == "no bytes":
        file.write_bytes(b"")
        (settings.state / "lipsync.db-wal").write_bytes(b"what may yet be recovered")
    else:
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
    before = {path.name: path.read_bytes() for path in settings.state.glob("lipsync.db*")}
    with pytest.raises(LipsyncError) as caught:
        connect(settings)
    assert caught.value.code == "database_empty"
    for language, remedy in (("en", "Restore it from a backup, or delete"), ("ru", "Восстановите её из копии")):
        assert remedy in caught.value.message(language)
    assert {path.name: path.read_bytes() for path in settings.state.glob("lipsync.db-wal")}.items() <= before.items()


def test_a_log_without_its_database_is_said_at_start(settings: Settings) -> None:
    engine = connect(settings)
    with engine.connect() as open_connection:  # whoever closes the last connection removes the log
        open_connection.execute(text("select * from jobs")).all()
        log = settings.state / "lipsync.db-wal"
        log.write_bytes(b"x" * 4096)
        (settings.state / "lipsync.db").unlink()
        with pytest.raises(LipsyncError) as caught:
            connect(settings)
        assert caught.value.code == "database_lost"
        assert log.read_bytes() == b"x" * 4096
        open_connection.invalidate()


def test_a_database_that_is_removed_while_the_server_runs_stands_in_the_log(
    settings: Settings, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    JobRepository(engine).count_by_state()
    engine.dispose()
    for file in settings.state.glob("lipsync.db*"):
        file.unlink()
    JobRepository(engine).count_by_state()
    (record,) = [one for one in caplog.records if one.name == "lipsync.storage.database_file"]
    assert record.levelname == "ERROR"
    assert "lipsync.db was removed while the server runs" in record.getMessage()
    caplog.clear()
    JobRepository(engine).count_by_state()
    assert caplog.records == []


def test_the_sqlite_file_that_lipsync_database_names_is_treated_alike(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "own.db"
    named = settings.model_copy(update={"database": SecretStr(f"sqlite:///{file}")})
    connect(named).dispose()
    assert file.stat().st_mode & 0o077 == 0
    file.write_bytes(b"")
    with pytest.raises(LipsyncError) as caught:
        connect(named)
    assert caught.value.code == "database_empty"
    assert str(file) in str(caught.value)


def test_a_path_that_is_no_plain_ascii(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "100% мои?файлы#1"
    connect(settings.model_copy(update={"state": folder})).dispose()
    assert (folder / "lipsync.db").stat().st_size > 0


KILLED_AT_EACH_STEP = """
import os, sys
from pathlib import Path
from lipsync.storage.database import connect
from lipsync.settings import Settings
def start(step, folder):
    seen = 0
    def audit(event, arguments):
        nonlocal seen
        if event.startswith(("sqlite3.", "os.link", "os.rename", "os.remove")) or (
            event == "open" and str(folder) in str(arguments[0])
        ):
            seen += 1
            if seen == step:
                os._exit(9)
    sys.addaudithook(audit)
    connect(Settings(_env_file=None, state=folder)).dispose()
    os._exit(0)
for step in range(1, 30):
    child = os.fork()  # to import everything once takes a second
    if child == 0:
        start(step, Path(sys.argv[1]) / str(step))
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(status)
    if status == 0:
        break
"""


@pytest.mark.slow
def test_a_first_start_that_is_killed_is_no_false_alarm(settings: Settings, tmp_path: Path) -> None:
    """Killed at each file operation in turn, the next start finds no database or a whole one."""
    command = [sys.executable, "-c", KILLED_AT_EACH_STEP, str(tmp_path)]
    statuses = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert statuses[-1] == "0"
    assert set(statuses[:-1]) == {"9"}
    assert len(statuses) > 4
    for step in range(1, len(statuses) + 1):
        folder = tmp_path / str(step)
        connect(settings.model_copy(update={"state": folder})).dispose()
        assert [path.name for path in folder.iterdir()] == ["lipsync.db"]


@pytest.mark.slow
def test_processes_that_start_at_once_all_get_the_same_database(settings: Settings) -> None:
    code = (
        "import sys; from lipsync.settings import Settings; from lipsync.storage.database import connect;"
        "from lipsync.auth.keys import add_key; sys.stdin.read();"
        "engine = connect(Settings(_env_file=None, state=sys.argv[1])); add_key(engine, 'a', ['generate'])"
    )
    words = [sys.executable, "-c", code, str(settings.state)]
    started = [subprocess.Popen(words, stdin=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)]
    for one in started:
        assert one.stdin is not None
        one.stdin.close()
        one.stdin = None
    assert [(one.communicate()[1], one.returncode) for one in started] == [(b"", 0)] * 4
    engine = connect(settings)
    assert len(list_keys(engine)) == 4
    engine.dispose()
