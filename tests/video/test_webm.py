"""Videos with an alpha channel, judged by the decoder of libvpx: the one of libav ignores the alpha."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.video.codeccontext import VideoCodecContext
from numpy.typing import NDArray

from lipsync.video.frame import Frame, frame_of
from lipsync.video.webm import WebmWriter
from tests.helpers.mp4 import RATE, SIZE, decoded_sound, tone

COLOUR = (200, 120, 90)


def frames(count: int) -> list[Frame]:
    """A soft disc that moves to the right."""
    picture = np.full((SIZE["height"], SIZE["width"], 3), COLOUR, np.uint8)
    discs = []
    for step in range(count):
        disc = np.zeros(picture.shape[:2], np.uint8)
        cv2.circle(disc, (30 + 3 * step, 60), 20, 255, -1)
        discs.append(frame_of(picture, np.asarray(cv2.GaussianBlur(disc, (0, 0), 3), np.uint8)))
    return discs


def write(path: Path, moving: list[Frame], seconds: float = 0.4) -> None:
    with WebmWriter(path, **SIZE, fps=25, rate=RATE) as writer:
        writer.write_sound(tone(seconds))
        for frame in moving:
            writer.write_frame(frame)


def decoded(path: Path) -> list[dict[str, NDArray[np.uint8]]]:
    """Luma and alpha of each frame."""
    found = []
    with av.open(str(path)) as container:
        decoder = av.codec.CodecContext.create("libvpx-vp9", "r")
        assert isinstance(decoder, VideoCodecContext)
        for packet in container.demux(video=0):
            for frame in decoder.decode(packet):
                planes = [np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size) for plane in frame.planes]
                y, alpha = (planes[k][: frame.height, : frame.width] for k in (0, 3))
                found.append({"y": y.copy(), "alpha": alpha.copy()})
    return found


def test_every_frame_has_its_alpha_and_its_colours(tmp_path: Path) -> None:
    moving = frames(10)
    write(tmp_path / "a.webm", moving)
    shown = decoded(tmp_path / "a.webm")
    assert len(shown) == 10
    for frame, seen in zip(moving, shown, strict=True):
        assert frame.alpha is not None
        assert np.abs(seen["alpha"].astype(int) - frame.alpha).mean() < 1.5
        assert np.abs(seen["y"].astype(int) - frame.y).max() < 4


def test_a_frame_without_an_alpha_is_opaque(tmp_path: Path) -> None:
    opaque = [Frame(frame.y, frame.uv) for frame in frames(2)]
    write(tmp_path / "a.webm", opaque)
    assert min(seen["alpha"].min() for seen in decoded(tmp_path / "a.webm")) > 250


def test_sound_and_picture_start_at_zero_and_last_as_long(tmp_path: Path) -> None:
    write(tmp_path / "a.webm", frames(10))
    with av.open(str(tmp_path / "a.webm")) as container:
        assert [stream.codec_context.name for stream in container.streams] == ["vp9", "opus"]
        assert container.streams.video[0].metadata["alpha_mode"] == "1"
        times = [
            float(packet.pts * packet.time_base) for packet in container.demux(video=0) if packet.pts is not None
        ]
    assert times == pytest.approx([k / 25 for k in range(10)], abs=1e-3)
    sound = decoded_sound(tmp_path / "a.webm")
    assert len(sound) / 48_000 == pytest.approx(0.4, abs=0.03)
    assert np.abs(sound).max() == pytest.approx(0.5, abs=0.1)


def test_the_same_frames_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / f"{name}.webm", frames(6))
    assert (tmp_path / "a.webm").read_bytes() == (tmp_path / "b.webm").read_bytes()


def test_a_video_that_breaks_off_leaves_no_file(tmp_path: Path) -> None:
    writer = WebmWriter(tmp_path / "a.webm", **SIZE, fps=25, rate=RATE)
    writer.write_frame(frames(1)[0])
    writer.abort()
    assert list(tmp_path.iterdir()) == []


def test_there_is_no_subtitle_track(tmp_path: Path) -> None:
    writer = WebmWriter(tmp_path / "a.webm", **SIZE, fps=25, rate=RATE)
    writer.write_subtitle(0, 1, "no")
    with pytest.raises(ValueError, match="subtitle"):
        writer.close()
