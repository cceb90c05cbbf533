from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lipsync.mouth_cues.from_phones import cues_from_phones
from lipsync.mouth_cues.types import MouthCues
from lipsync.speech.engines.espeak import EspeakVoice
from lipsync.speech.types import Phone
from tests.speech.samples import SAMPLES


def phones_of(word: str, *, length: float = 0.12) -> list[Phone]:
    """Phones separated by spaces, between silences of 0.3 s."""
    symbols = word.split()
    times = [0.3 + length * place for place in range(len(symbols) + 1)]
    spoken = [Phone(symbol, *span) for symbol, span in zip(symbols, pairwise(times), strict=True)]
    return [Phone("", 0.0, 0.3), *spoken, Phone("", times[-1], times[-1] + 0.3)]


def shapes_of(word: str, *, length: float = 0.12) -> str:
    phones = phones_of(word, length=length)
    return "".join(cue.shape for cue in cues_from_phones(phones, phones[-1].end).cues)


def covered(cues: MouthCues) -> bool:
    ends = [0.0, *(cue.end for cue in cues.cues)]
    return ends[-1] == cues.duration and all(
        cue.start == before < cue.end for cue, before in zip(cues.cues, ends, strict=False)
    )


@pytest.mark.parametrize(
    ("word", "shapes"),
    [
        ("m ɑ m ɑ", "XACDACDX"),
        ("f u", "XGFX"),
        ("s i", "XBX"),
        ("m ɛ n", "XACBX"),
        ("ɔ f", "XEGX"),
        ("ɑ u", "XDEFX"),
        ("h u", "XFX"),  # an h has the shape of the vowel after it
        ("ʃ u", "XFX"),
        ("ʃ i", "XBX"),
        ("l ɛ", "XHCX"),
    ],
)
def test_words(word: str, shapes: str) -> None:
    assert shapes_of(word) == shapes


def test_a_short_l_shows_no_tongue() -> None:
    assert "H" not in shapes_of("l ɛ", length=0.08)


def test_without_phones_the_mouth_rests() -> None:
    for phones in ([], [Phone("", 0.0, 1.239)]):
        cues = cues_from_phones(phones, 1.239)
        assert [(cue.start, cue.end, cue.shape) for cue in cues.cues] == [(0.0, 1.23, "X")]
        assert (cues.source, cues.duration) == ("silence", 1.23)


def test_no_sound_has_no_cues() -> None:
    assert cues_from_phones([], 0.0).cues == ()


@pytest.mark.parametrize("language", ["ru", "en", "uk", "kk", "de", "ka"])
def test_closures_begin_before_their_sound_and_bites_are_seen(language: str) -> None:
    for speech in EspeakVoice().speak(SAMPLES[language], language):
        cues = cues_from_phones(speech.phones, speech.duration)
        assert covered(cues)
        assert cues.source == "phones"
        for phone in speech.phones:
            shape = {"p": "A", "b": "A", "m": "A", "f": "G", "v": "G"}.get(phone.symbol)
            if shape is None:
                continue
            near = [cue for cue in cues.cues if cue.start <= phone.start < cue.end]
            assert near[0].shape == shape, (phone, near)
            assert near[0].start <= phone.start - 0.02


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["", "p", "m", "f", "l", "a", "u", "ɛ", "s", "h", "w", "?"]), st.floats(0, 0.4))
    )
)
def test_cues_always_cover_the_sound(sounds: list[tuple[str, float]]) -> None:
    phones, now = [], 0.0
    for symbol, length in sounds:
        phones.append(Phone(symbol, now, now + length))
        now += length
    cues = cues_from_phones(phones, now)
    assert not cues.cues or covered(cues)
    assert all(before.shape != after.shape for before, after in pairwise(cues.cues))


def test_what_is_seen_is_long_enough() -> None:
    for speech in EspeakVoice().speak(SAMPLES["en"], "en"):
        cues = cues_from_phones(speech.phones, speech.duration).cues
        assert min(cue.end - cue.start for cue in cues) >= 0.02
        assert sum(cue.end - cue.start < 0.035 for cue in cues) < len(cues) / 10


def test_a_long_text_takes_little_time() -> None:
    phones = [Phone("pa"[place % 2], place * 0.03, (place + 1) * 0.03) for place in range(20_000)]
    assert covered(cues_from_phones(phones, 600.0))
