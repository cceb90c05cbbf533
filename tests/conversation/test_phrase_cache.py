"""Videos of phrases: drawn once, then the same bytes from the disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lipsync.conversation.live_video import AnswerVideo, Encoding, LiveVideo
from lipsync.conversation.phrase_cache import PhraseCache, RecordedVideo, RecordingVideo, ReplayedVideo, phrase_key
from lipsync.speech.types import Speech
from tests.helpers.conversation import StillAnimator

KEY = phrase_key("hello")
SPEECH = Speech(np.zeros(22050, np.float32), 22050)


def play(video: AnswerVideo) -> tuple[str, list[bytes]]:
    mime, header = video.start(SPEECH.rate)
    video.add(SPEECH, last=True)
    pieces = [header, *(video.draw((number + 1) * 0.2) for number in range(5)), video.finish()]
    video.close()
    return mime, pieces


def record(cache: PhraseCache) -> tuple[str, list[bytes]]:
    drawn = LiveVideo(StillAnimator(), Encoding(30, "ultrafast"), fps=25, seed=0)
    return play(RecordingVideo(drawn, lambda video: cache.save(KEY, video)))


def test_a_phrase_that_is_played_again_has_the_same_pieces(tmp_path: Path) -> None:
    cache = PhraseCache(tmp_path, 10)
    drawn = record(cache)
    kept = cache.load(KEY)
    assert kept is not None
    assert play(ReplayedVideo(kept)) == drawn


def test_a_phrase_that_was_broken_off_is_not_kept(tmp_path: Path) -> None:
    cache = PhraseCache(tmp_path, 10)
    video = RecordingVideo(
        LiveVideo(StillAnimator(), Encoding(30, "ultrafast"), fps=25, seed=0), lambda video: cache.save(KEY, video)
    )
    video.start(22050)
    video.add(SPEECH, last=True)
    video.draw(0.4)
    video.close()
    assert cache.load(KEY) is None


@pytest.mark.parametrize("damage", [b"", b"PK nonsense", b"\0" * 500])
def test_a_damaged_entry_is_drawn_again(tmp_path: Path, damage: bytes) -> None:
    cache = PhraseCache(tmp_path, 10)
    record(cache)
    (file,) = tmp_path.glob("*.npz")
    file.write_bytes(damage)
    assert cache.load(KEY) is None
    assert not file.exists()


def test_wrong_sizes_are_not_trusted(tmp_path: Path) -> None:
    cache = PhraseCache(tmp_path, 10)
    cache.save(KEY, RecordedVideo("video/mp4", b"head", ((0.2, b"one"), (0.4, b"two"))))
    assert cache.load(KEY) is not None
    with np.load(next(tmp_path.glob("*.npz"))) as entry:
        facts = entry["facts"]
    np.savez(next(tmp_path.glob("*.npz")), facts=facts, data=np.zeros(3, np.uint8))
    assert cache.load(KEY) is None


def test_keys_differ_by_every_fact() -> None:
    assert len({phrase_key("a", 1), phrase_key("a", 2), phrase_key("b", 1), phrase_key("a1")}) == 4
