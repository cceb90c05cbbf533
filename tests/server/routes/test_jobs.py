"""Jobs over HTTP. What Chromium makes of them is in test_browser.py, what a crash does in test_survival.py."""

from __future__ import annotations

import io
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lipsync.auth.keys import add_key
from lipsync.pipeline.service import LipsyncService
from lipsync.server.app import create_app
from lipsync.server.components import parts_of
from lipsync.settings import Settings
from lipsync.storage.database import connect
from tests.helpers.eventually import eventually
from tests.helpers.fake_service import FakeService
from tests.helpers.flask_client import client_of
from tests.helpers.gunicorn_server import serve

TEXT = {"text": "Hello there. How are you?", "language": "en"}
OTHER = {"REMOTE_ADDR": "127.0.0.2"}


def start(client: FlaskClient, **more: Any) -> dict[str, Any]:
    response = client.post("/api/jobs", json={**TEXT, **more})
    assert response.status_code == 202, response.text
    return dict(response.get_json())


def wait(client: FlaskClient, job: dict[str, Any]) -> dict[str, Any]:
    def ended() -> bool:
        job.update(client.get(job["links"]["self"]).get_json())
        return job["state"] not in ("queued", "running")

    eventually(ended)
    return job


def live(app: Flask) -> FlaskClient:
    """A client that reads an answer as it comes."""
    return FlaskClient(app, app.response_class)


def events(response: TestResponse) -> list[dict[str, Any]]:
    """The data of each event, by the rules of the HTML standard."""
    found = []
    for block in response.text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
        if fields:
            assert fields["event"] == "job"
            found.append(json.loads(fields["data"]))
    return found


@pytest.fixture
def held(service: FakeService) -> Iterator[FakeService]:
    """The service, whose videos are finished when the test says so."""
    service.gate.clear()
    yield service
    service.gate.set()


def test_a_job_answers_at_once_and_says_where_all_is(client: FlaskClient, held: FakeService) -> None:
    response = client.post("/api/jobs", json=TEXT)
    job = response.get_json()
    assert (response.status_code, response.headers["Location"]) == (202, f"/api/jobs/{job['id']}")
    assert response.headers["X-Job-Id"] == job["id"]
    assert re.fullmatch("[0-9a-f]{32}", job["id"])
    assert job["state"] in ("queued", "running")
    assert job["links"]["video"] == f"/api/jobs/{job['id']}/video"
    assert job["links"]["subtitles"] is None
    held.begun.wait(10)
    eventually(lambda: client.get(job["links"]["self"]).get_json()["stage"] == "render")
    now = client.get(job["links"]["self"]).get_json()
    assert now["state"] == "running"
    assert 0 <= now["progress"] <= 1
    assert now["seconds_left"] >= 0
    early = client.get(job["links"]["video"])
    assert (early.status_code, early.get_json()["code"]) == (409, "job_not_done")
    held.gate.set()
    done = wait(client, job)
    assert (done["state"], done["progress"], done["place"], done["seconds_left"]) == ("done", 1, None, None)
    assert done["duration"] > 1
    assert done["timings"]["total"] > 0
    assert done["started"].endswith("Z")


def test_the_video_comes_with_ranges_and_an_etag(client: FlaskClient) -> None:
    job = wait(client, start(client))
    whole = client.get(job["links"]["video"])
    assert (whole.status_code, whole.mimetype) == (200, "video/mp4")
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert "attachment" not in whole.headers.get("Content-Disposition", "")
    assert "private" in whole.headers["Cache-Control"]
    part = client.get(job["links"]["video"], headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.data) == (206, whole.data[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(whole.data)}"
    last = client.get(job["links"]["video"], headers={"Range": "bytes=-5", "If-Range": whole.headers["ETag"]})
    assert (last.status_code, last.data) == (206, whole.data[-5:])
    beyond = client.get(job["links"]["video"], headers={"Range": f"bytes={len(whole.data)}-"})
    assert (beyond.status_code, beyond.get_json()["code"]) == (416, "bad_range")
    same = client.get(job["links"]["video"], headers={"If-None-Match": whole.headers["ETag"]})
    assert (same.status_code, same.data) == (304, b"")
    saved = client.get(job["links"]["video"] + "?download=1")
    assert re.search(r"attachment; filename=avatar_[\w-]+\.mp4", saved.headers["Content-Disposition"])


def test_a_transparent_video_is_webm_and_is_not_streamed(client: FlaskClient) -> None:
    job = wait(client, start(client, background="transparent"))
    assert job["links"]["stream"] is None
    video = client.get(job["links"]["video"] + "?download=1")
    assert (video.status_code, video.mimetype) == (200, "video/webm")
    assert re.search(r"attachment; filename=avatar_[\w-]+\.webm", video.headers["Content-Disposition"])
    whole = client.post("/api/generate", json={**TEXT, "background": "transparent"})
    assert (whole.status_code, whole.mimetype) == (200, "video/webm")
    for refused in (
        client.get(f"/api/jobs/{job['id']}/stream"),
        client.post("/api/generate?stream=1", json={**TEXT, "background": "transparent"}),
    ):
        assert (refused.status_code, refused.get_json()["code"]) == (422, "no_stream")


def test_events_tell_each_change_until_the_end(client: FlaskClient) -> None:
    job = start(client)
    told = events(client.get(job["links"]["events"]))
    assert told[-1]["state"] == "done"
    assert [one["progress"] for one in told] == sorted(one["progress"] for one in told)
    assert len({json.dumps(one) for one in told}) == len(told), "only what is new"
    again = client.get(job["links"]["events"])
    assert again.mimetype == "text/event-stream"
    assert [one["state"] for one in events(again)] == ["done"]


def test_the_stream_is_the_video(client: FlaskClient) -> None:
    job = start(client)
    streamed = client.get(job["links"]["stream"])
    assert (streamed.status_code, streamed.mimetype) == (200, "video/mp4")
    assert streamed.headers["X-Accel-Buffering"] == "no"
    done = wait(client, job)
    with av.open(io.BytesIO(streamed.data)) as film:
        assert sum(1 for _ in film.decode(video=0)) == done["frames"]
    assert client.get(job["links"]["stream"]).data == streamed.data, "also just afterwards"


@pytest.mark.slow
def test_a_stream_begins_before_the_video_is_done(app: Flask, held: FakeService) -> None:
    client = live(app)
    job = start(client_of(app), text="Hello there. " * 12)
    response = client.get(job["links"]["stream"])
    first = next(response.response)  # type: ignore[call-overload]
    assert first[4:8] == b"ftyp"
    assert client_of(app).get(job["links"]["self"]).get_json()["state"] == "running"
    assert parts_of(app).watchers.now == 1
    held.gate.set()
    rest = b"".join(response.response)
    response.close()
    assert parts_of(app).watchers.now == 0
    with av.open(io.BytesIO(first + rest)) as film:
        assert sum(1 for _ in film.decode(video=0)) > 100


def test_generate_may_stream_too(client: FlaskClient) -> None:
    response = client.post("/api/generate?stream=1", json=TEXT)
    assert (response.status_code, response.mimetype) == (200, "video/mp4")
    job = client.get(f"/api/jobs/{response.headers['X-Job-Id']}").get_json()
    assert job["state"] == "done"
    with av.open(io.BytesIO(response.data)) as film:
        assert sum(1 for _ in film.decode(video=0)) == job["frames"]


def test_what_is_wrong_before_the_first_byte_is_an_answer(client: FlaskClient) -> None:
    response = client.post("/api/generate?stream=1", data={"text": "Hi", "image": (io.BytesIO(b"no picture"), "x")})
    assert (response.status_code, response.get_json()["code"]) == (415, "not_a_picture")


@pytest.mark.usefixtures("held")
def test_who_leaves_a_stream_of_generate_ends_the_job(app: Flask) -> None:
    response = live(app).post("/api/generate?stream=1", json={**TEXT, "text": "Hello there. " * 12})
    next(response.response)  # type: ignore[call-overload]
    response.close()
    client = client_of(app)
    assert client.get(f"/api/jobs/{response.headers['X-Job-Id']}").get_json()["state"] == "cancelled"
    assert parts_of(app).watchers.now == 0


@pytest.mark.slow
def test_who_leaves_the_stream_of_a_job_does_not(app: Flask, held: FakeService) -> None:
    client = client_of(app)
    job = start(client, text="Hello there. " * 12)
    response = live(app).get(job["links"]["stream"])
    next(response.response)  # type: ignore[call-overload]
    response.close()
    held.gate.set()
    assert wait(client, job)["state"] == "done"


@pytest.mark.usefixtures("held")
def test_a_job_that_fails_in_the_middle_breaks_its_stream_off(app: Flask) -> None:
    client = client_of(app)
    job = start(client, text="Hello there. " * 12)
    response = live(app).get(job["links"]["stream"])
    next(response.response)  # type: ignore[call-overload]
    client.delete(job["links"]["self"])
    with pytest.raises(ConnectionResetError):
        b"".join(response.response)
    assert parts_of(app).watchers.now == 0


def test_too_many_watchers(settings: Settings, held: FakeService) -> None:
    app = create_app(settings.model_copy(update={"max_streams": 1}), held)
    client = client_of(app)
    job = start(client)
    watching = live(app).get(job["links"]["events"])
    assert next(watching.response)  # type: ignore[call-overload]
    refused = client.get(job["links"]["events"])
    assert (refused.status_code, refused.get_json()["code"]) == (503, "too_many_streams")
    watching.close()
    held.gate.set()
    assert client.get(job["links"]["events"]).status_code == 200


def test_cancelled_within_a_frame(client: FlaskClient, held: FakeService, settings: Settings) -> None:
    job = start(client)
    held.begun.wait(10)
    response = client.delete(job["links"]["self"])
    assert (response.status_code, response.get_json()["state"]) == (200, "cancelled")
    assert client.get(job["links"]["video"]).get_json()["code"] == "job_cancelled"
    eventually(lambda: not list(settings.outputs.glob("*.mp4")))


def test_an_ended_job_is_deleted_with_its_video(client: FlaskClient, settings: Settings) -> None:
    job = wait(client, start(client))
    assert client.delete(job["links"]["self"]).get_json()["state"] == "done"
    for link in ("self", "video", "events", "stream"):
        assert client.get(job["links"][link]).status_code == 404
    assert not list(settings.outputs.glob("*.mp4"))
    assert client.delete(job["links"]["self"]).status_code == 404


@pytest.mark.usefixtures("held")
def test_anothers_job_is_not_there(client: FlaskClient) -> None:
    job = start(client, subtitles="vtt")
    for link in ("self", "video", "events", "stream", "subtitles"):
        answer = client.get(job["links"][link], environ_base=OTHER)
        assert (answer.status_code, answer.get_json()["code"]) == (404, "job_unknown")
        assert client.get(job["links"]["self"][:-32] + "0" * 32 + job["links"][link][42:]).text == answer.text
    assert client.delete(job["links"]["self"], environ_base=OTHER).status_code == 404
    assert client.get("/api/jobs", environ_base=OTHER).get_json() == {"jobs": []}
    assert [one["id"] for one in client.get("/api/jobs").get_json()["jobs"]] == [job["id"]]


def test_the_job_of_another_key_is_not_there(settings: Settings, service: FakeService) -> None:
    engine = connect(settings)
    keys = [add_key(engine, name, ("generate",))[1] for name in ("Anna", "Boris")]
    engine.dispose()
    headers = [{"Authorization": f"Bearer {key}"} for key in keys]
    app = create_app(settings.model_copy(update={"require_key": True}), service)
    client = client_of(app)
    job = client.post("/api/jobs", json={**TEXT, "subtitles": "srt"}, headers=headers[0]).get_json()
    eventually(lambda: client.get(job["links"]["self"], headers=headers[0]).get_json()["state"] == "done")
    for link in ("self", "video", "events", "stream", "subtitles"):
        assert client.get(job["links"][link]).status_code == 401
        answer = client.get(job["links"][link], headers=headers[1])
        assert (answer.status_code, answer.get_json()["code"]) == (404, "job_unknown")
    assert client.delete(job["links"]["self"], headers=headers[1]).status_code == 404
    assert client.get("/api/jobs", headers=headers[1]).get_json() == {"jobs": []}
    assert client.get(job["links"]["video"], headers=headers[0]).status_code == 200
    parts_of(app).close()


@pytest.mark.parametrize("id", ["..%2f..%2fetc%2fpasswd", "%00", "x" * 3000, "..", "0" * 31, "A" * 32, "é"])
@pytest.mark.parametrize("rest", ["", "/video", "/stream", "/events", "/subtitles"])
def test_tricks_in_the_id_find_nothing(client: FlaskClient, id: str, rest: str) -> None:
    assert client.get(f"/api/jobs/{id}{rest}").status_code == 404


def test_the_same_idempotency_key_is_the_same_video(client: FlaskClient, service: FakeService) -> None:
    headers = {"Idempotency-Key": "order-17"}
    first = client.post("/api/generate", json=TEXT, headers=headers)
    again = client.post("/api/generate", json=TEXT, headers=headers)
    assert (again.status_code, again.data) == (200, first.data)
    assert again.headers["X-Job-Id"] == first.headers["X-Job-Id"]
    assert len(service.wishes) == 1
    other = client.post("/api/generate", json={**TEXT, "seed": 3}, headers=headers)
    assert (other.status_code, other.get_json()["code"]) == (422, "idempotency_reused")
    bad = client.post("/api/jobs", json=TEXT, headers={"Idempotency-Key": "a b"})
    assert (bad.status_code, bad.get_json()["code"]) == (400, "idempotency_key")


def test_a_full_queue_is_answered_at_once(settings: Settings, held: FakeService) -> None:
    app = create_app(settings.model_copy(update={"max_queued": 1, "max_concurrent_renders": 1}), held)
    client = client_of(app)
    first = start(client)
    held.begun.wait(10)
    eventually(lambda: client.get(first["links"]["self"]).get_json()["state"] == "running")
    second = start(client)
    assert client.get(second["links"]["self"]).get_json()["place"] == 1
    for path in ("/api/jobs", "/api/generate", "/api/generate?stream=1"):
        full = client.post(path, json=TEXT)
        assert (full.status_code, full.get_json()["code"]) == (503, "queue_full")
        assert int(full.headers["Retry-After"]) >= 1
    held.gate.set()
    assert wait(client, second)["state"] == "done"


def test_a_video_that_was_removed_is_gone(client: FlaskClient, settings: Settings) -> None:
    job = wait(client, start(client))
    for path in settings.outputs.glob("*.mp4"):
        path.unlink()
    gone = client.get(job["links"]["video"])
    assert (gone.status_code, gone.get_json()["code"]) == (410, "video_gone")


def test_subtitles_of_the_real_thing(real_client: FlaskClient) -> None:
    job = wait(real_client, start(real_client, subtitles="vtt", avatar="hopper"))
    assert job["links"]["subtitles"] == f"/api/jobs/{job['id']}/subtitles"
    said = real_client.get(job["links"]["subtitles"])
    assert (said.status_code, said.mimetype) == (200, "text/vtt")
    assert said.text.startswith("WEBVTT")
    assert "How are you?" in said.text
    without = wait(real_client, start(real_client, avatar="hopper"))
    none = real_client.get(f"/api/jobs/{without['id']}/subtitles")
    assert (none.status_code, none.get_json()["code"]) == (404, "no_subtitles")


def test_a_job_and_generate_make_the_same_video(real_client: FlaskClient, real_service: LipsyncService) -> None:
    job = wait(real_client, start(real_client, avatar="hopper"))
    made = real_client.post("/api/generate", json={**TEXT, "avatar": "hopper"})
    assert real_client.get(job["links"]["video"]).data == made.data
    assert real_service.settings.outputs.is_dir()


@pytest.mark.system
def test_real_players_read_the_stream(real_client: FlaskClient, tmp_path: Path) -> None:
    streamed = real_client.post("/api/generate?stream=1", json={**TEXT, "avatar": "hopper"})
    path = tmp_path / "stream.mp4"
    path.write_bytes(streamed.data)
    probe = ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-of", "json", str(path)]
    try:
        seen = subprocess.run(probe, capture_output=True, text=True, check=True)
    except FileNotFoundError:
        pytest.skip("ffprobe is missing: install the package “ffmpeg”")
    assert seen.stderr == ""
    video, sound = json.loads(seen.stdout)["streams"]
    job = real_client.get(f"/api/jobs/{streamed.headers['X-Job-Id']}").get_json()
    assert int(video["nb_read_frames"]) == job["frames"]
    # The first sample that was spoken is at 0, as the first frame; what AAC needs before it is left out.
    assert (float(video["start_time"]), float(sound["start_time"])) == (0, 0)


@pytest.mark.system
def test_a_client_that_leaves_ends_what_it_waited_for(tmp_path: Path) -> None:
    import http.client  # noqa: PLC0415

    with serve(tmp_path, "tests.helpers.apps.gated_service:app", WAIT_FOR_GO="1") as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("POST", "/api/generate", json.dumps(TEXT), {"Content-Type": "application/json"})
        eventually((tmp_path / "outputs" / "begun").exists)
        connection.close()

        def cancelled() -> bool:
            jobs = json.loads(server.ask("GET", "/api/jobs").body)["jobs"]
            return [one["state"] for one in jobs] == ["cancelled"]

        eventually(cancelled)
        (tmp_path / "outputs" / "go").touch()


@pytest.mark.parametrize(
    ("accept", "text", "code"),
    [
        ("ru", "Hello", "en"),
        ("en", "Привет", "ru"),
        ("fr-CA,en;q=0.5", "Salut", "fr"),
        ("fr;q=0,xx,de;q=0.5", "Salut", "de"),
        ("uk,en", "Мама", "uk"),
        (None, "Salut", "en"),
    ],
)
def test_a_request_that_names_no_language_is_understood_by_its_text_and_its_reader(
    client: FlaskClient, accept: str | None, text: str, code: str
) -> None:
    headers = {} if accept is None else {"Accept-Language": accept}
    assert client.post("/api/jobs", json={"text": text}, headers=headers).get_json()["language"] == code
