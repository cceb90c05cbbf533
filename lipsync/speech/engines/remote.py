"""A voice on another server: lipsync's own API, or an OpenAI-compatible ``/v1/audio/speech``.

Requests have a deadline, responses are validated, and after five failures in a row a circuit breaker pauses requests
for a minute. The key is sent to the configured server only and never logged; messages name only the host.
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
from lipsync.messages import Message
from lipsync.net.errors import (
    CompressedBody,
    ConnectionFailed,
    PrivateAddress,
    RequestFailed,
    TooLarge,
    TooManyRedirects,
)
from lipsync.net.http_client import HttpResponse, send
from lipsync.net.url import parse_url
from lipsync.runtime.circuit_breaker import CircuitBreaker
from lipsync.runtime.errors import InstallationError
from lipsync.settings import Settings
from lipsync.speech.engines.remote_response import NO_SOUND, decode_response, max_response_bytes
from lipsync.speech.errors import RemoteVoiceError, UnknownVoiceError
from lipsync.speech.segments import synthesize_by_sentence
from lipsync.speech.types import PLAIN, Speech, Style, VoiceInfo
from lipsync.text.errors import UnknownLanguageError
from lipsync.text.languages import LANGUAGES, resolve_language

log = logging.getLogger(__name__)

RATE = 24000
"""Sample rate in Hz of all pieces; responses are resampled to it."""
VOICE = "remote"
BACKOFF = (0.3, 0.9)
"""Seconds before the first and the second retry."""

_OPENAI_PATH = "/audio/speech"
_LABEL = Message("voice.remote")


def remote_voice(
    settings: Settings, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
) -> RemoteVoice:
    """Create the engine from the settings ``remote_*``. ``clock`` and ``sleep`` are replaced in tests.

    Raises InstallationError (no URL is set), RemoteVoiceError (invalid URL), UnknownLanguageError.
    """
    return RemoteVoice(settings, clock=clock, sleep=sleep)


class RemoteVoice:
    """The remote server as a Voice with the single voice ``remote``."""

    name = "remote"
    styles: frozenset[str] = frozenset()  # many servers accept a speed and ignore it

    def __init__(self, settings: Settings, *, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        if not settings.remote_url:
            raise InstallationError("missing_part", part="LIPSYNC_REMOTE_URL", remedy="LIPSYNC_REMOTE_URL=https://…")
        self._settings, self._clock, self._sleep = settings, clock, sleep
        self._address = settings.remote_url
        try:
            self._host = parse_url(self._address).host
        except ValueError as error:
            raise RemoteVoiceError("remote_address") from error
        if settings.remote_api == "openai" and not self._address.rstrip("/").endswith(_OPENAI_PATH):
            self._address = self._address.rstrip("/") + _OPENAI_PATH
        codes = [resolve_language(name).code for name in settings.remote_languages.replace(",", " ").split()]
        self._languages = tuple(codes or (language.code for language in LANGUAGES))
        self._circuit = CircuitBreaker(clock)

    def voices(self) -> list[VoiceInfo]:
        """The one voice."""
        return [VoiceInfo(VOICE, self.name, self._languages, _LABEL.texts())]

    def speaks(self, language: str, voice: str | None = None) -> bool:
        """Whether the language is one of ``remote_languages``, and the voice is ``remote`` or None.

        True also while the circuit breaker is open, so that the chain reports why the voice does not speak.
        """
        return language in self._languages and voice in (None, VOICE)

    def fingerprint(self, language: str, voice: str | None = None) -> str:  # noqa: ARG002 - there is only one
        """Hash of the URL, the API, the model and the voice; the version of the remote server is unknown."""
        settings = self._settings
        facts = (self._address, settings.remote_api, settings.remote_model, settings.remote_voice)
        return hashlib.sha256(repr(facts).encode()).hexdigest()

    def speak(self, text: str, language: str, voice: str | None = None, style: Style = PLAIN) -> Iterator[Speech]:  # noqa: ARG002 - the chain changes the sound
        """Speak ``text``: one Speech per sentence, at 24000 Hz, each requested lazily.

        Raises UnknownLanguageError or UnknownVoiceError at once; RemoteVoiceError or NothingToSayError while
        speaking.
        """
        code = resolve_language(language).code
        if code not in self._languages:
            raise UnknownLanguageError("unknown_language", language=code, known=", ".join(self._languages))
        if voice not in (None, VOICE):
            raise UnknownVoiceError("unknown_voice", voice=str(voice)[:40], known=VOICE)
        return synthesize_by_sentence(text, code, VOICE, RATE, lambda sentence: self._synthesize(sentence, code))

    def _synthesize(self, sentence: str, language: str) -> NDArray[np.float32]:
        pause_s = self._circuit.seconds_until_allowed()
        if pause_s > 0:
            raise RemoteVoiceError("remote_resting", host=self._host, seconds=round(pause_s) or 1)
        try:
            response = self._request_with_retries(sentence, language)
            samples = decode_response(response.body, sentence, RATE, self._host, is_framed=response.is_framed)
        except Exception as error:
            self._circuit.record_failure()
            if isinstance(error, LipsyncError):
                log.warning("the remote voice failed: %s", error)
            raise
        self._circuit.record_success()
        return samples

    def _request_with_retries(self, sentence: str, language: str) -> HttpResponse:
        """The successful response, after up to two retries within the deadline where they may help."""
        end = self._clock() + self._settings.remote_timeout_s
        body = json.dumps(self._request_fields(sentence, language)).encode()
        for pause in (*BACKOFF, None):
            response: HttpResponse | None = None
            try:
                response = self._post(body, sentence, end)
                if response.status == 200:
                    return response
                failure = RemoteVoiceError("remote_refused", host=self._host, status=response.status)
            except ConnectionFailed as error:
                failure = RemoteVoiceError("remote_unreachable", host=self._host, reason=str(error))
            except RequestFailed as error:
                raise _as_remote_error(error, max_response_bytes(sentence)) from error
            if (response is not None and response.status < 500) or pause is None or self._clock() + pause >= end:
                break
            log.info("retrying the remote voice: %s", failure)
            self._sleep(pause)
        raise failure

    def _post(self, body: bytes, sentence: str, end: float) -> HttpResponse:
        remaining_s = end - self._clock()
        if remaining_s <= 0:
            raise RemoteVoiceError("remote_slow", host=self._host)
        return send(
            "POST",
            self._address,
            headers={"Content-Type": "application/json", "Accept": "audio/*"},
            secret=self._auth_header(),
            body=body,
            max_bytes=max_response_bytes(sentence),
            timeout_s=remaining_s,
            allow_private=self._settings.remote_allow_private,
            clock=self._clock,
        )

    def _request_fields(self, sentence: str, language: str) -> dict[str, str]:
        settings = self._settings
        if settings.remote_api == "lipsync":
            return {"text": sentence, "lang": language}
        return {
            "model": settings.remote_model,
            "input": sentence,
            "voice": settings.remote_voice,
            "response_format": "mp3",
        }

    def _auth_header(self) -> dict[str, str]:
        """The header with the key; empty if no key is set."""
        if self._settings.remote_key is None:
            return {}
        key = self._settings.remote_key.get_secret_value()
        if self._settings.remote_key_header:
            return {self._settings.remote_key_header: key}
        return {"Authorization": f"Bearer {key}"} if self._settings.remote_api == "openai" else {"X-API-Key": key}


def _as_remote_error(failure: RequestFailed, max_bytes: int) -> LipsyncError:
    """The error for a failure that a retry would not change."""
    if isinstance(failure, PrivateAddress):
        return RemoteVoiceError("remote_private", host=failure.host)
    if isinstance(failure, TooManyRedirects):
        return RemoteVoiceError("remote_refused", host=failure.host, status=failure.status)
    if isinstance(failure, TooLarge):
        what = Message("sound.too_many_bytes", limit=max_bytes)
        return RemoteVoiceError("remote_not_sound", host=failure.host, what=what)
    if isinstance(failure, CompressedBody):
        return RemoteVoiceError("remote_not_sound", host=failure.host, what=NO_SOUND)
    return RemoteVoiceError("remote_slow", host=failure.host)
