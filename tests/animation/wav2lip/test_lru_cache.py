"""The cache of faces and masks: its bound, its order, and many threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from lipsync.animation.wav2lip.lru_cache import LruCache


def test_the_least_recently_used_value_goes_first() -> None:
    cache = LruCache(0.0003)
    made: list[str] = []

    def ask(key: str) -> str:
        return cache.get(key, lambda: made.append(key) or key, lambda _: 100)  # type: ignore[func-returns-value]

    for key in "abcabdaabc":
        assert ask(key) == key
    assert "".join(made) == "abcdc"
    assert cache.nbytes == 300
    assert cache.get("huge", lambda: "x", lambda _: 301) == "x"
    assert cache.nbytes == 300


def test_only_missing_values_are_made() -> None:
    cache = LruCache(1)
    asked: list[list[int]] = []

    def make(positions: list[int]) -> list[int]:
        asked.append(positions)
        return [10 * position for position in positions]

    assert cache.get_many("ab", make, lambda _: 1) == [0, 10]
    assert cache.get_many("cab", make, lambda _: 1) == [0, 0, 10]
    assert asked == [[0, 1], [0]]


def test_many_threads_share_it() -> None:
    cache = LruCache(0.001)  # ten values of 100 bytes: each thread throws out what others have just stored

    def work(thread: int) -> bool:
        keys = [(thread * turn) % 23 for turn in range(1000)]
        return all(cache.get(key, lambda key=key: key, lambda _: 100) == key for key in keys)  # type: ignore[misc]

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(1, 9)))
    assert cache.nbytes == 1000
