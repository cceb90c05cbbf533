"""An XTTS of random weights in the layout in which XTTS v2 is published: real files, small numbers.

The vocoder and the speaker encoder have the published sizes, which no configuration changes (90 MB); the GPT has two
layers of 64, and says 12 tokens at most.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from lipsync.speech.engines.coqui import import_xtts
from lipsync.speech.engines.xtts_files import accept_licence

WIDTH, TOKENS = 64, 40
SPEAKERS = ("Claribel Dervla", "Andrew Chipper")
LETTERS = "abcdefghijklmnopqrstuvwxyzабвгдеёжзийклмнопрстуфхцчшщъыьэюя.,!?'-"
LANGUAGES = ["en", "es", "fr", "de", "it", "pt", "pl", "tr", "ru", "nl", "cs", "ar", "zh-cn", "hu", "ko", "ja", "hi"]

ARGUMENTS: dict[str, Any] = {
    "gpt_batch_size": 1,
    "enable_redaction": False,
    "kv_cache": True,
    "gpt_checkpoint": None,
    "clvp_checkpoint": None,
    "decoder_checkpoint": None,
    "num_chars": 255,
    "tokenizer_file": "",
    "gpt_max_audio_tokens": 15,
    "gpt_max_text_tokens": 402,
    "gpt_max_prompt_tokens": 70,
    "gpt_layers": 2,
    "gpt_n_model_channels": WIDTH,
    "gpt_n_heads": 4,
    "gpt_number_text_tokens": 90,
    "gpt_start_text_token": None,
    "gpt_stop_text_token": None,
    "gpt_num_audio_tokens": TOKENS,
    "gpt_start_audio_token": TOKENS - 2,
    "gpt_stop_audio_token": TOKENS - 1,
    "gpt_code_stride_len": 1024,
    "gpt_use_masking_gt_prompt_approach": True,
    "gpt_use_perceiver_resampler": True,
    "input_sample_rate": 22050,
    "output_sample_rate": 24000,
    "output_hop_length": 256,
    "decoder_input_dim": WIDTH,
    "d_vector_dim": 512,
    "cond_d_vector_in_each_upsampling_layer": True,
    "duration_const": 102400,
}
"""``model_args`` with the keys of the published config.json."""


def make_xtts(folder: Path) -> None:
    """Write config.json, vocab.json, speakers_xtts.pth, model.pth, and that the licence has been accepted."""
    folder.mkdir(parents=True)
    config = {
        "output_path": "output",
        "run_name": "run",
        "model": "xtts",
        "audio": {"sample_rate": 22050, "output_sample_rate": 24000},
        "model_args": ARGUMENTS,
        "model_dir": None,
        "languages": LANGUAGES,
        "temperature": 0.75,
        "length_penalty": 1.0,
        "repetition_penalty": 5.0,
        "top_k": 50,
        "top_p": 0.85,
        "num_gpt_outputs": 1,
        "gpt_cond_len": 30,
        "gpt_cond_chunk_len": 4,
        "max_ref_len": 30,
        "sound_norm_refs": False,
    }
    (folder / "config.json").write_text(json.dumps(config, indent=4))
    vocabulary = make_vocabulary(folder / "vocab.json")
    _save_as_published(_weights(vocabulary), folder / "model.pth")
    torch.save({name: _speaker(number) for number, name in enumerate(SPEAKERS)}, folder / "speakers_xtts.pth")
    accept_licence(folder)


def make_vocabulary(path: Path) -> dict[str, int]:
    """Letters, as byte pair encoding without any pairs, and the special tokens of XTTS."""
    from tokenizers import Tokenizer  # noqa: PLC0415 - comes with coqui-tts
    from tokenizers.models import BPE  # noqa: PLC0415

    special = ["[STOP]", "[UNK]", "[SPACE]", "[START]", *(f"[{code}]" for code in LANGUAGES)]
    vocabulary = {token: number for number, token in enumerate([*special, *LETTERS])}
    tokenizer = Tokenizer(BPE(vocab=vocabulary, merges=[], unk_token="[UNK]"))
    tokenizer.add_special_tokens(special)
    tokenizer.save(str(path))
    return vocabulary


def _weights(vocabulary: dict[str, int]) -> dict[str, torch.Tensor]:
    make, make_config = import_xtts()
    config = make_config()
    for name, value in ARGUMENTS.items():
        setattr(config.model_args, name, value)
    config.model_args.gpt_number_text_tokens = len(vocabulary)
    config.model_args.gpt_start_text_token, config.model_args.gpt_stop_text_token = vocabulary["[START]"], 0
    with torch.random.fork_rng([]):
        torch.manual_seed(1)
        network = make(config)
    # In a checkpoint, weight norm has the names that it had before torch 2.
    weights = network.state_dict()
    for name in [one for one in weights if ".parametrizations.weight.original" in one]:
        weights[name.replace(".parametrizations.weight.original0", ".weight_g").replace(
            ".parametrizations.weight.original1", ".weight_v"
        )] = weights.pop(name)  # fmt: skip
    # Louder than random weights are, so that it is no silence; and it does not stop by itself.
    louder = "hifigan_decoder.waveform_decoder.conv_post.weight"
    weights[louder] = weights[louder] * 20
    weights["gpt.mel_head.bias"][ARGUMENTS["gpt_stop_audio_token"]] = -100.0
    return dict(weights)


def _save_as_published(weights: dict[str, torch.Tensor], path: Path) -> None:
    """Beside the weights stands the configuration: an object of coqui's classes, of which two have moved since."""
    from TTS.config.shared_configs import BaseDatasetConfig  # noqa: PLC0415
    from TTS.tts.configs.xtts_config import XttsArgs, XttsAudioConfig, XttsConfig  # noqa: PLC0415

    moved = (XttsArgs, XttsAudioConfig)
    place = XttsArgs.__module__
    try:
        for one in moved:
            one.__module__ = "TTS.tts.models.xtts"
        torch.save({"config": XttsConfig(datasets=[BaseDatasetConfig()]), "model": weights, "step": 1}, path)
    finally:
        for one in moved:
            one.__module__ = place


def _speaker(seed: int) -> dict[str, torch.Tensor]:
    numbers = torch.Generator().manual_seed(seed)
    voice = torch.randn((1, 512, 1), generator=numbers)
    return {
        "gpt_cond_latent": torch.randn((1, 32, WIDTH), generator=numbers),
        "speaker_embedding": voice / voice.norm(),
    }
