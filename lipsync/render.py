"""One video: pieces of speech go in, the file comes out. Nothing is kept for longer than a piece."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from lipsync.animate.track import TrackBuilder
from lipsync.animate.track_file import TrackFile
from lipsync.animate.types import Animator
from lipsync.errors import LipsyncError
from lipsync.media.frame import Frame
from lipsync.media.video import Mp4Writer
from lipsync.progress import Told
from lipsync.speech.reading.passage import Reading
from lipsync.speech.types import Speech
from lipsync.subtitles.cues import Cue, CueBuilder
from lipsync.subtitles.formats import Format, SubtitleFile


class Stopwatch:
    """Seconds by stage, since it was made."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._began = time.perf_counter()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Adds what the block takes to the stage ``name``."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began

    def mark(self, name: str) -> None:
        """Note the time from the start until now as ``name``, the first time only."""
        self.seconds.setdefault(name, time.perf_counter() - self._began)


@dataclass(frozen=True)
class Encoding:
    """How a video is coded."""

    crf: int
    preset: str
    threads: int


@dataclass(frozen=True)
class Subtitles:
    """What is asked of the subtitles; in the video they are a track."""

    passage: tuple[Reading, ...]
    """The text as it is written, with how each part is said."""
    language: str
    """Code: ``ru``."""
    format: Format
    path: Path
    """Of the file beside the video."""


@dataclass(frozen=True)
class Clip:
    """What was made."""

    frames: int
    samples: int
    """Of sound."""
    rate: int
    """Samples of sound a second."""
    voice: str
    """Name of the one that spoke."""


def render(
    pieces: Iterable[tuple[Speech, bool]],
    animator: Animator,
    path: Path,
    *,
    fps: int,
    seed: int,
    encoding: Encoding,
    characters: int,
    watch: Stopwatch,
    track_path: Path | None = None,
    subtitles: Subtitles | None = None,
    stream: Path | None = None,
    told: Told | None = None,
) -> Clip:
    """Speak ``pieces`` into ``path``, their track into ``track_path``, and what they say into ``subtitles``.

    With each piece comes whether it is the last; the frames of one are made before the next is asked for.
    ``characters`` is the length of the whole text, of which each piece is a
    part: how much is done is told by it. None of these files exists before it is whole, or after an error.
    ``stream`` is a video that grows, as :class:`lipsync.media.video.Mp4Writer` has it. Raises LipsyncError:
    nothing_to_say, cannot_write, and what the pieces raise.
    """
    told = told or Told(None)
    builder, performance = TrackBuilder(fps, seed), animator.perform(fps, told.again)
    spoken = 0
    with ExitStack() as files:
        track_file = files.enter_context(TrackFile(track_path, fps)) if track_path else None
        subtitle_file, cues = None, None
        if subtitles is not None:
            subtitle_file = files.enter_context(SubtitleFile(subtitles.path, subtitles.format))
            cues = CueBuilder(subtitles.passage)
        language = subtitles.language if subtitles else ""
        writer: Mp4Writer | None = None
        for speech, last in _timed(pieces, watch, told):
            if writer is None:
                rate, voice = speech.rate, speech.voice
                writer = files.enter_context(_writer(path, stream, animator.size, fps, rate, encoding, language))
            with watch.stage("track"):
                track = builder.add(speech, last=last)
                if track_file is not None:
                    track_file.write(speech, writer.samples / rate, track, animator.openings(track))
            with watch.stage("encode"):
                writer.write_sound(speech.samples)
                if cues is not None and subtitle_file is not None:
                    _write_cues([*cues.add(speech), *(cues.finish() if last else [])], writer, subtitle_file)
            for done in _frames(performance.add(speech, track, last=last), len(track), writer, watch):
                told("render", min(1.0, (spoken + done * len(speech.text)) / max(1, characters)))
            spoken += len(speech.text)
        if writer is None:
            raise LipsyncError("nothing_to_say")
        told("finish", 1.0)
        with watch.stage("encode"):
            writer.close()
    return Clip(writer.frames, writer.samples, rate, voice)


def _write_cues(cues: list[Cue], writer: Mp4Writer, file: SubtitleFile) -> None:
    """Into the video and into the file beside it."""
    for cue in cues:
        writer.write_subtitle(cue.start, cue.end, "\n".join(cue.lines))
    file.write(cues)


def _writer(
    path: Path,
    stream: Path | None,
    size: tuple[int, int],
    fps: int,
    rate: int,
    encoding: Encoding,
    subtitles: str,
) -> Mp4Writer:
    return Mp4Writer(
        path,
        width=size[0],
        height=size[1],
        fps=fps,
        rate=rate,
        crf=encoding.crf,
        preset=encoding.preset,
        threads=encoding.threads,
        subtitles=subtitles,
        stream=stream,
    )


def _frames(frames: Iterator[Frame], expected: int, writer: Mp4Writer, watch: Stopwatch) -> Iterator[float]:
    """Make and write the frames; after each, the share of the ``expected`` ones that is done."""
    for number in itertools.count(1):
        with watch.stage("render"):
            frame = next(frames, None)
        if frame is None:
            return
        watch.mark("first_frame")
        with watch.stage("encode"):
            writer.write_frame(frame)
        yield min(1.0, number / max(1, expected))


def _timed(pieces: Iterable[tuple[Speech, bool]], watch: Stopwatch, told: Told) -> Iterator[tuple[Speech, bool]]:
    """The pieces, and the time that they took as the stage ``speech``."""
    source = iter(pieces)
    while True:
        told.begin("speech")
        with watch.stage("speech"):
            piece = next(source, None)
        if piece is None:
            return
        yield piece
        if piece[1]:  # there is no stage "speech" after it
            return
