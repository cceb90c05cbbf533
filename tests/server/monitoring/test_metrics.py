"""/metrics: what Prometheus reads there."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_families
from prometheus_client.parser import text_string_to_metric_families

from lipsync.errors import LipsyncError
from lipsync.jobs.job import STATES
from lipsync.pipeline.service import LipsyncService
from lipsync.runtime.memory import Memory
from lipsync.server.app import create_app
from lipsync.server.components import parts_of
from lipsync.server.monitoring import gauges
from lipsync.server.monitoring.request_tracking import RequestRecord, Watch
from lipsync.settings import Settings
from lipsync.speech.types import Fallback
from tests.helpers.eventually import eventually
from tests.helpers.fake_service import FakeService
from tests.helpers.flask_client import client_of
from tests.speech.fake_engines import FakeEngine, engine_factories

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]

HELLO = {"text": "Hello", "language": "en"}


def read(client: FlaskClient) -> Samples:
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples.get((name, frozenset(labels.items())), 0.0)


def test_the_names_are_those_of_prometheus(client: FlaskClient) -> None:
    client.post("/api/generate", json=HELLO)
    families = list(text_string_to_metric_families(client.get("/metrics").text))
    names = [family.name for family in families]
    assert len(names) == len(set(names))
    for family in families:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", family.name)
        assert family.documentation, family.name
        if not family.name.startswith(("process_", "python_")):
            assert family.name.startswith("lipsync_")
        for sample in family.samples:
            assert (family.type == "counter") == sample.name.endswith("_total"), sample.name
            # Base units.
            assert not re.search(r"milli|_ms(_|$)|_mb(_|$)|percent|minutes", sample.name)
            assert "_created" not in sample.name


def test_openmetrics_for_who_prefers_it(client: FlaskClient) -> None:
    plain = client.get("/metrics")
    assert plain.headers["Content-Type"].startswith("text/plain; version=")
    accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
    open_ = client.get("/metrics", headers={"Accept": accept})
    assert open_.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert open_.text.endswith("# EOF\n")
    assert {family.name for family in open_families(open_.text)} >= {"lipsync_jobs_ended", "lipsync_queue_length"}
    assert "Accept" in open_.vary


def test_requests_by_the_pattern_of_their_route(client: FlaskClient) -> None:
    secret = "c0ffee" * 5 + "00"
    client.get(f"/api/jobs/{secret}")
    client.get(f"/api/{secret}")
    client.get("/api/avatars/gauss")
    client.open("/api/health", method="SECRET")
    client.post("/api/generate", json={"text": "", "language": secret, "avatar": secret})
    text = client.get("/metrics").text
    assert secret not in text
    assert "SECRET" not in text
    found = read(client)
    assert value(found, "lipsync_http_requests_total", method="GET", route="/api/jobs/<id>", status="404") == 1
    assert value(found, "lipsync_http_requests_total", method="GET", route="none", status="404") == 1
    assert value(found, "lipsync_http_requests_total", method="GET", route="/api/avatars/<name>", status="200") == 1
    assert value(found, "lipsync_http_requests_total", method="POST", route="/api/generate", status="400") == 1
    assert (
        sum(
            number
            for (name, labels), number in found.items()
            if name == "lipsync_http_requests_total" and ("method", "other") in labels
        )
        == 1
    )
    assert value(found, "lipsync_http_request_seconds_count", method="GET", route="/api/jobs/<id>") == 1
    assert value(found, "lipsync_http_response_bytes_total", route="/api/avatars/<name>") > 1000


def test_a_finished_video(client: FlaskClient, service: FakeService) -> None:
    sentence = {"en": "no", "ru": "нет"}
    service.fallbacks = (Fallback("xtts", "voice_slow", sentence, 0, "espeak"),)
    before = read(client)
    assert value(before, "lipsync_jobs_ended_total", state="done") == 0
    assert (
        "lipsync_jobs_ended_total",
        frozenset({("state", "failed")}),
    ) in before  # it has a rate from the beginning
    assert client.post("/api/generate", json=HELLO).status_code == 200
    # The response may be sent just before the job is counted.
    eventually(lambda: value(read(client), "lipsync_jobs_ended_total", state="done") == 1)
    found = read(client)
    assert value(found, "lipsync_frames_total", engine="still") > 10
    assert 0.3 < value(found, "lipsync_video_seconds_total", engine="still") < 5
    assert value(found, "lipsync_stage_seconds_sum", engine="still", stage="render") == pytest.approx(0.3456)
    assert value(found, "lipsync_stage_seconds_bucket", engine="still", stage="render", le="0.5") == 1
    assert value(found, "lipsync_portraits_total", origin="memory") == 1
    assert value(found, "lipsync_voice_fallbacks_total", engine="xtts", reason="voice_slow") == 1
    assert value(found, "lipsync_job_wait_seconds_count") == 1
    assert [value(found, "lipsync_jobs", state=state) for state in STATES] == [0, 0, 1, 0, 0]


def test_a_failure_and_a_cancelled_one(settings: Settings) -> None:
    settings = settings.model_copy(update={"max_concurrent_renders": 1})
    service = FakeService(settings)
    client = client_of(create_app(settings, service))
    made: Callable[..., object] = service.generate

    def fail(*_: object, **__: object) -> None:
        raise LipsyncError("no_face", width=1, height=1)

    service.generate = fail  # type: ignore[method-assign, assignment]
    assert client.post("/api/generate", json=HELLO).status_code == 422
    service.generate = made  # type: ignore[method-assign, assignment]
    service.gate.clear()
    ids = [client.post("/api/jobs", json=HELLO).get_json()["id"] for _ in range(3)]
    assert service.begun.wait(10)
    found = read(client)
    assert value(found, "lipsync_jobs", state="running") == 1
    assert value(found, "lipsync_queue_length") == value(found, "lipsync_jobs", state="queued") == 2
    client.delete(f"/api/jobs/{ids[2]}")
    service.gate.set()
    found = read(client)
    assert value(found, "lipsync_queue_length") <= 1
    assert value(found, "lipsync_jobs_ended_total", state="cancelled") == 1
    assert value(found, "lipsync_jobs_ended_total", state="failed") == 1
    assert value(found, "lipsync_job_failures_total", code="no_face") == 1


def test_every_application_counts_for_itself(settings: Settings, client: FlaskClient) -> None:
    other = client_of(create_app(settings, FakeService(settings)))
    client.get("/")
    client.get("/")
    other.get("/")
    asked = {"method": "GET", "route": "/", "status": "200"}
    assert value(read(client), "lipsync_http_requests_total", **asked) == 2
    assert value(read(other), "lipsync_http_requests_total", **asked) == 1


def test_the_machine(client: FlaskClient) -> None:
    found = read(client)
    assert value(found, "process_resident_memory_bytes") > 20e6
    assert value(found, "process_open_fds") > 2
    assert value(found, "lipsync_threads") >= 1
    assert 0 < value(found, "lipsync_memory_free_bytes") <= value(found, "lipsync_memory_total_bytes")
    assert value(found, "lipsync_disk_free_bytes", folder="outputs") > 0
    assert value(found, "lipsync_ready") == 1
    assert value(found, "lipsync_database_up") == 1
    assert value(found, "lipsync_queue_limit") == 64
    assert value(found, "lipsync_memory_low") == 0
    (build,) = (dict(labels) for name, labels in found if name == "lipsync_build_info")
    assert set(build) == {"version", "python"}


def test_the_memory_of_a_gpu_where_one_is_used(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "vram" not in client.get("/metrics").text
    monkeypatch.setattr(gauges, "gpu_memory", lambda: Memory(8_000_000_000, 3_000_000_000))
    found = read(client)
    assert value(found, "lipsync_vram_free_bytes") == 3e9
    assert value(found, "lipsync_vram_total_bytes") == 8e9


@pytest.mark.slow
def test_asking_loads_no_torch() -> None:
    code = """
import sys, tempfile
from pathlib import Path
from lipsync.settings import Settings
from lipsync.server.app import create_app
from tests.helpers.fake_service import FakeService
with tempfile.TemporaryDirectory() as name:
    at = Path(name)
    settings = Settings(_env_file=None, outputs=at / "o", state=at / "s", cache=at / "c", voices="espeak")
    app = create_app(settings, FakeService(settings))
    assert app.test_client().get("/metrics").status_code == 200
    assert "torch" not in sys.modules
    app.extensions["lipsync"].close()
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
def test_work_that_waits_for_memory(settings: Settings) -> None:
    settings = settings.model_copy(update={"min_free_memory_mb": 1e12})
    client = client_of(create_app(settings, FakeService(settings)))
    id = client.post("/api/jobs", json=HELLO).get_json()["id"]
    eventually(lambda: value(read(client), "lipsync_memory_low") == 1)
    found = read(client)
    assert value(found, "lipsync_memory_low") == value(found, "lipsync_memory_waits_total") == 1
    assert value(found, "lipsync_queue_length") == 1
    client.delete(f"/api/jobs/{id}")


def test_a_database_that_is_gone_does_not_take_the_metrics_with_it(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy() -> dict[str, int]:
        raise LipsyncError("database_busy", reason="locked")

    monkeypatch.setattr(parts_of(app).jobs, "count_by_state", busy)
    found = read(client)
    assert value(found, "lipsync_database_up") == 0
    assert "lipsync_queue_length" not in {name for name, _ in found}
    assert value(found, "lipsync_threads") >= 1


def test_sentences_come_from_the_voices_cache(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    voices = settings.model_copy(update={"voices": "xtts"})
    service = LipsyncService(voices, engine_factories(FakeEngine("xtts", version="1")))
    monkeypatch.setattr(LipsyncService, "ready", True)  # the portrait is not needed to speak
    for _ in range(2):
        assert list(service.speak(text="Hello.", language="en", voice="xtts:low"))
    found = read(client_of(create_app(voices, service)))
    assert value(found, "lipsync_sentences_total", origin="made") == 1
    assert value(found, "lipsync_sentences_total", origin="memory") == 1


# ---- the middleware that counts


def test_a_stream_is_told_of_when_it_has_ended() -> None:
    told: list[RequestRecord] = []

    def app(environ: object, start: Callable[..., object]) -> list[bytes]:  # noqa: ARG001
        start("200 OK", [("Content-Type", "text/plain")])
        return [b"abc", b"de"]

    watch = Watch(app, [told.append])
    for taken, whole in ((2, True), (1, False)):
        body = iter(watch({"REQUEST_METHOD": "GET", "PATH_INFO": "/a b"}, lambda *_: lambda _: None))
        assert (watch.requests, watch.streams) == (1, 1)
        for _ in range(taken):
            next(body)
        if whole:
            assert next(body, None) is None
        assert told == []
        body.close()  # type: ignore[attr-defined]
        body.close()  # type: ignore[attr-defined]  # once more does nothing
        (ended,) = told
        assert (ended.bytes, ended.whole, ended.status, ended.path) == (5 if whole else 3, whole, 200, "/a%20b")
        assert (watch.requests, watch.streams) == (0, 0)
        told.clear()


def test_an_application_that_raises_is_told_of_too() -> None:
    told: list[RequestRecord] = []

    def app(environ: object, start: object) -> list[bytes]:  # noqa: ARG001
        raise ZeroDivisionError

    watch = Watch(app, [told.append])
    with pytest.raises(ZeroDivisionError):
        watch({"REQUEST_METHOD": "GET", "PATH_INFO": "/"}, lambda *_: lambda _: None)
    assert [(one.status, one.whole) for one in told] == [(500, False)]
    assert watch.requests == 0


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("abc", True),
        ("A.b_c-9" * 9, True),
        ("", False),
        ("a" * 65, False),
        ("a b", False),
        ("é", False),
        ("a\n", False),
    ],
)
def test_a_request_keeps_its_callers_name_where_that_is_decent(given: str, kept: bool) -> None:
    told: list[RequestRecord] = []
    headers: list[tuple[str, str]] = []

    def app(environ: object, start: Callable[..., object]) -> list[bytes]:  # noqa: ARG001
        start("204 No Content", [("X-Request-Id", "not this")])
        return []

    def start(_status: str, sent: list[tuple[str, str]]) -> Callable[[bytes], object]:
        headers.extend(sent)
        return lambda _: None

    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_X_REQUEST_ID": given}
    body = Watch(app, [told.append])(environ, start)  # type: ignore[arg-type]
    assert list(body) == []
    body.close()  # type: ignore[attr-defined]
    ((name, id),) = headers
    assert (name, id) == ("X-Request-Id", told[0].id)
    assert (id == given) == kept
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", id)
