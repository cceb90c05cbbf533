"""Khronos' validator about the model of a portrait; tests/javascript tries it on the head that the package ships."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

pytestmark = [pytest.mark.slow, pytest.mark.system]


def test_khronos_validator_finds_nothing_wrong(hopper_file: bytes, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("GLB files are not validated: Node is missing (apt install nodejs npm)")
    if not (ROOT / "node_modules" / "gltf-validator").is_dir():
        pytest.skip("GLB files are not validated: the npm package gltf-validator is missing (npm ci)")
    (tmp_path / "hopper.glb").write_bytes(hopper_file)
    command = [node, ROOT / "tests/javascript/validate-glb.js", tmp_path / "hopper.glb"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
