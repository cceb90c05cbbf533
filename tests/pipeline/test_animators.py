"""Which engine draws: Wav2Lip where its checkpoint can be used, the puppet otherwise, and the reason said."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from lipsync.errors import LipsyncError
from lipsync.face.avatars import avatar
from lipsync.pipeline.service import LipsyncService
from lipsync.settings import Settings
from lipsync.video.frame import frame_of

pytestmark = pytest.mark.slow

torch = pytest.importorskip("torch", reason="Wav2Lip needs PyTorch: make install EXTRAS=wav2lip")

from lipsync.animation.wav2lip.network import random_weights  # noqa: E402 - needs torch

WRONGS: dict[str, bytes] = {
    "a web page": b"<!DOCTYPE html><html><head><title>Sign in</title></head></html>" * 20,
    "an LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 435801865\n",
    "nothing": b"",
    "a text": "Чекпойнт лежит у Васи.".encode() * 50,
    "half a pickle": b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.",
}


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of random weights, of the published layout, as training wrote it."""
    path = tmp_path_factory.mktemp("weights") / "wav2lip_gan.pth"
    torch.save({"state_dict": random_weights(96), "optimizer": None, "global_step": 1, "global_epoch": 1}, path)
    return path


def small(settings: Settings, **changes: object) -> Settings:
    """The settings for quick clips: a small picture."""
    return settings.model_copy(update={"max_side": 320, "avatar": "hopper", "crf": 4, **changes})


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, checkpoint: Path) -> LipsyncService:
    """Loaded once: the network takes several seconds."""
    folder = tmp_path_factory.mktemp("service")
    settings = Settings(
        _env_file=None, outputs=folder / "outputs", cache=folder / "cache", state=folder / "state", warm_up=False
    )
    one = LipsyncService(small(settings, checkpoint=checkpoint))
    one.load(ahead=False)
    return one


def decoded(path: Path) -> list[np.ndarray]:
    with av.open(path) as video:
        return [frame.to_ndarray(format="gray") for frame in video.decode(video=0)]


def test_with_a_checkpoint_wav2lip_draws_and_says_so(service: LipsyncService, tmp_path: Path) -> None:
    status = service.status()
    assert status["engine"] == "wav2lip"
    assert status["engines"] == ["wav2lip", "puppet"]
    assert status["checkpoint"] == "wav2lip_gan.pth"
    result = service.generate(text="Mama, papa.", language="en", output=tmp_path / "a.mp4")
    assert result.engine == "wav2lip"
    assert len(decoded(result.path)) == result.frames


def test_a_request_may_choose(service: LipsyncService, tmp_path: Path) -> None:
    made = {
        engine: service.generate(text="Mama.", language="en", engine=engine, output=tmp_path / f"{engine}.mp4")
        for engine in ("puppet", "wav2lip", "auto")
    }
    assert {name: one.engine for name, one in made.items()} == {
        "puppet": "puppet",
        "wav2lip": "wav2lip",
        "auto": "wav2lip",
    }
    assert made["puppet"].frames == made["wav2lip"].frames
    assert made["wav2lip"].path.read_bytes() == made["auto"].path.read_bytes()
    assert made["wav2lip"].path.read_bytes() != made["puppet"].path.read_bytes()


def test_the_network_moves_the_mouth_and_nothing_else(service: LipsyncService, tmp_path: Path) -> None:
    result = service.generate(text="Mama.", language="en", output=tmp_path / "a.mp4")
    pictures = np.stack(decoded(result.path)).astype(int)
    moved = pictures.max(0) - pictures.min(0)
    upper = slice(0, result.height // 4)
    assert moved.max() > 30
    assert moved[upper].max() <= 6  # what the codec does to a still picture


def test_the_setting_puppet_loads_no_network(settings: Settings, checkpoint: Path) -> None:
    service = LipsyncService(small(settings, checkpoint=checkpoint, engine="puppet"))
    service.load(ahead=False)
    assert service.status()["engine"] == "puppet"
    with pytest.raises(LipsyncError) as refused:
        service.generate(text="Mama.", language="en", engine="wav2lip")
    assert refused.value.code == "no_wav2lip"


@pytest.mark.parametrize("what", WRONGS)
@pytest.mark.parametrize("engine", ["auto", "wav2lip"])
def test_a_wrong_file_is_named_and_the_puppet_serves(
    settings: Settings, tmp_path: Path, what: str, engine: str
) -> None:
    path = tmp_path / "wav2lip.pth"
    path.write_bytes(WRONGS[what])
    service = LipsyncService(small(settings, checkpoint=path, engine=engine))
    service.load(ahead=False)
    status = service.status()
    assert status["engine"] == "puppet"
    sentence = str(status["wav2lip"])
    assert "wav2lip.pth" in sentence
    assert sentence.count(".") <= 4
    assert "Traceback" not in sentence
    result = service.generate(text="Mama.", language="en", output=tmp_path / "a.mp4")
    assert result.engine == "puppet"
    with pytest.raises(LipsyncError) as refused:
        service.generate(text="Mama.", language="en", engine="wav2lip")
    assert refused.value.code == "no_wav2lip"


def test_without_a_checkpoint_the_wish_for_one_is_answered(settings: Settings, tmp_path: Path) -> None:
    empty = tmp_path / "checkpoints"
    empty.mkdir()
    service = LipsyncService(small(settings, checkpoints=empty, engine="wav2lip"))
    service.load(ahead=False)
    assert "LIPSYNC_CHECKPOINT" in str(service.status()["wav2lip"])
    assert service.status()["engine"] == "puppet"


def test_an_unknown_engine_is_a_wrong_field(service: LipsyncService) -> None:
    with pytest.raises(LipsyncError) as refused:
        service.generate(text="Mama.", language="en", engine="sadtalker")
    assert refused.value.code == "bad_field"
    assert "wav2lip" in refused.value.message("ru")


def test_the_frame_of_silence_is_the_portrait(service: LipsyncService, tmp_path: Path) -> None:
    """The quarter of a second before the voice begins shows the picture as it came."""
    result = service.generate(text="Mama.", language="en", output=tmp_path / "a.mp4")
    prepared, _ = service._portraits.get(avatar("hopper").path.read_bytes())
    still = frame_of(prepared.portrait.picture)
    first = decoded(result.path)[0].astype(int)
    # A grey picture is the brightness stretched from 16-235 to 0-255.
    expected = np.clip((still.y.astype(int) - 16) * 255 / 219, 0, 255)
    assert np.abs(first - expected).mean() < 2
