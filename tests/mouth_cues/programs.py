"""Programs in place of Rhubarb."""

from __future__ import annotations

from pathlib import Path

ANSWER = (
    '{"metadata": {"soundFile": "x", "duration": 0.47}, "mouthCues": ['
    '{"start": 0.00, "end": 0.05, "value": "X"}, {"start": 0.05, "end": 0.47, "value": "D"}]}'
)


def program(folder: Path, script: str) -> Path:
    """An executable shell script."""
    path = folder / "rhubarb"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def answering(folder: Path, answer: str = ANSWER) -> Path:
    """A program that writes ``answer``, and its arguments and the first bytes of the sound into files beside it."""
    (folder / "answer.json").write_text(answer, encoding="utf-8")
    return program(
        folder,
        f'echo "$@" > "{folder}/arguments"\nfor last; do :; done\nhead -c 44 "$last" > "{folder}/sound"\n'
        f'cat "{folder}/answer.json"',
    )
