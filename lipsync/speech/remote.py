"""A voice on another machine: the house's own API, or an OpenAI-compatible ``/v1/audio/speech``.

Its time is bounded, what it answers is checked, and when it fails five times in a row it is left alone for a minute.
The key goes to the configured machine only and is in no message and no log; of the address only the host is named.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from lipsync.errors import LipsyncError
from lipsync.outgoing.address import read_address
from lipsync.outgoing.failures import Broken, Encoded, Failed, Private, Refused, TooLarge
from lipsync.outgoing.request import Answer, ask
from lipsync.settings import Settings
from lipsync.speech.circuit import Circuit
from lipsync.speech.languages import LANGUAGES, resolve_language
from lipsync.speech.pieces import speak_pieces
from lipsync.speech.remote_answer import NO_SOUND, heard, most_bytes
from lipsync.speech.types import PLAIN, Speech, Style, VoiceInfo

log = logging.getLogger(__name__)

RATE = 24000
"""Samples a second of every piece, whatever the other machine sends."""
VOICE = "remote"
BACKOFF = (0.3, 0.9)
"""Seconds before the first and the second of the retries."""

_OPENAI_PATH = "/audio/speech"
_LABELS = {"en": "Remote voice", "ru": "Голос с другого сервера"}


def remote_voice(
    settings: Settings, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
) -> RemoteVoice:
    """The engine of the settings ``remote_*``. ``clock`` and ``sleep`` are for tests.

    Raises LipsyncError: missing_part (no address is set), remote_address, unknown_language.
    """
    return RemoteVoice(settings, clock=clock, sleep=sleep)


class RemoteVoice:
    """A remote voice as a Voice: ``remote``."""

    name = "remote"
    styles: frozenset[str] = frozenset()  # many a server takes a speed and does not heed it

    def __init__(self, settings: Settings, *, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        if not settings.remote_url:
            raise LipsyncError("missing_part", part="LIPSYNC_REMOTE_URL", remedy="LIPSYNC_REMOTE_URL=https://…")
        self._settings, self._clock, self._sleep = settings, clock, sleep
        self._address = settings.remote_url
        try:
            self._host = read_address(self._address).host
        except ValueError as error:
            raise LipsyncError("remote_address") from error
        if settings.remote_form == "openai" and not self._address.rstrip("/").endswith(_OPENAI_PATH):
            self._address = self._address.rstrip("/") + _OPENAI_PATH
        named = [one for one in settings.remote_languages.replace(",", " ").split() if one]
        codes = [resolve_language(one).code for one in named]
        self._languages = tuple(codes or (language.code for language in LANGUAGES))
        self._circuit = Circuit(clock)

    def voices(self) -> list[VoiceInfo]:
        """The one voice."""
        return [VoiceInfo(VOICE, self.name, self._languages, dict(_LABELS))]

    def speaks(self, language: str, voice: str | None = None) -> bool:
        """Whether the language is one of ``remote_languages`` and the voice is this one or none.

        While the circuit is open it still says so: the chain is to hear why it does not speak.
        """
        return language in self._languages and voice in (None, VOICE)

    def fingerprint(self, language: str, voice: str | None = None) -> str:  # noqa: ARG002 - there is but one
        """A hash of what is asked for, and where: what the machine behind the address does nobody knows."""
        asked = self._settings
        facts = (self._address, asked.remote_form, asked.remote_model, asked.remote_voice)
        return hashlib.sha256(repr(facts).encode()).hexdigest()

    def speak(self, text: str, language: str, voice: str | None = None, style: Style = PLAIN) -> Iterator[Speech]:  # noqa: ARG002 - the chain changes the sound
        """One Speech for each sentence, 24000 samples a second, each asked for when it is needed.

        Raises LipsyncError at once for an ``unknown_language`` or an ``unknown_voice``; while speaking remote_slow,
        remote_unreachable, remote_refused, remote_private, remote_not_sound, remote_resting, nothing_to_say.
        """
        code = resolve_language(language).code
        if code not in self._languages:
            raise LipsyncError("unknown_language", language=code, known=", ".join(self._languages))
        if voice not in (None, VOICE):
            raise LipsyncError("unknown_voice", voice=str(voice)[:40], known=VOICE)
        return speak_pieces(text, code, VOICE, RATE, lambda sentence: self._say(sentence, code))

    def _say(self, sentence: str, language: str) -> NDArray[np.float32]:
        rest = self._circuit.wait()
        if rest > 0:
            raise LipsyncError("remote_resting", host=self._host, seconds=round(rest) or 1)
        try:
            answer = self._asked(sentence, language)
            samples = heard(answer.body, sentence, RATE, self._host, is_framed=answer.is_framed)
        except Exception as error:
            self._circuit.failed()
            if isinstance(error, LipsyncError):
                log.warning("the remote voice failed: %s", error)
            raise
        self._circuit.succeeded()
        return samples

    def _asked(self, sentence: str, language: str) -> Answer:
        """The answer, after two more tries where they may help, all within the time limit."""
        end = self._clock() + self._settings.remote_seconds
        body = json.dumps(self._question(sentence, language)).encode()
        for pause in (*BACKOFF, None):
            answer: Answer | None = None
            try:
                answer = self._posted(body, sentence, end)
                if answer.status == 200:
                    return answer
                failure = LipsyncError("remote_refused", host=self._host, status=answer.status)
            except Broken as error:
                failure = LipsyncError("remote_unreachable", host=self._host, reason=str(error))
            except Failed as error:
                raise _said(error, most_bytes(sentence)) from error
            if (answer is not None and answer.status < 500) or pause is None or self._clock() + pause >= end:
                break
            log.info("the remote voice is asked again: %s", failure)
            self._sleep(pause)
        raise failure

    def _posted(self, body: bytes, sentence: str, end: float) -> Answer:
        left = end - self._clock()
        if left <= 0:
            raise LipsyncError("remote_slow", host=self._host)
        return ask(
            "POST",
            self._address,
            headers={"Content-Type": "application/json", "Accept": "audio/*"},
            secret=self._secret(),
            body=body,
            most_bytes=most_bytes(sentence),
            seconds=left,
            allow_private=self._settings.remote_allow_private,
            clock=self._clock,
        )

    def _question(self, sentence: str, language: str) -> dict[str, str]:
        asked = self._settings
        if asked.remote_form == "house":
            return {"text": sentence, "lang": language}
        return {
            "model": asked.remote_model,
            "input": sentence,
            "voice": asked.remote_voice,
            "response_format": "mp3",
        }

    def _secret(self) -> dict[str, str]:
        """The header with the key, where there is one."""
        if self._settings.remote_key is None:
            return {}
        key = self._settings.remote_key.get_secret_value()
        if self._settings.remote_key_header:
            return {self._settings.remote_key_header: key}
        return {"Authorization": f"Bearer {key}"} if self._settings.remote_form == "openai" else {"X-API-Key": key}


def _said(failure: Failed, most: int) -> LipsyncError:
    """What another try would not change, as a person is told it."""
    if isinstance(failure, Private):
        return LipsyncError("remote_private", host=failure.host)
    if isinstance(failure, Refused):
        return LipsyncError("remote_refused", host=failure.host, status=failure.status)
    if isinstance(failure, TooLarge):
        what = {"en": f"more than {most} bytes", "ru": f"больше {most} байт"}
        return LipsyncError("remote_not_sound", host=failure.host, what=what)
    if isinstance(failure, Encoded):
        return LipsyncError("remote_not_sound", host=failure.host, what=NO_SOUND)
    return LipsyncError("remote_slow", host=failure.host)
