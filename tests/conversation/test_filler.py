"""The sentence that bridges the wait for a late reply: when it is spoken, and how the reply follows it."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncGenerator, Iterator
from concurrent.futures import Future
from contextlib import aclosing
from dataclasses import replace
from typing import TypeVar

import av
import numpy as np
import pytest

from lipsync.animation.track_blendshapes import TrackLipSyncGenerator
from lipsync.animation.types import FaceTrack
from lipsync.audio.segment import SEGMENT_RATE
from lipsync.conversation.answer import Answer
from lipsync.conversation.answer_source import AnswerParts
from lipsync.conversation.cancellation import AnswerThreads
from lipsync.conversation.clause_speech import ClauseSpeaker
from lipsync.conversation.filler import Filler
from lipsync.conversation.live_video import AnswerVideo, Encoding, LiveVideo
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
from lipsync.conversation.phrase_cache import RecordedVideo, RecordingVideo, ReplayedVideo
from lipsync.conversation.reply_text import ReplyClause
from lipsync.conversation.responder import Speaker
from lipsync.conversation.service import ConversationService
from lipsync.language_models.types import GenerationOptions
from lipsync.settings import Settings
from tests.helpers.conversation import (
    PAUSE_S,
    WORD_S,
    FakeModel,
    FakeModelReply,
    FakeMotion,
    FakeReply,
    FakeResponder,
    FakeVoice,
    StillAnimator,
    fake_parts,
)
from tests.helpers.fake_service import FakeService
from tests.helpers.virtual_time import InlineExecutor, run_virtually

Part = TypeVar("Part")
FILLER = "Let me see."
FILLER_S = 3 * WORD_S + PAUSE_S
REPLY = "The answer is 25. Good bye."
LIMITS = StageLimits()
Timed = list[tuple[float, AnswerPart]]


async def written(*script: str | float | Exception) -> AsyncGenerator[str, None]:
    """Pieces of text; a number is a wait in seconds."""
    for step in script:
        if isinstance(step, Exception):
            raise step
        if isinstance(step, str):
            yield step
        else:
            await asyncio.sleep(step)


class Maker:
    """Makes answers whose parts take no time, in virtual time."""

    def __init__(self, turn_ended_s: float = 0.0, size: tuple[int, int] = (96, 128)) -> None:
        self.turn_ended_s, self.voice, self.animator = turn_ended_s, FakeVoice(), StillAnimator()
        self.animator.size = size
        self.drawn_before: RecordedVideo | None = None
        self.phrases: list[str | None] = []

    def answer(self, *script: str | float | Exception, **options: object) -> AsyncGenerator[AnswerPart, None]:
        wanted = AnswerOptions(number=7, **options)  # type: ignore[arg-type]

        def video(_threads: AnswerThreads, phrase: str | None, _has_filler: bool) -> AnswerVideo:
            self.phrases.append(phrase)
            return self.live_video()

        source = AnswerParts(
            pieces=written(*script),
            reply=FakeReply(),
            speaker=lambda degraded: ClauseSpeaker(lambda: self.voice, "en", degraded),  # type: ignore[arg-type, return-value]
            blendshapes=TrackLipSyncGenerator().stream(),
            motion=FakeMotion(),
            video=video if wanted.video else None,
            phrase=lambda: "a stored reply",
            filler=Filler((ReplyClause(FILLER),), asyncio.sleep(self.turn_ended_s), self.replay),
            apology=lambda code: f"Sorry: {code}.",
        )
        clock = asyncio.get_running_loop().time
        return Answer(source, wanted, AnswerThreads(InlineExecutor()), LIMITS, clock=clock).parts()

    def live_video(self) -> LiveVideo:
        return LiveVideo(self.animator, Encoding(30, "ultrafast"), fps=25, seed=0)

    def replay(self) -> AnswerVideo | None:
        return ReplayedVideo(self.drawn_before) if self.drawn_before else None

    def read(self, *script: str | float | Exception, **options: object) -> Timed:
        """The parts and the times at which they come."""

        async def run() -> Timed:
            clock = asyncio.get_running_loop().time
            return [(clock(), part) async for part in self.answer(*script, **options)]

        return run_virtually(run())


def of(kind: type[Part], parts: Timed) -> list[tuple[float, Part]]:
    return [(time, part) for time, part in parts if isinstance(part, kind)]


def texts(parts: Timed) -> list[str]:
    return [part.text for _, part in of(SentencePart, parts)]


def done(parts: Timed) -> DonePart:
    end = parts[-1][1]
    assert isinstance(end, DonePart)
    return end


def check_sound(parts: Timed) -> None:
    """The sound has no gap, and is as long as the answer."""
    position = 0.0
    for _, sound in of(SoundPart, parts):
        assert sound.start == pytest.approx(position)
        position += sound.duration
    assert position == pytest.approx(done(parts).total_duration)


@pytest.mark.parametrize("late_s", [1.1, 1.5, 20.0])
def test_a_late_reply_is_bridged_once(late_s: float) -> None:
    parts = Maker().read(late_s, REPLY)
    assert texts(parts) == [FILLER, "The answer is 25.", "Good bye."]
    assert [part.is_filler for _, part in of(SentencePart, parts)] == [True, False, False]
    assert [part.index for _, part in of(SentencePart, parts)] == [0, 1, 2]
    sounds = of(SoundPart, parts)
    assert sounds[0][0] == pytest.approx(LIMITS.filler_s)
    assert min(time for time, sound in sounds if sound.start >= FILLER_S) == pytest.approx(late_s)
    check_sound(parts)
    reply = of(SentencePart, parts)[1][1]
    assert reply.start == pytest.approx(FILLER_S), "the reply follows directly"
    assert reply.words[0].start >= FILLER_S
    assert (done(parts).full_text, done(parts).degraded) == (REPLY, ())
    timings = done(parts).timings
    assert (timings["filler"], timings["first_audio"]) == pytest.approx((LIMITS.filler_s, late_s))


def test_weights_and_motion_cover_the_filler_and_the_reply() -> None:
    parts = Maker().read(3.0, REPLY)
    frames = [frame.timestamp for _, part in of(BlendshapePart, parts) for frame in part.frames]
    assert frames == pytest.approx([n / 30 for n in range(len(frames))], abs=1e-5)
    assert len(frames) == int(np.ceil(done(parts).total_duration * 30 - 1e-6))
    assert [part.start for _, part in of(MotionPart, parts)] == pytest.approx([0, FILLER_S, FILLER_S + 4 * WORD_S])


def test_a_reply_in_time_is_not_bridged() -> None:
    parts = Maker().read(LIMITS.filler_s - 0.1, "The answer is 25. ", 5.0, "Good bye.")
    assert texts(parts) == ["The answer is 25.", "Good bye."]
    assert "filler" not in done(parts).timings


def test_words_that_are_no_whole_clause_do_not_count() -> None:
    assert texts(Maker().read(0.5, "The answer", 1.0, " is 25."))[0] == FILLER


def test_the_wait_begins_with_the_end_of_the_turn() -> None:
    """An answer may be begun before it."""
    assert texts(Maker(turn_ended_s=2.0).read(2.9, REPLY)) == ["The answer is 25.", "Good bye."]
    parts = Maker(turn_ended_s=2.0).read(3.1, REPLY)
    assert texts(parts)[0] == FILLER
    assert of(SoundPart, parts)[0][0] == pytest.approx(2.0 + LIMITS.filler_s)


def test_a_turn_that_does_not_end_has_no_filler() -> None:
    assert texts(Maker(turn_ended_s=1e6).read(9.0, REPLY)) == ["The answer is 25.", "Good bye."]


@pytest.mark.parametrize(("late_s", "filler"), [(0.5, []), (2.0, [FILLER])])
def test_a_model_that_fails_is_apologized_for(late_s: float, filler: list[str]) -> None:
    parts = Maker().read(late_s, RuntimeError("broken"))
    assert texts(parts) == [*filler, "Sorry: llm_failed."]
    assert done(parts).full_text == "Sorry: llm_failed."
    check_sound(parts)


@pytest.mark.parametrize("after", [SentencePart, SoundPart])
def test_closing_during_the_filler_stops_the_model(after: type) -> None:
    async def run() -> None:
        async with aclosing(Maker().answer(50.0, REPLY)) as parts:
            async for part in parts:
                if isinstance(part, after):
                    break
        assert len(asyncio.all_tasks()) == 1
        assert asyncio.get_running_loop().time() < 50

    run_virtually(run())


# ---- with video


def record(maker: Maker) -> RecordedVideo:
    """The video of the filler, as it is drawn before."""
    kept: list[RecordedVideo] = []
    video = RecordingVideo(maker.live_video(), kept.append)
    video.start(SEGMENT_RATE)
    (speech,) = FakeVoice().add(FILLER)
    end = FakeVoice().finish()
    video.add(speech, last=False)
    video.draw(speech.duration)
    video.add(end, last=True)
    video.draw(speech.duration + end.duration)
    video.finish()
    return kept[0]


def film(parts: Timed) -> bytes:
    return b"".join(part.data for _, part in parts if isinstance(part, VideoHeader | VideoPart))


def pictures(data: bytes) -> list[float]:
    """Times of the pictures of a film."""
    with av.open(io.BytesIO(data), "r") as file:
        return [float(frame.time or 0) for frame in file.decode(video=0)]


def sound_ends(data: bytes) -> list[float]:
    """Times of the packets of a film's sound."""
    with av.open(io.BytesIO(data), "r") as file:
        return [float(packet.pts * packet.time_base) for packet in file.demux(audio=0) if packet.pts is not None]


def test_the_video_of_a_filler_is_not_drawn_again_and_that_of_the_reply_follows_it() -> None:
    maker = Maker()
    maker.drawn_before = record(maker)
    before = maker.animator.drawn
    parts = maker.read(3.0, REPLY, video=True)
    (begin, header), *_ = of(VideoHeader, parts)
    assert (begin, header.data) == (pytest.approx(LIMITS.filler_s), maker.drawn_before.header)
    assert len(of(VideoHeader, parts)) == 1
    pieces = of(VideoPart, parts)
    assert pieces[0][0] == pytest.approx(LIMITS.filler_s)
    assert [piece.start for _, piece in pieces[1:]] == pytest.approx([piece.end for _, piece in pieces[:-1]])
    duration = done(parts).total_duration
    assert maker.animator.drawn - before == pytest.approx((duration - FILLER_S) * 25, abs=1)
    times = pictures(film(parts))
    assert times == sorted(times)
    assert len(times) == pytest.approx(duration * 25, abs=2)
    steps = np.diff(times)
    assert steps.min() > 0
    assert steps.max() < 2 / 25
    assert any(time == pytest.approx(FILLER_S) for time in times), "the reply's first picture comes with its sound"
    packets = sound_ends(film(parts))
    assert packets == sorted(packets)
    assert packets[-1] == pytest.approx(duration, abs=0.1)
    assert maker.phrases == [None], "a filler and a reply are no phrase"
    assert done(parts).degraded == ()


def test_the_head_goes_on_from_where_the_filler_left_it() -> None:
    """As in a film of both that is drawn at once."""

    def tracks(drawn_before: bool) -> list[FaceTrack]:
        maker = Maker()
        if drawn_before:
            maker.drawn_before = record(maker)
            maker.animator.tracks.clear()
        maker.read(3.0, REPLY, video=True)
        return maker.animator.tracks

    whole, rest = tracks(drawn_before=False), tracks(drawn_before=True)
    pose = np.concatenate([track.pose for track in rest])
    expected = np.concatenate([track.pose for track in whole])[-len(pose) :]
    assert len(pose) == int(np.ceil((FILLER_S + 6 * WORD_S + PAUSE_S) * 25 - 1e-6)) - int(FILLER_S * 25)
    assert np.abs(expected).max() > 0
    assert pose == pytest.approx(expected)
    assert rest[0].start == 0


def test_a_filler_that_was_not_drawn_before_is_drawn_with_the_reply() -> None:
    maker = Maker()
    parts = maker.read(3.0, REPLY, video=True)
    assert of(VideoPart, parts)[0][0] == pytest.approx(LIMITS.filler_s)
    times = pictures(film(parts))
    assert times == pytest.approx([n / 25 for n in range(len(times))])
    assert len(times) == int(np.ceil(done(parts).total_duration * 25 - 1e-6))


def test_a_reply_of_another_size_brings_its_header() -> None:
    """At overload it is drawn smaller than the filler was."""
    maker = Maker()
    maker.drawn_before = record(maker)
    maker.animator.size = (48, 64)
    parts = maker.read(3.0, REPLY, video=True)
    (rest,) = [part for _, part in of(VideoPart, parts) if b"moov" in part.data]
    data = film(parts)
    at = data.index(rest.data)
    assert min(pictures(data[at:])) == pytest.approx(FILLER_S)
    assert len(pictures(data[at:])) == pytest.approx((done(parts).total_duration - FILLER_S) * 25, abs=1)


# ---- of a service


class GatedResponder(FakeResponder):
    """A persona with fillers, whose model waits for ``gate``."""

    def __init__(self) -> None:
        super().__init__(stored={"Who are you?": "I am Ada."})
        self.gate = asyncio.Event()

    def speaker(self, persona: str | None) -> Speaker:
        fillers = ("Let me see.", "One moment.")
        return replace(super().speaker(persona), fillers=fillers, phrases=("Hello!", *fillers))

    def reply(self, persona: str | None, history: object, question: str) -> FakeModelReply:  # noqa: ARG002
        return FakeModelReply(_GatedModel(self.gate), self.stored.get(question))


class _GatedModel(FakeModel):
    def __init__(self, gate: asyncio.Event) -> None:
        super().__init__()
        self._gate = gate

    async def stream(self, messages: object, options: GenerationOptions) -> AsyncGenerator[str, None]:  # noqa: ARG002
        await self._gate.wait()
        yield REPLY


@pytest.fixture
def responder() -> GatedResponder:
    return GatedResponder()


@pytest.fixture
def conversations(settings: Settings, responder: GatedResponder) -> Iterator[ConversationService]:
    service = FakeService(settings)
    made = ConversationService(settings, lambda: service, fake_parts(responder))
    made.limits = replace(made.limits, filler_s=0.05)
    yield made
    made.close()


def ended() -> Future[None]:
    turn_ended: Future[None] = Future()
    turn_ended.set_result(None)
    return turn_ended


def test_the_fillers_of_a_persona_take_turns_and_come_from_the_cache(
    conversations: ConversationService, responder: GatedResponder
) -> None:
    conversations.loop.run(conversations.prepare(video=True))
    folder = conversations.settings.cache / "phrases"
    assert len(list(folder.glob("*.npz"))) == 3
    for number, filler in ((4, "Let me see."), (5, "One moment.")):
        options = AnswerOptions(number=number, seed=number, video=True, fps=conversations.settings.fps, motion=False)
        parts = list(conversations.loop.iterate(_open_after_filler(conversations, responder, options)))
        sentences = [part.text for part in parts if isinstance(part, SentencePart)]
        assert sentences == [filler, "The answer is 25.", "Good bye."]
        assert isinstance(parts[-1], DonePart)
        assert (parts[-1].full_text, parts[-1].degraded) == (REPLY, ())
        alone = conversations.say(filler, options=AnswerOptions(video=True, fps=options.fps, seed=99, motion=False))
        drawn_before = film([(0.0, part) for part in conversations.loop.iterate(alone)])
        assert film([(0.0, part) for part in parts]).startswith(drawn_before)
        times = pictures(film([(0.0, part) for part in parts]))
        assert times == sorted(set(times))
        assert len(times) == pytest.approx(parts[-1].total_duration * options.fps, abs=2)
        assert len(list(folder.glob("*.npz"))) == 3, "neither the filler nor the reply is kept anew"


async def _open_after_filler(
    conversations: ConversationService, responder: GatedResponder, options: AnswerOptions
) -> AsyncGenerator[AnswerPart, None]:
    """An answer whose model writes when the first picture of the filler is there."""
    responder.gate.clear()
    answer = conversations.answer("What is 5 times 5?", options=options, turn_ended=ended())
    async with aclosing(answer) as parts:
        async for part in parts:
            if isinstance(part, VideoPart):
                responder.gate.set()
            yield part


def test_a_stored_reply_is_not_bridged(conversations: ConversationService) -> None:
    parts = list(conversations.loop.iterate(conversations.answer("Who are you?", turn_ended=ended())))
    assert [part.text for part in parts if isinstance(part, SentencePart)] == ["I am Ada."]


def test_an_answer_that_is_not_live_is_not_bridged(
    conversations: ConversationService, responder: GatedResponder
) -> None:
    async def read() -> list[AnswerPart]:
        loop = asyncio.get_running_loop()
        loop.call_later(4 * conversations.limits.filler_s, responder.gate.set)
        return [part async for part in conversations.answer("What is 5 times 5?")]

    parts = conversations.loop.run(read())
    assert [part.text for part in parts if isinstance(part, SentencePart)] == ["The answer is 25.", "Good bye."]
