"""One declaration of a request's fields, for the command line, JSON, the form and the OpenAPI document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image, ImageOps

from lipsync.cli.main import main
from lipsync.errors import LipsyncError
from lipsync.face.avatars import avatar
from lipsync.pipeline import parse_request
from lipsync.pipeline.field_errors import read_fields
from lipsync.pipeline.parse_request import restore_request
from lipsync.pipeline.request import VideoRequest, VideoRequestFields
from lipsync.pipeline.result import VideoFacts
from lipsync.pipeline.service import LipsyncService
from lipsync.server.app import create_app
from lipsync.server.responses import JobAnswer
from lipsync.settings import Settings
from tests.helpers.fake_service import FakeService

VALUES: dict[str, Any] = {
    "text": "Hi",
    "language": "en",
    "avatar": "newton",
    "voice": "espeak",
    "speed": 1.5,
    "pitch": -1.5,
    "pause": 0.5,
    "motion": 0.5,
    "mood": "sad",
    "mood_strength": 0.25,
    "seed": 3,
    "fps": 30,
    "engine": "puppet",
    "subtitles": "srt",
    "box": [1, 2, 30, 40],
    "pads": [0, 10, 0, 0],
    "size": "720x1280",
    "frame": "bust",
    "background": "#1a2B3c",
}
"""A value of each field, other than its default."""


@pytest.fixture
def service(settings: Settings) -> FakeService:
    return FakeService(settings)


@pytest.fixture
def client(settings: Settings, service: FakeService) -> FlaskClient:
    return create_app(settings, service).test_client()


def test_every_field_has_a_value_here() -> None:
    assert [*VALUES] == [*VideoRequestFields.model_fields]


@pytest.mark.parametrize("name", VideoRequestFields.model_fields)
def test_every_field_is_read_from_json_and_from_a_form(client: FlaskClient, service: FakeService, name: str) -> None:
    fields = {"text": "Hello", "language": "ru"} | {name: VALUES[name]}
    values = {key: ",".join(map(str, value)) if isinstance(value, list) else value for key, value in fields.items()}
    for answer in (
        client.post("/api/generate", json=fields),
        client.post("/api/generate", data=values, content_type="multipart/form-data"),
    ):
        assert answer.status_code == 200, answer.get_json()
        answer.close()
    assert len(service.wishes) == 2
    for wish in service.wishes:
        read = wish[name]
        assert (list(read) if isinstance(read, tuple) else read) == VALUES[name]


def test_every_field_is_documented(client: FlaskClient) -> None:
    schemas = client.get("/openapi.json").get_json()["components"]["schemas"]
    for name, field in VideoRequestFields.model_fields.items():
        assert field.description, name
        for schema in ("VideoRequestBody", "VideoRequestBodyForm"):
            assert schemas[schema]["properties"][name]["description"] == field.description, name


def test_every_field_is_an_option_of_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["say", "--help"]) == 0
    help = capsys.readouterr().out
    for name, field in VideoRequestFields.model_fields.items():
        assert (name if field.is_required() else f"--{name.replace('_', '-')}") in help


@pytest.mark.parametrize("name", [name for name in VALUES if name not in ("box", "pads", "text")])
def test_every_option_of_the_command_line_reaches_the_request(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    parsed: list[VideoRequestFields] = []

    def parse(_: LipsyncService, fields: VideoRequestFields, *__: object, **___: object) -> None:
        parsed.append(fields)
        raise LipsyncError("not_ready")

    monkeypatch.setattr(LipsyncService, "parse", parse)
    assert main(["say", "Hi", f"--{name.replace('_', '-')}={VALUES[name]}"]) != 0
    assert getattr(parsed[0], name) == VALUES[name]


def test_every_fact_of_a_video_is_in_the_answer_about_its_job() -> None:
    internal = {"portrait"}  # of interest to a person at the command line alone
    assert set(VideoFacts.model_fields) - internal <= set(JobAnswer.model_fields)


@pytest.mark.parametrize(
    ("fields", "code", "expected"),
    [
        ({}, "empty_text", ""),
        ({"text": "a\ud800"}, "bad_characters", ""),
        ({"text": "Hi", "fps": 61}, "bad_field", "a whole number from 10 to 60"),
        ({"text": "Hi", "fps": "25"}, "bad_field", "a whole number."),
        ({"text": "Hi", "seed": True}, "bad_field", "a whole number."),
        ({"text": "Hi", "speed": 0.2}, "bad_field", "a number from 0.25 to 4"),
        ({"text": "Hi", "pitch": float("inf")}, "bad_field", "a number from -12 to 12"),
        ({"text": "Hi", "pause": float("nan")}, "bad_field", "a number from 0 to 5"),
        ({"text": "Hi", "motion": 1.6}, "bad_field", "a number from 0 to 1.5"),
        ({"text": "Hi", "mood_strength": -0.1}, "bad_field", "a number from 0 to 1"),
        (
            {"text": "Hi", "mood": "bored"},
            "bad_field",
            "one of: neutral, happy, sad, thinking, surprised, angry, auto",
        ),
        ({"text": "Hi", "engine": "paint"}, "bad_field", "one of: auto, wav2lip, puppet"),
        ({"text": "Hi", "subtitles": "VTT"}, "bad_field", "one of: vtt, srt"),
        ({"text": "Hi", "voice": "x" * 201}, "bad_field", "at most 200 characters"),
        ({"text": "Hi", "avatar": 1}, "bad_field", "a string"),
        ({"text": "Hi", "colour": "red"}, "bad_field", "there is no such field; available fields: text, "),
        ({"text": "Hi", "box": "1,2"}, "bad_box", ""),
        ({"text": "Hi", "pads": "1,2"}, "bad_field", "four whole numbers"),
        ({"text": "Hi", "size": "721x1280"}, "bad_field", "even numbers from 256 to 1920"),
        ({"text": "Hi", "size": 720}, "bad_field", "a string"),
        ({"text": "Hi", "background": "#12345"}, "bad_field", "a colour such as #336699"),
        ({"text": "Hi", "frame": "hand"}, "bad_field", "one of: source, face, bust"),
    ],
)
def test_what_is_wrong_is_an_error_for_people(fields: dict[str, Any], code: str, expected: str) -> None:
    with pytest.raises(LipsyncError) as caught:
        read_fields(VideoRequestFields, fields)
    assert caught.value.code == code
    assert expected in str(caught.value)


# ---- what was decided stays so


def make_service(folder: Path, **settings: Any) -> LipsyncService:
    facts = {"avatar": "hopper", "cache": folder / "cache", "outputs": folder, "warm_up": False, "max_side": 256}
    service = LipsyncService(Settings(_env_file=None, **{**facts, **settings}))
    service.load(ahead=False)
    return service


@pytest.fixture
def mirrored(tmp_path: Path) -> Path:
    with Image.open(avatar("hopper").path) as picture:
        ImageOps.mirror(picture).resize((256, 300)).save(tmp_path / "mirrored.png")
    return tmp_path / "mirrored.png"


@pytest.mark.slow
def test_settings_that_change_after_the_request_do_not_change_the_video(tmp_path: Path, mirrored: Path) -> None:
    before = make_service(tmp_path, avatar=str(mirrored), language="uk", fps=12)
    parsed = before.parse(VideoRequestFields(text="Так 5."))
    stored = json.loads(json.dumps(parsed.request.model_dump(mode="json")))
    expected = before.generate(text="Так 5.", output=tmp_path / "before.mp4")

    after = make_service(tmp_path, avatar="newton", language="ru", fps=30, max_text=1, max_upload_mb=0.001)
    request = VideoRequest.model_validate(stored)
    video = after.generate(request, picture=parsed.picture, output=tmp_path / "after.mp4")

    assert request == parsed.request
    assert video.path.read_bytes() == expected.path.read_bytes()
    assert (video.language, video.fps, video.avatar) == ("uk", 12, "picture")


def test_a_request_needs_the_picture_that_it_refers_to(tmp_path: Path, mirrored: Path) -> None:
    service = make_service(tmp_path)
    request = service.parse(VideoRequestFields(text="Да"), mirrored.read_bytes()).request
    for picture in (None, b"another"):
        with pytest.raises(ValueError, match="picture"):
            service.generate(request, picture=picture)


@pytest.mark.slow
def test_a_parsed_request_is_not_prepared_again(
    tmp_path: Path, mirrored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = make_service(tmp_path)
    fields = VideoRequestFields(text="Да", fps=10)
    background = avatar("hopper").path.read_bytes()
    parsed = service.parse(fields, mirrored.read_bytes(), background_image=background)
    stored = service.generate(
        parsed.request, picture=parsed.picture, background_image=background, output=tmp_path / "stored.mp4"
    )

    def prepare(*_: object) -> None:
        raise AssertionError("the text is prepared once more")

    monkeypatch.setattr(parse_request, "prepare_script", prepare)
    video = service.generate(parsed, output=tmp_path / "parsed.mp4")
    assert video.path.read_bytes() == stored.path.read_bytes()
    with pytest.raises(TypeError):
        service.generate(parsed, fps=30)


def test_a_request_and_fields_together_are_a_mistake(tmp_path: Path) -> None:
    service = make_service(tmp_path)
    request = service.parse(VideoRequestFields(text="Да")).request
    with pytest.raises(TypeError):
        service.generate(request, fps=30)


@pytest.mark.slow
def test_the_path_of_a_picture_is_the_avatar_of_a_caller_in_python(tmp_path: Path, mirrored: Path) -> None:
    video = make_service(tmp_path).generate(text="Да", avatar=mirrored, fps=10)
    assert (video.avatar, video.picture_width, video.picture_height) == ("picture", 256, 300)
    assert type(video.facts) is VideoFacts
    assert (video.facts.fps, video.facts.picture_width) == (10, 256)


@pytest.mark.slow
def test_a_default_voice_is_decided_and_replaced_only_if_it_is_gone(tmp_path: Path) -> None:
    service = make_service(tmp_path)
    request = service.parse(VideoRequestFields(text="Да")).request
    assert (request.voice, request.is_default_voice) == ("espeak-female", True)
    gone = request.model_copy(update={"voice": "hibari:gone"})
    assert service.generate(gone).voice == "espeak-female"
    with pytest.raises(LipsyncError) as caught:
        service.generate(gone.model_copy(update={"is_default_voice": False}))
    assert caught.value.code == "unknown_voice"


@pytest.mark.slow
def test_an_engine_that_is_gone_is_an_error_and_not_another_video(tmp_path: Path) -> None:
    service = make_service(tmp_path)
    request = service.parse(VideoRequestFields(text="Да")).request.model_copy(update={"engine": "wav2lip"})
    with pytest.raises(LipsyncError) as caught:
        service.generate(request)
    assert caught.value.code == "no_wav2lip"


# ---- size and frame


@pytest.mark.slow
def test_a_video_has_the_size_and_the_frame_that_were_asked_for(tmp_path: Path) -> None:
    service = make_service(tmp_path, max_side=640)
    fields = {"text": "Да", "language": "ru", "fps": 10}
    shapes = {
        (size, frame): (video.width, video.height)
        for size, frame in ((None, None), ("256x480", None), ("480x256", "bust"), ("source", "face"))
        for video in (service.generate(**fields, size=size, frame=frame),)
    }
    assert shapes[None, None] == (512, 600)
    assert shapes["256x480", None] == (256, 480)
    assert shapes["480x256", "bust"] == (480, 256)
    assert shapes["source", "face"] < (500, 600)


@pytest.mark.slow
def test_a_framed_portrait_is_read_back_from_disk(tmp_path: Path) -> None:
    fields = {"text": "Да", "language": "ru", "fps": 10, "size": "300x256"}
    videos = [make_service(tmp_path, max_side=640).generate(**fields) for _ in range(2)]
    assert [video.portrait for video in videos] == ["made", "disk"]
    assert videos[0].path.read_bytes() == videos[1].path.read_bytes()


def test_a_size_above_the_setting_is_refused(tmp_path: Path) -> None:
    service = make_service(tmp_path, max_side=640)
    with pytest.raises(LipsyncError, match="256 to 640"):
        service.generate(text="Да", language="ru", size="720x640")


@pytest.mark.slow
def test_a_background_is_in_the_video_and_is_read_back_from_disk(tmp_path: Path) -> None:
    fields = {"text": "Да", "language": "ru", "fps": 10, "background": "#14c83c", "size": "640x320"}
    videos = [make_service(tmp_path, max_side=640).generate(**fields) for _ in range(2)]
    assert videos[0].path.read_bytes() == videos[1].path.read_bytes()
    with av.open(str(videos[1].path)) as container:
        picture = next(container.decode(video=0)).to_ndarray(format="rgb24").astype(int)
    for x in (10, 630):  # beside the portrait
        assert np.abs(picture[20, x] - (0x14, 0xC8, 0x3C)).max() < 12
    blurred = make_service(tmp_path, max_side=640).generate(**{**fields, "background": "blur"})
    assert blurred.path.read_bytes() != videos[0].path.read_bytes()


@pytest.mark.slow
def test_a_transparent_video_has_an_alpha_and_its_files_beside_it(tmp_path: Path) -> None:
    fields = {"text": "Да", "language": "ru", "fps": 10, "background": "transparent", "subtitles": "vtt"}
    videos = [make_service(tmp_path, max_side=640).generate(**fields, size=size) for size in ("640x320", "640x320")]
    assert [video.portrait for video in videos] == ["made", "disk"]
    assert videos[0].path.suffix == ".webm"
    assert videos[0].path.read_bytes() == videos[1].path.read_bytes()
    assert videos[0].subtitles == videos[0].path.with_suffix(".vtt")
    assert videos[0].subtitles.read_text().startswith("WEBVTT")
    with av.open(str(videos[0].path)) as container:
        decoder = av.codec.CodecContext.create("libvpx-vp9", "r")
        frames = [frame for packet in container.demux(video=0) for frame in decoder.decode(packet)]
    assert len(frames) == videos[0].frames
    plane = frames[0].planes[3]
    alpha = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[:, :640]
    assert alpha[160, 320] > 250, "the face"
    assert max(alpha[20, 10], alpha[20, 630]) < 5, "beside the portrait"


def test_a_transparent_video_has_no_stream(tmp_path: Path) -> None:
    service = make_service(tmp_path, max_side=640)
    with pytest.raises(ValueError, match="stream"):
        service.generate(text="Да", language="ru", background="transparent", stream=tmp_path / "s.mp4")


@pytest.mark.slow
def test_a_picture_is_behind_the_person_and_the_video_is_an_mp4(tmp_path: Path) -> None:
    sea = tmp_path / "sea.png"
    Image.new("RGB", (300, 200), (20, 60, 200)).save(sea)
    fields = {"text": "Да", "language": "ru", "fps": 10, "size": "640x320"}
    service = make_service(tmp_path, max_side=640)
    video = service.generate(**fields, background=sea)
    assert video.path.suffix == ".mp4"
    with av.open(str(video.path)) as container:
        picture = next(container.decode(video=0)).to_ndarray(format="rgb24").astype(int)
    for x in (10, 630):
        assert np.abs(picture[20, x] - (20, 60, 200)).max() < 12
    assert np.abs(picture[160, 320] - (20, 60, 200)).max() > 60, "the face"
    with pytest.raises(LipsyncError) as caught:
        service.generate(**fields, background_image=b"no picture")
    assert (caught.value.code, caught.value.facts["field"]) == ("not_a_picture", "background_image")
    with pytest.raises(LipsyncError) as caught:
        service.generate(**fields, background="blur", background_image=sea.read_bytes())
    assert (caught.value.code, caught.value.facts["field"]) == ("bad_field", "background")


def test_a_restored_request_needs_its_own_background(tmp_path: Path) -> None:
    service = make_service(tmp_path)
    parsed = service.parse(VideoRequestFields(text="Да", language="ru"), background_image=b"a picture")
    assert restore_request(parsed.request, None, b"a picture").background_image == b"a picture"
    for wrong in (None, b"another"):
        with pytest.raises(ValueError, match="background_image"):
            restore_request(parsed.request, None, wrong)
