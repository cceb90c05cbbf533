"""Voices that people add: recordings are listened to, studied by XTTS once, and forgotten; what was learned stays."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lipsync.errors import LANGUAGES, LipsyncError
from lipsync.speech.cloned import ClonedVoice, ClonedVoices

if TYPE_CHECKING:
    from lipsync.speech.chain import VoiceChain
    from lipsync.speech.xtts import XttsVoice

log = logging.getLogger(__name__)

MOST_FILES = 20
"""Recordings of one voice."""


class Cloning:
    """Adding, listing and deleting voices. Safe for many threads; only adding needs XTTS."""

    def __init__(self, chain: VoiceChain, folder: Path) -> None:
        """``folder`` is where the voices are kept."""
        self._chain = chain
        self._kept = ClonedVoices(folder)

    def voices(self) -> list[ClonedVoice]:
        """The voices that were added, by name."""
        return self._kept.list()

    @property
    def problem(self) -> LipsyncError | None:
        """Why no voice can be added here: no_cloning; or None."""
        engine = self._chain.engine("xtts")
        if engine is None:
            why: LipsyncError | None = LipsyncError("missing_part", part="xtts", remedy="LIPSYNC_VOICES=xtts,…")
        else:
            why = engine.problem
        if why is None:
            return None
        return LipsyncError("no_cloning", reason={language: why.sentence(language) for language in LANGUAGES})

    def add(self, name: str, files: Sequence[bytes], *, confirmed: bool) -> ClonedVoice:
        """Add the voice that speaks in ``files``, sound files of any kind, 6 seconds to 10 minutes of speech in all.

        ``confirmed`` says that the person who adds it has said that they may use it; that is kept with the voice.
        Raises LipsyncError: not_confirmed, no_cloning, voice_name, voice_exists, too_many_voices, bad_field (too many
        files), what :func:`lipsync.speech.sample.read_sample` raises, and what loading XTTS raises.
        """
        from lipsync.speech.sample import read_sample  # noqa: PLC0415 - only where a voice is added

        if not confirmed:
            raise LipsyncError("not_confirmed")
        clean = self._kept.check_new(name)
        if len(files) > MOST_FILES:
            expected = {"en": f"at most {MOST_FILES} files", "ru": f"не больше {MOST_FILES} файлов"}
            raise LipsyncError("bad_field", field="sound", expected=expected)
        if self.problem is not None:
            raise self.problem
        sample = read_sample(files)
        xtts = self._xtts()
        style, speaker, model = xtts.study(sample.samples)
        added = self._kept.add(clean, style, speaker, model=model, seconds=sample.seconds, sex=sample.sex)
        log.info("a voice was added, of %.1f s of speech; its use was confirmed", added.seconds)
        return added

    def delete(self, name: str) -> None:
        """Forget a voice. Raises LipsyncError: unknown_voice, cannot_write."""
        self._kept.delete(name)
        log.info("a voice was deleted")

    def _xtts(self) -> XttsVoice:
        from lipsync.speech.xtts import XttsVoice  # noqa: PLC0415 - only where a voice is added

        engine = self._chain.engine("xtts")
        assert engine is not None
        assert isinstance(engine.voice, XttsVoice)
        return engine.voice
