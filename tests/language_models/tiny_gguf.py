"""Writes a GGUF file of a tiny llama with random weights: 2 layers of 64 numbers, a vocabulary of bytes.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. llama.cpp reads it as any other model; what it
writes is noise.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

_EMBEDDING, _HEADS, _FEED_FORWARD, _LAYERS = 64, 4, 128, 2
_ALIGNMENT = 32
_UINT32, _FLOAT32, _BOOL, _STRING, _ARRAY, _INT32 = 4, 6, 7, 8, 9, 5
_NORMAL, _UNKNOWN, _CONTROL, _BYTE = 1, 2, 3, 6
"""Kinds of tokens."""
TEMPLATE = "{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}assistant: "


def write_tiny_gguf(path: Path) -> Path:
    """Write the file, 300 kB."""
    vocabulary = [("<unk>", _UNKNOWN), ("<s>", _CONTROL), ("</s>", _CONTROL)]
    vocabulary += [(f"<0x{byte:02X}>", _BYTE) for byte in range(256)]
    vocabulary += [(f"▁{letter}", _NORMAL) for letter in "abcdefghijklmnopqrstuvwxyz"]
    tokens, kinds = [token for token, _ in vocabulary], [kind for _, kind in vocabulary]
    metadata: list[tuple[str, int, Any]] = [
        ("general.architecture", _STRING, "llama"),
        ("general.name", _STRING, "tiny"),
        ("llama.context_length", _UINT32, 512),
        ("llama.embedding_length", _UINT32, _EMBEDDING),
        ("llama.block_count", _UINT32, _LAYERS),
        ("llama.feed_forward_length", _UINT32, _FEED_FORWARD),
        ("llama.attention.head_count", _UINT32, _HEADS),
        ("llama.attention.head_count_kv", _UINT32, _HEADS),
        ("llama.attention.layer_norm_rms_epsilon", _FLOAT32, 1e-5),
        ("llama.rope.dimension_count", _UINT32, _EMBEDDING // _HEADS),
        ("tokenizer.ggml.model", _STRING, "llama"),
        ("tokenizer.ggml.tokens", _ARRAY, (_STRING, tokens)),
        ("tokenizer.ggml.scores", _ARRAY, (_FLOAT32, [0.0] * len(tokens))),
        ("tokenizer.ggml.token_type", _ARRAY, (_INT32, kinds)),
        ("tokenizer.ggml.bos_token_id", _UINT32, 1),
        ("tokenizer.ggml.eos_token_id", _UINT32, 2),
        ("tokenizer.ggml.add_bos_token", _BOOL, True),
        ("tokenizer.chat_template", _STRING, TEMPLATE),
    ]
    tensors = _tensors(len(tokens))
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    head += b"".join(_string(name) + struct.pack("<I", kind) + _value(kind, value) for name, kind, value in metadata)
    offset = 0
    for name, tensor in tensors.items():
        dimensions = tensor.shape[::-1]  # the fastest first
        head += _string(name) + struct.pack(f"<I{len(dimensions)}QIQ", len(dimensions), *dimensions, 0, offset)
        offset += tensor.nbytes + -tensor.nbytes % _ALIGNMENT
    data = b"".join(tensor.tobytes() + bytes(-tensor.nbytes % _ALIGNMENT) for tensor in tensors.values())
    path.write_bytes(head + bytes(-len(head) % _ALIGNMENT) + data)
    return path


def _tensors(vocabulary: int) -> dict[str, np.ndarray[Any, np.dtype[np.float32]]]:
    random = np.random.default_rng(1)

    def matrix(rows: int, columns: int) -> np.ndarray[Any, np.dtype[np.float32]]:
        return random.normal(0, 0.3, (rows, columns)).astype(np.float32)

    tensors = {"token_embd.weight": matrix(vocabulary, _EMBEDDING)}
    for layer in range(_LAYERS):
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            tensors[f"blk.{layer}.{name}.weight"] = matrix(_EMBEDDING, _EMBEDDING)
        tensors[f"blk.{layer}.ffn_gate.weight"] = matrix(_FEED_FORWARD, _EMBEDDING)
        tensors[f"blk.{layer}.ffn_up.weight"] = matrix(_FEED_FORWARD, _EMBEDDING)
        tensors[f"blk.{layer}.ffn_down.weight"] = matrix(_EMBEDDING, _FEED_FORWARD)
        for name in ("attn_norm", "ffn_norm"):
            tensors[f"blk.{layer}.{name}.weight"] = np.ones(_EMBEDDING, np.float32)
    tensors["output_norm.weight"] = np.ones(_EMBEDDING, np.float32)
    tensors["output.weight"] = matrix(vocabulary, _EMBEDDING)
    return tensors


def _string(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def _value(kind: int, value: Any) -> bytes:
    if kind == _ARRAY:
        inner, values = value
        return struct.pack("<IQ", inner, len(values)) + b"".join(_value(inner, one) for one in values)
    if kind == _STRING:
        return _string(value)
    return struct.pack({_UINT32: "<I", _INT32: "<i", _FLOAT32: "<f", _BOOL: "<?"}[kind], value)
