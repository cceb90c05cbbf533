"""``python -m bench.preview``: docs/gauss.webp and its siblings, each shipped portrait speaking, as animated WebP.

The frames are every second one of the finished MP4, decoded as a player would, cut to the head and scaled down.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import av
from PIL import Image

from bench.sheet import portrait_of
from lipsync.face.avatars import Avatar, shipped_avatars
from lipsync.face.types import Portrait
from lipsync.pipeline.service import LipsyncService
from lipsync.settings import Settings

DOCS = Path(__file__).parent.parent / "docs"
TEXT = "[happy] Hello! I am a picture. [thinking] What do I feel? [surprised] Oh! [happy] Everything!"
SIDE = 280
"""Width and height of the animation in pixels."""
MARGIN = 2.3
"""Side of the square that is cut out, in heights of the face's box: head and shoulders."""
STEP = 2
"""Every second frame of 25 a second is shown: 12.5 frames a second."""


def main() -> int:
    """Write the animations and print the size of each."""
    parser = argparse.ArgumentParser(prog="bench.preview", description=__doc__)
    parser.add_argument("--folder", type=Path, default=DOCS, help="folder of the .webp files")
    parser.add_argument("--quality", type=int, default=44, help="quality of the WebP, 0 to 100")
    options = parser.parse_args()
    for avatar in shipped_avatars():
        target = options.folder / f"{avatar.name}.webp"
        frames = animation_frames(avatar)
        frames[0].save(
            target,
            save_all=True,
            append_images=frames[1:],
            duration=40 * STEP,
            loop=0,
            quality=options.quality,
            method=6,
            minimize_size=True,
        )
        print(f"{target}: {SIDE}x{SIDE}, {len(frames)} frames, {target.stat().st_size / 1000:.0f} kB")
    return 0


def animation_frames(avatar: Avatar) -> list[Image.Image]:
    """Every second frame of a video in which ``avatar`` speaks :data:`TEXT`, RGB, SIDE x SIDE pixels."""
    with tempfile.TemporaryDirectory(prefix="lipsync-preview-") as name:
        folder = Path(name)
        settings = Settings(_env_file=None, outputs=folder, cache=folder / "cache", warm_up=False, voices="espeak")
        service = LipsyncService(settings)
        service.load(ahead=False)
        result = service.generate(text=TEXT, language="en", avatar=avatar.name)
        portrait = portrait_of(avatar, settings)
        with av.open(str(result.path)) as video:
            pictures = [frame.to_image() for number, frame in enumerate(video.decode(video=0)) if number % STEP == 0]
    return [head(picture, portrait) for picture in pictures]


def head(picture: Image.Image, portrait: Portrait) -> Image.Image:
    """The square around the head, as far as the picture reaches, scaled to SIDE."""
    x0, y0, x1, y1 = portrait.box
    side = min(MARGIN * (y1 - y0), picture.width, picture.height)
    left = min(max(0.0, (x0 + x1 - side) / 2), picture.width - side)
    top = min(max(0.0, (y0 + y1) / 2 - 0.5 * side), picture.height - side)
    box = (left, top, left + side, top + side)
    return picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS, box=box)


if __name__ == "__main__":
    sys.exit(main())
