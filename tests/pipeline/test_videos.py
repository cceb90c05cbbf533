"""A video as the avatar, through the whole service."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lipsync.errors import LipsyncError
from lipsync.face.avatar_part import AvatarPart, LeftOut
from lipsync.face.avatars import avatar
from lipsync.pipeline.request import VideoRequestFields
from lipsync.runtime.progress import Cancelled, Stage
from lipsync.video.decode import read_video
from lipsync.video.frame import frame_of
from tests.animation.wav2lip.drawers import SameDrawer
from tests.face.videos import SIZE, moving, mp4
from tests.helpers.video_service import service_in

pytestmark = pytest.mark.slow


class GreyDrawer(SameDrawer):
    """Draws stripes, which no mouth has."""

    def drawn(self, rows: NDArray[np.float32], mel: NDArray[np.float32]) -> NDArray[np.float32]:  # noqa: ARG002
        drawn = rows.copy()
        drawn[::6] = 255
        drawn[3::6] = 0
        return drawn


@pytest.fixture(scope="module")
def film() -> bytes:
    return mp4(moving(12))


def test_a_video_that_is_studied_can_be_cancelled(tmp_path: Path, film: bytes) -> None:
    service = service_in(tmp_path, drawer=GreyDrawer())
    told: list[Stage] = []

    def stop(stage: Stage, _: float) -> None:
        told.append(stage)
        if len(told) == 6:
            raise Cancelled

    with pytest.raises(Cancelled):
        service.generate(text="Yes.", language="en", picture=film, progress=stop)
    assert told == ["portrait"] * 6  # in the middle of its twelve frames
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == []
    assert service.generate(text="Yes.", language="en", picture=film).portrait == "made"


def test_a_video_speaks(tmp_path: Path, film: bytes) -> None:
    service = service_in(tmp_path, drawer=GreyDrawer())
    result = service.generate(text="Hello there, how do you do?", language="en", picture=film)

    assert (result.engine, result.avatar, result.portrait) == ("wav2lip", "picture", "made")
    assert (result.width, result.height) == SIZE
    assert result.frames == math.ceil(result.duration * 25)
    limits: dict[str, Any] = {"max_seconds": 20, "max_megapixels": 50, "max_side": 1920}
    own = [frame_of(one).y[:90].astype(float) for _, one in read_video(film, **limits)]
    there_and_back = [*range(12), *range(10, 0, -1)]
    made = [frame_of(one).y[:90] for _, one in read_video(result.path, **limits)]
    assert len(made) == result.frames > 22
    for number, one in enumerate(made):  # above the nose it is the frame that it should be
        away = [np.abs(one - other).mean() for other in own]
        assert int(np.argmin(away)) == there_and_back[number % 22]


def test_the_second_use_reads_it_back(tmp_path: Path, film: bytes) -> None:
    first = service_in(tmp_path, drawer=SameDrawer())
    made = first.generate(text="Да.", picture=film)
    again = first.generate(text="Да.", picture=film)
    read = service_in(tmp_path, drawer=SameDrawer()).generate(text="Да.", picture=film)
    other = service_in(tmp_path, drawer=SameDrawer(), max_avatar_seconds=0.2).generate(text="Да.", picture=film)

    assert (made.portrait, again.portrait, read.portrait, other.portrait) == ("made", "memory", "disk", "made")
    assert made.path.read_bytes() == again.path.read_bytes() == read.path.read_bytes()


def test_eight_at_once_get_each_what_they_get_alone(tmp_path: Path, film: bytes) -> None:
    service = service_in(tmp_path, drawer=SameDrawer(), max_concurrent_renders=4)
    texts = [f"This is number {turn}." for turn in range(8)]

    def ask(turn: int) -> bytes:
        return service.generate(text=texts[turn], language="en", picture=film).path.read_bytes()

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(ask, range(8)))
    assert together[0] != together[1]
    assert [ask(turn) for turn in (0, 5)] == [together[0], together[5]]


def test_a_video_file_of_the_owners(tmp_path: Path, film: bytes) -> None:
    path = tmp_path / "me.mp4"
    path.write_bytes(film)
    named = service_in(tmp_path, drawer=SameDrawer()).generate(text="Да.", avatar=path)
    default = service_in(tmp_path, drawer=SameDrawer(), avatar=str(path)).generate(text="Да.")

    assert named.engine == default.engine == "wav2lip"
    assert named.path.read_bytes() == default.path.read_bytes()


def test_content_decides_and_not_the_name(tmp_path: Path) -> None:
    path = tmp_path / "me.mp4"
    path.write_bytes(avatar("hopper").path.read_bytes())

    assert service_in(tmp_path, max_side=256).generate(text="Да.", avatar=path).engine == "puppet"


@pytest.mark.parametrize("engine", [None, "auto", "puppet"])
def test_the_puppet_needs_a_picture(tmp_path: Path, film: bytes, engine: str | None) -> None:
    service = service_in(tmp_path)
    with pytest.raises(LipsyncError) as caught:
        service.generate(text="Да.", picture=film, engine=engine)
    assert caught.value.code == "video_needs_wav2lip"
    assert not list((tmp_path / "outputs").iterdir() if (tmp_path / "outputs").exists() else [])


@pytest.mark.parametrize("field", [{"size": "320x320"}, {"frame": "face"}, {"background": "blur"}])
def test_only_a_picture_is_framed(tmp_path: Path, film: bytes, field: dict[str, str]) -> None:
    service = service_in(tmp_path, drawer=SameDrawer())
    with pytest.raises(LipsyncError, match="only to a picture") as caught:
        service.parse(VideoRequestFields(text="Да.", **field), film)
    assert caught.value.facts["field"] == next(iter(field))
    unchanged = VideoRequestFields(text="Да.", size="source", frame="source", background="source")
    assert service.parse(unchanged, film).is_video


@pytest.mark.parametrize("brand", [b"M4A ", b"M4B "])
def test_sound_is_not_called_a_video(tmp_path: Path, brand: bytes) -> None:
    sound = b"\0\0\0\x1cftyp" + brand + b"\0\0\2\0" + brand + b"isomiso2" + bytes(64)
    with pytest.raises(LipsyncError) as caught:
        service_in(tmp_path).generate(text="Да.", picture=sound)
    assert caught.value.code == "sound_only"


def test_the_puppet_asked_for_beside_a_checkpoint_needs_a_picture_too(tmp_path: Path, film: bytes) -> None:
    service = service_in(tmp_path, drawer=SameDrawer())
    with pytest.raises(LipsyncError) as caught:
        service.generate(text="Да.", picture=film, engine="puppet")
    assert caught.value.code == "video_needs_wav2lip"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\0\0\0\x18ftypisom" + bytes(100), "broken_video"),
        (b"\0\0\0\x18ftypheic" + bytes(100), "broken_picture"),
        (b"#EXTM3U\nhttp://127.0.0.1/a.ts\n", "not_a_picture"),
        (b"ffconcat version 1.0\nfile '/etc/passwd'\n", "not_a_picture"),
        (b"\x1aE\xdf\xa3" + bytes(1000), "broken_video"),
    ],
)
def test_what_is_neither(tmp_path: Path, data: bytes, code: str) -> None:
    service = service_in(tmp_path, drawer=SameDrawer())
    with pytest.raises(LipsyncError) as caught:
        service.generate(text="Да.", picture=data)
    assert caught.value.code == code


def test_what_is_left_out_of_a_video_is_said(tmp_path: Path) -> None:
    service = service_in(tmp_path, drawer=SameDrawer())
    result = service.generate(text="Да.", picture=mp4(moving(12, grey=range(4))))
    whole = service.generate(text="Да.", picture=mp4(moving(12)))
    still = service.generate(text="Да.", picture=avatar("hopper").path.read_bytes())

    assert result.avatar_part == AvatarPart(0.16, 0.48, 0.48, (LeftOut(0.0, 0.16, "no_face"),))
    assert whole.avatar_part == AvatarPart(0.0, 0.48, 0.48)
    assert still.avatar_part is None
    read = service_in(tmp_path, drawer=SameDrawer()).generate(text="Да.", picture=mp4(moving(12, grey=range(4))))
    assert (read.portrait, read.avatar_part) == ("disk", result.avatar_part)


def test_a_video_without_a_face(tmp_path: Path) -> None:
    service = service_in(tmp_path, drawer=SameDrawer())
    with pytest.raises(LipsyncError) as caught:
        service.generate(text="Да.", picture=mp4(moving(3, grey=range(3))))
    assert caught.value.code == "no_face"
    assert list((tmp_path / "cache").iterdir()) == []
