"""Actions of an answer on the face: its head and weights in the clause that names the action, and nowhere else."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray
from werkzeug.test import TestResponse

from lipsync.animation.types import ARKIT_NAMES, FaceTrack
from lipsync.conversation.options import AnswerOptions
from lipsync.conversation.parts import AnswerPart, DonePart, SentencePart
from lipsync.conversation.reply_text import SpokenClauses
from lipsync.conversation.service import ConversationService
from lipsync.pipeline.live_parts import LiveParts
from lipsync.server.app import create_app
from lipsync.settings import Settings
from lipsync.speech.chain import VoiceChain
from tests.helpers.conversation import FakeModel, FakeMotion, FakeResponder, StillAnimator, fake_parts
from tests.helpers.fake_service import FakeService
from tests.helpers.flask_client import client_of

FPS = 25
SENTENCES = ("This is a table. ", "Of course I know that. ", "There is a chair.")


@dataclass
class Seen:
    """One answer."""

    parts: list[AnswerPart]
    tracks: list[FaceTrack]
    motion: FakeMotion

    @property
    def pose(self) -> NDArray[np.float64]:
        return np.concatenate([track.pose for track in self.tracks]).astype(np.float64)

    def weight(self, name: str) -> NDArray[np.float64]:
        return np.concatenate([track.weights[:, ARKIT_NAMES.index(name)] for track in self.tracks]).astype(np.float64)

    @property
    def done(self) -> DonePart:
        assert isinstance(self.parts[-1], DonePart)
        return self.parts[-1]

    @property
    def sentences(self) -> list[SentencePart]:
        return [part for part in self.parts if isinstance(part, SentencePart)]

    def frames(self, sentence: int) -> slice:
        part = self.sentences[sentence]
        return slice(int(part.start * FPS), int(part.end * FPS))


def answer(settings: Settings, *pieces: str, seed: int = 0) -> Seen:
    service, animator, motion = FakeService(settings), StillAnimator(), FakeMotion()
    service.live = LiveParts(VoiceChain(settings), service.parse, lambda _parsed: animator)
    parts = replace(fake_parts(FakeResponder(FakeModel(*pieces)), motion=motion), reply_text=SpokenClauses)
    conversations = ConversationService(settings, lambda: service, parts)
    try:
        wanted = AnswerOptions(video=True, fps=FPS, seed=seed)
        found = list(conversations.loop.iterate(conversations.answer("Well?", options=wanted)))
    finally:
        conversations.close()
    return Seen(found, animator.tracks, motion)


def marked(mark: str) -> tuple[str, ...]:
    return (SENTENCES[0], mark, *SENTENCES[1:])


@pytest.mark.parametrize(("action", "axis", "degrees"), [("nod", 1, 3.0), ("shake", 0, 3.0), ("shrug", 2, 0.9)])
def test_the_head_moves_in_the_clause_of_the_action(
    settings: Settings, action: str, axis: int, degrees: float
) -> None:
    plain, acted = answer(settings, *SENTENCES), answer(settings, *marked(f"[action: {action}] "))
    assert [one.text for one in acted.sentences] == [one.text for one in plain.sentences]
    assert acted.done.action == action
    assert [sentence.action for sentence in acted.sentences] == [None, action, None]
    change = acted.pose[:, axis] - plain.pose[:, axis]
    during = acted.frames(1)
    assert np.abs(change[: during.start - 1]).max() < 1e-6
    assert np.abs(change[during]).max() > degrees
    assert np.abs(change[during.start + 53 :]).max() < 1e-3
    other = [one for one in range(3) if one != axis]
    assert np.abs(acted.pose[:, other] - plain.pose[:, other]).max() < 1e-6
    assert acted.motion.asked == [("neutral", None), ("neutral", action), ("neutral", None)]


def test_an_answer_that_begins_with_an_action_moves_at_once(settings: Settings) -> None:
    plain, acted = answer(settings, *SENTENCES), answer(settings, "*nods* ", *SENTENCES)
    change = acted.pose[:, 1] - plain.pose[:, 1]
    assert change[:20].min() < -2.0
    assert acted.pose[:20, 1].min() < -3.5
    assert acted.motion.asked[0] == ("neutral", "nod")


def test_the_same_seed_gives_the_same_gesture(settings: Settings) -> None:
    first, again, other = (answer(settings, *marked("[action: shake] "), seed=seed).pose for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.5


def test_a_stored_reply_in_one_piece_moves_in_the_same_place(settings: Settings) -> None:
    pieces = marked("[action: nod] ")
    np.testing.assert_array_equal(answer(settings, "".join(pieces)).pose, answer(settings, *pieces).pose)


def test_a_smile_is_that_of_its_sentence(settings: Settings) -> None:
    plain, acted = answer(settings, *SENTENCES), answer(settings, *marked("*smiles* "))
    assert [sentence.mood for sentence in acted.sentences] == ["neutral", "happy", "neutral"]
    change = acted.weight("mouthSmileLeft") - plain.weight("mouthSmileLeft")
    assert change[acted.frames(1)].mean() > 0.15
    assert np.abs(change[: acted.frames(1).start - 1]).max() < 1e-6


def post(settings: Settings, url: str, *pieces: str) -> TestResponse:
    """The response to a question that a model answers in ``pieces``."""
    parts = replace(fake_parts(FakeResponder(FakeModel(*pieces))), reply_text=SpokenClauses)
    response = client_of(create_app(settings, FakeService(settings), parts)).post(url, json={"message": "Well?"})
    assert response.status_code == 200
    return response


def chat(settings: Settings, *pieces: str) -> dict[str, NDArray[np.float64]]:
    """The weights of an answer of ``POST /api/v1/chat`` by name, each as (T,)."""
    frames = post(settings, "/api/v1/chat", *pieces).get_json()["blendshapes"]["frames"]
    return {name: np.array([frame["weights"].get(name, 0.0) for frame in frames]) for name in ARKIT_NAMES}


def test_weights_of_chat_nod_shake_and_smile(settings: Settings) -> None:
    """The eyes stay on the viewer, so they turn against the head."""
    plain = chat(settings, *SENTENCES)

    def change(action: str, *names: str) -> float:
        weights = chat(settings, *marked(f"[action: {action}] "))
        return max(float(np.abs(weights[name] - plain[name]).max()) for name in names)

    up, aside = ("eyeLookUpLeft", "eyeLookUpRight"), ("eyeLookInLeft", "eyeLookOutLeft")
    assert change("nod", *up) > 0.08
    assert change("nod", *aside) < 1e-3
    assert change("nod", "browInnerUp") > 0.05
    assert change("shake", *aside) > 0.08
    assert change("smile", "mouthSmileLeft", "mouthSmileRight") > 0.2
    assert change("explain", *up, *aside, "mouthSmileLeft") < 1e-3


def test_messages_of_the_stream_name_the_action_of_a_sentence(settings: Settings) -> None:
    data = post(settings, "/api/v1/chat?stream=1", *marked("[action: shake] ")).text
    messages = [json.loads(line.removeprefix("data: ")) for line in data.split("\n\n") if line]
    sentences = [message for message in messages if message["type"] == "sentence"]
    assert [sentence.get("action") for sentence in sentences] == [None, "shake", None]
