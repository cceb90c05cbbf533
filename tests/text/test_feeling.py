from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from pathlib import Path

import pytest

from lipsync.errors import LipsyncError
from lipsync.runtime.torchaudio import import_torchaudio
from lipsync.text.detect_mood import MAX_STRENGTH
from lipsync.text.feeling import feeling_of
from lipsync.text.sentiment_model import Sentiment, SentimentModel, find_sentiment_model

PLAIN = "Поезд прибывает на первый путь."
GLAD = "Как же я рад тебя видеть!"


class FixedModel(SentimentModel):
    """A classifier that always answers the same, or raises."""

    def __init__(self, answer: Mapping[Sentiment, float] | Exception) -> None:
        self.answer = answer
        self.asked = 0

    def classify(self, sentence: str) -> Mapping[Sentiment, float]:  # noqa: ARG002
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def shares(positive: float, negative: float) -> Mapping[Sentiment, float]:
    return {"NEUTRAL": 1 - positive - negative, "POSITIVE": positive, "NEGATIVE": negative}


def test_without_a_model_the_lexicon_decides() -> None:
    assert feeling_of(PLAIN, "ru") == ("neutral", 0.0, "lexicon")
    glad = feeling_of(GLAD, "ru")
    assert (glad.mood, glad.source) == ("happy", "lexicon")
    assert feeling_of("Hmm, let me think…", "en").mood == "thinking"


@pytest.mark.parametrize(
    ("sentence", "answer", "mood", "source"),
    [
        (PLAIN, shares(0.9, 0.05), "happy", "model"),
        (PLAIN, shares(0.05, 0.9), "sad", "model"),
        (PLAIN, shares(0.5, 0.1), "neutral", "lexicon"),
        (PLAIN, shares(0.05, 0.05), "neutral", "lexicon"),
        (GLAD, shares(0.9, 0.05), "happy", "lexicon"),
        (GLAD, shares(0.05, 0.8), "happy", "lexicon"),
        (GLAD, shares(0.01, 0.95), "sad", "model"),
    ],
)
def test_the_model_decides_where_it_is_sure(
    sentence: str, answer: Mapping[Sentiment, float], mood: str, source: str
) -> None:
    feeling = feeling_of(sentence, "ru", FixedModel(answer))
    assert (feeling.mood, feeling.source) == (mood, source)
    assert 0 <= feeling.strength <= MAX_STRENGTH


def test_the_model_is_asked_in_its_language_only() -> None:
    model = FixedModel(shares(0.99, 0.0))
    assert feeling_of("The train arrives.", "en", model).source == "lexicon"
    assert feeling_of("  ", "ru", model).mood == "neutral"
    assert feeling_of("Что?! Не может быть!", "ru", model).mood == "surprised"
    assert model.asked == 0


def test_when_the_model_raises_the_lexicon_decides() -> None:
    model = FixedModel(RuntimeError("no"))
    assert feeling_of(GLAD, "ru", model).mood == "happy"
    assert feeling_of(PLAIN, "ru", model) == ("neutral", 0.0, "lexicon")
    assert model.asked == 2


def tiny_weights(folder: Path, *, file: str = "model.safetensors", labels: Mapping[str, str] | None = None) -> Path:
    """A BERT of 2 layers in the layout of blanchefort/rubert-base-cased-sentiment, that always says POSITIVE."""
    torch = pytest.importorskip("torch")
    import_torchaudio()
    transformers = pytest.importorskip("transformers")
    target = folder / "rubert-base-cased-sentiment"
    target.mkdir()
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "Поезд", "рад", ".", "!"]
    (target / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    (target / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer", "do_lower_case": false}')
    config = transformers.BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        id2label={0: "NEUTRAL", 1: "POSITIVE", 2: "NEGATIVE"} if labels is None else labels,
    )
    config.save_pretrained(target)
    network = transformers.BertForSequenceClassification(config)
    with torch.no_grad():
        network.classifier.weight.zero_()
        network.classifier.bias.copy_(torch.tensor([0.0, 5.0, 0.0])[: len(network.classifier.bias)])
    if file == "model.safetensors":
        pytest.importorskip("safetensors.torch").save_file(network.state_dict(), target / file)
    else:
        torch.save(network.state_dict(), target / file)
    return target


@pytest.mark.parametrize("file", ["model.safetensors", "pytorch_model.bin"])
def test_weights_in_the_real_layout(tmp_path: Path, file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.socket.connect", None)  # no hub
    tiny_weights(tmp_path, file=file)
    model = find_sentiment_model(tmp_path)
    assert model is not None
    found = model.classify("Поезд рад!")
    assert sum(found.values()) == pytest.approx(1)
    assert found["POSITIVE"] > 0.9
    feeling = feeling_of(PLAIN, "ru", model)
    assert (feeling.mood, feeling.source) == ("happy", "model")
    assert feeling.strength == pytest.approx(0.69, abs=0.02)


def test_without_weights_there_is_no_model(tmp_path: Path) -> None:
    assert find_sentiment_model(tmp_path) is None
    target = tiny_weights(tmp_path)
    (target / "model.safetensors").unlink()
    assert find_sentiment_model(tmp_path) is None


@pytest.mark.parametrize("labels", [{0: "A", 1: "B", 2: "C"}, {0: "NEUTRAL", 1: "POSITIVE"}])
def test_another_network_is_refused(tmp_path: Path, labels: Mapping[str, str]) -> None:
    tiny_weights(tmp_path, labels=labels)
    model = find_sentiment_model(tmp_path)
    assert model is not None
    with pytest.raises(LipsyncError, match="config"):
        model.classify(PLAIN)
    (tmp_path / "rubert-base-cased-sentiment" / "config.json").unlink()
    with pytest.raises(LipsyncError, match="config"):  # it is not loaded again
        model.classify(PLAIN)
    assert model.problem is not None
    assert feeling_of(GLAD, "ru", model).source == "lexicon"


def test_missing_tensors_are_noticed(tmp_path: Path) -> None:
    target = tiny_weights(tmp_path)
    safetensors = pytest.importorskip("safetensors.torch")
    tensors = safetensors.load_file(target / "model.safetensors")
    del tensors["classifier.bias"]
    safetensors.save_file(tensors, target / "model.safetensors")
    model = find_sentiment_model(tmp_path)
    assert model is not None
    with pytest.raises(LipsyncError):
        model.classify(PLAIN)


def test_no_code_of_a_file_is_run(tmp_path: Path) -> None:
    target = tiny_weights(tmp_path)
    (target / "model.safetensors").unlink()
    marker = tmp_path / "ran"

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[object, ...]]:
            return (Path.touch, (marker,))

    (target / "pytorch_model.bin").write_bytes(pickle.dumps({"x": Evil()}))
    model = find_sentiment_model(tmp_path)
    assert model is not None
    assert feeling_of(PLAIN, "ru", model).source == "lexicon"
    config = json.loads((target / "config.json").read_text())
    config["auto_map"] = {"AutoConfig": "evil.Config"}
    (target / "config.json").write_text(json.dumps(config))
    (target / "evil.py").write_text(f"open({str(marker)!r}, 'w')")
    assert feeling_of(PLAIN, "ru", SentimentModel(target)).source == "lexicon"
    assert not marker.exists()
