"""A transformers classifier of sentiment, whose weights are read from a folder: no hub, and no code of the folder.

Made for ``blanchefort/rubert-base-cased-sentiment`` (BERT, Russian; labels NEUTRAL, POSITIVE, NEGATIVE), as its files
lie on the hub: config.json, vocab.txt or tokenizer.json, and model.safetensors or pytorch_model.bin. Needs torch and
transformers.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any, Literal, get_args

from lipsync.runtime.installation import needs_extra
from lipsync.runtime.torchaudio import import_torchaudio
from lipsync.weights.errors import WeightsError
from lipsync.weights.state_dict import import_torch, read_state_dicts

Sentiment = Literal["NEUTRAL", "POSITIVE", "NEGATIVE"]
SENTIMENTS: tuple[Sentiment, ...] = get_args(Sentiment)

FOLDERS = ("rubert-base-cased-sentiment", "blanchefort/rubert-base-cased-sentiment")
"""Where the files may be in the folder of weights."""
WEIGHTS = ("model.safetensors", "pytorch_model.bin")
LANGUAGES = frozenset({"ru"})
"""Languages that the classifier was trained on."""
MAX_TOKENS = 128
"""Maximum number of tokens of a sentence; the rest is not examined."""
NETWORK = "rubert-base-cased-sentiment"
"""Name for error messages."""
_MAX_CONFIG_BYTES = 100_000


class SentimentModel:
    """The classifier in a folder, loaded at its first sentence. Thread-safe: one sentence at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self.problem: Exception | None = None
        """Why the files cannot be used, once that is known: they are not loaded again."""

    def classify(self, sentence: str) -> Mapping[Sentiment, float]:
        """The probability of each sentiment; they sum to 1.

        Raises InstallationError, WeightsError, and whatever torch and transformers raise.
        """
        with self._lock:
            if self.problem is not None:
                raise self.problem
            try:
                network, tokenizer, labels = self._loaded
            except Exception as error:
                self.problem = error
                raise
            torch = import_torch("sentiment")
            with torch.inference_mode():
                tokens = tokenizer(sentence, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
                shares = network(**tokens).logits[0].softmax(-1).tolist()
        return dict(zip(labels, shares, strict=True))

    @cached_property
    def _loaded(self) -> tuple[Any, Any, tuple[Sentiment, ...]]:
        """The network, its tokenizer and the names of its outputs."""
        import_torch("sentiment")
        try:
            if importlib.util.find_spec("torchaudio"):  # transformers imports it where it is installed
                import_torchaudio()
            import transformers  # noqa: PLC0415 - an extra, and heavy
        except ImportError as error:
            raise needs_extra("transformers", "xtts") from error
        labels = _read_labels(self._folder / "config.json")
        config = transformers.BertConfig.from_pretrained(self._folder, local_files_only=True)
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            self._folder, local_files_only=True, trust_remote_code=False
        )
        network = transformers.BertForSequenceClassification(config)
        path = next(self._folder / name for name in WEIGHTS if (self._folder / name).is_file())
        tensors = next(read_state_dicts(path, what="sentiment"))
        missing = network.load_state_dict(tensors, strict=False).missing_keys
        missing = [name for name in missing if not name.endswith("position_ids")]
        if missing:
            raise WeightsError(
                "weights_keys", file=path, network=NETWORK, missing=len(missing), extra=0, keys=missing[:3]
            )
        network.train(mode=False)
        return network, tokenizer, labels


def find_sentiment_model(checkpoints: Path) -> SentimentModel | None:
    """The classifier in the folder of weights; None where its files are not there. Nothing is loaded."""
    for name in FOLDERS:
        folder = checkpoints.expanduser() / name
        if (folder / "config.json").is_file() and any((folder / file).is_file() for file in WEIGHTS):
            return SentimentModel(folder)
    return None


def _read_labels(path: Path) -> tuple[Sentiment, ...]:
    """The sentiment of each output, by ``id2label``. Raises WeightsError weights_other_network."""
    with path.open("rb") as file:
        config = json.loads(file.read(_MAX_CONFIG_BYTES))
    named = config.get("id2label") or {}
    labels = [str(named.get(str(place), "")).upper() for place in range(len(named))]
    found = tuple(sentiment for label in labels for sentiment in SENTIMENTS if label == sentiment)
    if config.get("model_type") != "bert" or sorted(found) != sorted(SENTIMENTS) or len(found) != len(labels):
        found_labels = f"{config.get('model_type')} ({', '.join(labels)})"
        raise WeightsError("weights_other_network", file=path, found=found_labels, network=NETWORK)
    return found
