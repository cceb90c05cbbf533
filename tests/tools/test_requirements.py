"""The lock files hold what pyproject.toml requires, all of it with hashes, and agree with one another."""

from __future__ import annotations

import re
import sys
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tools import installed, requirements
from tools.lock import CPU_WHEELS, TORCH
from tools.requirements import NEEDS_TORCH, ROOT, TORCH_FILES, digest, lock_files, pinned, required

FILES = [*lock_files(), *TORCH_FILES.values()]


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


@pytest.mark.parametrize(("name", "extra"), lock_files().items())
def test_a_lock_file_is_what_pyproject_asks_for(name: str, extra: str | None) -> None:
    stated = re.search(r"Requirements ([0-9a-f]{16})\.$", text(name), re.MULTILINE)
    assert stated is not None
    assert stated[1] == digest(extra), "pyproject.toml has changed: run make lock ARGS=--keep"
    pins = pinned(text(name))
    for requirement in map(Requirement, required(extra)):
        package = canonicalize_name(requirement.name)
        if package == "torch":
            assert requirement.specifier.contains(TORCH)
            assert package not in pins
            continue
        for line in pins[package]:
            locked = next(iter(Requirement(line).specifier)).version
            assert requirement.specifier.contains(locked), f"{line}: run make lock ARGS=--keep"


@pytest.mark.parametrize("name", FILES)
def test_every_pin_has_a_hash(name: str) -> None:
    entries = re.split(r"^(?=[a-z0-9])", text(name), flags=re.MULTILINE)[1:]
    assert len(entries) == sum(map(len, pinned(text(name)).values()))
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_lock_files_can_be_combined() -> None:
    """A package that stands in several files is the same release in all of them."""
    together: dict[str, set[tuple[str, ...]]] = {}
    for name in FILES:
        for package, lines in pinned(text(name)).items():
            releases = tuple(sorted(line.split(";")[0].strip() for line in lines))
            together.setdefault(package, set()).add(releases)
    assert {package: releases for package, releases in together.items() if len(releases) > 1} == {}


def test_a_change_of_pyproject_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {extra: digest(extra) for extra in lock_files().values()}
    changed = tomllib.loads(text("pyproject.toml"))
    changed["project"]["optional-dependencies"]["redis"].append("hiredis>=3,<4")
    monkeypatch.setattr(requirements, "pyproject", lambda: changed)
    assert {extra for extra in before if digest(extra) != before[extra]} == {"redis", "dev"}


def test_an_extra_that_names_others_requires_what_they_require() -> None:
    assert set(required("wav2lip")) < set(required("xtts")) < set(required("dev"))
    assert not any(line.startswith("lipsync-server") for line in required("dev"))


def test_pytorch_is_locked_apart_for_each_kind_of_machine() -> None:
    cpu, cuda = text(TORCH_FILES["cpu"]), text(TORCH_FILES["cuda"])
    assert list(pinned(cpu)) == ["torch"]
    assert set(re.findall(r"sha256:([0-9a-f]{64})", cpu)) >= set(CPU_WHEELS.values())
    assert any(name.startswith("nvidia-") for name in pinned(cuda))
    extras = {extra for extra in lock_files().values() if extra and "torch" in " ".join(required(extra))}
    assert extras == NEEDS_TORCH
    for extra in NEEDS_TORCH:
        named = pinned(text(requirements.lock_file(extra)))
        assert not [name for name in named if name.startswith(("nvidia-", "cuda-", "triton"))]
        assert "sympy" in named, "PyTorch is installed without looking for what it requires"


def test_differences_are_told() -> None:
    have = {"flask": "3.1.3", "six": "1.17.0", "pip": "23.2.1"}
    assert installed.differences(have, {"flask": "3.1.3", "six": "1.17.0"}) == []
    assert installed.differences(have, {"flask": "3.1.2", "av": "18.1.0"}) == [
        "av: not installed, and 18.1.0 in the lock file",
        "flask: 3.1.3, and 3.1.2 in the lock file",
        "six: 1.17.0, and not in the lock file",
    ]


def test_the_lock_file_asks_for_what_fits_this_python() -> None:
    """NumPy has another release for Python 3.12 and newer: one of the two is asked for."""
    chosen = installed.locked(None)["numpy"]
    assert len(pinned(text("requirements.txt"))["numpy"]) == 2
    assert (Version(chosen) >= Version("2.5")) == (sys.version_info >= (3, 12))
