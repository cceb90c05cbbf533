"""The log: what a line says, in both forms, and that no person's text is in it."""

from __future__ import annotations

import io
import json
import logging
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lipsync.errors import LipsyncError
from lipsync.messages import Message
from lipsync.runtime import logs
from lipsync.runtime.logs import HAS_NO_TEXT, About, about, redact, without_texts
from lipsync.runtime.time_limit import TimeLimitedExecutor
from tests.helpers.gunicorn_server import Server, serve

MARKER = "Rumpelstiltskin"


@contextmanager
def logging_to(form: logging.Formatter, level: int = logging.DEBUG) -> Iterator[tuple[logging.Logger, io.StringIO]]:
    """A logger that writes in this form, and what it wrote."""
    logger, written = logging.getLogger("lipsync.tried"), io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(form)
    handler.addFilter(About())
    logger.addHandler(handler)
    logger.setLevel(level)
    try:
        yield logger, written
    finally:
        logger.removeHandler(handler)


def line(write: Callable[[logging.Logger], None]) -> str:
    with logging_to(logs._Lines()) as (logger, written):
        write(logger)
    return written.getvalue()


def fields(write: Callable[[logging.Logger], None]) -> dict[str, object]:
    with logging_to(logs._Json()) as (logger, written):
        write(logger)
    found: dict[str, object] = json.loads(written.getvalue())
    return found


def fail() -> None:
    try:
        {}[MARKER]
    except KeyError as error:
        raise ValueError(f"cannot say {MARKER}") from error


def log_failure(logger: logging.Logger, **more: object) -> None:
    try:
        fail()
    except ValueError as error:
        logger.exception("it failed: %s", error, **more)  # type: ignore[arg-type]


# ---- what a line says


def test_a_line_for_people() -> None:
    said = line(lambda logger: logger.info("a %s", "word"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} INFO lipsync\.tried: a word\n", said)


def test_a_line_is_about_a_request_and_a_job() -> None:
    with about(request="r1"):
        assert " lipsync.tried [r1]: a\n" in line(lambda logger: logger.info("a"))
        with about(job="j1"):
            assert " lipsync.tried [r1 j1]: a\n" in line(lambda logger: logger.info("a"))
        with about(request="r2"):
            assert " lipsync.tried [r2]: a\n" in line(lambda logger: logger.info("a"))
        assert " lipsync.tried [r1]: a\n" in line(lambda logger: logger.info("a"))
    assert " lipsync.tried: a\n" in line(lambda logger: logger.info("a"))


def test_another_thread_is_about_something_else_and_an_engines_own_is_not() -> None:
    seen: list[str] = []

    def look(_: object = None) -> None:
        seen.append(line(lambda logger: logger.info("a")).split("tried")[1])

    with about(request="r1"):
        other = threading.Thread(target=look)
        other.start()
        other.join()
        TimeLimitedExecutor().run(look, 10)
    assert seen == [": a\n", " [r1]: a\n"]


def test_json() -> None:
    def write(logger: logging.Logger) -> None:
        with about(request="r1", job="j1"):
            logger.warning("слово %d", 5, extra={"path": "/a", "seconds": 0.0})

    found = fields(write)
    time = str(found.pop("time"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+\+00:00", time)
    assert found == {
        "level": "WARNING",
        "logger": "lipsync.tried",
        "message": "слово 5",
        "request": "r1",
        "job": "j1",
        "path": "/a",
        "seconds": 0.0,
    }


def test_what_came_from_outside_cannot_write_a_line_of_its_own() -> None:
    said = line(lambda logger: logger.info("%s", "a\n2025-01-01 ERROR b\r\x1b[31m\u2028c"))
    assert said.count("\n") == 1
    assert said.endswith("a\\x0a2025-01-01 ERROR b\\x0d\\x1b[31m\\x2028c\n")
    json_line = io.StringIO()
    with logging_to(logs._Json()) as (logger, written):
        logger.info("a\nb")
        json_line = written
    assert json_line.getvalue().count("\n") == 1


# ---- what it does not say


def test_a_traceback_without_the_words_of_its_exceptions() -> None:
    for said in (line(log_failure), json.dumps(fields(log_failure))):
        assert MARKER not in said
        assert "in fail" in said
        assert "{}[MARKER]" in said  # the source
        assert said.index("KeyError") < said.index("which led to") < said.rindex("ValueError")


def test_where_no_text_can_be_the_words_stay() -> None:
    said = line(lambda logger: log_failure(logger, extra=HAS_NO_TEXT))
    assert said.count(f"ValueError: cannot say {MARKER}") == 1
    assert said.count(f"cannot say {MARKER}") == 2


def test_another_handlers_traceback_is_not_taken_over() -> None:
    record = logging.makeLogRecord({"msg": "it failed", "exc_text": f"Traceback: {MARKER}"})
    try:
        fail()
    except ValueError as error:
        record.exc_info = (type(error), error, error.__traceback__)
    assert MARKER not in logs._Lines().format(record)
    assert record.exc_info is not None  # it stays for the others


def test_an_exception_is_told_plainly_wherever_it_stands() -> None:
    error = ValueError(MARKER)
    assert "it: ValueError\n" in line(lambda logger: logger.info("it: %s", error))
    assert ": ValueError\n" in line(lambda logger: logger.info(error))
    assert "it: ValueError\n" in line(lambda logger: logger.info("it: %(what)s", {"what": error}))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError(MARKER), "ValueError"),
        (OSError(28, "No space left on device", MARKER), "OSError: [Errno 28] No space left on device"),
        (OSError(MARKER), "OSError"),
        (ModuleNotFoundError("No module named 'x'"), "ModuleNotFoundError: No module named 'x'"),
    ],
)
def test_plain(error: BaseException, said: str) -> None:
    assert redact(error) == said


@pytest.mark.parametrize(
    ("code", "facts", "said"),
    [
        (
            "voice_cannot_say",
            {"voice": MARKER, "character": MARKER},
            "The voice “…” cannot pronounce “…”. Choose another voice or change the text.",
        ),
        ("voice_failed", {"voice": "xtts", "reason": f"KeyError: '{MARKER}'"}, "The voice xtts failed: KeyError."),
        ("voice_failed", {"voice": "xtts", "reason": f"{MARKER} is it"}, "The voice xtts failed: …."),
        ("voice_slow", {"voice": "xtts", "limit": "30"}, "The voice xtts took longer than 30 s."),
        ("text_too_long", {"length": 7, "limit": 5}, None),
    ],
)
def test_plain_errors_of_ours(code: str, facts: dict[str, object], said: str | None) -> None:
    error = LipsyncError(code, **facts)
    assert redact(error) == f"{code}: {said or error}"


def test_what_is_told_without_texts_is_the_same_error() -> None:
    expected = Message("field.number_range", minimum=1, maximum=5)
    error = without_texts(LipsyncError("bad_field", field=MARKER, expected=expected))
    assert (error.code, error.facts) == ("bad_field", {"field": "…", "expected": expected})


def test_a_text_inside_of_a_message_or_a_list_is_not_told() -> None:
    source = Message("source.field", field=MARKER)
    error = without_texts(LipsyncError("not_utf8", source=source, remedy=[MARKER]))
    assert (error.facts["source"], error.facts["remedy"]) == (Message("source.field", field="…"), ["…"])


# ---- the whole process


def test_texts_are_logged_only_where_that_is_allowed() -> None:
    code = """
import logging
from lipsync.runtime import logs
from lipsync.settings import Settings
for texts in (False, True):
    logs.set_up(Settings(_env_file=None, log_texts=texts))
    with logs.about(job="j1"):
        logs.text("Hello")
        logging.getLogger("lipsync.x").info("it: %s", ValueError("Hello"))
        logging.getLogger("TTS.x").warning("said Hello")
"""
    lines = run(code)
    assert [one.split(" ", 3)[3] for one in lines] == [
        "lipsync.x [j1]: it: ValueError",
        "lipsync.runtime.logs [j1]: text: Hello",
        "lipsync.x [j1]: it: Hello",
        "TTS.x [j1]: said Hello",
    ]


def test_levels() -> None:
    code = """
import logging
from lipsync.runtime import logs
from lipsync.settings import Settings
for level in ("debug", "WARNING"):
    logs.set_up(Settings(_env_file=None, log_level=level))
    for name in ("lipsync.x", "gunicorn.error", "elsewhere"):
        for one in ("debug", "info", "warning"):
            getattr(logging.getLogger(name), one)(f"{level} {one}")
"""
    said = [tuple(one.split(" ", 3)[3].replace(": ", " ").split()) for one in run(code)]
    assert said == [
        *(("lipsync.x", "debug", one) for one in ("debug", "info", "warning")),
        *(("gunicorn.error", "debug", one) for one in ("debug", "info", "warning")),
        *(("elsewhere", "debug", one) for one in ("info", "warning")),
        *((name, "WARNING", "warning") for name in ("lipsync.x", "gunicorn.error", "elsewhere")),
    ]


def run(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == ""
    return done.stderr.splitlines()


def live(server: Server) -> None:
    """Whatever a person may do with a text, and what may go wrong with it."""
    ok = server.ask(
        "POST", "/api/generate", {"text": f"{MARKER} is my name.", "language": "en"}, {"X-Request-Id": "good.1"}
    )
    assert (ok.status, ok.headers["X-Request-Id"]) == (200, "good.1")
    assert "voice_failed" in ok.headers["X-Voice-Fallbacks"]  # the caller is told
    streamed = server.ask("POST", "/api/generate?stream=1", {"text": f"Again {MARKER}.", "language": "en"})
    assert streamed.status == 200
    spoken = server.ask("POST", "/v1/audio/speech", {"input": f"Only speak {MARKER}.", "language": "en"})
    assert spoken.status == 200
    for bad in ({"text": MARKER, MARKER: 1}, {"text": MARKER, "fps": MARKER}, {"text": MARKER, "voice": MARKER}):
        assert server.ask("POST", "/api/generate", bad).status == 400
    assert (
        server.ask(
            "POST", "/api/generate", f'{{"text": "{MARKER}'.encode(), {"Content-Type": "application/json"}
        ).status
        == 400
    )
    assert server.ask("GET", f"/api/nothing?text={MARKER}").status == 404
    broken = server.ask(
        "POST", "/api/generate", {"text": f"Explode {MARKER}.", "language": "en"}, {"X-Request-Id": "bad id"}
    )
    assert (broken.status, broken.code) == (500, "internal")
    assert re.fullmatch(r"[0-9a-f]{32}", broken.headers["X-Request-Id"])


@pytest.mark.system
def test_no_text_is_in_a_servers_log(tmp_path: Path) -> None:
    with serve(
        tmp_path, "tests.helpers.apps.quoting_service:app", LIPSYNC_VOICES="xtts,espeak", LIPSYNC_LOG_LEVEL="DEBUG"
    ) as server:
        live(server)
        assert server.stop() == 0
    said = server.log.read_text()
    assert MARKER.lower() not in said.lower()
    assert "voice_failed: The voice xtts failed: ValueError." in said
    assert "RuntimeError" in said
    assert re.search(
        r"INFO lipsync\.server\.\S+ \[good\.1\]: POST /api/generate 200, [\d.]+ s, \d{4,} bytes, ",
        said,
    )
    assert re.search(r"WARNING lipsync\.speech\.sentence \[good\.1 [0-9a-f]{32}\]: ", said)
    assert "GET /api/nothing 404" in said
    assert "INFO gunicorn.error: " in said
    assert "Traceback" not in said  # gunicorn's own


@pytest.mark.system
def test_a_log_of_json_with_texts(tmp_path: Path) -> None:
    more = {"LIPSYNC_VOICES": "xtts,espeak", "LIPSYNC_LOG_FORMAT": "json", "LIPSYNC_LOG_TEXTS": "1"}
    with serve(tmp_path, "tests.helpers.apps.quoting_service:app", **more) as server:
        live(server)
        assert server.stop() == 0
    lines = [json.loads(one) for one in server.log.read_text().splitlines()]
    texts = [one["message"] for one in lines if one["message"].startswith("text: ")]
    assert texts == [f"text: {MARKER} is my name.", f"text: Again {MARKER}.", f"text: Explode {MARKER}."]
    good = [one for one in lines if one.get("request") == "good.1"]
    (request,) = (one for one in good if "status" in one)
    assert request["method"] == "POST"
    assert request["path"] == request["route"] == "/api/generate"
    assert request["status"] == 200
    assert request["bytes"] > 1000
    assert request["whole"] is True
    assert request["caller"] == "address 127.0.0.1"
    assert 0 < request["seconds"] < 60
    assert {one["job"] for one in good if "job" in one} != set()
