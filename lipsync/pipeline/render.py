"""Renders one video: pieces of speech go in, files come out. Nothing is kept for longer than a piece."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from lipsync.animation.expression import Expression
from lipsync.animation.track_file import TrackFile
from lipsync.animation.types import Animator
from lipsync.mouth_cues.phone_file import PhoneFile
from lipsync.pipeline.performance import Performed, perform
from lipsync.pipeline.result import VideoFacts
from lipsync.pipeline.stopwatch import Stopwatch
from lipsync.runtime.progress import ProgressReporter
from lipsync.runtime.talk_priority import TALK_PRIORITY, RenderPacer
from lipsync.speech.types import Speech
from lipsync.subtitles.cues import CueBuilder
from lipsync.subtitles.formats import SubtitleFile, SubtitleFormat
from lipsync.text.errors import NothingToSayError
from lipsync.text.normalization.rules import NormalizedSpan
from lipsync.video.frame import Frame
from lipsync.video.webm import WebmWriter
from lipsync.video.writer import Mp4Writer, VideoWriter


@dataclass(frozen=True)
class Encoding:
    """Settings of the H.264 encoder."""

    crf: int
    preset: str
    threads: int


@dataclass(frozen=True)
class SubtitleOptions:
    """The subtitles that a request asks for: a track in the video, and a file beside it."""

    passage: tuple[NormalizedSpan, ...]
    """The text as it is written, with the spoken form of each part."""
    language: str
    """Code: ``ru``."""
    format: SubtitleFormat
    path: Path
    """The file beside the video."""


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
    expression: Expression = Expression(),  # noqa: B008 - immutable
    track_path: Path | None = None,
    phones_path: Path | None = None,
    subtitles: SubtitleOptions | None = None,
    stream: Path | None = None,
    transparent: bool = False,
    progress: ProgressReporter | None = None,
) -> VideoFacts:
    """Render ``pieces`` of speech, each given with whether it is the last, into the video ``path``.

    The frames of one piece are rendered before the next is taken. ``expression`` is the behaviour of the face where a
    piece states no mood. ``track_path`` gets the face track as JSON, ``phones_path`` the phones, ``subtitles`` their
    file. None of these files exists before it is complete, or after an error. ``stream`` is a
    video that grows, as in :class:`lipsync.video.writer.Mp4Writer`. A ``transparent`` video is a WebM with an alpha
    channel, without a subtitle track and without a stream. ``characters`` is the length of the whole text: the
    measure of ``progress``.

    Raises LipsyncError: nothing_to_say, cannot_write, and what the pieces raise.
    """
    report = progress or ProgressReporter(None)
    performance, pacer = animator.perform(fps), TALK_PRIORITY.pacer()
    spoken_characters = 0
    with ExitStack() as files:
        track_file = files.enter_context(TrackFile(track_path, fps)) if track_path else None
        phone_file = files.enter_context(PhoneFile(phones_path)) if phones_path else None
        subtitle_file, cues = None, None
        if subtitles is not None:
            subtitle_file = files.enter_context(SubtitleFile(subtitles.path, subtitles.format))
            cues = CueBuilder(subtitles.passage)
        writer: VideoWriter | None = None
        for piece in perform(pieces, fps, seed, expression=expression, watch=watch, progress=report):
            speech, track = piece.speech, piece.track
            if writer is None:
                rate, voice = speech.rate, speech.voice
                if transparent:
                    opened: VideoWriter = _open_webm(path, animator.size, fps, rate, encoding)
                else:
                    language = subtitles.language if subtitles else ""
                    opened = _open_mp4(path, stream, animator.size, fps, rate, encoding, language)
                writer = files.enter_context(opened)
            if track_file is not None:
                with watch.stage("track"):
                    track_file.write(speech, piece.start, track, animator.openings(track))
            if phone_file is not None:
                phone_file.write(speech, piece.start)
            with watch.stage("encode"):
                writer.write_sound(speech.samples)
                if cues is not None and subtitle_file is not None:
                    _write_subtitles(piece, cues, None if transparent else writer, subtitle_file)
            frames = performance.add(speech, track, last=piece.last)
            for share in _write_frames(frames, len(track), writer, watch, pacer):
                report("render", min(1.0, (spoken_characters + share * len(speech.text)) / max(1, characters)))
            spoken_characters += len(speech.text)
        if writer is None:
            raise NothingToSayError("nothing_to_say")
        report("finish", 1.0)
        with watch.stage("encode"):
            writer.close()
    return VideoFacts(
        duration=writer.samples / rate,
        frames=writer.frames,
        width=animator.size[0],
        height=animator.size[1],
        fps=fps,
        voice=voice,
        engine=animator.name,
        timings=watch.seconds,
    )


def _write_subtitles(piece: Performed, cues: CueBuilder, writer: VideoWriter | None, file: SubtitleFile) -> None:
    """Write the cues that are complete with this piece into the video, if any, and into the file beside it."""
    complete = [*cues.add(piece.speech), *(cues.finish() if piece.last else [])]
    if writer is not None:
        for cue in complete:
            writer.write_subtitle(cue.start, cue.end, "\n".join(cue.lines))
    file.write(complete)


def _open_webm(path: Path, size: tuple[int, int], fps: int, rate: int, encoding: Encoding) -> WebmWriter:
    return WebmWriter(
        path, width=size[0], height=size[1], fps=fps, rate=rate, crf=encoding.crf, threads=encoding.threads
    )


def _open_mp4(
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


def _write_frames(
    frames: Iterator[Frame], expected: int, writer: VideoWriter, watch: Stopwatch, pacer: RenderPacer
) -> Iterator[float]:
    """Render and write the frames, with waits for answers that are urgent; after each, yield the share of the
    ``expected`` ones that is done."""
    for count in itertools.count(1):
        with watch.stage("wait"):
            pacer.before_frame()
        with watch.stage("render"):
            frame = next(frames, None)
        if frame is None:
            return
        watch.mark("first_frame")
        with watch.stage("encode"):
            writer.write_frame(frame)
        yield min(1.0, count / max(1, expected))
