"""What a job renders is what was decided when it was submitted."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from lipsync.jobs.jobs import Jobs
from lipsync.jobs.run_job import restore_stored_request
from lipsync.pipeline.request import VideoRequest, VideoRequestFields
from lipsync.settings import Settings
from tests.helpers.fake_service import FakeService
from tests.helpers.jobs import Add
from tests.jobs.test_jobs import ended


def test_settings_that_change_before_the_render_change_nothing(
    settings: Settings, engine: Engine, tmp_path: Any
) -> None:
    picture = tmp_path / "mine.png"
    picture.write_bytes(b"a picture")
    before = FakeService(settings.model_copy(update={"avatar": str(picture), "fps": 30, "language": "uk"}))
    first = Jobs(before.settings, engine, lambda: before, shortage=lambda: "not now")
    job = first.submit(VideoRequestFields(text="Так"), None, owner="a")
    assert (job.avatar, job.language, job.state) == ("picture", "uk", "queued")
    first.close()
    picture.unlink()

    after = FakeService(settings.model_copy(update={"avatar": "newton", "fps": 12, "language": "ru"}))
    second = Jobs(after.settings, engine, lambda: after)
    second.start()
    ended(second, job)
    second.close()
    (request,) = after.wishes
    assert (request["language"], request["fps"], request["avatar"]) == ("uk", 30, None)
    assert request["picture"] == b"a picture"


def test_the_stored_request_is_whole(settings: Settings, engine: Engine) -> None:
    service = FakeService(settings)
    jobs = Jobs(settings, engine, lambda: service, shortage=lambda: "not now")
    job = jobs.submit(VideoRequestFields(text="Да", box="1,2,30,40"), None, owner="a")
    jobs.close()
    assert job.video_request is not None
    request, picture = restore_stored_request(job.video_request, None, service)
    assert request == service.parse(VideoRequestFields(text="Да", box="1,2,30,40")).request
    assert picture is None


@pytest.mark.parametrize(
    "stored",
    [
        {"text": "Да", "language": "auto", "likely": ["ru"]},
        {"text": "Да", "language": "ru", "seed": 3, "fps": 30, "box": "1,2,30,40", "pads": [0, 1, 2, 3]},
    ],
)
def test_a_request_that_version_0_1_stored_is_read(settings: Settings, stored: dict[str, Any]) -> None:
    request, _ = restore_stored_request(stored, None, FakeService(settings))
    assert isinstance(request, VideoRequest)
    assert (request.text, request.language, request.avatar) == ("Да", "ru", settings.avatar)
    assert (request.seed, request.fps) == (stored.get("seed", 0), stored.get("fps", 25))


def test_a_request_that_was_stored_before_there_were_moods_is_read(settings: Settings) -> None:
    service = FakeService(settings.model_copy(update={"mood": "angry", "motion": 0.5}))
    stored = service.parse(VideoRequestFields(text="Да")).request.model_dump(mode="json")
    for name in ("motion", "mood", "mood_strength"):
        del stored[name]
    request, _ = restore_stored_request(stored, None, service)
    assert (request.motion, request.mood, request.mood_strength) == (1.0, "neutral", 1.0)


def test_a_stored_request_that_cannot_be_read_fails_its_job(settings: Settings, engine: Engine, add: Add) -> None:
    service = FakeService(settings)
    id = add(video_request={"text": "Да", "hat": "red"})
    jobs = Jobs(settings, engine, lambda: service)
    jobs.start()
    job = ended(jobs, jobs.get(id, None))
    jobs.close()
    assert (job.state, job.problem().code) == ("failed", "bad_field")
