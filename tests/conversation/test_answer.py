"""One spoken answer: its parts, their order and times, and what happens when something fails."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import Any, TypeVar

import av
import numpy as np
import pytest

from lipsync.animation.track_blendshapes import TrackLipSyncGenerator
from lipsync.audio.segment import SEGMENT_RATE
from lipsync.conversation.answer import Answer
from lipsync.conversation.answer_source import AnswerParts
from lipsync.conversation.cancellation import AnswerThreads
from lipsync.conversation.clause_speech import ClauseSpeaker
from lipsync.conversation.live_video import Encoding, LiveVideo
from lipsync.conversation.options import AnswerOptions, StageLimits
from lipsync.conversation.parts import (
    AnswerPart,
    BlendshapePart,
    DonePart,
    MotionPart,
    SentencePart,
    SoundPart,
    VideoHeader,
    VideoPart,
)
from lipsync.errors import LipsyncError
from lipsync.language_models.errors import LanguageModelError
from lipsync.language_models.types import GenerationOptions
from lipsync.settings import Settings
from lipsync.speech.chain import VoiceChain
from lipsync.text.script import Script
from tests.helpers.conversation import FakeModel, FakeMotion, FakeReply, StillAnimator
from tests.helpers.run_async import run_async

Part = TypeVar("Part")
TEXT = "Hello there, I am glad! The answer is 25. Good bye."
PIECES = ("Hello the", "re, I am glad! The ans", "wer is 25. Go", "od bye.")


class Maker:
    """Makes answers of fakes, with espeak as the voice."""

    def __init__(self, settings: Settings) -> None:
        self.chain = VoiceChain(settings)
        self.pool = ThreadPoolExecutor(4, "talk")
        self.motion = FakeMotion()
        self.animator = StillAnimator()
        self.open_voice: Callable[[], Any] = lambda: self.chain.open("en")
        self.moods: Callable[[Script], Any] | None = None
        self.limits = StageLimits()
        self.blendshapes: Any = None

    def parts(self, model: FakeModel, **options: Any) -> AsyncGenerator[AnswerPart, None]:
        wanted = AnswerOptions(number=7, **options)
        more = {} if self.moods is None else {"moods": self.moods}

        def video(threads: AnswerThreads, _phrase: str | None, _has_filler: bool) -> LiveVideo:
            return LiveVideo(self.animator, Encoding(23, "ultrafast"), fps=wanted.fps, seed=0, check=threads.check)

        source = AnswerParts(
            pieces=model.stream((), GenerationOptions()),
            reply=FakeReply(),
            speaker=lambda degraded: ClauseSpeaker(self.open_voice, "en", degraded, **more),
            blendshapes=self.blendshapes or TrackLipSyncGenerator().stream(),
            motion=self.motion,
            video=video if wanted.video else None,
            apology=lambda code: f"Sorry: {code}.",
        )
        return Answer(source, wanted, AnswerThreads(self.pool), self.limits).parts()

    def collect(self, model: FakeModel, **options: Any) -> list[AnswerPart]:
        async def run() -> list[AnswerPart]:
            return [part async for part in self.parts(model, **options)]

        return run_async(run())


@pytest.fixture
def maker(settings: Settings) -> Iterator[Maker]:
    made = Maker(settings)
    yield made
    made.pool.shutdown()


def of(kind: type[Part], parts: list[AnswerPart]) -> list[Part]:
    return [part for part in parts if isinstance(part, kind)]


def done(parts: list[AnswerPart]) -> DonePart:
    assert isinstance(parts[-1], DonePart)
    return parts[-1]


def test_an_answer_has_text_sound_weights_and_motion(maker: Maker) -> None:
    parts = maker.collect(FakeModel(*PIECES))
    sentences, end = of(SentencePart, parts), done(parts)
    assert [sentence.text for sentence in sentences] == [
        "Hello there, I am glad!",
        "The answer is 25.",
        "Good bye.",
    ]
    assert end.full_text == TEXT
    assert end.degraded == ()
    assert sentences[0].mood == "happy"
    assert [word.text for word in sentences[1].words] == ["The", "answer", "is", "25."]
    assert {"llm_first", "tts_first", "first_audio", "llm", "total"} <= end.timings.keys()
    assert maker.motion.asked == [("happy", None), ("neutral", None), ("neutral", None)]
    assert len(of(MotionPart, parts)) == 3
    assert {part.answer for part in parts} == {7}


def test_sound_is_consecutive_and_weights_cover_it_without_a_gap(maker: Maker) -> None:
    parts = maker.collect(FakeModel(*PIECES))
    position = 0.0
    for sound in of(SoundPart, parts):
        assert sound.start == pytest.approx(position)
        assert sound.duration == len(sound.data) / 2 / SEGMENT_RATE <= 0.25
        position += sound.duration
    assert position == pytest.approx(done(parts).total_duration, abs=0.001)
    frames = [frame for part in of(BlendshapePart, parts) for frame in part.frames]
    assert [frame.timestamp for frame in frames] == pytest.approx([n / 30 for n in range(len(frames))], abs=1e-5)
    assert len(frames) == int(np.ceil(done(parts).total_duration * 30 - 1e-6))


def test_words_lie_in_their_sentences_and_those_follow_each_other(maker: Maker) -> None:
    end = 0.0
    for sentence in of(SentencePart, maker.collect(FakeModel(*PIECES))):
        assert sentence.start == pytest.approx(end)
        times = [time for word in sentence.words for time in (word.start, word.end)]
        assert sentence.start <= times[0] <= times[-1] <= sentence.end
        assert times == sorted(times)
        end = sentence.end


def test_sound_comes_before_the_model_has_finished(maker: Maker) -> None:
    async def run() -> None:
        model = FakeModel("First sentence. ", "Second", *[""] * 500, " sentence.", delay_s=0.01)
        async with aclosing(maker.parts(model)) as parts:
            async for part in parts:
                if isinstance(part, SoundPart):
                    assert not model.is_closed
                    return
        pytest.fail("no sound")

    run_async(run())


def test_the_video_is_playable_and_as_long_as_the_sound(maker: Maker) -> None:
    parts = maker.collect(FakeModel(*PIECES), video=True)
    (header,), pieces, duration = of(VideoHeader, parts), of(VideoPart, parts), done(parts).total_duration
    assert header.mime.startswith("video/mp4; codecs=")
    assert [piece.start for piece in pieces[1:]] == pytest.approx([piece.end for piece in pieces[:-1]])
    data = header.data + b"".join(piece.data for piece in pieces)
    with av.open(io.BytesIO(data), "r") as file:
        frames = len(list(file.decode(video=0)))
    with av.open(io.BytesIO(data), "r") as file:
        samples = sum([frame.samples for frame in file.decode(audio=0)])
    assert frames == int(np.ceil(duration * 25 - 1e-6))
    assert samples / 22050 == pytest.approx(duration, abs=0.1)
    assert done(parts).timings["first_video"] >= done(parts).timings["first_audio"]


def test_a_model_that_fails_at_once_is_replaced_by_a_sentence(maker: Maker) -> None:
    parts = maker.collect(FakeModel(error=LanguageModelError("internal", request="-")))
    assert done(parts).full_text == "Sorry: llm_failed."
    assert done(parts).degraded == ("llm",)
    assert of(SoundPart, parts)


def test_a_model_that_breaks_off_is_spoken_as_far_as_it_came(maker: Maker) -> None:
    parts = maker.collect(FakeModel("One. Two", error=RuntimeError("gone")))
    assert done(parts).full_text == "One. Two"
    assert done(parts).degraded == ("llm",)


def test_a_model_that_hangs_is_given_up(maker: Maker) -> None:
    maker.limits = StageLimits(first_token_s=0.05)
    model = FakeModel("Never.", delay_s=30)
    assert done(maker.collect(model)).full_text == "Sorry: llm_slow."
    assert model.is_closed


def test_a_model_that_never_ends_is_cut(maker: Maker) -> None:
    maker.limits = StageLimits(text_s=0.2)
    model = FakeModel("One. Two", *["."] * 3, *[""] * 1000, delay_s=0.01)
    parts = maker.collect(model)
    assert done(parts).full_text == "One. Sorry: llm_cut."
    assert model.is_closed


def test_a_model_that_writes_nothing_is_replaced(maker: Maker) -> None:
    assert done(maker.collect(FakeModel())).degraded == ("llm",)


def test_without_any_voice_the_text_comes_with_silence(maker: Maker) -> None:
    def fails() -> Any:
        raise LipsyncError("internal", request="-")

    maker.open_voice = fails
    parts = maker.collect(FakeModel(*PIECES), video=True)
    assert done(parts).full_text == TEXT
    assert done(parts).degraded == ("tts",)
    assert not any(np.frombuffer(sound.data, "<i2").any() for sound in of(SoundPart, parts))
    assert of(VideoPart, parts)


def test_a_failing_mood_leaves_the_face_neutral(maker: Maker) -> None:
    def fails(_script: Script) -> Any:
        raise RuntimeError("no model")

    maker.moods = fails
    parts = maker.collect(FakeModel(*PIECES))
    assert done(parts).degraded == ("mood",)
    assert {sentence.mood for sentence in of(SentencePart, parts)} == {"neutral"}


def test_a_failing_portrait_leaves_the_sound(maker: Maker) -> None:
    def fails() -> None:
        if maker.animator.drawn > 10:
            raise RuntimeError("no memory")

    maker.animator = StillAnimator(before_frame=fails)
    parts = maker.collect(FakeModel(*PIECES), video=True)
    assert done(parts).degraded == ("video",)
    sound = sum(sound.duration for sound in of(SoundPart, parts))
    assert sound == pytest.approx(done(parts).total_duration, abs=0.001)


def test_failing_weights_and_motion_leave_the_sound(maker: Maker) -> None:
    class Broken:
        def add(self, *_: Any, **__: Any) -> Any:
            raise ValueError("broken")

        def motion(self, *_: Any) -> Any:
            raise ValueError("broken")

    maker.blendshapes, maker.motion = Broken(), Broken()  # type: ignore[assignment]
    parts = maker.collect(FakeModel(*PIECES))
    assert done(parts).degraded == ("lipsync", "motion")
    assert of(SoundPart, parts)


@pytest.mark.parametrize("after", [SentencePart, SoundPart, VideoPart])
def test_closing_stops_the_model_and_leaves_no_thread_busy(maker: Maker, after: type) -> None:
    model = FakeModel("One, two, three. ", *["And so it goes on. "] * 50, delay_s=0.005)
    busy = threading.Semaphore(0)

    async def run() -> None:
        async with aclosing(maker.parts(model, video=True)) as parts:
            async for part in parts:
                if isinstance(part, after):
                    break
        assert model.is_closed
        assert len(asyncio.all_tasks()) == 1

    run_async(run())
    drawn = maker.animator.drawn
    maker.pool.submit(busy.release).result(5)
    assert maker.animator.drawn == drawn


def test_frames_are_left_out_and_then_stand_still_where_drawing_is_too_slow(settings: Settings) -> None:
    now = 0.0
    speech = next(VoiceChain(settings).open("en").add("This is a rather long sentence about nothing at all."))

    def slow() -> None:
        nonlocal now
        now += 0.2

    animator = StillAnimator(before_frame=slow)
    video = LiveVideo(animator, Encoding(30, "ultrafast"), fps=25, seed=0, clock=lambda: now)
    video.start(speech.rate)
    seen = []
    for number in range(3):
        video.add(speech, last=False)
        before = animator.drawn
        video.draw((number + 1) * speech.duration)
        seen.append((video.degraded, animator.drawn - before))
    video.close()
    whole = round(speech.duration * 25)
    assert [degraded for degraded, _ in seen] == [None, "fps", "video"]
    assert [count for _, count in seen] == pytest.approx([whole, whole / 2, 0], abs=1.1)
