"""The wheel is complete: installed without the repository, it serves from any directory."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.helpers.ports import free_port

ROOT = Path(__file__).parent.parent
TIMEOUT_S = 60
PYTHON = str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}")
"""The interpreter outside of the virtual environment, whose .pth files may name the repository."""
SOURCES_ONLY = (".po", "README.md")
"""Endings of files that the sources of the package have and a wheel need not have."""

pytestmark = [pytest.mark.slow, pytest.mark.system]


def tracked_files() -> list[str]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of the tracked files."""
    source = tmp_path_factory.mktemp("source")
    for name in tracked_files():
        if name.startswith("lipsync/") or "/" not in name:
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, source / name)
    wheels = tmp_path_factory.mktemp("wheels")
    pip(*("wheel", "--no-deps", "--no-build-isolation", "-w", str(wheels), str(source)))
    (built,) = wheels.glob("*.whl")
    return built


def pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def environment(wheel: Path, tmp_path: Path) -> dict[str, str]:
    """Variables with which Python finds the installed wheel and its dependencies, and not the repository."""
    installed = tmp_path / "installed"
    pip("install", "--no-deps", "--target", str(installed), str(wheel))
    dependencies = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LIPSYNC_", "PYTHON"))}
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join([str(installed), *dependencies]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LIPSYNC_WARM_UP": "0",
        "LIPSYNC_STATE": str(tmp_path / "state"),
        "LIPSYNC_OUTPUTS": str(tmp_path / "outputs"),
        "LIPSYNC_CACHE": str(tmp_path / "cache"),
    }


@contextmanager
def served(environment: dict[str, str], folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """``lipsync serve`` in ``folder``: the process, and the address."""
    port = free_port()
    variables = {**environment, "LIPSYNC_HOST": "127.0.0.1", "LIPSYNC_PORT": str(port)}
    log = folder / "server.log"
    with log.open("wb") as output:
        command = [PYTHON, "-m", "lipsync", "serve"]
        process = subprocess.Popen(command, cwd=folder, env=variables, stdout=output, stderr=output)
    try:
        address = f"http://127.0.0.1:{port}/"
        deadline = time.monotonic() + TIMEOUT_S
        while not is_answered(address):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield process, address
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def is_answered(address: str) -> bool:
    try:
        return get(address)[0] == 200
    except (urllib.error.URLError, ConnectionError):
        return False


def get(address: str) -> tuple[int, bytes]:
    with urllib.request.urlopen(address, timeout=TIMEOUT_S) as response:
        return response.status, response.read()


def test_the_wheel_has_every_file_of_the_package(wheel: Path) -> None:
    package = {name for name in tracked_files() if name.startswith("lipsync/") and not name.endswith(SOURCES_ONLY)}
    with zipfile.ZipFile(wheel) as archive:
        assert package - set(archive.namelist()) == set()


def test_the_installed_wheel_serves_from_any_directory(environment: dict[str, str], tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    command = [PYTHON, "-c", "import lipsync; print(lipsync.__file__)"]
    found = subprocess.run(command, cwd=elsewhere, env=environment, capture_output=True, text=True, check=True)
    assert Path(found.stdout.strip()) == tmp_path / "installed/lipsync/__init__.py"

    with served(environment, elsewhere) as (process, address):
        _, page = get(address)
        files = sorted(set(re.findall(r'(?:src|href)="([^"]*static/[^"]*)"', page.decode())))
        assert {Path(urllib.parse.urlsplit(name).path).suffix for name in files} >= {".js", ".css"}
        for name in files:
            status, content = get(urllib.parse.urljoin(address, name))
            assert (status, bool(content)) == (200, True), name
        status, health = get(f"{address}api/health")
        assert status == 200
        assert json.loads(health)["status"] in ("loading", "ready")
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT_S) == 0
