"""Speech and the motion of the face that goes with it, a sentence at a time: what every output is made of.

The video file, its subtitles and the track file (:mod:`lipsync.pipeline.render`) are made of it; a live conversation
can send it piece by piece.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lipsync.animation.expression import Expression
from lipsync.animation.track import TrackBuilder
from lipsync.animation.types import FaceTrack
from lipsync.pipeline.stopwatch import Stopwatch
from lipsync.runtime.progress import ProgressReporter
from lipsync.speech.types import Speech


@dataclass(frozen=True)
class Performed:
    """One piece of speech, a sentence as a rule, and the motion of the face."""

    speech: Speech
    start: float
    """Seconds from the start of the sound of the first piece to that of this one."""
    track: FaceTrack
    """The frames that are decided now; some of a piece's last frames belong to the next track."""
    last: bool
    """Whether no piece follows."""


def perform(
    pieces: Iterable[tuple[Speech, bool]],
    fps: int,
    seed: int,
    *,
    expression: Expression = Expression(),  # noqa: B008 - immutable
    watch: Stopwatch | None = None,
    progress: ProgressReporter | None = None,
) -> Iterator[Performed]:
    """The motion of the face for ``pieces`` of speech, each given with whether it is the last.

    A piece is taken only when its motion is asked for, and nothing is kept of it afterwards. All pieces have the
    sample rate of the first. ``expression`` is the face's behaviour where a piece states no mood. ``watch`` times the
    stages ``speech`` and ``track``; ``progress`` hears of the stage ``speech``. Raises what the pieces raise.
    """
    watch, progress = watch or Stopwatch(), progress or ProgressReporter(None)
    builder, source, samples = TrackBuilder(fps, seed, expression), iter(pieces), 0
    while True:
        progress.begin("speech")
        with watch.stage("speech"):
            piece = next(source, None)
        if piece is None:
            return
        speech, last = piece
        with watch.stage("track"):
            track = builder.add(speech, last=last)
        yield Performed(speech, samples / speech.rate, track, last)
        samples += len(speech.samples)
        if last:  # the stage "speech" does not begin again
            return
