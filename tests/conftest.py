"""What several tests share. Real components, small inputs."""

from __future__ import annotations

from pathlib import Path

import pytest

from lipsync.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings that touch nothing outside of the test's own folder."""
    return Settings(_env_file=None, outputs=tmp_path / "outputs", cache=tmp_path / "cache", warm_up=False)
