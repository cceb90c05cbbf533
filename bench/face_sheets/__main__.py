"""``python -m bench.face_sheets FOLDER OUT``: PNG sheets of every portrait in a folder, by the product's own puppet.

``1_two_seconds``: eight frames of the two seconds in which the head turns most. ``2_borders``: the border of hair and
background in the same frames. ``5_moods``: neutral against each mood, lips shut. ``10_mouths_while_turning``: open
mouths on a turned head. ``closures``: the picture's own mouth, then at rest, at p, b and m, and wide open.
A sheet holds so many portraits that its rows stay readable; then the next begins.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from bench.face_sheets.tiles import Image, arrange, label_tile, write_sheet
from bench.face_sheets.views import (
    border_tiles,
    draw,
    face_tiles,
    liveliest_moment,
    mood_track,
    mouth_tiles,
    pick_frames,
    spoken_mouths,
    spread_frames,
    turned_mouths,
    whole_tiles,
)
from bench.living_face.__main__ import TEXT
from bench.living_face.pictures import list_portraits
from lipsync.animation.moods import MOOD_STYLES
from lipsync.animation.types import FaceTrack
from lipsync.errors import LipsyncError
from lipsync.pipeline.performance import perform
from lipsync.pipeline.portraits import Portraits, PreparedPortrait
from lipsync.pipeline.service import LipsyncService
from lipsync.settings import Settings
from lipsync.storage.cache import ArrayCache
from lipsync.video.frame import frame_of

FPS = 25
COLUMNS = 8
CLOSURE_COLUMNS = 6
TILE = {"1_two_seconds": 390, "2_borders": 195, "5_moods": 260, "10_mouths_while_turning": 195, "closures": 260}
"""Width of a tile in pixels, by sheet."""
ROWS = {"1_two_seconds": 2, "2_borders": 8, "5_moods": 6, "10_mouths_while_turning": 8, "closures": 8}
"""Portraits on one sheet."""


def main() -> int:
    """Draw the sheets."""
    parser = argparse.ArgumentParser(prog="bench.face_sheets", description=__doc__)
    parser.add_argument(
        "places", nargs="+", metavar="FOLDER", help="folder of pictures, picture, or name of an avatar"
    )
    parser.add_argument("output", type=Path, metavar="OUT", help="folder for the sheets")
    parser.add_argument("--only", nargs="*", choices=list(TILE), default=list(TILE), help="these sheets")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--text", default=TEXT)
    parser.add_argument("--language", default="en")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    rows: dict[str, list[Image]] = {sheet: [] for sheet in options.only}
    track = speak_track(options.text, options.language, options.seed)
    with tempfile.TemporaryDirectory(prefix="lipsync-bench-") as folder:
        settings = Settings(_env_file=None)
        portraits = Portraits(
            ArrayCache(Path(folder), settings.cache_max_mb),
            max_side=settings.max_side,
            max_megapixels=settings.max_megapixels,
        )
        for name, path in list_portraits(options.places).items():
            print(name, file=sys.stderr)
            try:
                prepared = portraits.get(path.read_bytes())[0]
            except LipsyncError as error:
                print(f"{name} is refused: {error}", file=sys.stderr)
                continue
            for sheet in options.only:
                rows[sheet].append(VIEWS[sheet](name, prepared, track, TILE[sheet]))
    for sheet, drawn in rows.items():
        for path, part in sheet_files(options.output, sheet, drawn):
            write_sheet(path, part)
            print(path)
    return 0


def speak_track(text: str, language: str, seed: int) -> FaceTrack:
    """The whole face track of a spoken text."""
    with tempfile.TemporaryDirectory(prefix="lipsync-bench-") as folder:
        settings = Settings(
            _env_file=None, cache=Path(folder), outputs=Path(folder), warm_up=False, voices="espeak", engine="puppet"
        )
        service = LipsyncService(settings)
        service.load(ahead=False)
        pieces = service.speak(text=text, language=language).with_last()
        tracks = [piece.track for piece in perform(pieces, FPS, seed)]
    arrays = {
        name: np.concatenate([getattr(track, name) for track in tracks])
        for name, value in vars(tracks[0]).items()
        if isinstance(value, np.ndarray)
    }
    return FaceTrack(fps=FPS, start=0, **arrays)


def sheet_files(folder: Path, sheet: str, rows: Sequence[Image]) -> Iterator[tuple[Path, Sequence[Image]]]:
    """File and rows of each page of a sheet; a sheet of one page has no number."""
    pages = [rows[begin : begin + ROWS[sheet]] for begin in range(0, len(rows), ROWS[sheet])]
    for number, page in enumerate(pages, 1):
        yield folder / (f"{sheet}.png" if len(pages) == 1 else f"{sheet}_{number}.png"), page


def two_seconds(name: str, prepared: PreparedPortrait, track: FaceTrack, width: int) -> Image:
    """Two rows of four whole frames."""
    begin = liveliest_moment(track)
    frames = draw(prepared.animator, spread_frames(track, begin, COLUMNS))
    times = [f"{begin / FPS + second:.2f}" for second in np.linspace(0, 2, COLUMNS)]
    return arrange(whole_tiles(frames, [f"{name} {times[0]}", *times[1:]], width), COLUMNS // 2)


def borders(name: str, prepared: PreparedPortrait, track: FaceTrack, width: int) -> Image:
    """One row of the border of hair and background."""
    frames = draw(prepared.animator, spread_frames(track, liveliest_moment(track), COLUMNS))
    tiles = border_tiles(frames, prepared.portrait, width)
    return arrange([label_tile(tiles[0], name), *tiles[1:]], COLUMNS)


def moods(name: str, prepared: PreparedPortrait, track: FaceTrack, width: int) -> Image:  # noqa: ARG001 - one interface
    """One row: neutral and each mood, at full strength."""
    names = list(MOOD_STYLES)
    frames = draw(prepared.animator, mood_track(names))
    return arrange(face_tiles(frames, prepared.portrait, [f"{name} {names[0]}", *names[1:]], width), len(names))


def mouths(name: str, prepared: PreparedPortrait, track: FaceTrack, width: int) -> Image:
    """One row of open mouths while the head is turned."""
    frames = draw(prepared.animator, pick_frames(track, turned_mouths(track, COLUMNS)))
    tiles = mouth_tiles(frames, prepared.portrait, width)
    return arrange([label_tile(tiles[0], name), *tiles[1:]], COLUMNS)


def closures(name: str, prepared: PreparedPortrait, track: FaceTrack, width: int) -> Image:
    """One row: the portrait's own mouth, at rest, shut at p, b and m, and wide open."""
    frames = draw(prepared.animator, spoken_mouths(track, CLOSURE_COLUMNS - 1))
    tiles = mouth_tiles([frame_of(prepared.portrait.picture), *frames], prepared.portrait, width, span=1.1)
    return arrange([label_tile(tiles[0], name), *tiles[1:]], CLOSURE_COLUMNS)


VIEWS: dict[str, Callable[[str, PreparedPortrait, FaceTrack, int], Image]] = {
    "1_two_seconds": two_seconds,
    "2_borders": borders,
    "5_moods": moods,
    "10_mouths_while_turning": mouths,
    "closures": closures,
}
"""What draws the row of one portrait, by sheet."""


if __name__ == "__main__":
    sys.exit(main())
