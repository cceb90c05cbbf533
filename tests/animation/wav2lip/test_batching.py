"""Many threads share one network: who gets what, in which order, and what happens when something goes wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from threading import Event, Thread

import numpy as np
import pytest
from numpy.typing import NDArray

from lipsync.animation.wav2lip.batching import Drawer

Floats = NDArray[np.float32]


class Adder:
    """Draws, of a face that is a number, that number plus the mel's first value; and notes each batch."""

    size, first_row, batch = 4, 2, 4

    def __init__(self) -> None:
        self.batches: list[list[float]] = []
        self.may_draw = Event()
        self.may_draw.set()
        self.drawing = Event()
        self.problem: Exception | None = None

    def prepare(self, face: NDArray[np.uint8]) -> int:
        if face.ndim != 3:
            raise ValueError("not a face")
        return int(face[0, 0, 0])

    def prepare_many(self, faces: Sequence[NDArray[np.uint8]]) -> list[int]:
        return [self.prepare(face) for face in faces]

    def draw(self, faces: Sequence[int], mels: Floats) -> Floats:
        self.drawing.set()
        assert self.may_draw.wait(20)
        self.batches.append([float(mel[0, 0]) for mel in mels])
        if self.problem is not None:
            raise self.problem
        values = np.array([face + mel[0, 0] for face, mel in zip(faces, mels, strict=True)], np.float32)
        return np.broadcast_to(values[:, None, None, None], (len(mels), 2, 4, 3))


def mels(*values: float) -> Floats:
    return np.broadcast_to(np.array(values, np.float32)[:, None, None], (len(values), 80, 16))


@contextmanager
def drawing(network: Adder, *, workers: int = 1, waiting: int = 64) -> Iterator[Drawer[int]]:
    drawer: Drawer[int] = Drawer(network, workers=workers, waiting=waiting)
    try:
        yield drawer
    finally:
        network.may_draw.set()
        drawer.close()


@contextmanager
def held(network: Adder, drawer: Drawer[int]) -> Iterator[None]:
    """While a first frame is being drawn, which takes as long as this lasts, others can be asked for."""
    network.may_draw.clear()
    network.drawing.clear()
    first = drawer.submit(0, mels(-1))
    assert network.drawing.wait(20)
    yield
    network.may_draw.set()
    first.result(20)


@pytest.fixture
def askers() -> Iterator[list[ThreadPoolExecutor]]:
    """Three threads of their own."""
    with ExitStack() as stack:
        yield [stack.enter_context(ThreadPoolExecutor(1)) for _ in range(3)]


def asked_by(asker: ThreadPoolExecutor, drawer: Drawer[int], *values: float) -> Future[Floats]:
    """That thread's request to draw these, made; not its result."""
    return asker.submit(drawer.submit, 0, mels(*values)).result(20)


def drawn(future: Future[Floats]) -> list[float]:
    rows = future.result(20)
    assert rows.shape[1:] == (2, 4, 3)
    assert (rows == rows[:, :1, :1, :1]).all()
    return [float(row[0, 0, 0]) for row in rows]


@pytest.mark.parametrize("workers", [1, 3])
def test_each_gets_its_own_in_order(workers: int) -> None:
    with drawing(Adder(), workers=workers) as drawer, ThreadPoolExecutor(8) as pool:
        face = drawer.prepare(np.full((4, 4, 3), 100, np.uint8))

        def ask(start: int) -> list[float]:
            parts = [drawer.submit(face, mels(*range(start + part, start + part + 7))) for part in (0, 7, 14)]
            return [value for part in parts for value in drawn(part)]

        for start, values in zip(range(0, 8000, 1000), pool.map(ask, range(0, 8000, 1000)), strict=True):
            assert values == [100 + start + k for k in range(21)]


def test_each_frame_may_have_its_own_face() -> None:
    with drawing(Adder()) as drawer:
        faces = drawer.prepare_many([np.full((4, 4, 3), value, np.uint8) for value in (10, 20, 30)])
        assert drawn(drawer.submit(faces, mels(1, 2, 3))) == [11, 22, 33]
        with pytest.raises(ValueError, match="3 faces for 2 mels"):
            drawer.submit(faces, mels(1, 2))
        assert drawn(drawer.submit(faces[0], mels())) == []


def test_batches_are_shared_and_full(askers: list[ThreadPoolExecutor]) -> None:
    network = Adder()
    with drawing(network) as drawer:
        with held(network, drawer):
            asked = [asked_by(asker, drawer, *(10 * k + i for i in range(3))) for k, asker in enumerate(askers, 1)]
        for k, future in enumerate(asked, 1):
            assert drawn(future) == [10 * k, 10 * k + 1, 10 * k + 2]
    assert list(map(len, network.batches)) == [1, 4, 4, 1]
    assert {int(value // 10) for value in network.batches[1]} == {1, 2, 3}  # each thread has a share of the next


def test_who_asks_for_much_does_not_hold_up_the_others(askers: list[ThreadPoolExecutor]) -> None:
    network = Adder()
    with drawing(network) as drawer:
        with held(network, drawer):
            much = asked_by(askers[0], drawer, *range(100, 140))
            little = asked_by(askers[1], drawer, 1, 2)
        assert drawn(little) == [1, 2]
        assert drawn(much) == list(range(100, 140))
    assert {1.0, 2.0} <= set(network.batches[1])


def test_who_asks_too_fast_is_held_back() -> None:
    network = Adder()
    with drawing(network, waiting=6) as drawer:
        asked: list[Future[Floats]] = []

        def ask() -> None:
            asked.extend(drawer.submit(0, mels(*range(4))) for _ in range(5))

        network.may_draw.clear()
        thread = Thread(target=ask)
        thread.start()
        assert network.drawing.wait(20)
        thread.join(0.2)
        assert len(asked) < 5
        network.may_draw.set()
        thread.join(20)
        assert [drawn(future) for future in asked] == [[0, 1, 2, 3]] * 5


def test_an_error_reaches_all_who_wait_and_the_next_is_tried_anew(askers: list[ThreadPoolExecutor]) -> None:
    network = Adder()
    network.problem = RuntimeError("out of memory")
    network.may_draw.clear()
    with drawing(network) as drawer:
        asked = [asked_by(asker, drawer, *range(9)) for asker in askers]
        network.may_draw.set()
        for future in asked:
            with pytest.raises(RuntimeError, match="out of memory"):
                future.result(20)
        network.problem = None
        assert drawn(drawer.submit(0, mels(5))) == [5]


def test_an_error_of_preparing_reaches_who_asked() -> None:
    with drawing(Adder()) as drawer:
        with pytest.raises(ValueError, match="not a face"):
            drawer.prepare(np.zeros(3, np.uint8))
        assert drawn(drawer.submit(0, mels(5))) == [5]


def test_who_cancels_leaves(askers: list[ThreadPoolExecutor]) -> None:
    network = Adder()
    with drawing(network) as drawer:
        with held(network, drawer):
            gone = asked_by(askers[0], drawer, *range(100, 150))
            stays = asked_by(askers[1], drawer, 1, 2, 3)
            assert gone.cancel()
        assert drawn(stays) == [1, 2, 3]
    assert all(value < 100 for batch in network.batches for value in batch)


def test_cancelled_while_it_is_drawn() -> None:
    network = Adder()
    with drawing(network) as drawer:
        network.may_draw.clear()
        gone = drawer.submit(0, mels(*range(100, 120)))
        assert network.drawing.wait(20)
        assert gone.cancel()
        network.may_draw.set()
        assert drawn(drawer.submit(0, mels(7))) == [7]
    assert sum(map(len, network.batches)) == 5  # the batch under way, and the other's


def test_closing_leaves_nobody_waiting() -> None:
    network = Adder()
    with drawing(network) as drawer:
        with held(network, drawer):
            asked = drawer.submit(0, mels(1, 2))
            closing = Thread(target=drawer.close)
            closing.start()
            with pytest.raises(CancelledError):
                asked.result(20)
        closing.join(20)
        with pytest.raises(RuntimeError, match="closed"):
            drawer.submit(0, mels(1))
        with pytest.raises(RuntimeError, match="closed"):
            drawer.prepare(np.zeros((4, 4, 3), np.uint8))
