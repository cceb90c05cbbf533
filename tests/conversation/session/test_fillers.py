"""A filler in a live conversation: heard, interrupted, resumed, and never remembered."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncGenerator
from concurrent.futures import Future

import pytest

from lipsync.audio.segment import SEGMENT_RATE
from lipsync.conversation.answer import Answer
from lipsync.conversation.answer_source import AnswerParts
from lipsync.conversation.cancellation import AnswerThreads
from lipsync.conversation.clause_speech import ClauseSpeaker
from lipsync.conversation.filler import Filler
from lipsync.conversation.options import AnswerOptions, StageLimits
from lipsync.conversation.parts import AnswerPart
from lipsync.conversation.protocol.client_messages import Start
from lipsync.conversation.reply_text import ReplyClause
from tests.conversation.session.fakes import QUIET, VOICE, FakeAnswers, Scene
from tests.helpers.conversation import PAUSE_S, WORD_S, FakeReply, FakeVoice
from tests.helpers.virtual_time import InlineExecutor, run_virtually

FILLER, REPLY = "Let me see.", "The answer is 25. Good bye."
FILLER_S, REPLY_S = 3 * WORD_S + PAUSE_S, 6 * WORD_S + PAUSE_S
WAIT_S = StageLimits().filler_s
SLOW_S = 4.0


class BridgedAnswers(FakeAnswers):
    """Answers as the service makes them, whose text comes after ``thinks_s``."""

    def reply(
        self,
        number: int,
        question: str,
        language: str | None,  # noqa: ARG002
        start: Start,  # noqa: ARG002
        turn_ended: Future[None],
    ) -> AsyncGenerator[AnswerPart, None]:
        self.asked.append(question)
        voice = FakeVoice()
        source = AnswerParts(
            pieces=self._pieces(),
            reply=FakeReply(),
            speaker=lambda degraded: ClauseSpeaker(lambda: voice, "en", degraded),  # type: ignore[arg-type, return-value]
            filler=Filler((ReplyClause(FILLER),), asyncio.wrap_future(turn_ended)),
        )
        return Answer(source, AnswerOptions(number=number), AnswerThreads(InlineExecutor())).parts()

    async def _pieces(self) -> AsyncGenerator[str, None]:
        await asyncio.sleep(self.thinks_s)
        yield REPLY


def scene_of(thinks_s: float = SLOW_S) -> Scene:
    scene = Scene()
    scene.answers = BridgedAnswers(thinks_s=thinks_s)
    return scene


def sentences(scene: Scene) -> list[str]:
    return [message["text"] for message in scene.socket.of("sentence")]


def sound(scene: Scene) -> bytes:
    return b"".join(base64.b64decode(frame["audio_chunk"]) for frame in scene.socket.of("frame"))


def test_a_filler_is_heard_and_not_remembered() -> None:
    async def scenario() -> Scene:
        async with scene_of() as scene:
            scene.socket.send(type="start", want={"blendshapes": "none"})
            scene.socket.send(type="chat", message="What is 5 times 5?")
            await asyncio.sleep(SLOW_S + REPLY_S - 0.1)
            assert scene.socket.of("state")[-1]["state"] == "speaking", "it is heard to its end"
            await asyncio.sleep(0.2)
            assert scene.socket.of("state")[-1]["state"] == "idle"
        return scene

    scene = run_virtually(scenario())
    assert sentences(scene) == [FILLER, "The answer is 25.", "Good bye."]
    assert [sentence["filler"] for sentence in scene.socket.of("sentence")] == [True, False, False]
    assert scene.socket.times("sentence")[:2] == pytest.approx([WAIT_S, SLOW_S])
    done = scene.socket.of("done")[0]
    assert done["total_duration"] == pytest.approx(FILLER_S + REPLY_S)
    assert len(sound(scene)) == 2 * round(done["total_duration"] * SEGMENT_RATE)
    assert scene.history.entries == [("user", "What is 5 times 5?"), ("assistant", REPLY)]


def test_a_reply_that_comes_during_the_filler_follows_it() -> None:
    async def scenario() -> Scene:
        async with scene_of(WAIT_S + 0.4) as scene:
            scene.socket.send(type="start", want={"blendshapes": "none"})
            scene.socket.send(type="chat", message="What is 5 times 5?")
            await asyncio.sleep(WAIT_S + FILLER_S + REPLY_S - 0.1)
            assert scene.socket.of("state")[-1]["state"] == "speaking"
            await asyncio.sleep(0.2)
            assert scene.socket.of("state")[-1]["state"] == "idle"
        return scene

    scene = run_virtually(scenario())
    assert scene.socket.times("sentence")[1] == pytest.approx(WAIT_S + 0.4), "nothing waits for the filler's end"
    assert scene.socket.of("sentence")[1]["start"] == pytest.approx(FILLER_S)


def test_a_spoken_question_is_bridged_after_the_turn_s_end() -> None:
    async def scenario() -> Scene:
        async with scene_of() as scene:
            scene.socket.send(type="start")
            await scene.socket.speak(0.5, QUIET)
            await scene.socket.speak(1.0, VOICE)
            await scene.socket.speak(9, QUIET)
        return scene

    scene = run_virtually(scenario())
    assert sentences(scene) == [FILLER, "The answer is 25.", "Good bye."]
    thinking = next(
        time for time, message in scene.socket.received if message == {"type": "state", "state": "thinking"}
    )
    assert scene.socket.times("sentence")[0] == pytest.approx(thinking + WAIT_S, abs=0.05)
    assert scene.history.entries == [("user", scene.transcriber.text), ("assistant", REPLY)]


@pytest.mark.parametrize("played_ms", [700, 5000])
def test_an_interruption_during_the_filler_leaves_nothing_of_it(played_ms: int) -> None:
    async def scenario() -> Scene:
        async with scene_of() as scene:
            scene.socket.send(type="start")
            scene.socket.send(type="chat", message="What is 5 times 5?")
            await asyncio.sleep(WAIT_S + 0.8)
            scene.socket.send(type="interrupt", played_ms=played_ms)
            await asyncio.sleep(SLOW_S + REPLY_S)
        return scene

    scene = run_virtually(scenario())
    (interrupted,) = scene.socket.of("interrupted")
    assert interrupted["heard_text"] == ("Let me" if played_ms == 700 else FILLER)
    assert scene.history.entries == [("user", "What is 5 times 5?")]
    assert sentences(scene) == [FILLER]


def test_an_interruption_after_the_filler_remembers_the_words_of_the_reply() -> None:
    async def scenario() -> Scene:
        async with scene_of() as scene:
            scene.socket.send(type="start")
            scene.socket.send(type="chat", message="What is 5 times 5?")
            await asyncio.sleep(SLOW_S + 0.7)  # without a report: the clock knows the pause
            scene.socket.send(type="interrupt")
            await asyncio.sleep(3)
        return scene

    scene = run_virtually(scenario())
    words = scene.socket.of("sentence")[1]["words"]
    heard = " ".join(word for word, _, end in words if end <= FILLER_S + 0.7)
    assert heard.startswith("The answer")
    assert scene.history.entries == [("user", "What is 5 times 5?"), ("interrupted", heard)]
    assert scene.socket.of("interrupted")[0]["heard_text"] == f"{FILLER} {heard}"


@pytest.mark.parametrize("cough_at", [WAIT_S + 0.1, SLOW_S + 0.1])
def test_a_cough_lets_no_filler_be_spoken_twice(cough_at: float) -> None:
    async def scenario() -> Scene:
        async with scene_of() as scene:
            scene.socket.send(type="start")
            await scene.socket.speak(4, QUIET)
            scene.socket.send(type="chat", message="What is 5 times 5?")
            await scene.socket.speak(cough_at, QUIET)
            scene.transcriber.text = ""
            await scene.socket.speak(0.35, VOICE)
            await scene.socket.speak(12, QUIET)
        return scene

    scene = run_virtually(scenario())
    assert scene.socket.of("interrupted")
    assert sentences(scene).count(FILLER) == 1
    assert " ".join(sentences(scene)).endswith(REPLY)
    assert scene.history.entries == [("user", "What is 5 times 5?"), ("assistant", REPLY)]


def test_a_question_in_the_wait_ends_it() -> None:
    async def scenario() -> Scene:
        async with scene_of() as scene:
            scene.socket.send(type="start")
            scene.socket.send(type="chat", message="What is 5 times 5?")
            await asyncio.sleep(WAIT_S - 0.1)
            scene.answers.thinks_s = 0.1
            scene.socket.send(type="chat", message="And 6?")
            await asyncio.sleep(8)
        return scene

    scene = run_virtually(scenario())
    assert sentences(scene) == ["The answer is 25.", "Good bye."]
    assert [kind for kind, _ in scene.history.entries] == ["user", "user", "assistant"]


def test_a_text_to_say_has_no_filler() -> None:
    async def scenario() -> Scene:
        async with scene_of() as scene:
            scene.socket.send(type="start", greeting=True)
            await asyncio.sleep(8)
        return scene

    assert sentences(run_virtually(scenario())) == ["Hello there."]
