"""The cache of prepared portraits on disk."""

from __future__ import annotations

import logging
import os
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lipsync.storage.cache import ArrayCache

KEY = "0123456789abcdef"


def arrays(value: int = 1, count: int = 1000) -> dict[str, NDArray[np.float32]]:
    return {"points": np.full((count, 3), value, np.float32), "one": np.float32(value)}


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    cache = ArrayCache(tmp_path / "deep" / "cache", 10)

    assert cache.load(KEY) is None
    assert cache.save(KEY, arrays())
    loaded = cache.load(KEY)

    assert loaded is not None
    assert loaded.keys() == arrays().keys()
    for name, array in arrays().items():
        np.testing.assert_array_equal(loaded[name], array)
        assert loaded[name].dtype == array.dtype
    assert [path.name for path in (tmp_path / "deep" / "cache").iterdir()] == [f"{KEY}.npz"]


def test_another_process_finds_it(tmp_path: Path) -> None:
    ArrayCache(tmp_path, 10).save(KEY, arrays())

    assert ArrayCache(tmp_path, 10).load(KEY) is not None


class _Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (os.mkdir, ("exploded",))


def _pickled(path: Path) -> None:
    np.savez(path, points=np.array([_Bomb()], dtype=object), allow_pickle=True)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3000])


def _flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


def _compressed(path: Path) -> None:
    np.savez_compressed(path, points=np.zeros(10_000_000, np.uint8))


@pytest.mark.parametrize(
    "damage",
    [
        _pickled,
        _cut,
        _flipped,
        _compressed,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"<html>"),
        lambda path: path.write_bytes(pickle.dumps(_Bomb())),
    ],
)
def test_a_damaged_entry_is_removed_and_named_in_the_log(
    tmp_path: Path, damage: object, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    cache = ArrayCache(tmp_path, 10)
    cache.save(KEY, arrays())
    damage(tmp_path / f"{KEY}.npz")  # type: ignore[operator]

    assert cache.load(KEY) is None
    assert "damaged" in caplog.text
    assert list(tmp_path.iterdir()) == []
    assert cache.save(KEY, arrays())
    assert cache.load(KEY) is not None


def test_the_longest_unused_goes_first(tmp_path: Path) -> None:
    cache = ArrayCache(tmp_path, 0.3)  # holds two of 120 kB
    for age, key in enumerate(("aa", "bb")):
        cache.save(key, arrays(count=10_000))
        os.utime(tmp_path / f"{key}.npz", (age, age))
    assert cache.load("aa") is not None  # and is used now
    cache.save("cc", arrays(count=10_000))

    assert sorted(path.stem for path in tmp_path.iterdir()) == ["aa", "cc"]


def test_an_entry_larger_than_the_limit_stays_until_the_next(tmp_path: Path) -> None:
    cache = ArrayCache(tmp_path, 0.01)
    for key in ("aa", "bb"):
        cache.save(key, arrays(count=10_000))

    assert [path.stem for path in tmp_path.iterdir()] == ["bb"]


def test_a_folder_that_cannot_be_written_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("not a folder")
    cache = ArrayCache(tmp_path / "file" / "cache", 10)

    with caplog.at_level(logging.WARNING):
        assert not cache.save(KEY, arrays())
    assert "cannot keep" in caplog.text


def test_an_unreadable_folder_counts_as_empty(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("not a folder")

    assert ArrayCache(tmp_path / "file" / "cache", 10).load(KEY) is None
    assert "damaged" in caplog.text


@pytest.mark.parametrize("key", ["", "../x", "a/b", "a.b", "a b"])
def test_a_key_is_no_path(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match="letters and digits"):
        ArrayCache(tmp_path, 10).load(key)


def test_many_threads_write_and_read_the_same_key(tmp_path: Path) -> None:
    def work(turn: int) -> None:
        cache = ArrayCache(tmp_path, 10)
        if turn % 2:
            cache.save(KEY, arrays())
        loaded = cache.load(KEY)
        if loaded is not None:
            np.testing.assert_array_equal(loaded["points"], arrays()["points"])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(80)))
    assert [path.name for path in tmp_path.iterdir()] == [f"{KEY}.npz"]


# ---- large files


def test_a_file_is_there_when_it_is_whole(tmp_path: Path) -> None:
    cache = ArrayCache(tmp_path, 10)
    with cache.new_file(KEY) as file:
        file.write(b"frames")
        assert cache.open_file(KEY) is None
    kept = cache.open_file(KEY)

    assert kept is not None
    with kept:
        assert kept.read() == b"frames"
    assert [path.name for path in tmp_path.iterdir()] == [f"{KEY}.raw"]
    cache.delete(KEY)
    assert cache.open_file(KEY) is None


def test_an_interrupted_file_leaves_nothing(tmp_path: Path) -> None:
    def interrupted() -> None:
        with ArrayCache(tmp_path, 10).new_file(KEY) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_files_and_arrays_share_one_limit(tmp_path: Path) -> None:
    cache = ArrayCache(tmp_path, 0.3)
    for age, key in enumerate(("aa", "bb")):
        with cache.new_file(key) as file:
            file.write(bytes(120_000))
        os.utime(tmp_path / f"{key}.raw", (age, age))
    used = cache.open_file("aa")  # and is used now
    assert used is not None
    used.close()
    cache.save("cc", arrays(count=10_000))

    assert sorted(path.name for path in tmp_path.iterdir()) == ["aa.raw", "cc.npz"]
    assert cache.max_file_bytes == 150_000


def test_a_file_in_a_folder_that_cannot_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("not a folder")
    cache = ArrayCache(tmp_path / "file" / "cache", 10)

    with cache.new_file(KEY) as file:
        file.write(b"frames")
        file.seek(0)
        assert file.read() == b"frames"
    assert "cannot keep" in caplog.text
    assert cache.open_file(KEY) is None
    assert "cannot be read" in caplog.text
