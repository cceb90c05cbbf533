"""A Whisper of a few made-up weights in CTranslate2's real layout, with a tokenizer of the real vocabulary's size.

Its decoder looks at the last token alone, and so says the same for every sound: without times "Hello world.", with
times "Good morning!" from 0 to 1 s. Its encoder has the same output for every sound.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from lipsync.text.languages import LANGUAGES

TEXT, TEXT_WITH_TIMES = "Hello world.", "Good morning!"
SIZE = 16
"""Dimension of the model: a token that has a successor needs one of its own."""
WORD_S = 0.3
"""Seconds of each word of TEXT_WITH_TIMES."""
_TEXT_TOKENS, _TIMES = 50_256, 1_501
_LANGUAGES = 99


def make_whisper(
    folder: Path,
    words: Sequence[str] = ("Hello", " world", "."),
    *,
    multilingual: bool = True,
    language: str = "ru",
    no_speech: bool = False,
    repeats: bool = False,
) -> Path:
    """Write the model into ``folder``. It says ``words``; again and again with ``repeats``; detects ``language``."""
    from ctranslate2.specs import WhisperSpec  # noqa: PLC0415 - an extra

    tokens = _vocabulary(words, multilingual)
    ids = {token: number for number, token in enumerate(tokens)}
    spoken = [_byte_level(word) for word in words]
    times = ["<|0.00|>", *map(_byte_level, ("Good", " morning", "!")), "<|1.00|>", "<|endoftext|>"]
    first = "<|nospeech|>" if no_speech else f"<|{language}|>" if multilingual else times[0]
    successors = {
        **_chain(["<|notimestamps|>", *spoken, spoken[0] if repeats else "<|endoftext|>"]),
        **_chain(["<|transcribe|>", *times]),
        "<|startoftranscript|>": first,
    }
    spec = WhisperSpec(1, 1, 1, 1)
    _fill_decoder(spec.decoder, len(tokens), {ids[one]: ids[other] for one, other in successors.items()})
    heard = [list(successors).index(token) for token in ("<|notimestamps|>", *times[1:4])]
    _fill_encoder(spec.encoder, heard)
    spec.register_vocabulary(tokens)
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = [ids["<|endoftext|>"]]
    spec.config.lang_ids = [ids[f"<|{code}|>"] for code in _language_codes()]
    spec.config.alignment_heads = [[0, 0]]
    spec.validate()
    spec.optimize(quantization="float16")
    folder.mkdir(parents=True, exist_ok=True)
    spec.save(str(folder))
    _save_tokenizer(folder / "tokenizer.json", tokens)
    return folder


def _chain(tokens: Sequence[str]) -> dict[str, str]:
    return dict(pairwise(tokens))


def _vocabulary(words: Sequence[str], multilingual: bool) -> list[str]:
    """All tokens: bytes, words, fillers, then the special ones and times, at the places where Whisper has them."""
    from tokenizers.pre_tokenizers import ByteLevel  # noqa: PLC0415 - an extra

    text = list(dict.fromkeys([*sorted(ByteLevel.alphabet()), *map(_byte_level, (*words, "Good", " morning"))]))
    text += [f"filler{number}" for number in range(_TEXT_TOKENS - len(text))]
    text += [""] * multilingual  # by this token CTranslate2 knows a multilingual model
    special = ("translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps")
    names = ("endoftext", "startoftranscript", *_language_codes(), *special)
    return [*text, *(f"<|{name}|>" for name in names), *(f"<|{0.02 * step:.2f}|>" for step in range(_TIMES))]


def _language_codes() -> list[str]:
    ours = [language.code for language in LANGUAGES]
    return [*ours, *(f"x{number}" for number in range(_LANGUAGES - len(ours)))]


def _byte_level(word: str) -> str:
    return word.replace(" ", "Ġ")


def _fill_encoder(encoder: Any, dimensions: Sequence[int]) -> None:
    """Output that the decoder's attention finds a word at: one of ``dimensions`` after the other, WORD_S each."""
    encoder.conv1.weight, encoder.conv1.bias = _zeros(SIZE, 80, 3), _zeros(SIZE)
    encoder.conv2.weight, encoder.conv2.bias = _zeros(SIZE, SIZE, 3), _zeros(SIZE)
    positions = encoder.position_encodings.encodings = _zeros(1500, SIZE)
    length = round(50 * WORD_S)
    for number, dimension in enumerate(dimensions):
        positions[number * length : (number + 1) * length, dimension] = 1
    _fill_norm(encoder.layer_norm)
    _fill_layer(encoder.layer[0])


def _fill_decoder(decoder: Any, count: int, successors: Mapping[int, int]) -> None:
    """An embedding that is a dimension of its own for each token that has a successor, which it makes likely."""
    decoder.embeddings.weight = _zeros(count, SIZE)
    decoder.projection.weight = _zeros(count, SIZE)
    for dimension, (token, successor) in enumerate(successors.items()):
        decoder.embeddings.weight[token, dimension] = 1
        decoder.projection.weight[successor, dimension] = 10
    decoder.position_encodings.encodings = _zeros(448, SIZE)
    _fill_norm(decoder.layer_norm)
    _fill_layer(decoder.layer[0])
    attention = decoder.layer[0].attention
    _fill_attention(attention, (SIZE, 2 * SIZE, SIZE))
    attention.linear[0].weight[:] = attention.linear[1].weight[:SIZE] = np.eye(SIZE)


def _fill_layer(layer: Any) -> None:
    _fill_attention(layer.self_attention, (3 * SIZE, SIZE))
    _fill_norm(layer.ffn.layer_norm)
    for linear, (rows, columns) in ((layer.ffn.linear_0, (4 * SIZE, SIZE)), (layer.ffn.linear_1, (SIZE, 4 * SIZE))):
        linear.weight, linear.bias = _zeros(rows, columns), _zeros(rows)


def _fill_attention(attention: Any, rows: Sequence[int]) -> None:
    _fill_norm(attention.layer_norm)
    for linear, count in zip(attention.linear, rows, strict=True):
        linear.weight, linear.bias = _zeros(count, SIZE), _zeros(count)


def _fill_norm(norm: Any) -> None:
    norm.gamma, norm.beta = np.ones(SIZE, np.float32), _zeros(SIZE)


def _zeros(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.float32)


def _save_tokenizer(path: Path, tokens: Sequence[str]) -> None:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers  # noqa: PLC0415 - an extra

    end = tokens.index("<|endoftext|>")
    tokenizer = Tokenizer(models.BPE({token: number for number, token in enumerate(tokens[:end])}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in tokens[end:-_TIMES]])
    tokenizer.save(str(path))
