"""XTTS v2 on this machine: 17 languages, the voices that came along, and cloned ones. Needs the extra ``xtts``.

A sentence is a piece, cut further where XTTS could not take it at once (at most 400 tokens; best within coqui's own
limit of characters for the language). It is made with ``inference_stream``, which takes the sound from the states
that generation has just computed; ``inference`` would run the GPT over the whole sentence a second time for them.
A piece is given whole all the same: its phones can only be aligned with all of its text.
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

from lipsync.errors import LipsyncError
from lipsync.installation import needs_extra
from lipsync.models.state_dict import read_torch_file
from lipsync.speech.cloned import ClonedVoices
from lipsync.speech.coqui import missing_package
from lipsync.speech.languages import LANGUAGES, resolve_language
from lipsync.speech.text import sentences
from lipsync.speech.types import PLAIN, Speech, Style, VoiceInfo
from lipsync.speech.xtts_files import Config, Files, find_files, read_config
from lipsync.speech.xtts_model import Latents, XttsModel, fits, load_model, quick_sum
from lipsync.speech.xtts_speakers import sex_of
from lipsync.speech.xtts_text import portions
from lipsync.threads import available_cores, torch_threads

if TYPE_CHECKING:
    from lipsync.settings import Settings

log = logging.getLogger(__name__)

PREFIX = "xtts:"
"""Before a voice's name, where it is not clear whose voice is meant."""
SAMPLE_RATE = 22050
"""Samples a second of a voice that is to be cloned."""

_TOKENS = 400
"""What XTTS reads at once; its positions are 402, of which two are the ends."""
_CHARACTERS = 250
"""Of a language for which coqui names no limit."""
_CHUNK = 0
"""Tokens after which a part of a sentence's sound would be made: 0 makes all at the end."""
_SEEDS = (0, 1, 2)
"""Of the sampling: the same request gives the same sound. The others are for when the first babbles."""
_ROOM, _SLOWEST = 3.0, 0.25
"""Seconds, and seconds a character, beyond which it has babbled: speech has 0.05 to 0.1 a character."""
_EMBEDDED = 30.0
"""Seconds that are embedded at once; a longer sample is averaged."""


def xtts_voice(settings: Settings) -> XttsVoice:
    """The engine, not loaded yet. Raises LipsyncError: missing_part, xtts_missing, xtts_licence, xtts_config."""
    absent = missing_package()
    if absent is not None:
        raise needs_extra(absent, "xtts")
    files = find_files(settings)
    return XttsVoice(files, read_config(files.config), ClonedVoices(settings.cloned_voices))


@dataclass(frozen=True)
class _Chosen:
    """A voice that speaks."""

    name: str
    latents: Latents


class XttsVoice:
    """XTTS as a Voice. One sentence at a time: its network is not made for several threads."""

    name = "xtts"
    styles = frozenset({"speed"})

    def __init__(self, files: Files, config: Config, cloned: ClonedVoices) -> None:
        self.files, self._config, self.cloned = files, config, cloned
        self._model: XttsModel | None = None
        self._names: tuple[str, ...] | None = None
        self._sums: Mapping[str, str] = {}
        self._loading = threading.Lock()
        self._alone = threading.Lock()

    def load(self) -> None:
        """Load the network, once: seconds, and 2 GB. Raises what :func:`load_model` raises."""
        self._loaded()

    def _loaded(self) -> XttsModel:
        with self._loading:
            if self._model is None:
                self._model = load_model(self.files)
                self._names = tuple(self._model.speakers)
            return self._model

    # ---- which voices there are

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the languages that it speaks and that the rest of lipsync knows."""
        spoken = {code.split("-")[0] for code in self._config.languages}
        return tuple(one.code for one in LANGUAGES if one.code in spoken)

    def voices(self) -> list[VoiceInfo]:
        """The first that came along, for it is nobody's own; cloned ones; the others that came along."""
        came = [self._info(name, name, sex_of(name)) for name in self._speaker_names()]
        own = [self._info(one.name, f"{one.name} ★", one.sex) for one in self.cloned.list()]
        return [*came[:1], *own, *came[1:]]

    def _info(self, name: str, label: str, sex: str) -> VoiceInfo:
        return VoiceInfo(PREFIX + name, self.name, self.languages, {"en": label, "ru": label}, sex)

    def speaks(self, language: str, voice: str | None = None) -> bool:
        """Whether XTTS speaks the language of this code, and has the voice: ``Name`` or ``xtts:Name``."""
        return language in self.languages and (voice is None or self._place(voice) is not None)

    def fingerprint(self, language: str, voice: str | None = None) -> str:  # noqa: ARG002 - as every engine's
        """Of the weights, the voice's latents and the seed; empty when they cannot be told."""
        place = self._place(voice) if voice else (None, self._speaker_names()[0] if self._speaker_names() else "")
        try:
            if not self._sums:
                self._sums = {
                    "weights": quick_sum(self.files.weights),
                    "rest": quick_sum(self.files.speakers) + quick_sum(self.files.vocabulary),
                    "config": self._config.model_dump_json(),
                }
            sample = "" if place is None or place[0] is None else self.cloned.get(place[0]).key
        except LipsyncError:
            return ""
        if place is None:
            return ""
        parts = [*self._sums.values(), str(place[1]), sample, str(_SEEDS), "1"]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def _speaker_names(self) -> tuple[str, ...]:
        """The voices that came along; none when their file cannot be read, which :meth:`load` will say."""
        with self._loading:
            if self._names is None:
                try:
                    stored = read_torch_file(self.files.speakers, what="XTTS")
                except LipsyncError as error:
                    log.warning("the voices of XTTS cannot be read: %s", error)
                    stored = {}
                self._names = (
                    tuple(name for name in stored if isinstance(name, str)) if isinstance(stored, dict) else ()
                )
            return self._names

    def _place(self, voice: str) -> tuple[str | None, str | None] | None:
        """The name of the cloned voice, or of the one that came along, that is meant; None where there is none."""
        wanted = voice.removeprefix(PREFIX).strip()
        if self.cloned.has(wanted):
            return wanted, None
        found = (name for name in self._speaker_names() if name.casefold() == wanted.casefold())
        name = next(found, None)
        return None if name is None else (None, name)

    def _chosen(self, voice: str | None, model: XttsModel) -> _Chosen:
        import torch  # noqa: PLC0415 - an extra, and heavy

        place = (None, next(iter(model.speakers))) if voice is None else self._place(voice)
        if place is None:
            raise LipsyncError("unknown_voice", voice=str(voice)[:40], known=", ".join(model.speakers))
        if place[0] is None:
            name = str(place[1])
            return _Chosen(PREFIX + name, model.speakers[name])
        stored = self.cloned.get(place[0])
        latents = Latents(torch.from_numpy(stored.style), torch.from_numpy(stored.speaker))
        if stored.model != model.fingerprint or not fits(latents, self._config):
            raise LipsyncError("voice_damaged", voice=stored.name)
        return _Chosen(PREFIX + stored.name, latents)

    # ---- speaking

    def speak(self, text: str, language: str, voice: str | None = None, style: Style = PLAIN) -> Iterator[Speech]:
        """One Speech for each sentence, without phones; the same text gives the same samples.

        Raises LipsyncError: unknown_language, unknown_voice, voice_damaged, at once; while speaking speech_failed and
        nothing_to_say. Memory that runs out raises as torch has it: the chain gives it back.
        """
        code = resolve_language(language).code
        if code not in self.languages:
            raise LipsyncError("unknown_language", language=code, known=", ".join(self.languages))
        model = self._loaded()
        chosen = self._chosen(voice, model)
        return self._pieces(text, code, model, chosen, style)

    def _pieces(self, text: str, code: str, model: XttsModel, chosen: _Chosen, style: Style) -> Iterator[Speech]:
        spoken = next(one for one in self._config.languages if one.split("-")[0] == code)
        fit = partial(self._fits, model, spoken)
        said = False
        for sentence in sentences(text, code):
            for part in portions(sentence, fit):
                samples = self._said(part, spoken, model, chosen.latents, style.speed)
                said = True
                rate = self._config.model_args.output_sample_rate
                yield Speech(samples, rate, text=part, language=code, voice=chosen.name)
        if not said:
            raise LipsyncError("nothing_to_say")

    def _fits(self, model: XttsModel, language: str, text: str) -> bool:
        """Whether XTTS can take the text at once."""
        tokenizer = model.network.tokenizer
        most = tokenizer.char_limits.get(language.split("-", maxsplit=1)[0], _CHARACTERS)
        tokens = min(_TOKENS, self._config.model_args.gpt_max_text_tokens - 2)
        return len(text) <= most and len(tokenizer.encode(text.strip().lower(), lang=language)) < tokens

    def _said(
        self, text: str, language: str, model: XttsModel, latents: Latents, speed: float
    ) -> NDArray[np.float32]:
        """(n,) samples of one portion; the shortest of a few attempts when XTTS goes on after the text has ended."""
        most = (_ROOM + _SLOWEST * len(text)) / min(speed, 1.0) * self._config.model_args.output_sample_rate
        attempts = []
        for seed in _SEEDS:
            attempts.append(self._generated(text, language, model, latents, speed, seed))
            if len(attempts[-1]) <= most:
                break
            log.info("XTTS said %d characters in %d samples", len(text), len(attempts[-1]))
        best = min(attempts, key=len)
        if not len(best) or not np.isfinite(best).all():
            raise LipsyncError("speech_failed")
        return np.clip(best, -1, 1)

    def _generated(
        self, text: str, language: str, model: XttsModel, latents: Latents, speed: float, seed: int
    ) -> NDArray[np.float32]:
        import torch  # noqa: PLC0415 - an extra, and heavy

        config, devices = self._config, [model.device] if model.device != "cpu" else []
        # The others' random numbers stay as they are.
        with self._alone, torch_threads(_threads()), torch.random.fork_rng(devices):
            torch.manual_seed(seed)
            chunks = [
                chunk.detach().float().cpu()
                for chunk in model.network.inference_stream(
                    text,
                    language,
                    latents.style,
                    latents.speaker,
                    stream_chunk_size=_CHUNK,
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

    def study(self, samples: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32], str]:
        """What XTTS remembers of a voice: style (1, 32, width), speaker (1, width, 1), and the model's fingerprint.

        ``samples`` (n,) are speech of SAMPLE_RATE samples a second, in [-1, 1], 6 seconds or more. The style is of
        the first ``gpt_cond_len`` seconds, as coqui has it; the speaker is the mean over all of it.
        """
        import torch  # noqa: PLC0415 - an extra, and heavy

        model, config = self._loaded(), self._config
        sound = torch.from_numpy(np.ascontiguousarray(samples, np.float32))[None]
        step = round(_EMBEDDED * SAMPLE_RATE)
        with self._alone, torch_threads(_threads()), torch.inference_mode():
            style = model.network.get_gpt_cond_latents(
                sound, SAMPLE_RATE, length=config.gpt_cond_len, chunk_length=config.gpt_cond_chunk_len
            )
            # A short rest would weigh as much as thirty seconds.
            parts = torch.chunk(sound, max(1, round(sound.shape[1] / step)), dim=1)
            speakers = [model.network.get_speaker_embedding(part, SAMPLE_RATE) for part in parts]
            speaker = torch.stack(speakers).mean(dim=0)
            found = style.float().cpu().numpy().copy(), speaker.float().cpu().numpy().copy()
        return *found, model.fingerprint


def _threads() -> int:
    """Half of the cores: the encoder and the frames of the video that is spoken for take the others."""
    return max(1, available_cores() // 2)
