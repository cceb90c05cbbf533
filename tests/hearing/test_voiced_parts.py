"""Voiced parts of a recording, and its pieces: cut in pauses, never too long, nothing voiced lost."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lipsync.hearing.types import RATE, WINDOW
from lipsync.hearing.voiced_parts import MAX_GAP, Piece, cut_at_pauses, voice_probabilities, voiced_parts
from tests.hearing.sounds import noise, silence, spoken

MAX_PIECE = round(28.5 * RATE)


def windows(*seconds: float) -> np.ndarray:
    """Probabilities of a sound that is quiet and voiced by turns, for so many seconds each; quiet first."""
    parts = [np.full(round(length * RATE / WINDOW), number % 2, np.float32) for number, length in enumerate(seconds)]
    return np.concatenate(parts)


def pieces(*seconds: float) -> list[Piece]:
    probabilities = windows(*seconds)
    return cut_at_pauses(probabilities, len(probabilities) * WINDOW, MAX_PIECE)


def test_parts_in_seconds() -> None:
    found = [(part.start / RATE, part.end / RATE) for part in voiced_parts(windows(1, 2, 1, 0.5, 1))]
    assert found == [pytest.approx((1, 3), abs=0.05), pytest.approx((4, 4.5), abs=0.05)]


def test_clicks_are_no_parts_and_short_pauses_no_borders() -> None:
    assert voiced_parts(windows(1, 0.064, 1)) == []
    assert len(voiced_parts(windows(1, 1, 0.2, 1, 1))) == 1


def test_silence_and_noise_have_no_pieces() -> None:
    for sound in (silence(3), noise(3), silence(0), silence(0.01)):
        assert cut_at_pauses(voice_probabilities(sound), len(sound), MAX_PIECE) == []


def test_speech_between_silences_is_one_piece_with_margins() -> None:
    sound = np.concatenate([silence(2), spoken(), silence(2)])
    (piece,) = cut_at_pauses(voice_probabilities(sound), len(sound), MAX_PIECE)
    assert 1.4 * RATE < piece.start < 2.2 * RATE
    assert len(sound) - 2.2 * RATE < piece.end < len(sound) - 1.2 * RATE
    assert piece.voiced > 0.6 * len(spoken())


def test_a_long_silence_separates_and_a_short_one_does_not() -> None:
    assert len(pieces(1, 3, 1, 3, 1)) == 1
    assert len(pieces(1, 3, MAX_GAP / RATE + 0.5, 3, 1)) == 2


def test_a_long_talk_is_cut_in_its_pauses() -> None:
    found = pieces(0.5, 12, 0.5, 12, 0.5, 12, 0.5)
    assert len(found) == 2
    assert found[0].end == found[1].start
    assert found[0].end / RATE == pytest.approx(25.25, abs=0.1)


@given(st.lists(st.floats(0.4, 70), min_size=1, max_size=6))
def test_nothing_voiced_is_lost_and_no_piece_is_too_long(seconds: list[float]) -> None:
    probabilities = windows(*seconds)
    length = len(probabilities) * WINDOW
    found = cut_at_pauses(probabilities, length, MAX_PIECE)
    for before, after in pairwise(found):
        assert before.end <= after.start
    for piece in found:
        assert 0 <= piece.start < piece.end <= length
        assert piece.end - piece.start <= MAX_PIECE
    covered = np.zeros(length, bool)
    for piece in found:
        covered[piece.start : piece.end] = True
    for part in voiced_parts(probabilities):
        assert covered[part.start : part.end].all()
    assert sum(piece.voiced for piece in found) == sum(part.length for part in voiced_parts(probabilities))
