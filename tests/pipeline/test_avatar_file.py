"""An avatar named on one's own machine: by name or by path, and what is wrong with the path."""

from __future__ import annotations

from pathlib import Path

import pytest

from lipsync.errors import LipsyncError
from lipsync.pipeline.avatar_file import name_or_path, read_avatar
from lipsync.pipeline.request import VideoRequestFields
from lipsync.pipeline.service import LipsyncService
from lipsync.settings import Settings


@pytest.mark.parametrize("name", ["gauss", "nobody", "Анна"])
def test_a_name_stays_a_name(name: str) -> None:
    assert name_or_path(name) == name


@pytest.mark.parametrize("path", ["/me", "a/me", "me.jpg", "~", "~/me", "./gauss", "фото.png", ".."])
def test_what_looks_like_a_path_is_one(path: str) -> None:
    assert name_or_path(path) == Path(path)


def test_a_file_without_an_ending_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert name_or_path("portrait") == "portrait"
    (tmp_path / "portrait").write_bytes(b"x")
    assert name_or_path("portrait") == Path("portrait")
    assert read_avatar(Path("portrait"), 1.0) == b"x"


def test_each_fault_has_its_own_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "large.jpg").write_bytes(bytes(2000))
    (tmp_path / "locked.jpg").write_bytes(b"x")
    real = Path.open

    def opened(path: Path, *arguments: object) -> object:  # as root, all can be read
        if path.name == "locked.jpg":
            raise PermissionError(13, "Permission denied")
        return real(path, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "open", opened)
    for name, code in (
        ("~/missing.jpg", "file_missing"),
        ("~/large.jpg/x.jpg", "file_missing"),
        ("~", "file_is_folder"),
        ("~/locked.jpg", "file_forbidden"),
        ("~/large.jpg", "file_too_large"),
    ):
        with pytest.raises(LipsyncError) as caught:
            read_avatar(Path(name), 0.001)
        assert caught.value.code == code
        assert code == "file_too_large" or name in str(caught.value)


@pytest.mark.slow
def test_the_setting_is_read_alike(settings: Settings) -> None:
    for named, code in (("/no/such.jpg", "file_missing"), ("/", "file_is_folder"), ("nobody", "unknown_avatar")):
        service = LipsyncService(settings.model_copy(update={"avatar": named}))
        service.load(ahead=False)
        with pytest.raises(LipsyncError) as caught:
            service.parse(VideoRequestFields(text="Hello"))
        assert caught.value.code == code


@pytest.mark.slow
def test_a_web_request_has_no_paths(settings: Settings) -> None:
    service = LipsyncService(settings)
    service.load(ahead=False)
    for named in ("/etc/passwd", "../secret.jpg", "~/me.png"):
        with pytest.raises(LipsyncError) as caught:
            service.parse(VideoRequestFields(text="Hello", avatar=named))
        assert caught.value.code == "unknown_avatar"
