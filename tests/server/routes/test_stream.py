"""``/api/v1/stream`` of a real server, by a real client: what an answer consists of, and how a talk goes on."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import av
import pytest

from tests.helpers.eventually import eventually
from tests.helpers.gunicorn_server import Server, serve
from tests.helpers.live_client import LiveClient, check_sound, live, spoken

pytestmark = pytest.mark.system

APP = "tests.helpers.apps.live_conversation:app"
QUESTION = spoken("What is the capital of France?")
TEXT = "One two three. Four five six."
FPS = 30


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("stream"), APP, LIPSYNC_TALKS="4") as running:
        yield running
    assert "Traceback" not in running.log.read_text()


@pytest.fixture
def client(server: Server) -> Iterator[LiveClient]:
    with live(server) as one:
        yield one


def conversations(server: Server) -> list[str]:
    """Ids of the stored conversations."""
    answer = server.ask("GET", "/api/v1/conversations")
    return [one["id"] for one in json.loads(answer.body)["conversations"]]


def said(server: Server, conversation: str) -> list[tuple[str, str, bool]]:
    """Role, text and whether it was interrupted, of what is stored."""
    answer = server.ask("GET", f"/api/v1/conversations/{conversation}")
    return [(one["role"], one["text"], one["interrupted"]) for one in json.loads(answer.body)["messages"]]


def ended(server: Server) -> int:
    """How many connections have ended."""
    return server.log.read_text().count("WebSocket /api/v1/stream ended")


# ---- an answer


def test_a_client_that_knows_four_messages_gets_an_answer(client: LiveClient) -> None:
    done = client.ask(f"repeat: {TEXT}")
    assert {message["type"] for message in client.came} == {"frame", "done"}
    assert done["full_text"] == TEXT
    assert not done.get("degraded")
    frames = client.of("frame")
    assert " ".join(frame["text_chunk"] for frame in frames if "text_chunk" in frame) == TEXT
    check_sound(client.sound(), done["total_duration"])
    times = [frame["timestamp"] for frame in frames]
    assert times == sorted(times)
    assert any("motion" in frame for frame in frames)


def test_weights_cover_the_sound_without_a_gap(client: LiveClient) -> None:
    done = client.ask(f"repeat: {TEXT}")
    frames = [
        frame["blendshapes"] | {"at": frame["timestamp"]} for frame in client.of("frame") if "blendshapes" in frame
    ]
    assert [frame["timestamp"] for frame in frames] == pytest.approx([n / FPS for n in range(len(frames))], abs=1e-3)
    assert [frame["at"] for frame in frames] == pytest.approx([frame["timestamp"] for frame in frames], abs=1e-3)
    assert len(frames) == pytest.approx(done["total_duration"] * FPS, abs=1)
    assert max(frame["weights"].get("jawOpen", 0.0) for frame in frames) > 0.1


def test_sound_comes_before_the_model_has_finished(server: Server, client: LiveClient) -> None:
    go = server.log.parent / "outputs" / "go"
    go.unlink(missing_ok=True)
    client.send(type="chat", message="repeat: One two three. |Four five six.")
    while not client.sound():
        client.next()
    assert not client.of("done")
    go.touch()
    done = client.until("done")
    assert done["full_text"] == TEXT
    check_sound(client.sound(), done["total_duration"])


def test_binary_and_base64_sound_are_equal(client: LiveClient) -> None:
    client.start(want={"blendshapes": "none"})
    done = client.ask(f"repeat: {TEXT}")
    plain = check_sound(client.sound(), done["total_duration"])
    client.came.clear()
    client.start(want={"blendshapes": "none"}, binary=True)
    done = client.ask(f"repeat: {TEXT}")
    assert not any("audio_chunk" in frame for frame in client.of("frame"))
    assert check_sound(client.sound(), done["total_duration"]) == plain


def test_batches_have_the_same_weights(client: LiveClient) -> None:
    client.start(batch=True)
    done = client.ask(f"repeat: {TEXT}")
    times = [one["timestamp"] for frame in client.of("frame") for one in frame["frames"]]
    assert times == pytest.approx([n / FPS for n in range(len(times))], abs=1e-3)
    assert len(times) == pytest.approx(done["total_duration"] * FPS, abs=1)
    assert len(client.of("frame")) < 8 * done["total_duration"]


def test_the_pieces_of_video_are_a_video_with_sound(client: LiveClient) -> None:
    client.start(binary=True, want={"video": "fmp4"})
    done = client.ask(f"repeat: {TEXT}")
    assert client.of("video")[0]["mime"].startswith("video/mp4")
    with av.open(io.BytesIO(client.video())) as file:
        packets = [packet for packet in file.demux() if packet.size]
        frames = [frame for packet in packets if packet.stream.type == "video" for frame in packet.decode()]
    with av.open(io.BytesIO(client.video())) as file:
        samples = sum(frame.samples for frame in file.decode(audio=0)) / file.streams.audio[0].rate
    assert len(frames) == pytest.approx(done["total_duration"] * 25, abs=2)
    assert samples == pytest.approx(done["total_duration"], abs=0.15)


def test_the_greeting_is_spoken(client: LiveClient) -> None:
    ready = client.start(greeting=True, persona="ada")
    assert (ready["persona"], ready["language"], ready["ai"]) == ("ada", "en", True)
    assert client.until("done")["full_text"] == "Hello! I am Ada."


# ---- a talk


def test_nothing_of_an_answer_follows_interrupted(server: Server, client: LiveClient) -> None:
    conversation = client.start()["conversation"]
    client.send(type="chat", message=f"repeat: {TEXT} Seven eight nine. Ten eleven twelve.")
    sentence = client.until("sentence")
    client.until("frame")
    end = sentence["words"][1][2]
    client.send(type="interrupt", played_ms=end * 1000 + 1)
    interrupted = client.until("interrupted")
    assert (interrupted["heard_text"], interrupted["by"]) == ("One two", "message")
    client.send(type="ping")
    client.until("pong")
    before = len(client.came)
    done = client.ask("repeat: Next.")
    assert done["full_text"] == "Next."
    later = client.came[before:]
    assert not [one for one in later if one.get("answer") == interrupted["answer"]]
    eventually(
        lambda: (
            said(server, conversation)[:3]
            == [
                ("user", f"repeat: {TEXT} Seven eight nine. Ten eleven twelve.", False),
                ("assistant", "One two", True),
                ("user", "repeat: Next.", False),
            ]
        ),
        lambda: said(server, conversation),
    )


def test_a_question_interrupts_an_answer(client: LiveClient) -> None:
    client.start()
    client.send(type="chat", message=f"repeat: {TEXT} {TEXT}", id="first")
    client.until("frame")
    client.send(type="chat", message="repeat: Next.", id="second")
    assert client.until("interrupted")["by"] == "text"
    answer = client.until("answer")
    assert answer["id"] == "second"
    before = len(client.came)
    assert client.until("done")["answer"] == answer["answer"]
    assert {one["answer"] for one in client.came[before:] if one["type"] == "frame"} == {answer["answer"]}


def test_an_answer_that_was_played_is_remembered_whole(server: Server, client: LiveClient) -> None:
    conversation = client.start(want={"blendshapes": "none"})["conversation"]
    client.send(type="chat", message=f"repeat: {TEXT}")
    answer = client.until("answer")["answer"]
    client.until("frame")
    client.send(type="played", answer=answer, ms=60_000)
    client.until("done")
    if client.of("state")[-1]["state"] != "idle":  # a state is sent before what waits, so it may come first
        client.until("state", state="idle")
    expected = [("user", f"repeat: {TEXT}", False), ("assistant", TEXT, False)]
    eventually(lambda: said(server, conversation) == expected, lambda: said(server, conversation))


def test_a_client_that_leaves_in_mid_sentence_has_heard_what_it_has_heard(server: Server) -> None:
    with live(server) as client:
        conversation = client.start()["conversation"]
        client.send(type="chat", message=f"repeat: {TEXT} {TEXT}")
        answer = client.until("answer")["answer"]
        end = client.until("sentence")["words"][1][2]
        client.until("frame")
        client.send(type="played", answer=answer, ms=end * 1000 + 1)
        client.send(type="ping")
        client.until("pong")
    eventually(lambda: len(said(server, conversation)) == 2, lambda: said(server, conversation))
    role, text, interrupted = said(server, conversation)[1]
    assert (role, interrupted) == ("assistant", True)
    assert text.startswith("One two")
    assert f"{TEXT} {TEXT}".startswith(text)


def test_a_text_is_said_as_it_is(client: LiveClient) -> None:
    client.start(want={"blendshapes": "none"})
    client.send(type="say", text="<b>repeat:</b> exactly this.")
    assert client.until("done")["full_text"] == "repeat: exactly this."


def test_a_text_to_say_has_its_id_in_the_answer(client: LiveClient) -> None:
    client.start(want={"blendshapes": "none"})
    client.send(type="say", text="One.", id="s1")
    assert client.until("answer")["id"] == "s1"
    client.until("done")
    client.send(type="say", text="Two.")
    assert "id" not in client.until("answer")


def test_a_spoken_question_is_answered(client: LiveClient) -> None:
    client.start(turn={"mode": "manual"})
    client.hear(QUESTION)
    client.send(type="commit")
    assert client.until("transcript", final=True)["text"] == "What is the capital of France?"
    assert client.until("done")["full_text"] == "Paris it is."


def test_a_conversation_is_listed_and_continued(server: Server) -> None:
    with live(server) as first:
        conversation = first.start()["conversation"]
        first.ask("My name is Olga.")
    eventually(lambda: conversation in conversations(server))
    with live(server) as second:
        assert second.start(conversation=conversation)["conversation"] == conversation
        assert "My name is Olga." in second.ask("What did I say?")["full_text"]


def test_an_empty_conversation_leaves_nothing_behind(server: Server) -> None:
    with live(server) as client:
        conversation = client.start()["conversation"]
        assert conversation in conversations(server)
    eventually(lambda: conversation not in conversations(server))


def test_the_present_conversation_may_be_named_again(server: Server, client: LiveClient) -> None:
    conversation = client.start()["conversation"]
    assert client.start(conversation=conversation, fps=60)["conversation"] == conversation
    client.ask("repeat: Yes.")
    assert conversation in conversations(server)
    assert client.start(conversation=conversation, fps=30)["conversation"] == conversation
    assert "repeat: Yes." in client.ask("What did I say?")["full_text"]


def test_a_conversation_is_kept_for_a_client_that_has_come_back(server: Server) -> None:
    """Its first connection, in which nothing was said, is noticed to have ended later."""
    with live(server) as second:
        with live(server) as first:
            conversation = first.start()["conversation"]
            second.start(conversation=conversation)
            before = ended(server)
        eventually(lambda: ended(server) > before)
        second.ask("repeat: Yes.")
    assert [text for _, text, _ in said(server, conversation)][:1] == ["repeat: Yes."]


def test_another_conversation_does_not_get_the_answer_of_the_one_before(server: Server, client: LiveClient) -> None:
    first = client.start()["conversation"]
    client.send(type="chat", message=f"repeat: {TEXT} {TEXT}")
    client.until("frame")
    with live(server) as other:
        second = other.start()["conversation"]
        other.ask("repeat: Other.")
        client.start(conversation=second)
    client.ask("What did I say?")
    assert all(TEXT not in text for _, text, _ in said(server, second))
    assert said(server, first)[0] == ("user", f"repeat: {TEXT} {TEXT}", False)


def test_weights_come_as_often_as_wanted(client: LiveClient) -> None:
    client.start(fps=60, want={"audio": "none"})
    done = client.ask("repeat: One.")
    times = [frame["timestamp"] for frame in client.of("frame") if "blendshapes" in frame]
    assert times == pytest.approx([n / 60 for n in range(len(times))], abs=1e-3)
    assert len(times) == pytest.approx(done["total_duration"] * 60, abs=1)


def test_silence_that_is_committed_has_no_words(client: LiveClient) -> None:
    client.start(turn={"mode": "manual"})
    client.hear()
    client.send(type="commit")
    assert client.until("transcript")["text"] == ""
    assert client.ask("repeat: Yes.")["full_text"] == "Yes."


def test_a_conversation_of_nobody_is_not_found(client: LiveClient) -> None:
    client.send(type="start", conversation="0" * 22)
    error = client.until("error")
    assert (error["code"], error["fatal"]) == ("conversation_unknown", False)
    assert client.ask("Hello")["full_text"] == "Paris it is."


def test_no_word_of_one_conversation_is_in_another(server: Server, client: LiveClient) -> None:
    with live(server) as other:
        for one, word in ((client, "apple"), (other, "pear")):
            one.start(want={"blendshapes": "none"})
            one.send(type="chat", message=f"repeat: One {word}. Two {word}. Three {word}.")
        texts = [json.dumps([one.until("done"), one.of("sentence")]) for one in (client, other)]
        texts += [one.ask("What did I say?")["full_text"] for one in (client, other)]
    for index, text in enumerate(texts):
        mine, others = ("apple", "pear") if index % 2 == 0 else ("pear", "apple")
        assert mine in text
        assert others not in text
