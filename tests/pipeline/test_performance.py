from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from lipsync.animation.track import TrackBuilder
from lipsync.pipeline.performance import perform
from lipsync.pipeline.stopwatch import Stopwatch
from lipsync.runtime.progress import ProgressReporter
from lipsync.speech.engines.espeak import EspeakVoice
from lipsync.speech.types import Speech


@pytest.fixture(scope="module")
def pieces() -> list[tuple[Speech, bool]]:
    speech = [*EspeakVoice().speak("One. And two. Three!", "en")]
    return [(piece, number == len(speech) - 1) for number, piece in enumerate(speech)]


def test_each_piece_comes_with_its_start_and_its_motion(pieces: list[tuple[Speech, bool]]) -> None:
    performed = list(perform(pieces, 25, seed=7))
    assert [piece.speech for piece in performed] == [speech for speech, _ in pieces]
    assert [piece.last for piece in performed] == [False, False, True]
    ends = np.cumsum([speech.duration for speech, _ in pieces])
    assert [piece.start for piece in performed] == pytest.approx([0, *ends[:-1]])
    assert sum(len(piece.track) for piece in performed) == np.ceil(round(ends[-1] * 25, 6))
    builder = TrackBuilder(25, 7)
    for piece, (speech, last) in zip(performed, pieces, strict=True):
        np.testing.assert_array_equal(piece.track.weights, builder.add(speech, last=last).weights)


def test_a_piece_is_taken_only_when_its_motion_is_asked_for(pieces: list[tuple[Speech, bool]]) -> None:
    taken: list[str] = []

    def source() -> Iterator[tuple[Speech, bool]]:
        for speech, last in pieces:
            taken.append(speech.text)
            yield speech, last
        taken.append("after the last")

    performance = perform(source(), 25, seed=0)
    assert taken == []
    for count, _ in enumerate(performance, 1):
        assert len(taken) == count
    assert taken == [speech.text for speech, _ in pieces]


def test_its_stages_are_timed_and_reported(pieces: list[tuple[Speech, bool]]) -> None:
    watch, stages = Stopwatch(), list[str]()
    for _ in perform(pieces, 25, 0, watch=watch, progress=ProgressReporter(lambda stage, _: stages.append(stage))):
        pass
    assert watch.seconds.keys() == {"speech", "track"}
    assert stages == ["speech"] * 3


def test_an_error_of_a_piece_is_raised() -> None:
    def fails() -> Iterator[tuple[Speech, bool]]:
        raise ValueError("no voice")
        yield

    with pytest.raises(ValueError, match="no voice"):
        next(perform(fails(), 25, 0))
