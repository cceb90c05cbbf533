"""Videos of fixed phrases, such as greetings, fillers and stored replies: drawn once, then sent at once."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lipsync.conversation.live_video import AnswerVideo
from lipsync.speech.types import Speech
from lipsync.storage.cache import ArrayCache, code_fingerprint

log = logging.getLogger(__name__)

_DRAWN_BY = ("animation", "assets", "audio", "conversation", "face", "speech", "text", "video")
"""Folders of this package whose files determine a video: a change of any of them invalidates the cache."""
_MAX_PHRASE_S = 30.0
"""Seconds of the longest phrase that is kept."""


@dataclass(frozen=True)
class RecordedVideo:
    """The video of a phrase, in the pieces in which it was made."""

    mime: str
    header: bytes
    pieces: tuple[tuple[float, bytes], ...]
    """Seconds of film after each piece, and its bytes; the last piece is that of the end."""


def phrase_key(*facts: object) -> str:
    """Cache key: SHA-256 of all facts (strings and numbers) that change the video."""
    text = json.dumps((code_fingerprint(_DRAWN_BY), *facts), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


class PhraseCache:
    """Videos of phrases on disk, by key; the least recently used are deleted first. Thread-safe."""

    def __init__(self, folder: Path, max_mb: float) -> None:
        self._cache = ArrayCache(folder, max_mb, "video of a phrase")

    def load(self, key: str) -> RecordedVideo | None:
        """The video of ``key``, or None. A damaged entry is deleted and logged."""
        arrays = self._cache.load(key)
        if arrays is None:
            return None
        try:
            facts, data = json.loads(arrays["facts"].tobytes()), arrays["data"].tobytes()
            sizes = [int(size) for size in facts["sizes"]]
            if min(sizes, default=-1) < 0 or sum(sizes) != len(data):
                raise ValueError("the sizes are not those of the data")
            ends = [0.0, *(float(end) for end in facts["ends"])]
            pieces, at = list[bytes](), 0
            for size in sizes:
                pieces.append(data[at : at + size])
                at += size
            return RecordedVideo(str(facts["mime"]), pieces[0], tuple(zip(ends[1:], pieces[1:], strict=True)))
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            log.warning("the cached video of a phrase %s is damaged (%s) and is drawn again", key, error)
            self._cache.delete(key)
            return None

    def save(self, key: str, video: RecordedVideo) -> None:
        """Cache ``video``; a failure to write is only logged."""
        blocks = [video.header, *(data for _, data in video.pieces)]
        facts = {
            "mime": video.mime,
            "sizes": [len(block) for block in blocks],
            "ends": [end for end, _ in video.pieces],
        }
        arrays = {"facts": json.dumps(facts).encode(), "data": b"".join(blocks)}
        self._cache.save(key, {name: np.frombuffer(value, np.uint8) for name, value in arrays.items()})


class ReplayedVideo:
    """An :class:`lipsync.conversation.live_video.AnswerVideo` that was drawn before."""

    def __init__(self, video: RecordedVideo) -> None:
        self.degraded: str | None = None
        self._video = video
        self._next = 0

    @property
    def end(self) -> float:
        """Seconds of film that were given."""
        return self._video.pieces[self._next - 1][0] if self._next else 0.0

    def start(self, rate: int, before: Sequence[Speech] = ()) -> tuple[str, bytes]:  # noqa: ARG002 - as it is recorded
        """The media type and the initialization segment."""
        return self._video.mime, self._video.header

    def add(self, speech: Speech, *, last: bool) -> None:
        """Nothing: the speech is the recorded one."""

    def draw(self, until: float) -> bytes:
        """The fragments of the frames before ``until`` seconds."""
        data = b""
        while self._next < len(self._video.pieces) - 1 and self.end < until:
            data += self._video.pieces[self._next][1]
            self._next += 1
        return data

    def finish(self) -> bytes:
        """The rest."""
        rest = b"".join(data for _, data in self._video.pieces[self._next :])
        self._next = len(self._video.pieces)
        return rest

    def close(self) -> None:
        """Nothing is open."""


class RecordingVideo:
    """An :class:`lipsync.conversation.live_video.AnswerVideo` that is drawn by another one and kept when complete."""

    def __init__(self, video: AnswerVideo, save: Callable[[RecordedVideo], None]) -> None:
        self._video, self._save = video, save
        self._mime, self._header = "", b""
        self._pieces: list[tuple[float, bytes]] = []

    @property
    def degraded(self) -> str | None:
        """As that of the other one."""
        return self._video.degraded

    @property
    def end(self) -> float:
        """As that of the other one."""
        return self._video.end

    def start(self, rate: int, before: Sequence[Speech] = ()) -> tuple[str, bytes]:
        """As the other one."""
        self._mime, self._header = self._video.start(rate, before)
        return self._mime, self._header

    def add(self, speech: Speech, *, last: bool) -> None:
        """As the other one."""
        self._video.add(speech, last=last)

    def draw(self, until: float) -> bytes:
        """As the other one."""
        data = self._video.draw(until)
        self._pieces.append((self._video.end, data))
        return data

    def finish(self) -> bytes:
        """As the other one; the whole is kept unless something of it was left out."""
        data = self._video.finish()
        self._pieces.append((self._video.end, data))
        if self._video.degraded is None and self._video.end <= _MAX_PHRASE_S:
            self._save(RecordedVideo(self._mime, self._header, tuple(self._pieces)))
        return data

    def close(self) -> None:
        """As the other one; what is incomplete is not kept."""
        self._video.close()
