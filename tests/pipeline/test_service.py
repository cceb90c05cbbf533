"""The service with all its real parts, on a small portrait."""

from __future__ import annotations

import io
import json
import math
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from lipsync.errors import LipsyncError
from lipsync.face.avatars import avatar
from lipsync.pipeline.request import VideoRequestFields
from lipsync.pipeline.result import RenderedVideo
from lipsync.pipeline.service import LipsyncService
from lipsync.runtime.progress import Cancelled, Stage
from lipsync.settings import Settings
from lipsync.speech.engines.espeak import RATE, EspeakVoice
from lipsync.text.script import prepare_script
from lipsync.video.codecs import mime_of
from tests.speech.fake_engines import FakeEngine, engine_factories, hangs

pytestmark = pytest.mark.slow

SMALL = 256
"""Pixels of the longer side: a frame costs 2 ms."""


def make_service(folder: Path, **settings: Any) -> LipsyncService:
    facts = {
        "avatar": "hopper",
        "outputs": folder / "outputs",
        "cache": folder / "cache",
        "warm_up": False,
        "max_side": SMALL,
        "max_concurrent_renders": 4,
    }
    service = LipsyncService(Settings(_env_file=None, **{**facts, **settings}))
    service.load(ahead=False)
    return service


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> LipsyncService:
    return make_service(tmp_path_factory.mktemp("service"))


@pytest.fixture(scope="module")
def mirrored() -> bytes:
    """Hopper looking the other way, as a PNG."""
    with Image.open(avatar("hopper").path) as picture:
        file = io.BytesIO()
        ImageOps.mirror(picture).resize((256, 300)).save(file, "png")
    return file.getvalue()


def heard(path: Path) -> NDArray[np.float32]:
    with av.open(str(path)) as container:
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])


def first_picture(path: Path) -> NDArray[np.uint8]:
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="gray")


def spoken(text: str, language: str, voice: str | None) -> NDArray[np.float32]:
    said = prepare_script(text, language, 1000).spoken_text
    return np.concatenate([speech.samples for speech in EspeakVoice().speak(said, language, voice)])


def likeness(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    count = min(len(one), len(other))
    return float(np.corrcoef(one[:count], other[:count])[0, 1])


def test_a_text_becomes_a_video(service: LipsyncService) -> None:
    result = service.generate(text="Привет! Как дела?", language="ru")

    assert result.path.parent == service.settings.outputs
    assert result.path.is_absolute()
    assert (result.language, result.voice, result.avatar) == ("ru", "espeak-female", "hopper")
    assert (result.fps, result.engine) == (25, "puppet")
    assert result.frames == math.ceil(result.duration * 25)
    with av.open(str(result.path)) as container:
        video, sound = container.streams.video[0], container.streams.audio[0]
        assert (video.width, video.height) == (result.width, result.height)
        assert video.frames == result.frames
        assert video.start_time == sound.start_time == 0
    stages = {"wait", "portrait", "speech", "track", "render", "encode", "first_frame", "total"}
    assert result.timings.keys() == stages
    assert result.timings["total"] > sum(result.timings[s] for s in stages - {"total", "first_frame"}) * 0.9


@pytest.mark.parametrize("fps", [10, 24, 30, 60])
def test_any_frame_rate(service: LipsyncService, fps: int) -> None:
    result = service.generate(text="Да. Нет.", fps=fps)

    assert result.frames == math.ceil(result.duration * fps)
    with av.open(str(result.path)) as container:
        assert container.streams.video[0].average_rate == fps
        assert sum(1 for _ in container.decode(video=0)) == result.frames


def test_the_same_request_gives_the_same_video_and_another_seed_another(service: LipsyncService) -> None:
    request: dict[str, Any] = {"text": "Мы проверяем, что видео повторяется точно.", "language": "ru"}
    one, two = service.generate(**request), service.generate(**request, seed=0)
    other = service.generate(**request, seed=1)

    assert one.path != two.path
    assert one.path.read_bytes() == two.path.read_bytes()
    assert other.path.read_bytes() != one.path.read_bytes()
    np.testing.assert_array_equal(heard(other.path), heard(one.path))


def test_the_language_is_found_and_numbers_are_words(service: LipsyncService) -> None:
    result = service.generate(text="Мені 5 років.", language="auto")
    assert result.language == "uk"
    assert result.duration == len(spoken("Мені п'ять років.", "uk", "espeak-female")) / RATE  # Hopper's


@pytest.mark.parametrize(("format", "begins"), [("vtt", "WEBVTT"), ("srt", "1\n00:00:0")])
def test_subtitles_stand_beside_the_video_and_in_it(
    tmp_path: Path, service: LipsyncService, format: str, begins: str
) -> None:
    text = "Мені 5 років. Так!"
    result = service.generate(text=text, language="auto", subtitles=format, output=tmp_path / "a.mp4")
    assert result.subtitles == tmp_path / f"a.{format}"
    written = result.subtitles.read_text("utf-8")
    assert written.startswith(begins)
    assert "Мені 5 років.\n" in written
    with av.open(str(result.path)) as container:
        (track,) = container.streams.subtitles
        texts = [bytes(packet)[2:].decode() for packet in container.demux(track) if packet.size > 2]
    assert " ".join(texts) == text


def test_no_subtitles_where_none_are_asked_for(tmp_path: Path, service: LipsyncService) -> None:
    result = service.generate(text="Да", output=tmp_path / "a.mp4")
    assert result.subtitles is None
    assert list(tmp_path.iterdir()) == [result.path]
    with av.open(str(result.path)) as container:
        assert not container.streams.subtitles


def test_eight_at_once_get_each_their_own(tmp_path: Path, service: LipsyncService, mirrored: bytes) -> None:
    requests: list[dict[str, Any]] = [
        {
            "text": f"This is request {turn}, and I say {turn}." if turn % 3 else f"Запрос номер {turn}. Приём!",
            "language": "en" if turn % 3 else "ru",
            "voice": ("espeak-male", "espeak-female")[turn % 2],
            "fps": (25, 30)[turn // 2 % 2],
            "picture": mirrored if turn % 4 == 3 else None,
        }
        for turn in range(8)
    ]
    starting = threading.Barrier(8)

    def ask(turn: int) -> RenderedVideo:
        starting.wait()
        return service.generate(**requests[turn], output=tmp_path / f"{turn}.mp4", track=tmp_path / f"{turn}.json")

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(ask, range(8)))

    sounds = [spoken(request["text"], request["language"], request["voice"]) for request in requests]
    for turn, (request, result) in enumerate(zip(requests, results, strict=True)):
        assert result.duration == len(sounds[turn]) / RATE
        assert result.frames == math.ceil(result.duration * request["fps"])
        recorded = heard(result.path)
        likenesses = [likeness(recorded, sound) for sound in sounds]
        assert likenesses[turn] > 0.95  # the limiter turned its peaks down
        assert sorted(likenesses)[-2] < 0.8
        track = json.loads((tmp_path / f"{turn}.json").read_text("utf-8"))
        assert len(track["weights"]) == len(track["opening"]) == result.frames
        with av.open(str(result.path)) as container:
            assert sum(1 for _ in container.decode(video=0)) == result.frames
    assert len(list(tmp_path.iterdir())) == 16
    # and made alone, it is the same to the last byte
    for turn in (0, 3, 7):
        alone = service.generate(**requests[turn], output=tmp_path / "alone.mp4")
        assert alone.path.read_bytes() == results[turn].path.read_bytes()
    pictures = [first_picture(result.path).astype(float) for result in results]
    for turn, picture in enumerate(pictures):
        mirrored_, shipped = (np.abs(picture - pictures[other]).mean() for other in (3, 0))
        assert (mirrored_ < shipped) == (turn % 4 == 3)


def test_the_track_matches_the_video(service: LipsyncService, tmp_path: Path) -> None:
    result = service.generate(
        text="Мама мыла раму. Папа пил.", output=tmp_path / "a.mp4", track=tmp_path / "a.json", fps=30
    )

    track = json.loads((tmp_path / "a.json").read_text("utf-8"))
    assert track["fps"] == 30
    assert len(track["weights"]) == len(track["opening"]) == result.frames
    phones = track["phones"]
    assert sum(phone["symbol"] in ("m", "mʲ", "p", "pʲ") for phone in phones) >= 6
    assert all(before["end"] <= after["start"] + 1e-4 for before, after in pairwise(phones))
    assert phones[-1]["end"] == pytest.approx(result.duration, abs=1e-4)
    opening = np.array(track["opening"])
    assert opening.max() > 0.03
    for phone in phones:
        if phone["symbol"] in ("m", "p"):
            first, last = math.floor(phone["start"] * 30), math.ceil(phone["end"] * 30)
            assert opening[first : last + 1].min() < 0.006


def test_the_second_use_of_a_portrait_reads_it_back(tmp_path: Path, mirrored: bytes) -> None:
    first = make_service(tmp_path)
    made = first.generate(text="Раз.", picture=mirrored)
    again = first.generate(text="Раз.", picture=mirrored)
    read = make_service(tmp_path).generate(text="Раз.", picture=mirrored)

    assert (made.portrait, again.portrait, read.portrait) == ("made", "memory", "disk")
    assert made.path.read_bytes() == again.path.read_bytes() == read.path.read_bytes()


def test_a_damaged_cache_is_made_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    made = make_service(tmp_path).generate(text="Раз.")
    (entry,) = (tmp_path / "cache").iterdir()
    with np.load(entry) as arrays:
        kept = {name: arrays[name] for name in arrays.files if name != "portrait.landmarks"}
    np.savez(entry, **kept)
    again = make_service(tmp_path).generate(text="Раз.")

    assert again.portrait == "made"
    assert "is unusable" in caplog.text
    assert made.path.read_bytes() == again.path.read_bytes()


def test_a_cache_that_cannot_be_written_is_no_obstacle(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("not a folder")
    result = make_service(tmp_path, cache=tmp_path / "file").generate(text="Раз.")

    assert result.path.is_file()
    assert "cannot keep" in caplog.text


HTML = b"<!DOCTYPE html><html><body>404</body></html>"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"text": ""}, "empty_text"),
        ({"text": " \n\t"}, "empty_text"),
        ({"text": "?! … —"}, "nothing_to_say"),
        ({"text": "🙂🎉"}, "nothing_to_say"),
        ({"text": "а" * 100_000}, "text_too_long"),
        ({"text": "a\ud800b"}, "bad_characters"),
        ({"text": "a\x00b"}, "bad_characters"),
        ({"text": 5}, "bad_field"),
        ({"text": None}, "bad_field"),
        ({"text": "Да", "language": "klingon"}, "unknown_language"),
        ({"text": "Да", "language": 7}, "bad_field"),
        ({"text": "Да", "voice": "nobody"}, "unknown_voice"),
        ({"text": "Да", "avatar": "nobody"}, "unknown_avatar"),
        ({"text": "Да", "avatar": "../avatars/gauss.jpg"}, "unknown_avatar"),
        ({"text": "Да", "avatar": str(avatar("gauss").path)}, "unknown_avatar"),
        ({"text": "Да", "avatar": Path("/nowhere/me.jpg")}, "file_missing"),
        ({"text": "Да", "avatar": Path("/")}, "file_is_folder"),
        ({"text": "Да", "avatar": ["gauss"]}, "bad_field"),
        ({"text": "Да", "fps": 9}, "bad_field"),
        ({"text": "Да", "subtitles": "ass"}, "bad_field"),
        ({"text": "Да", "fps": 61}, "bad_field"),
        ({"text": "Да", "fps": 25.0}, "bad_field"),
        ({"text": "Да", "fps": True}, "bad_field"),
        ({"text": "Да", "fps": "25"}, "bad_field"),
        ({"text": "Да", "seed": -1}, "bad_field"),
        ({"text": "Да", "seed": 2**32}, "bad_field"),
        ({"text": "Да", "seed": "x"}, "bad_field"),
        ({"text": "Да", "picture": HTML}, "not_a_picture"),
        ({"text": "Да", "picture": b""}, "not_a_picture"),
        ({"text": "Да", "picture": avatar("hopper").path.read_bytes()[:30_000]}, "broken_picture"),
        ({"text": "Да", "picture": bytes(20_000_001)}, "file_too_large"),
    ],
)
def test_bad_input_has_one_sentence_and_leaves_no_file(tmp_path: Path, request_: dict[str, Any], code: str) -> None:
    service = make_service(tmp_path)

    with pytest.raises(LipsyncError) as caught:
        service.generate(**request_)
    assert caught.value.code == code
    assert not caught.value.is_server_fault
    for language in ("en", "ru"):
        assert 10 < len(caught.value.message(language)) < 300
    with pytest.raises(LipsyncError):
        service.generate(**request_, output=tmp_path / "a.mp4", track=tmp_path / "a.json")
    left = [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".npz"]
    assert left == []


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    for outputs, output in ((tmp_path / "file" / "outputs", None), (tmp_path, tmp_path / "missing" / "a.mp4")):
        with pytest.raises(LipsyncError) as caught:
            make_service(tmp_path, outputs=outputs).generate(text="Да", output=output)
        assert caught.value.code == "cannot_write"


def test_progress_tells_every_stage_and_every_frame(service: LipsyncService) -> None:
    told: list[tuple[Stage, float]] = []
    result = service.generate(text="Раз. Два. Три.", language="ru", progress=lambda *now: told.append(now))

    stages = [stage for stage, _ in groupby(stage for stage, _ in told)]
    assert stages[:3] == ["portrait", "speech", "render"]
    assert stages[-2:] == ["render", "finish"]
    shares = [done for _, done in told]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert [done for stage, done in told if stage == "finish"] == [1]
    frames = [done for stage, done in told if stage == "render"]
    assert len(frames) == result.frames
    assert 0 < frames[0] < 0.1
    assert frames[-1] > 0.8  # the spaces between sentences are nobody's


def test_what_the_progress_raises_ends_the_work_and_frees_the_turn(tmp_path: Path) -> None:
    service = make_service(tmp_path, max_concurrent_renders=1)

    def stop(_: Stage, done: float) -> None:
        if done > 0.3:
            raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            service.generate(text="Это предложение прервут.", progress=stop, track=tmp_path / "a.json")
    assert list((tmp_path / "outputs").iterdir()) == []
    assert not (tmp_path / "a.json").exists()
    assert service.generate(text="Да").path.is_file()


def test_a_stream_is_the_video(service: LipsyncService, tmp_path: Path) -> None:
    stream, grown = tmp_path / "stream.mp4", list[int]()

    def watch(stage: Stage, _: float) -> None:
        if stage == "render":
            grown.append(stream.stat().st_size)

    result = service.generate(text="Раз. Два. Три.", subtitles="vtt", stream=stream, progress=watch)
    assert 0 < np.count_nonzero(np.diff([size for size in grown if size])) < result.frames
    assert mime_of(stream.read_bytes()) == mime_of(result.path.read_bytes())
    np.testing.assert_array_equal(heard(stream), heard(result.path))
    np.testing.assert_array_equal(first_picture(stream), first_picture(result.path))


def test_cancelled_in_the_middle_only_the_stream_stays(tmp_path: Path) -> None:
    service, stream = make_service(tmp_path), tmp_path / "stream.mp4"

    def stop(_: Stage, done: float) -> None:
        if done > 0.6:
            raise Cancelled

    with pytest.raises(Cancelled):
        service.generate(text="Это предложение прервут. И это тоже.", progress=stop, stream=stream, subtitles="srt")
    assert list((tmp_path / "outputs").iterdir()) == []
    with av.open(str(stream)) as container:
        assert sum(1 for _ in container.decode(video=0)) > 5


def test_who_waits_for_their_turn_can_be_cancelled(tmp_path: Path) -> None:
    service = make_service(tmp_path, max_concurrent_renders=1)
    begun, go = threading.Event(), threading.Event()
    waited: list[Stage] = []

    def hold(stage: Stage, _: float) -> None:
        if stage == "render":
            begun.set()
            go.wait()

    def stop(stage: Stage, done: float) -> None:
        assert done == 0
        waited.append(stage)
        if len(waited) == 4:
            raise Cancelled

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(service.generate, text="Да.", progress=hold)
        try:
            assert begun.wait(60)
            with pytest.raises(Cancelled):
                service.generate(text="Нет.", progress=stop)
        finally:
            go.set()
        assert first.result().path.is_file()
    assert waited == ["portrait"] * 4
    assert service.generate(text="Да").path.is_file()  # the turn that it did not get is not lost either


def test_a_voice_that_is_waited_for_can_be_cancelled(tmp_path: Path) -> None:
    release, told = threading.Event(), list[Stage]()
    hanging = FakeEngine("hanging", hangs(release))
    settings = Settings(
        _env_file=None, avatar="hopper", outputs=tmp_path / "o", cache=tmp_path / "c", max_side=SMALL,
        warm_up=False, voices="hanging,espeak", voice_timeout_s=600,
    )  # fmt: skip
    service = LipsyncService(settings, engine_factories(hanging))
    service.load(ahead=False)

    def stop(stage: Stage, _: float) -> None:
        told.append(stage)
        if told.count("speech") == 3:
            raise Cancelled

    try:
        with pytest.raises(Cancelled):
            service.generate(text="Да.", progress=stop)
    finally:
        release.set()
    assert told == ["portrait", "speech", "speech", "speech"]
    result = service.generate(text="Да.")
    assert (result.voice, result.fallbacks) == ("hanging:high", ())


def test_a_request_is_parsed_before_anything_is_done(service: LipsyncService, mirrored: bytes) -> None:
    parsed = service.parse(VideoRequestFields(text="Мені 5 років.", language="auto"))
    assert parsed.characters == len("Мені п'ять років.")
    assert (parsed.request.language, parsed.request.avatar_name) == ("uk", "hopper")
    assert service.parse(VideoRequestFields(text="Да"), mirrored).request.avatar_name == "picture"
    for fields, code in (
        ({"text": " "}, "empty_text"),
        ({"text": "Да", "voice": "nobody"}, "unknown_voice"),
        ({"text": "Да", "avatar": "nobody"}, "unknown_avatar"),
    ):
        with pytest.raises(LipsyncError) as caught:
            service.parse(VideoRequestFields(**fields))
        assert caught.value.code == code
    with pytest.raises(LipsyncError) as caught:
        LipsyncService(service.settings).parse(VideoRequestFields(text="Да"))
    assert caught.value.code == "not_ready"


@pytest.mark.parametrize("field", [{"fps": 9}, {"fps": "25"}, {"speed": float("nan")}, {"colour": "red"}])
def test_a_wrong_or_unknown_keyword_is_refused(service: LipsyncService, field: dict[str, Any]) -> None:
    with pytest.raises(LipsyncError) as caught:
        service.generate(text="Да", **field)
    assert caught.value.code == "bad_field"
    assert caught.value.facts["field"] == next(iter(field))


def test_it_says_how_far_it_is(tmp_path: Path) -> None:
    settings = Settings(
        _env_file=None, avatar="hopper", outputs=tmp_path / "o", cache=tmp_path / "c", max_side=SMALL, warm_up=True
    )
    service = LipsyncService(settings)
    assert service.status()["status"] == "loading"
    with pytest.raises(LipsyncError) as caught:
        service.generate(text="Да")
    assert caught.value.code == "not_ready"
    service.load()
    service.load()

    status = service.status()
    assert (status["status"], status["models_loaded"], status["avatar_loaded"]) == ("ready", True, True)
    assert (status["device"], status["engine"]) == ("cpu", "puppet")
    assert not (tmp_path / "o").exists()  # the clip of the warm-up is gone
    assert service.generate(text="Да").portrait == "memory"


def test_a_default_avatar_that_is_not_there_fails_to_load(tmp_path: Path) -> None:
    service = LipsyncService(Settings(_env_file=None, avatar="nobody.jpg", cache=tmp_path, warm_up=False))
    with pytest.raises(LipsyncError) as caught:
        service.load()
    assert caught.value.code == "file_missing"
    assert service.status()["status"] == "failed"


def test_a_picture_of_ones_own_as_the_default(tmp_path: Path, mirrored: bytes) -> None:
    (tmp_path / "me.of.mine.PNG").write_bytes(mirrored)
    result = make_service(tmp_path, avatar=str(tmp_path / "me.of.mine.PNG")).generate(text="Да")

    assert result.avatar == "picture"
    assert result.voice == "espeak-male"


def test_old_videos_go(tmp_path: Path) -> None:
    (tmp_path / "outputs").mkdir()
    old = tmp_path / "outputs" / "avatar_20200101-000000_0123456789abcdef.mp4"
    old.write_bytes(b"old")
    os.utime(old, (1e9, 1e9))
    result = make_service(tmp_path).generate(text="Да")

    assert list((tmp_path / "outputs").iterdir()) == [result.path]


MEMORY = """
import resource, sys
from pathlib import Path
from lipsync.pipeline.service import LipsyncService
from lipsync.settings import Settings
folder = Path(sys.argv[1])
service = LipsyncService(Settings(
    _env_file=None, avatar="hopper", outputs=folder / "o",
    cache=folder / "c", max_side=256, max_concurrent_renders=1))
service.load()
for repeats in (1, 1, 8):
    text = "Дело идёт к вечеру, и мы говорим о погоде так долго, как только можем. " * repeats
    result = service.generate(text=text, track=folder / "track.json")
    print(result.duration, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def test_a_long_text_needs_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", MEMORY, str(tmp_path)], capture_output=True, text=True, timeout=300, check=True
    )
    (_, _), (short, before), (long, after) = (map(float, line.split()) for line in run.stdout.splitlines())
    assert short < 6
    assert long > 35  # 875 frames of 84 kB would be 73 MB
    assert after - before < 20


def test_another_ending_than_mp4_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LipsyncError) as caught:
        make_service(tmp_path).generate(text="Да", output=tmp_path / "x.avi")
    assert caught.value.code == "not_mp4"
    assert not (tmp_path / "x.avi").exists()


@pytest.mark.parametrize("track", ["x.mp4", "x.vtt"])
def test_a_track_that_would_replace_the_video_or_its_subtitles_is_refused(tmp_path: Path, track: str) -> None:
    with pytest.raises(LipsyncError) as caught:
        make_service(tmp_path).generate(text="Да", subtitles="vtt", output=tmp_path / "x.mp4", track=tmp_path / track)
    assert caught.value.code == "bad_field"
    assert caught.value.facts["field"] == "track"
    assert not (tmp_path / "x.mp4").exists()


def test_a_name_too_long_for_a_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(LipsyncError) as caught:
        make_service(tmp_path).generate(text="Да", output=tmp_path / f"{'x' * 300}.mp4")
    assert caught.value.code == "cannot_write"
