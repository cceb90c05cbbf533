"""``python -m bench.living_face FOLDER``: how faces move and speak, measured in finished videos, as a table.

Each portrait speaks one text, once with a still head and once with a moving one, through the product: speech, track,
puppet, MP4. An independent mesh (MediaPipe, in an interpreter of its own) then measures both videos. With ``--moods``
each portrait speaks the text once in every mood, and the table holds the lips alone; with ``--moods --still`` the
head is still, and the skin beside the lips is followed too (:mod:`bench.living_face.skin`). The command ends with
status 1 when a face misses a limit (:mod:`bench.living_face.limits`).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.living_face.figures import compare
from bench.living_face.interpreter import NoMeasurementError, check_interpreter, measure_videos
from bench.living_face.limits import Face, list_failures
from bench.living_face.pictures import list_portraits
from bench.living_face.recording import Motion, Recording, RecordingService
from bench.living_face.skin import measure_skin
from bench.living_face.table import mood_table_lines, table_lines
from lipsync.errors import LipsyncError
from lipsync.settings import Settings
from lipsync.text.mood import MOODS, Mood

TEXT = (
    "Good morning! My name is Peter Bloom, and I am a portrait that came alive. Maybe you remember me: a picture by "
    "the window, above the piano. People pass by, and sometimes they stop. What would you like to hear about today?"
)
"""Twelve seconds, with many p, b and m, and pauses."""


def main() -> int:
    """Measure and print."""
    options = parse_options()
    python = options.measure_with
    try:
        check_interpreter(python)
        portraits = list_portraits(options.places)
    except (NoMeasurementError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 2
    request = {} if options.motion is None else {"motion": options.motion}
    request |= {"text": options.text, "language": options.language, "seed": options.seed}
    moods: Sequence[Mood | None] = MOODS if options.moods else [options.mood]
    turning: Motion = "sweep" if options.sweep else "moving"
    motions: list[Motion] = ["still"] if options.still else [turning] if options.moods else ["still", turning]
    faces, refused = [], []
    with tempfile.TemporaryDirectory(prefix="lipsync-bench-") as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        service = RecordingService(
            Settings(
                _env_file=None,
                outputs=folder,
                cache=Path(temporary) / "cache",
                warm_up=False,
                voices="espeak",
                engine="puppet",
            )
        )
        service.load(ahead=False)
        for number, (name, path) in enumerate(portraits.items(), 1):
            print(f"{number} of {len(portraits)}: {name}", file=sys.stderr)
            try:
                faces += [
                    measure_face(service, name, path, folder, python, motions, mood, **request) for mood in moods
                ]
            except LipsyncError as error:
                refused.append(f"{name} is refused: {error}")
    table = mood_table_lines(faces) if options.moods else table_lines(faces)
    print("\n".join([*table, *refused]))
    return int(any(list_failures(face) for face in faces))


def parse_options() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(prog="bench.living_face", description=__doc__)
    parser.add_argument(
        "places", nargs="+", metavar="FOLDER", help="folder of pictures, picture, or name of an avatar"
    )
    parser.add_argument("--measure-with", type=Path, default=Path(sys.executable), metavar="PYTHON",
                        help="interpreter that has MediaPipe")  # fmt: skip
    parser.add_argument(
        "--still", action="store_true", help="the still head only; with --moods the skin beside the lips, too"
    )
    parser.add_argument("--sweep", action="store_true", help="turn the head in slow waves, not as the speech has it")
    parser.add_argument("--mood", help="mood of the whole text")
    parser.add_argument("--moods", action="store_true", help="the lips in every mood, the head moving unless --still")
    parser.add_argument("--motion", type=float, help="size of the head's motion; default: the product's")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--text", default=TEXT)
    parser.add_argument("--language", default="en")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep videos, figures and what was meant here")
    return parser.parse_args()


def measure_face(
    service: RecordingService,
    name: str,
    path: Path,
    folder: Path,
    python: Path,
    motions: Sequence[Motion],
    mood: Mood | None,
    **request: Any,
) -> Face:
    """Make the videos of one portrait, one for each of ``motions``, and measure them.

    ``mood`` is that of the whole text; None: as the text has it.
    Raises LipsyncError where the product refuses the portrait.
    """
    picture = path.read_bytes()
    portrait = service.prepare(picture, request["text"], request["language"])
    recordings: dict[str, Recording] = {}
    videos = [folder / f"{name}-{f'{mood}-' if mood else ''}{motion}.mp4" for motion in motions]
    request |= {} if mood is None else {"mood": mood}
    for motion, video in zip(motions, videos, strict=True):
        recordings[motion] = service.record(picture, video, motion, **request)
        recordings[motion].save(video.with_suffix(".meant.npz"))
    measured = measure_videos(python, videos)
    follows_skin = mood is not None and list(motions) == ["still"]
    figures = [
        compare(recording, seen, measure_skin(video, recording, service.puppet(picture)) if follows_skin else None)
        for recording, seen, video in zip(recordings.values(), measured, videos, strict=True)
    ]
    last = list(recordings.values())[-1]
    height, width = portrait.picture.shape[:2]
    return Face(
        name=name,
        size=f"{width}x{height}",
        base_yaw=portrait.head.yaw,
        still=figures[0],
        moving=figures[1] if len(figures) > 1 else None,
        mood=mood,
        broken_pixels=max(recording.broken_pixels for recording in recordings.values()),
        unmoved_share=last.unmoved_share,
        draw_ms=1000 * last.draw_s / last.frames,
        cpu_ms=1000 * last.total_s / last.frames,
    )


if __name__ == "__main__":
    sys.exit(main())
