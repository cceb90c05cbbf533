"""Voice cloning: XTTS computes the latents of a voice from recordings once; only the latents are stored."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lipsync.errors import InvalidFieldError, LipsyncError
from lipsync.messages import Message
from lipsync.runtime.errors import InstallationError
from lipsync.speech.cloning.store import ClonedVoice, ClonedVoiceStore
from lipsync.speech.errors import CloningError

if TYPE_CHECKING:
    from lipsync.speech.chain import VoiceChain
    from lipsync.speech.engines.xtts import XttsVoice

log = logging.getLogger(__name__)

MAX_FILES = 20
"""Maximum number of recordings for one voice."""


class Cloning:
    """Adds, lists and deletes cloned voices. Thread-safe. Only adding needs XTTS."""

    def __init__(self, chain: VoiceChain, folder: Path) -> None:
        """``folder`` holds the stored voices."""
        self._chain = chain
        self._store = ClonedVoiceStore(folder)

    def voices(self) -> list[ClonedVoice]:
        """The stored voices by name."""
        return self._store.list()

    @property
    def problem(self) -> LipsyncError | None:
        """CloningError that says why voices cannot be added on this server, or None."""
        engine = self._chain.engine("xtts")
        if engine is None:
            cause: LipsyncError | None = InstallationError(
                "missing_part", part="xtts", remedy="LIPSYNC_VOICES=xtts,…"
            )
        else:
            cause = engine.problem
        if cause is None:
            return None
        return CloningError("no_cloning", reason=cause.description)

    def add(self, name: str, files: Sequence[bytes], *, confirmed: bool) -> ClonedVoice:
        """Add the voice of ``files``: sound files of any format, 6 seconds to 10 minutes of speech in total.

        ``confirmed`` states that the caller has confirmed the right to use the voice; this is stored with it.

        Raises CloningError (not confirmed, cloning unavailable, invalid or taken name, too many voices),
        InvalidFieldError (too many files), what :func:`lipsync.speech.cloning.recording.load_reference` raises, and
        what loading XTTS raises.
        """
        from lipsync.speech.cloning.recording import load_reference  # noqa: PLC0415 - only needed to add a voice

        if not confirmed:
            raise CloningError("not_confirmed")
        clean = self._store.check_new(name)
        if len(files) > MAX_FILES:
            expected = Message("field.sound_files", limit=MAX_FILES)
            raise InvalidFieldError("bad_field", field="sound", expected=expected)
        if self.problem is not None:
            raise self.problem
        reference = load_reference(files)
        xtts = self._xtts()
        style, speaker, model = xtts.compute_speaker_latents(reference.samples)
        voice = self._store.add(clean, style, speaker, model=model, seconds=reference.seconds, sex=reference.sex)
        log.info("a voice was added from %.1f s of speech; its use was confirmed", voice.seconds)
        return voice

    def delete(self, name: str) -> None:
        """Delete a voice. Raises UnknownVoiceError or StorageError."""
        self._store.delete(name)
        log.info("a voice was deleted")

    def _xtts(self) -> XttsVoice:
        from lipsync.speech.engines.xtts import XttsVoice  # noqa: PLC0415 - only needed to add a voice

        engine = self._chain.engine("xtts")
        assert engine is not None
        assert isinstance(engine.voice, XttsVoice)
        return engine.voice
