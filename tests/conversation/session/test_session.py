"""Whole conversations with fake parts, in virtual time, by the messages that a client sends and receives."""

from __future__ import annotations

import asyncio
import base64

import pytest

from lipsync.audio.segment import SEGMENT_RATE
from lipsync.conversation.protocol.binary import SOUND, VIDEO, unpack
from lipsync.conversation.protocol.server_messages import ErrorMessage
from lipsync.conversation.session.limits import SessionLimits
from tests.conversation.session.fakes import QUIET, VOICE, WORD_S, Scene
from tests.helpers.virtual_time import run_virtually

WORDS = 12
DURATION = WORDS * WORD_S


def test_a_client_that_knows_four_messages_gets_an_answer() -> None:
    async def scenario() -> Scene:
        async with Scene() as scene:
            scene.socket.send(type="chat", message="Who are you?")
            await asyncio.sleep(8)
        return scene

    scene = run_virtually(scenario())
    kinds = {message["type"] for _, message in scene.socket.received}
    assert kinds == {"frame", "done"}
    done = scene.socket.of("done")[0]
    assert done["full_text"] == scene.answers.text
    assert done["total_duration"] == pytest.approx(DURATION)
    frames = scene.socket.of("frame")
    sound = b"".join(base64.b64decode(frame["audio_chunk"]) for frame in frames if "audio_chunk" in frame)
    assert len(sound) == 2 * round(DURATION * SEGMENT_RATE)
    assert " ".join(frame["text_chunk"] for frame in frames if "text_chunk" in frame) == scene.answers.text
    times = [frame["timestamp"] for frame in frames]
    assert times == sorted(times)
    assert scene.history.entries == [("user", "Who are you?"), ("assistant", scene.answers.text)]


def test_sound_comes_before_the_model_has_finished_and_never_far_ahead() -> None:
    async def scenario() -> Scene:
        async with Scene() as scene:
            scene.socket.send(type="start", binary=True, want={"blendshapes": "none"})
            scene.socket.send(type="chat", message="Who are you?")
            await asyncio.sleep(8)
        return scene

    scene = run_virtually(scenario())
    sound = [(time, *unpack(message)) for time, message in scene.socket.received if isinstance(message, bytes)]
    assert {kind for _, kind, *_ in sound} == {SOUND}
    assert sound[0][0] == pytest.approx(scene.answers.thinks_s)
    ahead = [start - (time - sound[0][0]) for time, _, _, start, _ in sound]
    assert max(ahead) <= 2.0 + 1e-6
    assert b"".join(data for *_, data in sound) == bytes([1]) * (2 * round(DURATION * SEGMENT_RATE))


def test_played_reports_pace_the_sending() -> None:
    async def scenario() -> tuple[float, float]:
        async with Scene() as scene:
            scene.socket.send(type="start", want={"blendshapes": "none"})
            scene.socket.send(type="chat", message="Who are you?")
            for _ in range(40):  # a player that has stalled at its beginning
                scene.socket.send(type="played", answer=1, ms=100)
                await asyncio.sleep(0.25)
            stalled = max(frame["timestamp"] for frame in scene.socket.of("frame"))
            scene.socket.send(type="played", answer=1, ms=3000)
            await asyncio.sleep(0.2)
            return stalled, max(frame["timestamp"] for frame in scene.socket.of("frame"))

    stalled, after = run_virtually(scenario())
    assert stalled <= 2.5
    assert after == pytest.approx(DURATION, abs=0.3)


def test_an_interruption_stops_at_once_and_remembers_what_was_heard() -> None:
    async def scenario() -> Scene:
        async with Scene() as scene:
            scene.socket.send(type="start")
            scene.socket.send(type="chat", message="Who are you?")
            await asyncio.sleep(scene.answers.thinks_s + 1.25)
            scene.socket.send(type="interrupt", played_ms=1000)
            await asyncio.sleep(0)
            scene.socket.send(type="ping")
            await asyncio.sleep(5)
        return scene

    scene = run_virtually(scenario())
    interrupted = scene.socket.of("interrupted")
    assert [(one["heard_text"], one["heard_ms"], one["by"]) for one in interrupted] == [
        ("One two three", 1000, "message")
    ]
    after = scene.socket.times("interrupted")[0]
    assert after - (scene.answers.thinks_s + 1.25) < 0.1
    assert max(scene.socket.times("frame")) <= after
    assert not scene.socket.of("done")
    assert scene.history.entries == [("user", "Who are you?"), ("interrupted", "One two three")]


def test_a_question_is_heard_and_answered() -> None:
    async def scenario() -> Scene:
        async with Scene() as scene:
            scene.socket.send(type="start")
            await scene.socket.speak(0.5, QUIET)
            await scene.socket.speak(1.0, VOICE)
            await scene.socket.speak(8, QUIET)
        return scene

    scene = run_virtually(scenario())
    assert [message["type"] for message in scene.socket.of("speech_started") + scene.socket.of("speech_stopped")]
    assert scene.socket.of("transcript")[-1]["text"] == scene.transcriber.text
    states = [message["state"] for message in scene.socket.of("state")]
    assert states == ["listening", "hearing", "thinking", "speaking", "listening"]
    assert scene.history.entries == [("user", scene.transcriber.text), ("assistant", scene.answers.text)]
    first_frame = scene.socket.times("frame")[0]
    assert first_frame - 1.5 < 0.65, "the answer was prepared before the turn's end was certain"


def test_a_voice_interrupts_and_asks_something_else() -> None:
    async def scenario() -> Scene:
        async with Scene() as scene:
            scene.socket.send(type="start")
            await scene.socket.speak(4, QUIET)
            scene.socket.send(type="chat", message="Tell me a story")
            await scene.socket.speak(1.5, QUIET)
            scene.transcriber.text = "No, what is the capital of Japan?"
            await scene.socket.speak(1.2, VOICE)
            await scene.socket.speak(8, QUIET)
        return scene

    scene = run_virtually(scenario())
    interrupted = scene.socket.of("interrupted")
    assert [one["by"] for one in interrupted] == ["voice"]
    assert scene.socket.times("interrupted")[0] - 5.5 <= 0.45
    assert scene.answers.asked == ["Tell me a story", "No, what is the capital of Japan?"]
    assert [kind for kind, _ in scene.history.entries] == ["user", "interrupted", "user", "assistant"]
    numbers = [frame["answer"] for frame in scene.socket.of("frame")]
    assert numbers == sorted(numbers), "nothing of the first answer follows the second's beginning"


def test_a_cough_costs_a_pause_and_not_the_answer() -> None:
    async def scenario() -> Scene:
        async with Scene() as scene:
            scene.socket.send(type="start")
            await scene.socket.speak(4, QUIET)
            scene.socket.send(type="chat", message="Tell me a story")
            await scene.socket.speak(1.7, QUIET)
            scene.transcriber.text = ""
            await scene.socket.speak(0.35, VOICE)
            await scene.socket.speak(10, QUIET)
        return scene

    scene = run_virtually(scenario())
    assert scene.answers.asked == ["Tell me a story"]
    assert scene.history.entries[0] == ("user", "Tell me a story")
    assert scene.history.entries[-1][0] == "assistant"
    assert scene.history.entries[-1][1].endswith("twelve.")


def test_video_pieces_follow_their_header() -> None:
    async def scenario() -> Scene:
        async with Scene() as scene:
            scene.socket.send(type="start", want={"video": "fmp4", "audio": "none", "blendshapes": "none"})
            scene.socket.send(type="chat", message="Who are you?")
            await asyncio.sleep(8)
        return scene

    scene = run_virtually(scenario())
    assert scene.socket.of("video") == [{"type": "video", "answer": 1, "mime": "video/mp4"}]
    pieces = [unpack(message) for _, message in scene.socket.received if isinstance(message, bytes)]
    assert {piece[0] for piece in pieces} == {VIDEO}
    assert pieces[0][3] == b"header"
    starts = [piece[2] for piece in pieces[1:]]
    assert starts == sorted(starts)


def test_a_recognizer_that_fails_is_apologized_for() -> None:
    async def scenario() -> Scene:
        async with Scene() as scene:
            scene.transcriber.error = RuntimeError("broken")
            scene.socket.send(type="start", turn={"mode": "manual"})
            await scene.socket.speak(1, VOICE)
            scene.socket.send(type="commit")
            await asyncio.sleep(5)
        return scene

    scene = run_virtually(scenario())
    assert scene.socket.of("done")[0]["full_text"].startswith("Sorry: transcription_failed")


def test_one_question_too_many_is_refused_and_the_next_one_answered() -> None:
    async def scenario() -> Scene:
        async with Scene() as scene:
            scene.problem = ErrorMessage(code="too_many_requests", error="Wait.")
            scene.socket.send(type="start")
            scene.socket.send(type="chat", message="First")
            await asyncio.sleep(3)
            scene.problem = None
            scene.socket.send(type="chat", message="Second")
            await asyncio.sleep(8)
        return scene

    scene = run_virtually(scenario())
    assert [error["code"] for error in scene.socket.of("error")] == ["too_many_requests"]
    assert scene.answers.asked == ["Second"]
    assert scene.history.entries == [("user", "Second"), ("assistant", scene.answers.text)]
    assert len(scene.socket.of("done")) == 1


def test_only_what_is_asked_counts_as_a_question() -> None:
    """The person pauses and goes on: the answer that was begun is dropped, and only the whole question counts."""
    spent: list[float] = []

    async def scenario() -> Scene:
        async with Scene() as scene:
            scene.count = lambda: spent.append(asyncio.get_running_loop().time())
            scene.socket.send(type="start")
            scene.history.entries.append(("user", "an earlier question without an answer"))
            for _ in range(3):
                await scene.socket.speak(0.6, VOICE)
                await scene.socket.speak(0.35, QUIET)
            await scene.socket.speak(8, QUIET)
        return scene

    scene = run_virtually(scenario())
    assert len(scene.answers.asked) > 1, "answers were begun in the pauses"
    assert len(spent) == 1
    assert [kind for kind, _ in scene.history.entries] == ["user", "user", "assistant"]


def test_a_spoken_question_too_many_is_refused() -> None:
    async def scenario() -> Scene:
        async with Scene() as scene:
            scene.problem = ErrorMessage(code="too_many_requests", error="Wait.")
            scene.socket.send(type="start")
            await scene.socket.speak(0.8, VOICE)
            await scene.socket.speak(4, QUIET)
        return scene

    scene = run_virtually(scenario())
    assert [error["code"] for error in scene.socket.of("error")] == ["too_many_requests"]
    assert not scene.socket.of("frame")
    assert scene.history.entries == []


@pytest.mark.parametrize(
    "garbage",
    ["{", "[]", "7", '{"type": "unknown"}', '{"type": "chat"}', '{"type": "chat", "message": 7}', b"", b"\x07" * 20],
)
def test_garbage_has_one_clear_answer_and_three_of_it_end_the_connection(garbage: str | bytes) -> None:
    async def scenario() -> Scene:
        async with Scene() as scene:
            scene.socket.send(type="start")
            for _ in range(3):
                scene.socket.incoming.put_nowait(garbage)
            await asyncio.sleep(1)
        return scene

    scene = run_virtually(scenario())
    errors = scene.socket.of("error")
    assert [(error["code"], error["fatal"]) for error in errors] == [
        ("bad_message", False),
        ("bad_message", False),
        ("bad_message", True),
    ]
    assert scene.code == 1008


@pytest.mark.parametrize("large", ['{"type": "chat", "message": "' + "x" * 70_000 + '"}', b"\x01" + bytes(40_000)])
def test_what_is_too_large_ends_the_connection(large: str | bytes) -> None:
    async def scenario() -> Scene:
        async with Scene() as scene:
            scene.socket.send(type="start")
            scene.socket.incoming.put_nowait(large)
            await asyncio.sleep(1)
        return scene

    scene = run_virtually(scenario())
    assert [error["fatal"] for error in scene.socket.of("error")] == [True]
    assert scene.code == 1009


def test_a_silent_client_is_told_that_it_was_idle() -> None:
    async def scenario() -> tuple[Scene, float]:
        async with Scene(SessionLimits(max_idle_s=60)) as scene:
            scene.socket.send(type="start")
            await asyncio.sleep(70)
        return scene, scene.socket.times("closing")[0]

    scene, time = run_virtually(scenario())
    assert scene.socket.of("closing") == [{"type": "closing", "reason": "idle", "seconds": 0.0}]
    assert (scene.code, time) == (1000, 60)


def test_a_session_has_an_end() -> None:
    async def scenario() -> Scene:
        async with Scene(SessionLimits(max_session_s=100)) as scene:
            scene.socket.send(type="start")
            for _ in range(120):
                scene.socket.send(type="ping")
                await asyncio.sleep(1)
        return scene

    scene = run_virtually(scenario())
    assert scene.socket.of("closing")[0]["reason"] == "limit"
    assert scene.code == 1008


def test_a_stop_of_the_server_is_announced() -> None:
    async def scenario() -> Scene:
        async with Scene() as scene:
            scene.socket.send(type="start")
            scene.socket.send(type="chat", message="Who are you?")
            await asyncio.sleep(1)
            scene.stopping.set()
            await asyncio.sleep(3)
        return scene

    scene = run_virtually(scenario())
    assert scene.socket.of("closing") == [{"type": "closing", "reason": "stopping", "seconds": 2.0}]
    assert scene.code == 1001


def test_the_persona_greets() -> None:
    async def scenario() -> Scene:
        async with Scene() as scene:
            scene.socket.send(type="start", greeting=True)
            await asyncio.sleep(5)
        return scene

    scene = run_virtually(scenario())
    assert scene.socket.of("ready")[0]["ai"] is True
    assert scene.socket.of("done")[0]["full_text"] == "Hello there."
    assert scene.history.entries == [("assistant", "Hello there.")]
