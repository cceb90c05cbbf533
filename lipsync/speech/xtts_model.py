"""The network of XTTS v2 from its published files, none of which runs code of its own here.

coqui-tts would unpickle ``model.pth`` with its own configuration classes allowed, and write the file anew. Here the
weights are read with ``weights_only``, the classes that the published file names are replaced by an empty one, the
network is made of the checked config.json, and its keys and shapes are compared before anything is copied.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lipsync.errors import LipsyncError
from lipsync.models.state_dict import read_state_dicts, read_torch_file
from lipsync.speech.coqui import import_xtts
from lipsync.speech.xtts_files import Config, Files, known_arguments, read_bounded, read_config

if TYPE_CHECKING:
    from torch import Tensor

log = logging.getLogger(__name__)

_STAND_INS = (
    "TTS.tts.configs.xtts_config.XttsConfig",
    "TTS.tts.configs.xtts_config.XttsArgs",
    "TTS.tts.configs.xtts_config.XttsAudioConfig",
    "TTS.tts.models.xtts.XttsArgs",
    "TTS.tts.models.xtts.XttsAudioConfig",
    "TTS.config.shared_configs.BaseDatasetConfig",
)
"""Classes that the published model.pth names beside its weights."""
_UNUSED = (
    "torch_mel_spectrogram_style_encoder",
    "torch_mel_spectrogram_dvae",
    "dvae",
    "gpt.gpt_inference",
    "gpt.gpt.wte",
)
"""What a training leaves in a checkpoint, and second names of the same tensors."""
_MASKS = (".attn.bias", ".attn.masked_bias")
"""Triangles that old releases of transformers stored."""

_SAMPLED = 1 << 16


@dataclass(frozen=True)
class Latents:
    """What XTTS knows of a voice."""

    style: Tensor
    """(1, 32, width) of the GPT's condition: coqui's gpt_cond_latent."""
    speaker: Tensor
    """(1, d_vector_dim, 1), of length 1: coqui's speaker_embedding."""


@dataclass(frozen=True)
class XttsModel:
    """A loaded XTTS."""

    network: Any
    """coqui-tts's Xtts, in eval mode. One thread at a time."""
    config: Config
    speakers: Mapping[str, Latents]
    """The voices that came along, by their names."""
    device: str
    fingerprint: str
    """Of the weights."""


def load_model(files: Files) -> XttsModel:
    """Load XTTS, onto the GPU where there is one.

    Raises LipsyncError: missing_part, xtts_config, weights_keys, weights_shape, weights_other_network, and what
    :func:`lipsync.models.state_dict.read_state_dicts` raises.
    """
    make, make_config = import_xtts()
    import torch  # noqa: PLC0415 - import_xtts has said whether it is there

    config = read_config(files.config)
    settings = make_config()
    for name, value in known_arguments(config).items():
        setattr(settings.model_args, name, value)
    settings.languages = list(config.languages)
    network = make(settings)
    network.tokenizer = _tokenizer(files.vocabulary)
    network.init_models()
    _copy_weights(network, _weights(files.weights), files.weights)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network.to(device)
    network.gpt.init_gpt_for_inference(kv_cache=True)
    network.eval()
    speakers = _speakers(files.speakers, config)
    log.info("XTTS is loaded: %d voices, %s", len(speakers), device)
    return XttsModel(network, config, speakers, device, quick_sum(files.weights))


def quick_sum(path: Path) -> str:
    """Of a large file: its size, its first and last 64 KB, and 64 KB at 64 places between. Not against a forger.

    Raises LipsyncError cannot_read.
    """
    digest = hashlib.sha256()
    try:
        size = path.stat().st_size
        digest.update(str(size).encode())
        with path.open("rb") as file:
            for part in range(66):
                file.seek(max(0, size - _SAMPLED) * part // 65)
                digest.update(file.read(_SAMPLED))
    except OSError as error:
        raise LipsyncError("cannot_read", place=path, reason=error.strerror) from error
    return digest.hexdigest()[:32]


def _tokenizer(path: Path) -> Any:
    """coqui's tokenizer of vocab.json, which is one of Hugging Face's ``tokenizers``."""
    from tokenizers import Tokenizer  # noqa: PLC0415 - comes with coqui-tts
    from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer  # noqa: PLC0415

    text = read_bounded(path)
    tokenizer = VoiceBpeTokenizer()
    try:
        tokenizer.tokenizer = Tokenizer.from_str(text)
    except Exception as error:  # it raises nothing more special
        raise LipsyncError("xtts_config", file=path, reason=str(error)[:200]) from error
    for token in ("[START]", "[STOP]", "[SPACE]"):
        if tokenizer.tokenizer.token_to_id(token) is None:
            raise LipsyncError("xtts_config", file=path, reason=token)
    return tokenizer


def _weights(path: Path) -> dict[str, Tensor]:
    """The network's tensors by coqui's names of them."""
    for found in read_state_dicts(path, what="XTTS", stand_ins=_STAND_INS):
        named = {name.removeprefix("xtts."): tensor for name, tensor in found.items()}
        if any(name.startswith("gpt.") for name in named):
            return {
                name: tensor
                for name, tensor in named.items()
                if not name.endswith(_MASKS) and not any(name == one or name.startswith(f"{one}.") for one in _UNUSED)
            }
    other = {"en": "other weights", "ru": "другие веса"}
    raise LipsyncError("weights_other_network", file=path, found=other, wanted="XTTS v2")


def _copy_weights(network: Any, weights: dict[str, Tensor], path: Path) -> None:
    own = network.state_dict()
    for name in sorted(own.keys() & weights.keys()):
        if own[name].shape != weights[name].shape:
            shapes = {"found": tuple(weights[name].shape), "expected": tuple(own[name].shape)}
            raise LipsyncError("weights_shape", file=path, wanted="XTTS v2", key=name, **shapes)
    try:
        # Torch itself translates the old names of weight norm, so that only it can tell what is missing.
        missing, extra = network.load_state_dict(weights, strict=False)
    except RuntimeError as error:
        raise LipsyncError(
            "weights_keys", file=path, wanted="XTTS v2", missing="?", extra="?", keys=str(error)[:200]
        ) from error
    if missing or extra:
        keys = ", ".join([*missing, *extra][:3])
        facts = {"missing": len(missing), "extra": len(extra), "keys": keys}
        raise LipsyncError("weights_keys", file=path, wanted="XTTS v2", **facts)


def _speakers(path: Path, config: Config) -> dict[str, Latents]:
    """``speakers_xtts.pth``: {name: {"gpt_cond_latent": tensor, "speaker_embedding": tensor}}."""
    from torch import Tensor  # noqa: PLC0415

    stored = read_torch_file(path, what="XTTS")
    speakers = {}
    with contextlib.suppress(AttributeError, KeyError, TypeError):  # what is not so nested is no file of speakers
        for name, of in stored.items():  # type: ignore[attr-defined]
            style, speaker = of["gpt_cond_latent"], of["speaker_embedding"]
            if not (isinstance(name, str) and isinstance(style, Tensor) and isinstance(speaker, Tensor)):
                continue
            speakers[name] = Latents(style.float(), speaker.float())
            if not fits(speakers[name], config):
                raise LipsyncError(
                    "weights_shape",
                    file=path,
                    wanted="XTTS v2",
                    key=name,
                    found=tuple(style.shape),
                    expected=(1, "n", config.model_args.gpt_n_model_channels),
                )
    if not speakers:
        raise LipsyncError(
            "weights_other_network", file=path, found={"en": "no voices", "ru": "не голоса"}, wanted="XTTS v2"
        )
    return speakers


def fits(latents: Latents, config: Config) -> bool:
    """Whether the latents are of this network's widths, and finite."""
    style, speaker, widths = latents.style, latents.speaker, config.model_args
    return (
        style.ndim == 3
        and style.shape[0] == 1
        and 1 <= style.shape[1] <= widths.gpt_max_prompt_tokens
        and style.shape[2] == widths.gpt_n_model_channels
        and tuple(speaker.shape) == (1, widths.d_vector_dim, 1)
        and bool(style.isfinite().all())
        and bool(speaker.isfinite().all())
    )
