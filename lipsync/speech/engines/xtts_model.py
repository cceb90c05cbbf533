"""Safe loading of the network of XTTS v2 from its published files.

coqui-tts would unpickle ``model.pth`` with its configuration classes allowed, and rewrite the file. Here the weights
are read with ``weights_only``, the classes that the published file names are replaced by an empty one, the network is
built from the validated config.json, and keys and shapes are compared before anything is copied.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lipsync.messages import Message
from lipsync.speech.engines.coqui import import_xtts
from lipsync.speech.engines.xtts_files import ModelConfig, XttsFiles, model_arguments, read_bounded, read_config
from lipsync.storage.errors import StorageError
from lipsync.weights.errors import WeightsError
from lipsync.weights.state_dict import read_state_dicts, read_torch_file

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
"""Classes named in the published model.pth; replaced by an empty class."""
_UNUSED = (
    "torch_mel_spectrogram_style_encoder",
    "torch_mel_spectrogram_dvae",
    "dvae",
    "gpt.gpt_inference",
    "gpt.gpt.wte",
)
"""Prefixes of tensors that are only used in training, or are aliases of others."""
_MASKS = (".attn.bias", ".attn.masked_bias")
"""Suffixes of causal masks that old releases of transformers stored."""

_SAMPLE_BYTES = 1 << 16
"""Bytes of each sample in :func:`sampled_checksum`."""


@dataclass(frozen=True)
class Latents:
    """The latents of a voice."""

    style: Tensor
    """(1, 32, width) conditioning of the GPT: coqui's gpt_cond_latent."""
    speaker: Tensor
    """(1, d_vector_dim, 1) unit vector: coqui's speaker_embedding."""


@dataclass(frozen=True)
class XttsModel:
    """A loaded XTTS."""

    network: Any
    """coqui-tts's Xtts in eval mode. Not thread-safe."""
    config: ModelConfig
    speakers: Mapping[str, Latents]
    """Built-in speakers by name."""
    device: str
    fingerprint: str
    """:func:`sampled_checksum` of the weights."""


def load_model(files: XttsFiles) -> XttsModel:
    """Load XTTS, on the GPU if there is one.

    Raises InstallationError, StorageError, and WeightsError for a wrong config.json or weights that do not match it.
    """
    xtts_class, config_class = import_xtts()
    import torch  # noqa: PLC0415 - import_xtts has checked that it is installed

    config = read_config(files.config)
    settings = config_class()
    for name, value in model_arguments(config).items():
        setattr(settings.model_args, name, value)
    settings.languages = list(config.languages)
    network = xtts_class(settings)
    network.tokenizer = _read_tokenizer(files.vocabulary)
    network.init_models()
    _copy_weights(network, _read_weights(files.weights), files.weights)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network.to(device)
    network.gpt.init_gpt_for_inference(kv_cache=True)
    network.eval()
    speakers = _read_speakers(files.speakers, config)
    log.info("XTTS is loaded: %d voices, %s", len(speakers), device)
    return XttsModel(network, config, speakers, device, sampled_checksum(files.weights))


def sampled_checksum(path: Path) -> str:
    """Hash of the size of a large file, its first and last 64 KiB, and 64 KiB at 64 offsets between.

    It detects another file, not a forged one. Raises StorageError.
    """
    digest = hashlib.sha256()
    try:
        size = path.stat().st_size
        digest.update(str(size).encode())
        with path.open("rb") as file:
            for part in range(66):
                file.seek(max(0, size - _SAMPLE_BYTES) * part // 65)
                digest.update(file.read(_SAMPLE_BYTES))
    except OSError as error:
        raise StorageError("cannot_read", place=path, reason=error.strerror) from error
    return digest.hexdigest()[:32]


def _read_tokenizer(path: Path) -> Any:
    """coqui's tokenizer from vocab.json, the format of Hugging Face's ``tokenizers``."""
    from tokenizers import Tokenizer  # noqa: PLC0415 - comes with coqui-tts
    from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer  # noqa: PLC0415

    text = read_bounded(path)
    tokenizer = VoiceBpeTokenizer()
    try:
        tokenizer.tokenizer = Tokenizer.from_str(text)
    except Exception as error:  # tokenizers raises plain Exception
        raise WeightsError("xtts_config", file=path, reason=str(error)[:200]) from error
    for token in ("[START]", "[STOP]", "[SPACE]"):
        if tokenizer.tokenizer.token_to_id(token) is None:
            raise WeightsError("xtts_config", file=path, reason=token)
    return tokenizer


def _read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of the network by coqui's names."""
    for state_dict in read_state_dicts(path, what="XTTS", stand_ins=_STAND_INS):
        named = {name.removeprefix("xtts."): tensor for name, tensor in state_dict.items()}
        if any(name.startswith("gpt.") for name in named):
            return {
                name: tensor
                for name, tensor in named.items()
                if not name.endswith(_MASKS)
                and not any(name == unused or name.startswith(f"{unused}.") for unused in _UNUSED)
            }
    other = Message("network.other_weights")
    raise WeightsError("weights_other_network", file=path, found=other, network="XTTS v2")


def _copy_weights(network: Any, weights: dict[str, Tensor], path: Path) -> None:
    own = network.state_dict()
    for name in sorted(own.keys() & weights.keys()):
        if own[name].shape != weights[name].shape:
            shapes = {"found": tuple(weights[name].shape), "expected": tuple(own[name].shape)}
            raise WeightsError("weights_shape", file=path, network="XTTS v2", key=name, **shapes)
    try:
        # torch itself renames old weight-norm tensors, so only it can tell what is missing
        missing, extra = network.load_state_dict(weights, strict=False)
    except RuntimeError as error:
        raise WeightsError(
            "weights_keys", file=path, network="XTTS v2", missing="?", extra="?", keys=str(error)[:200]
        ) from error
    if missing or extra:
        keys = ", ".join([*missing, *extra][:3])
        facts = {"missing": len(missing), "extra": len(extra), "keys": keys}
        raise WeightsError("weights_keys", file=path, network="XTTS v2", **facts)


def _read_speakers(path: Path, config: ModelConfig) -> dict[str, Latents]:
    """``speakers_xtts.pth``: {name: {"gpt_cond_latent": tensor, "speaker_embedding": tensor}}."""
    from torch import Tensor  # noqa: PLC0415

    stored = read_torch_file(path, what="XTTS")
    speakers = {}
    with contextlib.suppress(AttributeError, KeyError, TypeError):  # any other structure is not a file of speakers
        for name, tensors in stored.items():  # type: ignore[attr-defined]
            style, speaker = tensors["gpt_cond_latent"], tensors["speaker_embedding"]
            if not (isinstance(name, str) and isinstance(style, Tensor) and isinstance(speaker, Tensor)):
                continue
            speakers[name] = Latents(style.float(), speaker.float())
            if not latents_fit(speakers[name], config):
                raise WeightsError(
                    "weights_shape",
                    file=path,
                    network="XTTS v2",
                    key=name,
                    found=tuple(style.shape),
                    expected=(1, "n", config.model_args.gpt_n_model_channels),
                )
    if not speakers:
        raise WeightsError("weights_other_network", file=path, found=Message("network.no_voices"), network="XTTS v2")
    return speakers


def latents_fit(latents: Latents, config: ModelConfig) -> bool:
    """Whether the latents have the dimensions of this network and are finite."""
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
