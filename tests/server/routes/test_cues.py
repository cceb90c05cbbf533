"""Mouth cues of a job over HTTP."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient

from lipsync.server.app import create_app
from lipsync.settings import Settings
from tests.helpers.fake_service import FakeService
from tests.helpers.flask_client import client_of
from tests.mouth_cues.programs import answering, program
from tests.server.routes.test_jobs import OTHER, start, wait


@pytest.fixture
def rhubarb_client(settings: Settings, tmp_path: Path) -> FlaskClient:
    """A server with a program in place of Rhubarb, ``tmp_path / "rhubarb"``."""
    with_program = settings.model_copy(update={"rhubarb": answering(tmp_path)})
    app = create_app(with_program, FakeService(with_program))
    return client_of(app)


def cues_of(client: FlaskClient, job: dict[str, object], format: str = "") -> str:
    response = client.get(f"/api/jobs/{job['id']}/cues" + (f"?format={format}" if format else ""))
    assert response.status_code == 200, response.text
    return response.text


def test_the_three_formats(client: FlaskClient) -> None:
    job = wait(client, start(client, text="My mum bought a map."))
    assert job["links"]["cues"] == f"/api/jobs/{job['id']}/cues"
    answer = client.get(job["links"]["cues"])
    assert (answer.mimetype, answer.headers["X-Cues-Source"]) == ("application/json", "phones")
    assert "X-Cues-Problem" not in answer.headers
    content = answer.get_json()
    cues = content["mouthCues"]
    assert sum(cue["value"] == "A" for cue in cues) >= 4
    assert content["metadata"]["duration"] == pytest.approx(job["duration"], abs=0.011)
    assert content["metadata"]["soundFile"].endswith(".mp4")
    assert cues[-1]["end"] == content["metadata"]["duration"]
    lines = cues_of(client, job, "tsv").splitlines()
    assert [line.split("\t")[1] for line in lines] == [*(cue["value"] for cue in cues), "X"]
    root = ElementTree.fromstring(cues_of(client, job, "xml"))
    assert [cue.text for cue in root.iter("mouthCue")] == [cue["value"] for cue in cues]


def test_what_cannot_be_answered(client: FlaskClient, settings: Settings) -> None:
    job = wait(client, start(client))
    unknown = client.get(f"{job['links']['cues']}?format=dat")
    assert (unknown.status_code, unknown.get_json()["code"], unknown.get_json()["field"]) == (
        400,
        "bad_field",
        "format",
    )
    other = client.get(job["links"]["cues"], environ_overrides=OTHER)
    assert other.status_code in (401, 404)
    for path in settings.outputs.glob("*.phones.json"):
        path.unlink()
    none = client.get(job["links"]["cues"])
    assert (none.status_code, none.get_json()["code"]) == (404, "no_cues")
    for path in settings.outputs.glob("*.mp4"):
        path.unlink()
    gone = client.get(job["links"]["cues"])
    assert (gone.status_code, gone.get_json()["code"]) == (410, "video_gone")


def test_the_phones_go_with_the_job(client: FlaskClient, service: FakeService, settings: Settings) -> None:
    service.gate.clear()
    job = start(client)
    service.begun.wait(10)
    early = client.get(job["links"]["cues"])
    assert (early.status_code, early.get_json()["code"]) == (409, "job_not_done")
    service.gate.set()
    wait(client, job)
    assert len(list(settings.outputs.glob("*.phones.json"))) == 1
    client.delete(job["links"]["self"])
    assert list(settings.outputs.glob("avatar_*")) == []


def test_rhubarb_is_asked_where_it_is_configured(rhubarb_client: FlaskClient) -> None:
    job = wait(rhubarb_client, start(rhubarb_client))
    answer = rhubarb_client.get(job["links"]["cues"])
    assert answer.headers["X-Cues-Source"] == "rhubarb"
    assert [cue["value"] for cue in answer.get_json()["mouthCues"]] == ["X", "D"]


def test_the_phones_take_over_when_rhubarb_fails(rhubarb_client: FlaskClient, tmp_path: Path) -> None:
    program(tmp_path, "exit 1")
    job = wait(rhubarb_client, start(rhubarb_client))
    answer = rhubarb_client.get(job["links"]["cues"])
    assert (answer.status_code, answer.headers["X-Cues-Source"]) == (200, "phones")
    assert answer.headers["X-Cues-Problem"] == "rhubarb_failed"
