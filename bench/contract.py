"""``python -m bench.contract``: schemathesis against the real application, so many examples for each endpoint.

Half of them are what the description allows, half are not. Where an id or a text decides, every second example has
one that leads on: the id of a job there is, a text of one word for the cheapest portrait. Jobs that are accepted by
``POST /api/jobs`` are cancelled at once; those of ``POST /api/generate`` are made.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import schemathesis
from flask import Flask
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi import checks
from werkzeug.test import Client

from lipsync.pipeline.service import LipsyncService
from lipsync.server.app import create_app
from lipsync.server.components import parts_of
from lipsync.server.security import rate_limits as limits
from lipsync.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
]
WORDS = {"text": "Hi", "language": "en", "avatar": "hopper", "voice": None, "engine": "puppet", "box": None}
"""A request that is cheap, and is taken."""
MAKES_A_VIDEO = "POST /api/generate"


@dataclass
class Tally:
    """What became of one endpoint's examples."""

    examples: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)
    """The first of each kind: what was found, and how to see it again."""
    failed: int = 0
    seconds: float = 0.0

    @property
    def server_errors(self) -> int:
        """Answers of 500 and above."""
        return sum(count for status, count in self.statuses.items() if status >= 500)


@contextmanager
def application(folder: Path) -> Iterator[Flask]:
    """The real application, loaded, with the least that can be made and nothing that could be full."""
    settings = Settings(
        _env_file=None,
        avatar="hopper",
        language="en",
        voices="espeak",
        outputs=folder / "outputs",
        cache=folder / "cache",
        cloned_voices=folder / "voices",
        state=folder / "state",
        max_text=12,
        max_upload_mb=1,
        max_side=256,
        max_queued=10_000,
        max_queued_per_caller=10_000,
        max_streams=10_000,
        rate_limit="",
        min_free_memory_mb=0,
        min_free_vram_mb=0,
        warm_up=False,
    )
    service = LipsyncService(settings)
    service.load()
    before, limits.LOGIN = limits.LOGIN, "1000000/minute"
    try:
        app = create_app(settings, service)
    finally:
        limits.LOGIN = before
    try:
        yield app
    finally:
        parts_of(app).close()


def operations(app: Flask) -> Iterator[APIOperation[Any, Any, Any, Any]]:
    """All endpoints of the application's own description."""
    document = app.test_client().get("/openapi.json").get_json()
    # Not from_wsgi, which would leave out the document's own address.
    schema = schemathesis.openapi.from_dict(document, config=SchemathesisConfig())
    schema.app = _read(app)
    for found in schema.get_all_operations():
        yield found.ok()


def _read(app: WSGIApplication) -> WSGIApplication:
    """``app``, whose answers are read to their end and closed: schemathesis would leave files open."""

    def answer(environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        body = app(environ, start)
        try:
            return [b"".join(body)]
        finally:
            if hasattr(body, "close"):
                body.close()

    return answer


def try_out(app: Flask, operation: APIOperation[Any, Any, Any, Any], examples: int) -> Tally:
    """So many examples of one endpoint. Where there are fewer that differ, they come again."""
    tally, began = Tally(), time.monotonic()
    allowed, wrong = (operation.as_strategy(generation_mode=mode) for mode in GenerationMode)
    leads_on = _Aim(app, operation.label)
    if operation.label == MAKES_A_VIDEO:  # by chance alone few examples are right in every field
        _one(operation.Case(body=dict(WORDS), media_type="application/json"), lambda _: None, tally, app)
    round_ = 0
    while tally.examples < examples:

        @hypothesis.seed(round_)
        @hypothesis.settings(
            max_examples=examples - tally.examples,
            deadline=None,
            database=None,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(st.one_of(allowed, wrong), st.booleans())
        def run(case: Case, aimed: bool) -> None:
            if tally.examples < examples:
                _one(case, leads_on if aimed else lambda _: None, tally, app)

        try:
            run()
        except ValueError as error:
            # schemathesis 4.32, rarely, as it makes a wrong form: the next seed goes on.
            if "Unsupported type: 'Binary'" not in str(error):
                raise
        round_ += 1
    tally.seconds = time.monotonic() - began
    return tally


def _one(case: Case, aim: Callable[[Case], None], tally: Tally, app: Flask) -> None:
    aim(case)
    response = case.call()
    tally.examples += 1
    tally.statuses[response.status_code] += 1
    if response.status_code == 202:
        parts_of(app).jobs.cancel(response.json()["id"], None)
    try:
        case.validate_response(response, checks=CHECKS)
    except (Failure, FailureGroup) as error:
        tally.failed += 1
        for failure in error.exceptions if isinstance(error, FailureGroup) else [error]:
            kind = f"{response.status_code} {type(failure).__name__}"
            said = str(response.content[:300])
            tally.failures.setdefault(kind, f"{failure}\n{said}\n{case.as_curl_command()[:600]}")


class _Aim:
    """Makes of an example one that gets past the first question."""

    def __init__(self, app: Flask, label: str) -> None:
        self._client, self._label = Client(app), label  # schemathesis's own, or the jobs would be another caller's
        self._done = self._job("/api/generate") if "{id}" in label else ""

    def __call__(self, case: Case) -> None:
        place = case.path_parameters or {}
        if "/avatars/{name}" in self._label:
            case.path_parameters = {**place, "name": "hopper"}
        elif "/models/{name}" in self._label:
            case.path_parameters = {**place, "name": "lipsync"}
        elif "{id}" in self._label:
            ends = case.method != "GET"
            case.path_parameters = {**place, "id": self._job("/api/jobs") if ends else self._done}
        if isinstance(case.body, dict):
            if "text" in case.body:
                case.body.update({name: word for name, word in WORDS.items() if name in case.body or name == "text"})
            if "input" in case.body:
                case.body.update(input="Hi", voice="alloy", language="en")
            if "message" in case.body:
                case.body.update(message="Hi")
            for name in ("persona", "conversation", *(("audio",) if "text" in case.body else ())):
                case.body.pop(name, None)  # there is none of a random name, and a question is written or spoken

    def _job(self, path: str) -> str:
        with self._client.post(path, json={**WORDS, "subtitles": "vtt"}) as answer:
            return str(answer.headers["X-Job-Id"])


def main() -> int:
    """Try, print; 0 when nothing was found."""
    parser = argparse.ArgumentParser(prog="bench.contract", description=__doc__)
    parser.add_argument("--examples", type=int, default=2000, help="for each endpoint")
    parser.add_argument("--only", default="", help="endpoints whose name has this in it: POST /api/jobs")
    options = parser.parse_args()
    found: dict[str, Tally] = {}
    with tempfile.TemporaryDirectory(prefix="lipsync-bench-") as name, application(Path(name)) as app:
        print(f"{'endpoint':<30} {'examples':>8} {'5xx':>4} {'failed':>6} {'s':>6}  statuses", flush=True)
        for operation in operations(app):
            if options.only not in operation.label:
                continue
            tally = found[operation.label] = try_out(app, operation, options.examples)
            statuses = ", ".join(f"{status} × {count}" for status, count in sorted(tally.statuses.items()))
            print(
                f"{operation.label:<30} {tally.examples:>8} {tally.server_errors:>4} {tally.failed:>6} "
                f"{tally.seconds:>6.0f}  {statuses}",
                flush=True,
            )
    for label, tally in found.items():
        for kind, failure in tally.failures.items():
            print(f"\n--- {label}: {kind}\n{failure}")
    return 1 if any(tally.failures for tally in found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
