"""The reader of strangers' videos: what it gives, and what nobody can make it do."""

from __future__ import annotations

import io
import itertools
import socket
import tempfile
import threading
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from lipsync.errors import LipsyncError
from lipsync.face.avatars import avatar
from lipsync.video.decode import MAX_FPS, is_video, probe_video, read_video

Picture = NDArray[np.uint8]

LIMITS: dict[str, Any] = {"max_seconds": 20, "max_megapixels": 50, "max_side": 1920}
CORNERS = np.array([[250, 30, 30], [30, 200, 30], [30, 30, 220], [230, 230, 40]], float)
"""Of the test picture: top left, top right, bottom left, bottom right."""


def picture(width: int = 64, height: int = 48) -> Picture:
    """Four fields of different colours."""
    made = np.zeros((height, width, 3), np.uint8)
    for colour, (row, column) in zip(CORNERS, itertools.product((0, 1), (0, 1)), strict=True):
        made[row * height // 2 : (row + 1) * height // 2, column * width // 2 : (column + 1) * width // 2] = colour
    return made


def video(
    count: int = 10,
    *,
    kind: str = "mp4",
    codec: str = "libx264",
    size: tuple[int, int] = (64, 48),
    fps: int = 25,
    times: list[int] | None = None,
    turned: int | None = None,
    mirrored: bool = False,
    aspect: Fraction | None = None,
    sound: bool = False,
    options: dict[str, str] | None = None,
) -> bytes:
    """A video file of ``count`` pictures; ``times`` in milliseconds, ``options`` the encoder's."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "video"
        _write(path, count, kind, codec, size, fps, times, turned, mirrored, aspect, sound, options)
        return path.read_bytes()


def _write(
    path: Path,
    count: int,
    kind: str,
    codec: str,
    size: tuple[int, int],
    fps: int,
    times: list[int] | None,
    turned: int | None,
    mirrored: bool,
    aspect: Fraction | None,
    sound: bool,
    options: dict[str, str] | None,
) -> None:
    index_first = {"movflags": "faststart"} if kind == "mp4" else {}
    with av.open(str(path), "w", format=kind, container_options=index_first) as container:
        stream = container.add_stream(codec, rate=fps, options=options or {})
        stream.width, stream.height, stream.pix_fmt = *size, "yuvj420p" if codec == "mjpeg" else "yuv420p"
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if turned is not None:
            stream.set_display_rotation(turned, hflip=mirrored)
        listen = container.add_stream("aac", rate=16000, layout="mono") if sound else None
        for index in range(count):
            frame = av.VideoFrame.from_ndarray(picture(*size), "rgb24").reformat(format=stream.pix_fmt)
            frame.pts, frame.time_base = (
                (index, Fraction(1, fps)) if times is None else (times[index], Fraction(1, 1000))
            )
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if listen is not None:
            container.mux(listen.encode(tone()))
            container.mux(listen.encode(None))


def tone() -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
    frame.sample_rate, frame.pts, frame.time_base = 16000, 0, Fraction(1, 16000)
    return frame


def frames(source: Path | bytes, **more: Any) -> tuple[list[float], list[Picture]]:
    read = list(read_video(source, **{**LIMITS, **more}))
    return [time for time, _ in read], [one for _, one in read]


def refusal(source: Path | bytes, **more: Any) -> LipsyncError:
    with pytest.raises(LipsyncError) as caught:
        list(read_video(source, **{**LIMITS, **more}))
    with pytest.raises(LipsyncError) as probed:
        probe_video(source, **{**LIMITS, **more})
    assert probed.value.code == caught.value.code
    return caught.value


def outcome(source: bytes, **more: Any) -> int | str:
    """How many frames it gives, or the code of the sentence that says why not."""
    try:
        return len(frames(source, **more)[0])
    except LipsyncError as error:
        return error.code


def corners(one: Picture) -> NDArray[np.float64]:
    """(4, 3) the middle of each quarter."""
    height, width = one.shape[:2]
    return np.array(
        [one[height * row // 4, width * column // 4].astype(float) for row in (1, 3) for column in (1, 3)]
    )


@pytest.mark.parametrize(
    ("kind", "codec"),
    [
        ("mp4", "libx264"),
        ("mov", "mpeg4"),
        ("matroska", "libx264"),
        ("webm", "libvpx"),
        ("avi", "mpeg4"),
        ("avi", "mjpeg"),
        ("mpeg", "mpeg1video"),
        ("mpeg1video", "mpeg1video"),
    ],
)
def test_every_container_that_is_read(kind: str, codec: str, tmp_path: Path) -> None:
    data = video(kind=kind, codec=codec, fps=25)
    (tmp_path / "named.anything").write_bytes(data)
    times, shown = frames(data)

    assert is_video(data)
    assert len(shown) == 10
    # The times of a bare stream are libav's guess, and its last one is late.
    assert times == pytest.approx(np.arange(10) / 25, abs=0.05 if kind == "mpeg1video" else 0.002)
    for one in shown:
        assert one.shape == (48, 64, 3)
        assert one.dtype == np.uint8
        assert corners(one) == pytest.approx(CORNERS, abs=12)
    from_file, pictures = frames(tmp_path / "named.anything")
    assert from_file == times
    assert all((one == other).all() for one, other in zip(shown, pictures, strict=True))
    facts = probe_video(data, **LIMITS)
    assert (facts.width, facts.height) == (64, 48)
    assert facts.fps == 25
    if not kind.startswith("mpeg"):  # such a short stream does not say how long it is
        assert facts.frames == pytest.approx(10, abs=1)
        assert facts.duration == pytest.approx(0.4, abs=0.05)


@pytest.mark.parametrize(
    ("turned", "mirrored", "order"),
    [(0, False, [0, 1, 2, 3]), (90, False, [1, 3, 0, 2]), (180, False, [3, 2, 1, 0]), (270, False, [2, 0, 3, 1]),
     (0, True, [1, 0, 3, 2])],
)  # fmt: skip
def test_a_turned_phone(turned: int, mirrored: bool, order: list[int]) -> None:
    data = video(3, turned=turned, mirrored=mirrored)
    _, shown = frames(data)

    assert shown[0].shape == ((64, 48, 3) if turned in (90, 270) else (48, 64, 3))
    assert corners(shown[0]) == pytest.approx(CORNERS[order], abs=12)
    facts = probe_video(data, **LIMITS)
    assert (facts.height, facts.width) == shown[0].shape[:2]


@pytest.mark.parametrize(
    ("aspect", "size"),
    [(Fraction(2), (128, 48)), (Fraction(1, 2), (64, 96)), (Fraction(16, 15), (68, 48)), (Fraction(1, 90), (64, 48))],
)
def test_pixels_become_square(aspect: Fraction, size: tuple[int, int]) -> None:
    _, shown = frames(video(2, aspect=aspect))

    assert shown[0].shape[1::-1] == size
    assert corners(shown[0]) == pytest.approx(CORNERS, abs=12)


def test_a_large_video_is_scaled_down_and_its_size_is_even() -> None:
    data = video(2, size=(200, 150))
    assert frames(data, max_side=100)[1][0].shape == (74, 100, 3)  # 75 rows are odd
    assert frames(data, max_side=101)[1][0].shape == (76, 100, 3)
    assert probe_video(data, **{**LIMITS, "max_side": 100}).height == 74


def test_sound_beside_the_pictures_is_left_alone() -> None:
    assert len(frames(video(sound=True))[1]) == 10


# ---- time


def test_uneven_times_stay_as_they_are() -> None:
    given = [0, 40, 200, 240, 280, 720]
    times, _ = frames(video(6, kind="matroska", times=given, fps=25, options={"bf": "0"}))

    assert times == pytest.approx([time / 1000 for time in given], abs=0.002)


@pytest.mark.parametrize(("fps", "kept"), [(60, 30), (50, 25), (120, 30), (30, 30), (25, 25), (10, 10)])
def test_the_frame_rate_is_limited(fps: int, kept: int) -> None:
    data = video(fps, fps=fps)
    times, _ = frames(data)

    assert len(times) == kept
    assert np.diff(times).min() >= 1 / MAX_FPS - 0.005
    assert probe_video(data, **LIMITS).fps == pytest.approx(min(fps, MAX_FPS))


def test_a_long_video_ends_at_the_limit() -> None:
    data = video(50, fps=25)
    times, _ = frames(data, max_seconds=1)

    assert len(times) == 25
    assert probe_video(data, **{**LIMITS, "max_seconds": 1}).duration == 1


def test_a_header_that_lies_about_the_duration_gains_nothing() -> None:
    data = bytearray(video(50, fps=25))
    for box in (b"mvhd", b"mdhd", b"tkhd"):  # ISO/IEC 14496-12: durations become 1
        at = data.index(box) + 4
        place = at + (20 if box == b"tkhd" else 16)
        data[place : place + 4] = (1).to_bytes(4, "big")

    assert len(frames(bytes(data), max_seconds=1)[0]) == 25


def test_times_that_all_are_zero_do_not_make_it_endless() -> None:
    data = bytearray(video(100, fps=25, options={"bf": "0"}))
    at = data.index(b"stts") + 8  # every frame lasts 0
    entries = int.from_bytes(data[at : at + 4], "big")
    for entry in range(entries):
        data[at + 8 + 8 * entry : at + 12 + 8 * entry] = bytes(4)

    times, _ = frames(bytes(data), max_seconds=1)
    assert 1 <= len(times) <= 30
    assert (np.diff(times) > 0).all()


# ---- bounds


def test_pixels_are_bounded_before_anything_is_decoded() -> None:
    error = refusal(video(2, size=(640, 480)), max_megapixels=0.3)
    assert error.code == "video_too_large"
    assert error.facts == {"width": 640, "height": 480, "limit": "0.3"}


@pytest.mark.slow
def test_pixels_have_a_bound_of_their_own() -> None:
    assert refusal(video(1, size=(4098, 2604), options={"preset": "ultrafast"})).code == "video_too_large"


def test_a_stream_whose_frames_are_larger_than_its_header_says() -> None:
    # The parameters of a small stream before the data of a large one: the decoder learns of the size half-way.
    small, large = (video(3, kind="h264", size=size) for size in ((64, 48), (640, 480)))
    data = _as_matroska(small, small + large)

    times, shown = frames(data, max_megapixels=0.1)
    assert 1 <= len(times) <= 3
    assert {one.shape for one in shown} == {(48, 64, 3)}
    _, shown = frames(data)
    assert {one.shape for one in shown} == {(48, 64, 3)}
    assert len(shown) > 3


def _as_matroska(header: bytes, body: bytes) -> bytes:
    """H.264 elementary streams in one Matroska, whose header is of the first."""
    file = io.BytesIO()
    with av.open(io.BytesIO(header), format="h264") as source, av.open(file, "w", format="matroska") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        with av.open(io.BytesIO(body), format="h264") as all_of_it:
            for index, packet in enumerate(one for one in all_of_it.demux(video=0) if one.size):
                packet.stream, packet.pts, packet.dts = stream, index * 40, index * 40
                packet.time_base = Fraction(1, 1000)
                target.mux(packet)
    return file.getvalue()


# ---- what is no video, or half of one


def jpeg() -> bytes:
    return avatar("hopper").path.read_bytes()


def sound_only(kind: str) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=kind) as container:
        stream = container.add_stream("aac", rate=16000, layout="mono")
        container.mux(stream.encode(tone()))
        container.mux(stream.encode(None))
    return file.getvalue()


NOT_VIDEOS = {
    "nothing": b"",
    "html": b"<!DOCTYPE html><html></html>",
    "picture": jpeg(),
    "gif": b"GIF89a" + bytes(100),
    "heic": b"\0\0\0\x18ftypheic" + bytes(100),
    "avif": b"\0\0\0\x18ftypavif" + bytes(100),
    "wave": b"RIFF\x24\0\0\0WAVEfmt " + bytes(100),
    "mp3": b"ID3\x04" + bytes(100),
    "zeros": bytes(1000),
    "subtitles": b"1\n00:00:00,000 --> 00:00:01,000\nhello\n",
}


@pytest.mark.parametrize("what", NOT_VIDEOS)
def test_other_files_are_rejected(what: str, tmp_path: Path) -> None:
    (tmp_path / "named.mp4").write_bytes(NOT_VIDEOS[what])

    assert not is_video(NOT_VIDEOS[what])
    assert refusal(NOT_VIDEOS[what]).code == "not_a_video"
    assert refusal(tmp_path / "named.mp4").code == "not_a_video"


@pytest.mark.parametrize("kind", ["mp4", "matroska"])
def test_sound_without_pictures(kind: str) -> None:
    assert refusal(sound_only(kind)).code == "sound_only"


def test_cover_art_is_not_a_video() -> None:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=16000, layout="mono")
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 48, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        container.mux(stream.encode(tone()))
        container.mux(stream.encode(None))
        container.mux(cover.encode(av.VideoFrame.from_ndarray(picture(), "rgb24").reformat(format="yuvj420p")))
        container.mux(cover.encode(None))
    assert refusal(file.getvalue()).code == "sound_only"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.mp4").code == "cannot_read"
    assert refusal(tmp_path).code == "cannot_read"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["mp4", "matroska", "avi", "mpeg"])
def test_a_truncated_video_ends_early_or_is_rejected(kind: str) -> None:
    codec = {"avi": "mpeg4", "mpeg": "mpeg1video"}.get(kind, "libx264")
    data = video(60, kind=kind, codec=codec, size=(160, 120), options={"g": "5", "bf": "0"})
    whole = len(frames(data)[0])
    for share in (0.2, 0.5, 0.8, 0.97):
        assert outcome(data[: int(len(data) * share)]) in ("broken_video", *range(1, whole + 1))
    for length in (12, 40, 200):
        assert refusal(data[:length]).code == "broken_video"


def test_an_mp4_whose_index_stands_first_plays_up_to_the_cut() -> None:
    data = video(60, size=(160, 120), options={"g": "5"})

    assert 20 < len(frames(data[: len(data) * 4 // 5])[0]) < 60


def test_an_mp4_without_its_index_is_broken() -> None:
    data = video(60)
    assert refusal(data[: data.index(b"moov") - 4]).code == "broken_video"


@pytest.mark.parametrize("seed", range(30))
def test_flipped_bytes_give_frames_or_one_sentence(seed: int) -> None:
    random = np.random.default_rng(seed)
    kind, codec = [("mp4", "libx264"), ("matroska", "libx264"), ("avi", "mpeg4"), ("mpeg", "mpeg1video")][seed % 4]
    data = np.frombuffer(video(12, kind=kind, codec=codec), np.uint8).copy()
    places = random.integers(16, len(data), 40)
    data[places] = random.integers(0, 256, 40, np.uint8)
    result = outcome(data.tobytes(), max_seconds=2, max_side=256, max_megapixels=1)
    assert result in ("broken_video", "video_too_large", "sound_only", "not_a_video", *range(1, 62))


# ---- lists of other files and addresses


class _Listener:
    """Counts who connects to an address of this machine."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.visits = 0
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                visitor, _ = self._socket.accept()
            except OSError:
                return
            self.visits += 1
            visitor.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


def playlists(target: str) -> dict[str, bytes]:
    """Files that make players open ``target``."""
    text = {
        "m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n",
        "m3u8 key": f'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{target}"\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n',
        "ffconcat": f"ffconcat version 1.0\nfile '{target}'\nduration 1\n",
        "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period>'
        f'<BaseURL>{target}</BaseURL><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"/>'
        "</AdaptationSet></Period></MPD>",
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
        "pls": f"[playlist]\nFile1={target}\n",
        "smil": f'<smil><body><video src="{target}"/></body></smil>',
    }
    return {name: content.encode() for name, content in text.items()}


def _disguised(content: bytes) -> list[bytes]:
    """As it is, and behind the first bytes of what is read."""
    heads = (b"", b"\0\0\0\x18ftypisom", b"\x1aE\xdf\xa3", b"RIFF\0\0\0\0AVI ", b"\0\0\1\xba", b"\0\0\1\xb3")
    return [head + content for head in heads]


@pytest.mark.parametrize("name", playlists(""))
def test_a_playlist_opens_neither_a_file_nor_an_address(name: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(video(3))
    listener = _Listener()
    try:
        targets = (f"http://127.0.0.1:{listener.port}/a.mp4", f"file:{secret}", str(secret), "secret.mp4")
        for target in targets:
            content = playlists(target)[name]
            path = tmp_path / "list.mp4"
            path.write_bytes(content)
            assert refusal(path).code == "not_a_video"
            for data in _disguised(content):
                assert refusal(data).code in ("not_a_video", "broken_video")
    finally:
        listener.close()
    assert listener.visits == 0
