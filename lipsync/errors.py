"""The errors that people see: each has a code and a message in every language.

Raise ``LipsyncError("code", fact=value)``. The message ``error.<code>`` of the catalogues (:mod:`lipsync.messages`)
is looked up when it is shown, because the language depends on the reader.
"""

from __future__ import annotations

from typing import Self

from lipsync.messages import DEFAULT_LANGUAGE, Message

SERVER_FAULTS = frozenset(
    (
        "address_foreign",
        "bad_motion",
        "cannot_listen",
        "cannot_write",
        "database_broken",
        "database_busy",
        "database_empty",
        "database_lost",
        "download_broke",
        "download_refused",
        "download_size",
        "failed_to_load",
        "hearing_broken_weights",
        "hearing_failed",
        "hearing_incomplete_weights",
        "hearing_no_weights",
        "hearing_not_installed",
        "hearing_slow",
        "internal",
        "job_crashed",
        "llm_broke_off",
        "llm_crashed",
        "llm_empty",
        "llm_no_model",
        "llm_refused",
        "llm_resting",
        "llm_slow",
        "llm_unreachable",
        "missing_part",
        "needs_torch",
        "no_checkpoint",
        "no_network",
        "not_in_archive",
        "not_in_index",
        "not_ready",
        "persona_file",
        "port_forbidden",
        "port_taken",
        "queue_full",
        "remote_address",
        "remote_not_sound",
        "remote_private",
        "remote_refused",
        "remote_resting",
        "remote_slow",
        "remote_unreachable",
        "rhubarb_failed",
        "rhubarb_missing",
        "rhubarb_output",
        "rhubarb_slow",
        "setting_misspelt",
        "setting_renamed",
        "setting_unknown",
        "speech_failed",
        "stopping",
        "tokens_unchecked",
        "too_many_streams",
        "too_many_talks",
        "too_many_uploads",
        "unprotected",
        "unsafe_address",
        "voice_babbles",
        "voice_broken",
        "voice_busy",
        "voice_damaged",
        "voice_failed",
        "voice_length",
        "voice_no_memory",
        "voice_silent",
        "voice_slow",
        "vram_full",
        "webhook_secret",
        "weights_cut",
        "weights_empty",
        "weights_folder",
        "weights_keys",
        "weights_missing",
        "weights_nan",
        "weights_other_network",
        "weights_page",
        "weights_pointer",
        "weights_shape",
        "weights_text",
        "weights_too_large",
        "weights_unreadable",
        "weights_unsafe",
        "xtts_config",
        "xtts_licence",
        "xtts_missing",
    )
)
"""Codes whose cause is this server, its installation or a machine that it needs, not the request: the log reports
them as errors, and the command line ends with exit code 1 instead of 2."""

_IN_VIDEO = frozenset({"no_face", "face_too_small", "face_turned", "mouth_covered"})
"""Codes with a second message, ``error.<code>_video``, for an avatar that is a video."""


class LipsyncError(Exception):
    """An error with a message for the person who caused it or who has to repair it.

    A fact that consists of words is a :class:`lipsync.messages.Message` too.

    >>> LipsyncError("empty_text").message("ru")
    'Текст пуст. Напишите, что должен сказать портрет.'
    """

    def __init__(self, code: str, /, **facts: object) -> None:
        self.code = code
        self.facts = facts
        super().__init__(self.message(DEFAULT_LANGUAGE))

    @property
    def description(self) -> Message:
        """The message and its facts, for any language; it can be a fact of another message."""
        in_video = self.facts.get("video") and self.code in _IN_VIDEO
        return Message(f"error.{self.code}{'_video' if in_video else ''}", **self.facts)

    def message(self, language: str) -> str:
        """What is wrong and what to do, in ``language`` (a code such as ``ru``)."""
        return self.description.text(language)

    def of_a_video(self) -> Self:
        """The same error, whose message speaks of a video instead of a picture."""
        return type(self)(self.code, **{**self.facts, "video": True})

    @property
    def is_server_fault(self) -> bool:
        """Whether the cause lies with the server, not with the request."""
        return self.code in SERVER_FAULTS


class InvalidFieldError(LipsyncError):
    """A field of a request, or a setting, has a value that is not accepted; the fact ``field`` names it."""


class InternalError(LipsyncError):
    """A fault of this server; the log has the details."""
