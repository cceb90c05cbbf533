"""The times that Silero's Russian network gives to each letter while it speaks: a truth to measure alignment by."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

_FRAME = 0.0125
"""Seconds of one step of its durations."""
_LIPS = {"п": "p", "б": "b", "м": "m"}


def silero_lips(text: str, speaker: str = "xenia") -> list[tuple[str, float]]:
    """Each p, b and m of ``text`` and the second in the middle of it, in the sound that Silero makes of it."""
    _, letters = silero_letters(text, speaker)
    return [(_LIPS[letter], (start + end) / 2) for letter, start, end in letters if letter in _LIPS]


def silero_letters(text: str, speaker: str = "xenia") -> tuple[NDArray[np.float32], list[tuple[str, float, float]]]:
    """The sound (n,) at 48 kHz, and each letter (and "+", the stress) with its start and end in seconds."""
    import torch  # noqa: PLC0415

    network = _network()
    speakers, number = network.get_speakers(speaker)
    prepared = network.prepare_tts_model_input(text, ssml=False, speaker_ids=speakers)
    sentences, clean, breaks, rates, pitches, ids = prepared
    script = network.models[number]
    with torch.inference_mode(), torch.jit.optimized_execution(False):  # type: ignore[attr-defined]
        sound, (durations, _) = script(
            sentences=sentences,
            clean_sentences=clean,
            break_lens=breaks,
            prosody_rates=rates,
            prosody_pitches=pitches,
            speaker_ids=ids,
            sr=48000,
            device="cpu",
            put_yo=True,
            put_accent=True,
        )
        raw, tokens, mask = script._tokenize_clean(sentences[0], clean[0])
        stressed = script.postprocess_accentor(raw, tokens, mask, *script._get_model_preds(tokens), True)
        letters = script._fuse_words_to_sentence(stressed).lower()
    steps = durations.squeeze().numpy() * _FRAME
    ends = np.cumsum(steps)
    first = (len(steps) - len(letters)) // 2  # a step before the first letter and one after the last
    russian = {ascii_: letter for letter, ascii_ in network.symb_ascii_dict.items()}
    named = [
        (russian.get(one, one), float(ends[place] - steps[place]), float(ends[place]))
        for place, one in enumerate(letters, first)
    ]
    return np.asarray(sound[0].numpy(), np.float32), named


@cache
def _network() -> Any:
    from lipsync.settings import Settings  # noqa: PLC0415
    from lipsync.speech.engines.silero import load_verified  # noqa: PLC0415
    from lipsync.weights.catalogue import model  # noqa: PLC0415

    network = load_verified("silero-ru", model("silero-ru").paths(Settings().checkpoints)[0])
    network.unpack_q_model()
    network.q_model_unpacked = True
    return network
