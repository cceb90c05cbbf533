"""The real service with voices that misbehave: the video comes all the same, and every sound is its own."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from lipsync.errors import LipsyncError
from lipsync.pipeline.result import RenderedVideo
from lipsync.pipeline.service import LipsyncService
from lipsync.settings import Settings
from lipsync.speech.engines.registry import EngineFactory
from lipsync.speech.types import Speech, Style
from tests.speech.fake_engines import FakeEngine, engine_factories, hangs, raises_in_the_middle

pytestmark = pytest.mark.slow

TEXT = "Мама мыла раму. Папа пил чай. Бабушка пела."


def make_service(folder: Path, engines: dict[str, EngineFactory], **settings: Any) -> LipsyncService:
    facts: dict[str, Any] = {"avatar": "hopper", "outputs": folder / "outputs", "cache": folder / "cache"}
    facts |= {
        "warm_up": False,
        "max_side": 256,
        "max_concurrent_renders": 4,
        "voices": ",".join(engines),
        "voice_timeout_s": 60.0,
    }
    service = LipsyncService(Settings(_env_file=None, **{**facts, **settings}), engines)
    service.load(ahead=False)
    return service


def heard(path: Path) -> tuple[NDArray[np.float32], int]:
    with av.open(str(path)) as container:
        rate = container.streams.audio[0].rate
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)]), rate


def likeness(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    count = min(len(one), len(other))
    return float(np.corrcoef(one[:count], other[:count])[0, 1])


def check_video(result: RenderedVideo) -> None:
    assert result.frames == math.ceil(result.duration * result.fps)
    with av.open(str(result.path)) as container:
        assert sum(1 for _ in container.decode(video=0)) == result.frames


@pytest.fixture
def release() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_a_voice_that_hangs_does_not_stop_the_video(tmp_path: Path, release: threading.Event) -> None:
    service = make_service(
        tmp_path, engine_factories(FakeEngine("xtts", hangs(release), "Папа")), voice_timeout_s=1.5
    )
    result = service.generate(text=TEXT)
    check_video(result)
    assert result.voice == "xtts:high"  # she is a woman
    (one,) = result.fallbacks
    assert (one.engine, one.reason, one.piece, one.voice) == ("xtts", "voice_slow", 1, "espeak-female")
    check_video(service.generate(text=TEXT))  # and the next one does not wait for it


def test_out_of_memory_in_the_middle(tmp_path: Path) -> None:
    service = make_service(
        tmp_path, engine_factories(FakeEngine("xtts", raises_in_the_middle(MemoryError()), "Папа"))
    )
    for _ in range(2):
        result = service.generate(text=TEXT)
        check_video(result)
        assert [one.reason for one in result.fallbacks] == ["voice_no_memory"]
    assert service.generate(text="Мама мыла раму.").fallbacks == ()
    assert service.status()["voices"] == ["xtts", "espeak"]


def test_another_speed_makes_another_video(tmp_path: Path) -> None:
    service = make_service(tmp_path, engine_factories())
    plain, fast = service.generate(text=TEXT), service.generate(text=TEXT, speed=2.0, pitch=3.0, pause=0.5)
    check_video(fast)
    assert fast.duration < 0.75 * plain.duration


@pytest.mark.parametrize(
    "field",
    [
        {"speed": 0.2},
        {"speed": 4.1},
        {"speed": math.nan},
        {"speed": True},
        {"speed": "1"},
        {"pitch": 13},
        {"pause": -1},
    ],
)
def test_a_style_that_cannot_be(tmp_path: Path, field: dict[str, Any]) -> None:
    with pytest.raises(LipsyncError) as caught:
        make_service(tmp_path, engine_factories()).generate(text="Да", **field)
    assert caught.value.code == "bad_field"
    assert next(iter(field)) in str(caught.value)


class Shared(FakeEngine):
    """Not made for many threads, as XTTS is not: it keeps the sentence in itself. So it locks itself, as it must."""

    def __init__(self, *args: Any, **facts: Any) -> None:
        super().__init__(*args, **facts)
        self._alone = threading.Lock()
        self._text = ""

    def _pieces(self, text: str, language: str, voice: str) -> Iterator[Speech]:
        with self._alone:
            self._text = text
            made = list(super()._pieces(self._text, language, voice))
        yield from made


NUMBERS = [
    "ноль",
    "один",
    "два",
    "три",
    "четыре",
    "пять",
    "шесть",
    "семь",
    "восемь",
    "девять",
    "десять",
    "одиннадцать",
    "двенадцать",
    "тринадцать",
    "четырнадцать",
    "пятнадцать",
]
"""In words: the service reads figures before any voice does, the chain alone does not."""


def test_sixteen_at_once_in_three_voices_get_each_their_own_sound(tmp_path: Path) -> None:
    engines = engine_factories(
        Shared("xtts", pitch=4.0, version="1"), FakeEngine("silero", pitch=-4.0, rate=16_000, version="1")
    )
    service = make_service(tmp_path, engines)
    names = ("xtts:high", "silero:low", "espeak-male")
    requests: list[dict[str, Any]] = [
        {
            # four say the same in other voices, some in the same voice: they may share it, the others must not
            "text": "Все говорят это. Каждый своим голосом."
            if turn % 4 == 0
            else f"Запрос номер {NUMBERS[turn]}. Приём {NUMBERS[turn]}!",
            "language": "ru",
            "voice": names[turn % 3],
        }
        for turn in range(16)
    ]
    starting = threading.Barrier(16)

    def ask(turn: int) -> RenderedVideo:
        starting.wait()
        return service.generate(**requests[turn], output=tmp_path / f"{turn}.mp4")

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(ask, range(16)))

    alone = make_service(tmp_path / "alone", engines)._voices
    sounds = []
    for request in requests:
        pieces = list(alone.speak(request["text"], "ru", request["voice"], Style()))
        sounds.append((np.concatenate([piece.samples for piece in pieces]), pieces[0].rate))
    for turn, (request, result) in enumerate(zip(requests, results, strict=True)):
        check_video(result)
        assert (result.voice, result.fallbacks) == (request["voice"], ())
        samples, rate = heard(result.path)
        assert rate == sounds[turn][1]
        others = [
            likeness(samples, sound)
            for other, (sound, its) in zip(requests, sounds, strict=True)
            if other != request and its == rate
        ]
        assert likeness(samples, sounds[turn][0]) > 0.95
        assert max(others, default=0.0) < 0.8
