"""The transcribers of this process, made of the settings. Their models load when they are first needed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lipsync.hearing.types import Transcript
from lipsync.hearing.whisper import WhisperTranscriber
from lipsync.settings import Settings

FAST_ENGLISH = "tiny.en"
"""Whisper's model for English alone: on short utterances as good as base (WER 0.070 and 0.059, 50 utterances by
voices), in half of the time."""


def file_transcriber(settings: Settings) -> WhisperTranscriber:
    """The transcriber of LIPSYNC_WHISPER_MODEL, one for the process, for recordings, where accuracy counts."""
    return _whisper(settings.whisper_model, settings.checkpoints)


def conversation_transcriber(settings: Settings) -> WhisperTranscriber | TranscriberByLanguage:
    """The transcriber of a conversation, where speed counts: English by tiny.en, if LIPSYNC_WHISPER_FAST_ENGLISH and
    its weights are there, all else by :func:`file_transcriber`."""
    general = file_transcriber(settings)
    if not settings.whisper_fast_english or settings.whisper_model == FAST_ENGLISH:
        return general
    return TranscriberByLanguage(general, {"en": _whisper(FAST_ENGLISH, settings.checkpoints)})


def load_conversation_transcriber(settings: Settings, language: str) -> None:
    """Load the model that hears ``language``, a code, in conversations: 1 to 4 s, which the first question would
    wait. Raises HearingError."""
    transcriber = conversation_transcriber(settings)
    if isinstance(transcriber, TranscriberByLanguage):
        transcriber = transcriber.choose(language)
    transcriber.load()


def unload_transcribers() -> None:
    """Free the memory of all models; they load again when they are needed."""
    for transcriber in _transcribers:
        transcriber.unload()


class TranscriberByLanguage:
    """Asks a special transcriber for the languages that have one, if it can work, and the general one for others."""

    def __init__(self, general: WhisperTranscriber, special: dict[str, WhisperTranscriber]) -> None:
        self.name = general.name
        self._general, self._special = general, special

    def transcribe(
        self,
        samples: NDArray[np.float32],
        language: str | None = None,
        *,
        timestamps: bool = False,
        threads: int | None = None,
    ) -> Transcript:
        """See Transcriber."""
        return self.choose(language).transcribe(samples, language, timestamps=timestamps, threads=threads)

    def health_check(self) -> bool:
        """Whether any of them can work."""
        return self._general.health_check() or any(one.health_check() for one in self._special.values())

    def choose(self, language: str | None) -> WhisperTranscriber:
        """The transcriber of ``language``, a code; None: it is to be detected."""
        special = self._special.get(language or "")
        return special if special is not None and special.health_check() else self._general


_transcribers: list[WhisperTranscriber] = []
"""All that :func:`_whisper` has returned."""


@cache
def _whisper(model: str, checkpoints: Path) -> WhisperTranscriber:
    transcriber = WhisperTranscriber(model, checkpoints)
    _transcribers.append(transcriber)
    return transcriber
