"""What several tests share. Real components, small inputs."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Generator, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import hypothesis
import pytest

from lipsync.runtime.threads import apply_threads, available_cores, plan_threads
from lipsync.settings import Settings

# No test measures time: on a busy machine an example may take long, and to generate one, too.
hypothesis.settings.register_profile("busy", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("busy")

os.environ.setdefault("LIPSYNC_VOICES", "espeak")
"""Of every test that names no others, and of the servers they start: what is installed here besides is no matter."""

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that starts the tests in the background lets them ignore it, and with them every process they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


SLOW_FIXTURES = {"real_service", "tiny_xtts"}
"""What uses these loads networks and makes whole videos."""


LONG_MARKS = ("slow", "browser", "system")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is slow by its fixtures, for ``make test-fast``, and put the files with the most of it first.

    ``make test`` gives whole files to its processes: one that begins a long file last keeps the others waiting.
    """
    long: Counter[Path] = Counter()
    for item in items:
        if SLOW_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker("slow")
        long[item.path] += any(item.get_closest_marker(mark) for mark in LONG_MARKS)
    items.sort(key=lambda item: long[item.path] == 0)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings that touch nothing outside of the test's own folder."""
    return Settings(
        _env_file=None,
        outputs=tmp_path / "outputs",
        cache=tmp_path / "cache",
        cloned_voices=tmp_path / "voices",
        state=tmp_path / "state",
        rate_limit="",
        warm_up=False,
    )


@pytest.fixture(scope="session", autouse=True)
def _threads_as_served() -> None:
    """NumPy's BLAS and OpenCV have the threads that the product gives them, whichever test comes first: with another
    number, sums are rounded otherwise."""
    apply_threads(plan_threads(available_cores()))


@pytest.fixture(autouse=True)
def _applications_end(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test's application does beside its requests ends with the test."""
    from lipsync.server import app  # noqa: PLC0415 - only where it is wanted
    from lipsync.server.components import Components  # noqa: PLC0415

    made: list[Components] = []

    def noted(*parts: Any) -> Components:
        made.append(Components(*parts))
        return made[-1]

    monkeypatch.setattr(app, "Components", noted)
    yield
    for parts in made:
        parts.close()


@pytest.fixture(scope="session")
def tiny_xtts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of weights with an XTTS of random weights in it, its licence accepted. Not to be changed."""
    from lipsync.speech.engines.coqui import missing_package  # noqa: PLC0415 - only where it is wanted

    absent = missing_package()
    if absent is not None:
        pytest.skip(f"XTTS is not tried: {absent} is missing (make install EXTRAS=xtts)")
    from tests.speech.engines.xtts_tiny import make_xtts  # noqa: PLC0415 - needs coqui-tts

    folder = tmp_path_factory.mktemp("weights")
    make_xtts(folder / "xtts")
    return folder


@pytest.fixture(scope="session")
def tiny_whisper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of weights with two made-up models of Whisper, whisper-base, which detects Ukrainian, and
    whisper-tiny.en. Not to be changed."""
    if find_spec("faster_whisper") is None:
        pytest.skip("faster-whisper is not installed (make install EXTRAS=conversation)")
    from tests.hearing.tiny_whisper import make_whisper  # noqa: PLC0415 - only where it is wanted

    folder = tmp_path_factory.mktemp("whisper")
    make_whisper(folder / "whisper-base", language="uk")
    make_whisper(folder / "whisper-tiny.en", multilingual=False)
    return folder


# With LIPSYNC_CI=1 a test that is skipped fails: what CI does not run, nobody may take for passed.


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _never_skipped((yield))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if report.failed and find_spec("torch") is None and "No module named 'torch'" in str(report.longrepr):
        # An extra, which not every Python has wheels of: a file that is about it says what it misses.
        report.outcome = "skipped"
        report.longrepr = (str(collector.path), 1, "Skipped: PyTorch is not installed (make install EXTRAS=wav2lip)")
    return _never_skipped(report)


def _never_skipped(report: Report) -> Report:
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("LIPSYNC_CI") == "1":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"With LIPSYNC_CI=1 nothing may be skipped. {reason}"
    return report
