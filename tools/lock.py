"""``make lock``: writes the lock files anew from pyproject.toml, with uv (https://docs.astral.sh/uv/).

By default every package moves to its newest release that pyproject.toml allows. ``--keep`` keeps the locked releases
and changes only what pyproject.toml now asks for otherwise.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from tools.requirements import ROOT, TORCH_FILES, digest, lock_files, pinned, pyproject

PYTHON = "3.11"
"""The oldest Python that the files are resolved for; the markers in them serve newer ones too."""

TORCH = "2.13.0"
"""The release of PyTorch that the tests run with. To raise it, change CPU_WHEELS too."""

CPU_WHEELS = {
    "cp311 x86_64": "6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b",
    "cp312 x86_64": "4ca4a9394b0c771238a4f73590fdbbc4debad85ed0fa63d026ae1b085da7d6e2",
    "cp313 x86_64": "3fbf9c9d1f3c10c2d59d04aca426dee9ccc6ceb32d255c61e93acc3b4f75fae6",
    "cp314 x86_64": "d20fa53ee744502fa4c69818a720b05ca0d37abd055d4f6e66cae155114bc691",
    "cp311 aarch64": "84453b69508ec79902f899c5ed9495acb9e2bbe9fda5f1d5d6f19e3c3842e1a7",
    "cp312 aarch64": "6f307c2c32d764ffc6ff6893b801fad6d4752f3e67966cb8abf1843427c02604",
    "cp313 aarch64": "0b8f7d0423027ae8b90c7977c627f3379f325363a08224dffad9b4b2d684a83d",
    "cp314 aarch64": "ca021f9eb2f8345c83fa03e3a04587308afb8df71bd472670b3ece00df58621c",
}
"""SHA-256 of ``torch-2.13.0+cpu-…-manylinux_2_28_….whl`` on download.pytorch.org/whl/cpu, by Python and processor.

The first was computed from the file itself. The others are as public lock files state them (among them nixpkgs' list
of binary hashes for aarch64), because that index cannot be reached from where these files were made.
"""

ON_A_GPU = ("nvidia-*", "cuda-*", "triton")
"""Names of the packages that only PyTorch's CUDA build requires."""


def main(arguments: list[str] | None = None) -> int:
    """Write all lock files; the exit code."""
    parser = argparse.ArgumentParser(prog="make lock", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="keep the releases that are locked")
    keep = parser.parse_args(arguments).keep
    with tempfile.TemporaryDirectory() as folder:
        build, pytorch = Path(folder) / "build.txt", Path(folder) / "torch.txt"
        build.write_text("\n".join(pyproject()["build-system"]["requires"]))
        pytorch.write_text(f"torch=={TORCH}\n")
        everything = Path(folder) / "everything.txt"
        if keep:
            everything.write_text("".join(path.read_text("utf-8") for path in ROOT.glob("requirements*.txt")))
        everything.write_text(_compile(["pyproject.toml", str(build), "--all-extras"], everything, pytorch))
        gpu = sorted(name for name in pinned(everything.read_text("utf-8")) if _only_for_gpus(name))
        without_torch = [option for name in ("torch", *gpu) for option in ("--no-emit-package", name)]
        for name, extra in lock_files().items():
            source = ["pyproject.toml", str(build), *(["--extra", extra] if extra else []), *without_torch]
            what = f"the plain install and the extra {extra}, without PyTorch" if extra else "the plain install"
            text = _compile(source, Path(folder) / name, everything)
            _write(name, f"{what}. Requirements {digest(extra)}.", text)
        text = _compile([str(pytorch)], Path(folder) / "cuda.txt", everything)
        _write(TORCH_FILES["cuda"], "PyTorch for NVIDIA GPUs, from PyPI.", text)
        _write(
            TORCH_FILES["cpu"],
            "PyTorch for processors alone, to be installed with --no-deps beside another lock file.",
            _torch_for_processors(),
        )
    return 0


def _write(name: str, what: str, text: str) -> None:
    (ROOT / name).write_text(f"# Written by `make lock` from pyproject.toml: {what}\n{text}", "utf-8")


def _only_for_gpus(name: str) -> bool:
    return any(Path(name).match(pattern) for pattern in ON_A_GPU)


def _compile(source: list[str], target: Path, constraints: Path) -> str:
    """Resolve ``source`` for every platform and Python from PYTHON on; the text of a lock file with hashes.

    What ``target`` holds is kept where it still fits. Raises CalledProcessError.
    """
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes"]
    command += ["--python-version", PYTHON, "--no-header", "--no-annotate", "--constraints", str(constraints)]
    subprocess.run([*command, "--output-file", str(target), *source], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return target.read_text("utf-8")


def _torch_for_processors() -> str:
    """The text of PyTorch's lock file for processors: its own index for Linux, PyPI for macOS.

    Raises OSError (PyPI cannot be reached).
    """
    request = urllib.request.Request(
        "https://pypi.org/simple/torch/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        files = json.load(answer)["files"]
    prefix, suffix = f"torch-{TORCH}-", "_arm64.whl"
    mac = [file for file in files if file["filename"].startswith(prefix) and file["filename"].endswith(suffix)]
    hashes = [*CPU_WHEELS.values(), *(file["hashes"]["sha256"] for file in mac)]
    return (
        "--extra-index-url https://download.pytorch.org/whl/cpu\n"
        + " \\\n    ".join([f"torch=={TORCH}", *(f"--hash=sha256:{sha256}" for sha256 in hashes)])
        + "\n"
    )


if __name__ == "__main__":
    sys.exit(main())
