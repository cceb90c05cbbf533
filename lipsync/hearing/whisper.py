"""Speech recognition by Whisper, with faster-whisper and CTranslate2.

faster-whisper pads every sound to 30 s. A question of 2 s is recognized three to four times faster when its window is
10 s (0.38 instead of 1.40 s with base on two cores of an EPYC 7xx3), with the same words; a window of 5 s makes the
model repeat itself. So the encoder and the decoder are called here, below faster-whisper's public interface. Only
where times of words are asked for, its own ``transcribe`` is used, in windows of 30 s.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lipsync.hearing.errors import HearingError
from lipsync.hearing.hallucinations import cut_repeats, is_invented
from lipsync.hearing.types import RATE, TranscribedSegment, TranscribedWord, Transcript
from lipsync.hearing.voiced_parts import Piece, cut_at_pauses, voice_probabilities
from lipsync.hearing.whisper_weights import find_weights, is_installed, load_model
from lipsync.runtime.logs import HAS_NO_TEXT
from lipsync.runtime.threads import available_cores
from lipsync.text.languages import LANGUAGES

log = logging.getLogger(__name__)

WINDOWS_S = ((8.5, 10), (13.5, 15), (28.5, 30))
"""Seconds of sound up to which a window of so many seconds is used: at least 1 s of silence must follow. Of a
recording of 10 s a quarter of the words was wrong in a window of 10 s, and a twelfth in one of 15 s."""
MAX_PIECE_S = WINDOWS_S[-1][0]
"""Maximum seconds of sound that are recognized at once."""
_TOKENS_PER_S, _MIN_TOKENS = 8, 16
"""Maximum tokens of a piece: so many for each second, and so many besides. Speech has 3 to 6 a second."""
_MAX_LENGTH = 448
"""Size of the decoder's context. CTranslate2 generates at most half of its ``max_length``."""
_BEAMS = {"ru": 5}
"""Beam size by language, 1 for others. Russian, base: WER 0.143 with 5 and 0.175 with 1, for 0.16 s more."""
_MAX_NO_SPEECH = 0.6
"""Probability of no speech above which a text is dropped: 0.74 to 0.90 on silence and noise, below 0.1 for natural
speech, up to 0.5 for espeak."""
_MAX_THREADS = 4
"""Maximum threads of the processor for one recognition."""
_DETECTION_PIECES = 4
"""The language is detected from the longest of so many first pieces: a short one says little."""
_DEFAULT_LANGUAGE = "en"
_CODES = frozenset(language.code for language in LANGUAGES)


class WhisperTranscriber:
    """A Transcriber whose weights are loaded when they are first needed. Thread-safe; calls wait for each other.

    CTranslate2 fixes the number of threads when it loads a model. So the model is loaded once for each number of
    threads that is asked for: all cores, and one (129 MB more with base) for calls while frames are drawn.
    """

    def __init__(self, model: str, checkpoints: Path) -> None:
        """``model``: a size such as ``base``, or the path of a folder; ``checkpoints``: the folder of all weights."""
        self.name = f"whisper-{Path(model).name.removeprefix('faster-').removeprefix('whisper-')}"
        self._model, self._checkpoints = model, checkpoints
        self._models: dict[int, Any] = {}
        self._loading = threading.Lock()

    def transcribe(
        self,
        samples: NDArray[np.float32],
        language: str | None = None,
        *,
        timestamps: bool = False,
        threads: int | None = None,
    ) -> Transcript:
        """See Transcriber. A sound without a voice has an empty text."""
        parts = self.stream(samples, language, timestamps=timestamps, threads=threads)
        return join_parts(parts, language, len(samples) / RATE)

    def stream(
        self,
        samples: NDArray[np.float32],
        language: str | None = None,
        *,
        timestamps: bool = False,
        threads: int | None = None,
    ) -> Iterator[Transcript]:
        """As :meth:`transcribe`, in parts of up to 28 s of sound, cut in pauses; times are those of the whole sound.

        A part in which nothing was said is left out. Raises HearingError.
        """
        probabilities = voice_probabilities(samples)
        pieces = cut_at_pauses(probabilities, len(samples), round(MAX_PIECE_S * RATE))
        if not pieces:
            self.require_weights()
            return
        model = self._require_model(threads)
        if language not in (None, _DEFAULT_LANGUAGE) and not model.model.is_multilingual:
            raise HearingError("hearing_language", model=self.name, language=language)
        try:
            if language is None:
                longest = max(pieces[:_DETECTION_PIECES], key=lambda piece: piece.voiced)
                language = _detect_language(model, samples[longest.start : longest.end])
            for piece in pieces:
                sound = samples[piece.start : piece.end]
                segments = (
                    _recognize_with_times(model, sound, language)
                    if timestamps
                    else [_recognize(model, sound, language)]
                )
                if segments := _keep_spoken(segments, piece):
                    text = " ".join(segment.text for segment in segments)
                    yield Transcript(text, language, len(sound) / RATE, tuple(segments))
        except (RuntimeError, ValueError) as error:
            log.exception("Whisper failed", extra=HAS_NO_TEXT)
            raise HearingError("hearing_failed", reason=type(error).__name__) from error

    def load(self, threads: int | None = None) -> None:
        """Load the model, about 1 s, so that the first recognition does not wait for it. Raises HearingError."""
        self._require_model(threads)

    def unload(self) -> None:
        """Free the memory of the model, which the next call loads again. Running calls end undisturbed."""
        with self._loading:
            self._models.clear()

    def require_weights(self) -> None:
        """Raise HearingError where the weights or the packages are missing."""
        if not self._models:
            find_weights(self._model, self._checkpoints)

    def health_check(self) -> bool:
        """Whether the packages and the weights are there."""
        try:
            self.require_weights()
        except HearingError:
            return False
        return is_installed()

    def _require_model(self, threads: int | None) -> Any:
        count = max(1, min(threads or _MAX_THREADS, available_cores(), _MAX_THREADS))
        with self._loading:
            if count not in self._models:
                on_gpu = next((model for model in self._models.values() if model.model.device == "cuda"), None)
                self._models[count] = on_gpu or load_model(find_weights(self._model, self._checkpoints), count)
            return self._models[count]


def join_parts(parts: Iterable[Transcript], language: str | None, duration: float) -> Transcript:
    """The ``parts`` that :meth:`WhisperTranscriber.stream` gives for a sound of ``duration`` seconds, as one.

    Without parts the language is ``language``, or English where it was to be detected.
    """
    found = language or _DEFAULT_LANGUAGE
    segments: list[TranscribedSegment] = []
    for part in parts:
        found = part.language
        segments += part.segments
    text = " ".join(segment.text for segment in segments)
    return Transcript(text, found, duration, tuple(segments))


def _window_s(seconds: float) -> int:
    """Seconds of the window for so many seconds of sound."""
    return next((window for limit, window in WINDOWS_S if seconds <= limit), WINDOWS_S[-1][1])


def _encode(model: Any, sound: NDArray[np.float32]) -> Any:
    """The encoder's output for the sound, followed by silence to the end of a window.

    Padding the spectrogram instead of the samples, as faster-whisper does, gives twice as many wrong words.
    """
    window_s = _window_s(len(sound) / RATE)
    padded = np.pad(sound, (0, max(0, window_s * RATE - len(sound))))
    return model.encode(np.ascontiguousarray(model.feature_extractor(padded)[:, : 100 * window_s]))


def _detect_language(model: Any, sound: NDArray[np.float32]) -> str:
    """The most probable one of our languages."""
    if not model.model.is_multilingual:
        return _DEFAULT_LANGUAGE
    encoded = _encode(model, sound)
    probabilities = {token[2:-2]: probability for token, probability in model.model.detect_language(encoded)[0]}
    return max(_CODES, key=lambda code: (probabilities.get(code, 0.0), code))


def _tokenizer(model: Any, language: str) -> Any:
    from faster_whisper.tokenizer import Tokenizer  # noqa: PLC0415 - an extra

    return Tokenizer(model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=language)


def _recognize(model: Any, sound: NDArray[np.float32], language: str) -> TranscribedSegment:
    """The text of the sound, without times."""
    tokenizer = _tokenizer(model, language)
    duration = len(sound) / RATE
    max_tokens = round(_TOKENS_PER_S * duration) + _MIN_TOKENS
    result = model.model.generate(
        _encode(model, sound),
        [[*tokenizer.sot_sequence, tokenizer.no_timestamps]],
        beam_size=_BEAMS.get(language, 1),
        max_length=min(_MAX_LENGTH, 2 * max_tokens),
        return_scores=True,
        return_no_speech_prob=True,
    )[0]
    tokens = result.sequences_ids[0]
    return TranscribedSegment(
        cut_repeats(tokenizer.decode(tokens).strip()),
        0.0,
        duration,
        no_speech_probability=result.no_speech_prob,
        average_log_probability=result.scores[0] * len(tokens) / (len(tokens) + 1),
    )


def _recognize_with_times(model: Any, sound: NDArray[np.float32], language: str) -> list[TranscribedSegment]:
    """The phrases of the sound and their words, with times from its start."""
    found, _ = model.transcribe(
        sound,
        language=language,
        beam_size=_BEAMS.get(language, 1),
        temperature=0.0,
        condition_on_previous_text=False,
        word_timestamps=True,
    )
    return [
        TranscribedSegment(
            cut_repeats(segment.text.strip()),
            float(segment.start),
            float(segment.end),
            tuple(
                TranscribedWord(word.word.strip(), float(word.start), float(word.end)) for word in segment.words or ()
            ),
            segment.no_speech_prob,
            segment.avg_logprob,
        )
        for segment in found
    ]


def _keep_spoken(segments: Sequence[TranscribedSegment], piece: Piece) -> list[TranscribedSegment]:
    """The segments without those that nobody said, with the times of the whole sound."""
    offset, duration = piece.start / RATE, (piece.end - piece.start) / RATE
    kept = []
    for segment in segments:
        if (
            not any(character.isalnum() for character in segment.text)
            or segment.no_speech_probability > _MAX_NO_SPEECH
            or is_invented(segment.text, piece.voiced / RATE)
        ):
            continue
        words = tuple(
            replace(word, start=offset + min(word.start, duration), end=offset + min(word.end, duration))
            for word in segment.words[: len(segment.text.split())]
        )
        start, end = offset + min(segment.start, duration), offset + min(segment.end, duration)
        kept.append(replace(segment, start=start, end=end, words=words))
    return kept
