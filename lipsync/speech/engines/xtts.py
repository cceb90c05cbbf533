"""XTTS v2 on this machine: 17 languages, built-in speakers and cloned voices. Needs the extra ``xtts``.

A piece is one sentence, split further where it exceeds the input of XTTS (400 tokens, and coqui's limit of characters
for the language). It is synthesized with ``inference_stream``, which decodes the sound from the hidden states of the
generation; ``inference`` would run the GPT over the whole sentence a second time for them. A piece is still returned
as a whole: its phones can only be aligned with all of its text.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lipsync import messages
from lipsync.errors import LipsyncError
from lipsync.runtime.installation import needs_extra
from lipsync.runtime.threads import available_cores, torch_threads
from lipsync.speech.cloning.store import ClonedVoiceStore
from lipsync.speech.engines.coqui import missing_package
from lipsync.speech.engines.xtts_files import ModelConfig, XttsFiles, find_files, read_config, speaker_sex
from lipsync.speech.engines.xtts_model import Latents, XttsModel, latents_fit, load_model, sampled_checksum
from lipsync.speech.errors import CloningError, SpeechFailedError, UnknownVoiceError
from lipsync.speech.types import PLAIN, Speech, Style, VoiceInfo
from lipsync.text.errors import NothingToSayError, UnknownLanguageError
from lipsync.text.languages import LANGUAGES, resolve_language
from lipsync.text.split import split_sentences, split_to_fit
from lipsync.weights.state_dict import read_torch_file

if TYPE_CHECKING:
    from lipsync.settings import Settings

log = logging.getLogger(__name__)

PREFIX = "xtts:"
"""Prefix of the names of voices of this engine."""
SAMPLE_RATE = 22050
"""Sample rate in Hz of recordings for cloning."""

_MAX_TOKENS = 400
"""Maximum tokens of one input: XTTS has 402 positions, of which two are start and end."""
_MAX_CHARACTERS = 250
"""Maximum characters of one input in a language for which coqui has no limit."""
_STREAM_CHUNK_TOKENS = 0
"""Audio tokens per chunk of ``inference_stream``; 0 decodes everything at the end."""
_SEEDS = (0, 1, 2)
"""Seeds of the sampling, fixed so that the same request gives the same sound; each next one is a retry after
babble."""
_MAX_EXTRA_S, _MAX_S_PER_CHARACTER = 3.0, 0.25
"""Maximum seconds of sound, constant and per character; more is babble. Speech has 0.05 to 0.1 s per character."""
_EMBEDDING_S = 30.0
"""Seconds per speaker embedding; the embeddings of a longer recording are averaged."""


def xtts_voice(settings: Settings) -> XttsVoice:
    """Create the engine without loading it. Raises InstallationError, or WeightsError (files, licence,
    config.json)."""
    missing = missing_package()
    if missing is not None:
        raise needs_extra(missing, "xtts")
    files = find_files(settings)
    return XttsVoice(files, read_config(files.config), ClonedVoiceStore(settings.cloned_voices))


@dataclass(frozen=True)
class _Speaker:
    """A speaker with its latents."""

    name: str
    latents: Latents


class XttsVoice:
    """XTTS as a Voice. One sentence at a time: the network is not thread-safe."""

    name = "xtts"
    styles = frozenset({"speed"})

    def __init__(self, files: XttsFiles, config: ModelConfig, cloned: ClonedVoiceStore) -> None:
        self.files, self._config, self.cloned = files, config, cloned
        self._model: XttsModel | None = None
        self._built_in_names: tuple[str, ...] | None = None
        self._checksums: Mapping[str, str] = {}
        self._loading = threading.Lock()
        self._alone = threading.Lock()

    def load(self) -> None:
        """Load the network once; takes seconds and 2 GB. Raises what :func:`load_model` raises."""
        self._require_model()

    def _require_model(self) -> XttsModel:
        with self._loading:
            if self._model is None:
                self._model = load_model(self.files)
                self._built_in_names = tuple(self._model.speakers)
            return self._model

    # ---- available voices

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the languages that both XTTS and LANGUAGES have."""
        codes = {code.split("-")[0] for code in self._config.languages}
        return tuple(language.code for language in LANGUAGES if language.code in codes)

    def voices(self) -> list[VoiceInfo]:
        """The first built-in speaker (the default, not a person's own voice), cloned voices, the other built-in
        speakers."""
        built_in = [self._info(name, name, speaker_sex(name)) for name in self._speaker_names()]
        cloned = [self._info(voice.name, f"{voice.name} ★", voice.sex) for voice in self.cloned.list()]
        return [*built_in[:1], *cloned, *built_in[1:]]

    def _info(self, name: str, label: str, sex: str) -> VoiceInfo:
        return VoiceInfo(PREFIX + name, self.name, self.languages, dict.fromkeys(messages.LANGUAGES, label), sex)

    def speaks(self, language: str, voice: str | None = None) -> bool:
        """Whether XTTS speaks the language of this code and has the voice, named ``Name`` or ``xtts:Name``."""
        return language in self.languages and (voice is None or self._find_speaker(voice) is not None)

    def fingerprint(self, language: str, voice: str | None = None) -> str:  # noqa: ARG002 - as every engine's
        """Hash of the weights, the latents of the voice and the seeds; empty if a file cannot be read."""
        speaker = (
            self._find_speaker(voice) if voice else (None, self._speaker_names()[0] if self._speaker_names() else "")
        )
        try:
            if not self._checksums:
                self._checksums = {
                    "weights": sampled_checksum(self.files.weights),
                    "rest": sampled_checksum(self.files.speakers) + sampled_checksum(self.files.vocabulary),
                    "config": self._config.model_dump_json(),
                }
            latents_key = "" if speaker is None or speaker[0] is None else self.cloned.get(speaker[0]).key
        except LipsyncError:
            return ""
        if speaker is None:
            return ""
        parts = [*self._checksums.values(), str(speaker[1]), latents_key, str(_SEEDS), "1"]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def _speaker_names(self) -> tuple[str, ...]:
        """Names of the built-in speakers; empty if their file cannot be read, which :meth:`load` reports."""
        with self._loading:
            if self._built_in_names is None:
                try:
                    stored = read_torch_file(self.files.speakers, what="XTTS")
                except LipsyncError as error:
                    log.warning("the speakers of XTTS cannot be read: %s", error)
                    stored = {}
                self._built_in_names = (
                    tuple(name for name in stored if isinstance(name, str)) if isinstance(stored, dict) else ()
                )
            return self._built_in_names

    def _find_speaker(self, voice: str) -> tuple[str | None, str | None] | None:
        """(name of the cloned voice, None), (None, name of the built-in speaker), or None if there is neither."""
        name = voice.removeprefix(PREFIX).strip()
        if self.cloned.has(name):
            return name, None
        matches = (known for known in self._speaker_names() if known.casefold() == name.casefold())
        built_in = next(matches, None)
        return None if built_in is None else (None, built_in)

    def _load_speaker(self, voice: str | None, model: XttsModel) -> _Speaker:
        import torch  # noqa: PLC0415 - an extra, and heavy

        speaker = (None, next(iter(model.speakers))) if voice is None else self._find_speaker(voice)
        if speaker is None:
            raise UnknownVoiceError("unknown_voice", voice=str(voice)[:40], known=", ".join(model.speakers))
        if speaker[0] is None:
            name = str(speaker[1])
            return _Speaker(PREFIX + name, model.speakers[name])
        stored = self.cloned.get(speaker[0])
        latents = Latents(torch.from_numpy(stored.style), torch.from_numpy(stored.speaker))
        if stored.model != model.fingerprint or not latents_fit(latents, self._config):
            raise CloningError("voice_damaged", voice=stored.name)
        return _Speaker(PREFIX + stored.name, latents)

    # ---- speaking

    def speak(self, text: str, language: str, voice: str | None = None, style: Style = PLAIN) -> Iterator[Speech]:
        """Speak ``text``: one Speech per sentence, without phones, deterministically.

        Raises UnknownLanguageError, UnknownVoiceError or CloningError (damaged voice) at once; SpeechFailedError or
        NothingToSayError while speaking. Out-of-memory errors are torch's own; the chain handles them.
        """
        code = resolve_language(language).code
        if code not in self.languages:
            raise UnknownLanguageError("unknown_language", language=code, known=", ".join(self.languages))
        model = self._require_model()
        speaker = self._load_speaker(voice, model)
        return self._pieces(text, code, model, speaker, style)

    def _pieces(self, text: str, code: str, model: XttsModel, speaker: _Speaker, style: Style) -> Iterator[Speech]:
        xtts_code = next(known for known in self._config.languages if known.split("-")[0] == code)
        fits = partial(self._fits, model, xtts_code)
        is_empty = True
        for sentence in split_sentences(text, code):
            for part in split_to_fit(sentence, fits):
                samples = self._synthesize(part, xtts_code, model, speaker.latents, style.speed)
                is_empty = False
                rate = self._config.model_args.output_sample_rate
                yield Speech(samples, rate, text=part, language=code, voice=speaker.name)
        if is_empty:
            raise NothingToSayError("nothing_to_say")

    def _fits(self, model: XttsModel, language: str, text: str) -> bool:
        """Whether the text fits into one input of XTTS."""
        tokenizer = model.network.tokenizer
        max_characters = tokenizer.char_limits.get(language.split("-", maxsplit=1)[0], _MAX_CHARACTERS)
        max_tokens = min(_MAX_TOKENS, self._config.model_args.gpt_max_text_tokens - 2)
        return len(text) <= max_characters and len(tokenizer.encode(text.strip().lower(), lang=language)) < max_tokens

    def _synthesize(
        self, text: str, language: str, model: XttsModel, latents: Latents, speed: float
    ) -> NDArray[np.float32]:
        """(n,) float32 samples of one input; the shortest of a few attempts if XTTS continues after the end of the
        text."""
        max_samples = (
            (_MAX_EXTRA_S + _MAX_S_PER_CHARACTER * len(text))
            / min(speed, 1.0)
            * self._config.model_args.output_sample_rate
        )
        attempts = []
        for seed in _SEEDS:
            attempts.append(self._generate(text, language, model, latents, speed, seed))
            if len(attempts[-1]) <= max_samples:
                break
            log.info("XTTS babbled: %d characters in %d samples", len(text), len(attempts[-1]))
        best = min(attempts, key=len)
        if not len(best) or not np.isfinite(best).all():
            raise SpeechFailedError("speech_failed")
        return np.clip(best, -1, 1)

    def _generate(
        self, text: str, language: str, model: XttsModel, latents: Latents, speed: float, seed: int
    ) -> NDArray[np.float32]:
        import torch  # noqa: PLC0415 - an extra, and heavy

        config, devices = self._config, [model.device] if model.device != "cpu" else []
        # The global random state of other users of torch is not changed.
        with self._alone, torch_threads(_threads()), torch.random.fork_rng(devices):
            torch.manual_seed(seed)
            chunks = [
                chunk.detach().float().cpu()
                for chunk in model.network.inference_stream(
                    text,
                    language,
                    latents.style,
                    latents.speaker,
                    stream_chunk_size=_STREAM_CHUNK_TOKENS,
                    speed=speed,
                    temperature=config.temperature,
                    length_penalty=config.length_penalty,
                    repetition_penalty=config.repetition_penalty,
                    top_k=config.top_k,
                    top_p=config.top_p,
                )
            ]
        return np.array(torch.cat(chunks).numpy(), np.float32) if chunks else np.zeros(0, np.float32)

    # ---- cloning

    def compute_speaker_latents(
        self, samples: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], str]:
        """Compute the latents of a voice from (n,) float32 ``samples`` in [-1, 1] at SAMPLE_RATE, 6 seconds or more.

        Returns the conditioning of the GPT (1, 32, width), computed from the first ``gpt_cond_len`` seconds as coqui
        does, the speaker embedding (1, width, 1), the mean over all seconds, and the fingerprint of the model.
        """
        import torch  # noqa: PLC0415 - an extra, and heavy

        model, config = self._require_model(), self._config
        sound = torch.from_numpy(np.ascontiguousarray(samples, np.float32))[None]
        step = round(_EMBEDDING_S * SAMPLE_RATE)
        with self._alone, torch_threads(_threads()), torch.inference_mode():
            style = model.network.get_gpt_cond_latents(
                sound, SAMPLE_RATE, length=config.gpt_cond_len, chunk_length=config.gpt_cond_chunk_len
            )
            # Equal parts: a short last part would weigh as much as thirty seconds.
            parts = torch.chunk(sound, max(1, round(sound.shape[1] / step)), dim=1)
            speakers = [model.network.get_speaker_embedding(part, SAMPLE_RATE) for part in parts]
            speaker = torch.stack(speakers).mean(dim=0)
            latents = style.float().cpu().numpy().copy(), speaker.float().cpu().numpy().copy()
        return *latents, model.fingerprint


def _threads() -> int:
    """Number of torch threads: half of the cores; rendering and encoding of the video take the others."""
    return max(1, available_cores() // 2)
