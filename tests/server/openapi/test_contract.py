"""schemathesis against the real application: every answer is one that the description has. Few examples here;
``python -m bench.contract`` tries 2,000 for each endpoint."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from bench.contract import application, operations, try_out

pytestmark = pytest.mark.slow

EXAMPLES = 12
SLOW = {"POST /api/generate": 8}
"""Those that make videos."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    with application(tmp_path_factory.mktemp("contract")) as real:
        yield real


def test_every_answer_is_in_the_description(app: Flask) -> None:
    tried = {one.label: try_out(app, one, SLOW.get(one.label, EXAMPLES)) for one in operations(app)}
    assert {label: tally.failures for label, tally in tried.items() if tally.failures} == {}
    assert {label: dict(tally.statuses) for label, tally in tried.items() if tally.server_errors} == {}
    # Not only mistakes: each endpoint has also done what it is for, but for those that need a recording, a picture, a
    # key or a talk that was held before.
    done = {label for label, tally in tried.items() if any(status < 300 for status in tally.statuses)}
    assert set(tried) - done == {
        *("POST /api/voices", "DELETE /api/voices/{name}", "POST /login", "POST /v1/audio/transcriptions"),
        "POST /api/avatar/model.glb",
        *("GET /api/v1/conversations/{conversation}", "DELETE /api/v1/conversations/{conversation}"),
        *("GET /api/v1/answers/{id}/audio", "GET /api/v1/answers/{id}/video", "GET /api/v1/answers/{id}/cues"),
        "GET /api/v1/stream",
    }


def test_an_answer_that_is_not_in_the_description_is_noticed(app: Flask) -> None:
    health = next(one for one in operations(app) if one.label == "GET /api/health")
    before = app.view_functions["health.alive"]
    try:
        app.view_functions["health.alive"] = lambda: ({"status": "asleep"}, 200)
        tally = try_out(app, health, 2)
        app.view_functions["health.alive"] = lambda: ("oops", 500)
        broken = try_out(app, health, 2)
    finally:
        app.view_functions["health.alive"] = before
    assert tally.failed == 2
    assert any("JsonSchemaError" in kind for kind in tally.failures)
    assert (broken.server_errors, broken.failed) == (2, 2)
