"""Speech of a text that comes piece by piece."""

from __future__ import annotations

import numpy as np
import pytest

from lipsync.errors import LipsyncError
from lipsync.settings import Settings
from lipsync.speech.chain import VoiceChain
from lipsync.speech.types import Speech


@pytest.fixture
def chain(settings: Settings) -> VoiceChain:
    return VoiceChain(settings)


def silence_at_end(speech: Speech) -> float:
    loud = np.flatnonzero(np.abs(speech.samples) > 0.01)
    return float(len(speech.samples) - loud[-1]) / speech.rate


def test_each_part_is_spoken_when_it_comes(chain: VoiceChain) -> None:
    live = chain.open("en")
    assert live.finish() is None
    pieces = [piece for text in ("Well,", "this is one. And two.") for piece in live.add(text)]
    assert [piece.text for piece in pieces] == ["Well,", "this is one.", "And two."]
    assert len({piece.rate for piece in pieces}) == 1
    end = live.finish()
    assert end is not None
    assert not end.samples.any()
    assert end.rate == pieces[0].rate


def test_pauses_are_those_of_the_punctuation(chain: VoiceChain) -> None:
    comma, sentence, joint = (
        next(chain.open("en").add(text)) for text in ("So it goes,", "So it goes.", "So it goes")
    )
    assert silence_at_end(joint) < silence_at_end(comma) < silence_at_end(sentence)


def test_a_part_without_words_is_silent(chain: VoiceChain) -> None:
    assert list(chain.open("en").add("…")) == []


def test_unknown_languages_and_voices_are_refused_at_once(chain: VoiceChain) -> None:
    with pytest.raises(LipsyncError):
        chain.open("xx-unknown")
    with pytest.raises(LipsyncError):
        chain.open("en", "nobody")
