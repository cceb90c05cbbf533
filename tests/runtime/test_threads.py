"""The one place that decides on threads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lipsync.runtime.threads import ThreadPlan, available_cores, plan_threads


def test_two_cores_make_one_video_with_one_thread_a_stage() -> None:
    assert plan_threads(2) == ThreadPlan(opencv=1, blas=1, encoder=1, renders=1, torch=2)


@pytest.mark.parametrize(("cores", "renders"), [(1, 1), (3, 1), (4, 2), (16, 8), (192, 96)])
def test_one_video_for_each_two_cores(cores: int, renders: int) -> None:
    assert plan_threads(cores).renders == renders


def test_a_set_number_of_renders_is_kept() -> None:
    assert plan_threads(16, renders=1) == ThreadPlan(opencv=1, blas=1, encoder=4, renders=1, torch=16)
    assert plan_threads(2, renders=5) == ThreadPlan(opencv=1, blas=1, encoder=1, renders=5, torch=2)


@pytest.mark.parametrize("text", ["100000 100000", "50000 100000", "1 100000"])
def test_a_container_with_less_than_two_cores_has_one(tmp_path: Path, text: str) -> None:
    limit = tmp_path / "cpu.max"
    limit.write_text(text)
    assert available_cores(limit) == 1


def test_no_limit_is_no_limit(tmp_path: Path) -> None:
    limit = tmp_path / "cpu.max"
    limit.write_text("max 100000")
    assert available_cores(limit) == available_cores(tmp_path / "none") >= 1


def test_applying_a_plan_sets_opencv_and_blas() -> None:
    code = """
import cv2, numpy, threadpoolctl
from lipsync.runtime.threads import ThreadPlan, apply_threads
apply_threads(ThreadPlan(opencv=1, blas=1, encoder=1, renders=1, torch=2))
blas = [pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
print(cv2.getNumThreads(), max(blas, default=1))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["1", "1"]
