"""The rule of tests/conftest.py, tried on a folder of tests that skip in every way there is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent

WAYS = {
    "test_mark.py": '@pytest.mark.skipif(True, reason="because 1")\ndef test(): ...',
    "test_call.py": 'def test():\n    pytest.skip("because 2")',
    "test_fixture.py": '@pytest.fixture\ndef missing():\n    pytest.skip("because 3")\ndef test(missing): ...',
    "test_module.py": 'pytest.skip("because 4", allow_module_level=True)',
    "test_expected.py": '@pytest.mark.xfail(reason="known")\ndef test():\n    assert False',
    "test_good.py": "def test(): ...",
}


@pytest.mark.parametrize(("ci", "status"), [("1", 1), ("", 0)])
def test_a_skip_fails_in_ci(tmp_path: Path, ci: str, status: int) -> None:
    for name, body in WAYS.items():
        (tmp_path / name).write_text(f"import pytest\n{body}\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider\n")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "tests.conftest", "-c", tmp_path / "pytest.ini",
         "--continue-on-collection-errors", tmp_path],
        cwd=ROOT,
        env={**os.environ, "LIPSYNC_CI": ci},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    closing = run.stdout.splitlines()[-1]
    assert run.returncode == status, run.stdout
    assert "1 passed" in closing
    assert "1 xfailed" in closing
    if ci:
        assert "skipped" not in closing
        assert set(re.findall(r"because \d", run.stdout)) == {f"because {n}" for n in (1, 2, 3, 4)}
        assert sum(int(count) for count in re.findall(r"(\d+) (?:failed|errors?)", closing)) == 4
    else:
        assert "4 skipped" in closing
