"""``python -m bench.hearing``: how fast and how rightly speech is recognized; a table.

Sentences are spoken by each installed voice and recognized by each of Whisper's models in LIPSYNC_CHECKPOINTS. WER is
the word error rate; seconds are wall-clock seconds of one recognition at the median and at the 95th percentile. CPU
is the processor's seconds of all threads at the median, which other programs disturb less. ``--recordings FOLDER``
also takes files of sound with their text beside them (``a.wav``, ``a.txt``; ``a.ru.txt`` where it is not English).
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray

from lipsync.audio.decode import read_sound
from lipsync.audio.resample import Resampler
from lipsync.errors import LipsyncError
from lipsync.hearing.types import RATE
from lipsync.hearing.whisper import WhisperTranscriber
from lipsync.runtime.threads import apply_threads, available_cores, plan_threads
from lipsync.settings import Settings
from lipsync.speech.engines.registry import EngineRegistry
from lipsync.speech.segments import concatenate

TEXTS = {
    "en": (
        "Hello, how are you today?",
        "What is the capital of France?",
        "Tell me a joke, please.",
        "Who wrote the novel War and Peace?",
        "Can you explain how a rainbow is made?",
        "I would like to order a pizza with mushrooms and cheese.",
        "What is the weather going to be like tomorrow morning?",
        "Please stop talking for a moment, I have to think.",
        "My brother lives in a small village near the sea, and he goes fishing every day.",
        "Yesterday we walked through the old town until it began to rain, and then we went home by bus.",
    ),
    "ru": (
        "Привет, как у тебя дела?",
        "Какая столица у Франции?",
        "Расскажи мне, пожалуйста, анекдот.",
        "Кто написал роман о войне и мире?",
        "Почему небо бывает синим, а трава зелёной?",
        "Я хотел бы заказать пиццу с грибами и сыром.",
        "Какая погода будет завтра утром в нашем городе?",
        "Подожди, пожалуйста, минуту, мне надо подумать.",
        "Мой брат живёт в маленькой деревне у моря и каждый день ходит на рыбалку.",
        "Вчера мы гуляли по старому городу, пока не начался дождь, а потом поехали домой на автобусе.",
    ),
}
MODELS = ("tiny.en", "base", "small", "medium", "large")
ENGINES = ("hibari", "silero", "espeak")
"""Voices that speak; espeak's Russian is left out: Whisper understands none of it."""


@dataclass(frozen=True)
class Utterance:
    """A sound, and the words in it."""

    source: str
    language: str
    text: str
    samples: NDArray[np.float32]


@dataclass(frozen=True)
class Recognition:
    """What became of an utterance."""

    errors: int
    words: int
    wall_s: float
    cpu_s: float


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=Path, help="a folder of sounds with their texts")
    parser.add_argument("--threads", type=int, help="threads of one recognition; all cores where none are given")
    parser.add_argument("--times", action="store_true", help="with the times of words, as for subtitles")
    parser.add_argument("--verbose", action="store_true", help="print each text")
    options = parser.parse_args()
    settings = Settings()
    apply_threads(plan_threads(available_cores(), settings.max_concurrent_renders))
    utterances = [*speak(settings), *read(options.recordings)]
    print(
        f"{date.today():%d %B %Y}, {available_cores()} cores, load {os.getloadavg()[0]:.1f} at the start, "
        f"{sum(len(one.samples) for one in utterances) / RATE / len(utterances):.1f} s a sound\n"
    )
    print("| model | voice | language | sounds | WER | median s | 95 % s | CPU s |")
    print("|---|---|---|---|---|---|---|---|")
    for name in MODELS:
        transcriber = WhisperTranscriber(name, settings.checkpoints)
        if not transcriber.health_check():
            continue
        before, began = memory_mb(), time.perf_counter()
        transcriber.load(options.threads)
        loaded = time.perf_counter() - began
        groups = sorted({(one.source, one.language) for one in utterances})
        for source, language in groups:
            if name == "tiny.en" and language != "en":
                continue
            chosen = [one for one in utterances if (one.source, one.language) == (source, language)]
            done = [recognize(transcriber, one, options) for one in chosen]
            print(row(name, source, language, done), flush=True)
        print(f"| {name} | loaded in {loaded:.1f} s, {memory_mb() - before:.0f} MB more after use | | | | | | |")
        transcriber.unload()
    return 0


def recognize(transcriber: WhisperTranscriber, utterance: Utterance, options: argparse.Namespace) -> Recognition:
    """Recognize one utterance, and count the wrong words."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = transcriber.transcribe(
        utterance.samples, utterance.language, timestamps=options.times, threads=options.threads
    )
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    expected = words_of(utterance.text)
    errors = word_errors(expected, words_of(found.text))
    if options.verbose:
        print(f"<!-- {errors} of {len(expected)}: {found.text} -->")
    return Recognition(errors, len(expected), wall, cpu)


def row(model: str, source: str, language: str, done: Sequence[Recognition]) -> str:
    """One line of the table."""
    rate = sum(one.errors for one in done) / sum(one.words for one in done)
    walls = [one.wall_s for one in done]
    return (
        f"| {model} | {source} | {language} | {len(done)} | {rate:.3f} | {statistics.median(walls):.2f} "
        f"| {np.percentile(walls, 95):.2f} | {statistics.median(one.cpu_s for one in done):.2f} |"
    )


def word_errors(expected: Sequence[str], found: Sequence[str]) -> int:
    """The least number of words to insert, delete or replace (Levenshtein).

    >>> word_errors("what is the capital".split(), "what the capitol".split())
    2
    """
    before = list(range(len(found) + 1))
    for count, word in enumerate(expected, 1):
        after = [count]
        for index, other in enumerate(found, 1):
            after.append(min(before[index] + 1, after[-1] + 1, before[index - 1] + (word != other)))
        before = after
    return before[-1]


def words_of(text: str) -> list[str]:
    """The words in lower case, without punctuation; ё is е.

    >>> words_of("Ещё раз: it's 'fine'.")
    ['еще', 'раз', "it's", 'fine']
    """
    return re.findall(r"\w+(?:['’]\w+)*", text.casefold().replace("ё", "е").replace("’", "'"))


def speak(settings: Settings) -> Iterator[Utterance]:
    """Each text by the first and the last voice of each engine."""
    registry = EngineRegistry(settings)
    for engine in ENGINES:
        voice = registry.get(engine).voice
        for language, texts in TEXTS.items():
            if voice is None or not voice.speaks(language) or (engine, language) == ("espeak", "ru"):
                continue
            names = [one.name for one in voice.voices() if language in one.languages]
            for name in dict.fromkeys((names[0], names[-1])):
                for text in texts:
                    speech = concatenate(list(voice.speak(text, language, name)))
                    resampler = Resampler(speech.rate, RATE)
                    samples = np.concatenate([resampler.add(speech.samples), resampler.finish()])
                    yield Utterance(name, language, text, samples)


def read(folder: Path | None) -> Iterator[Utterance]:
    """The sounds in ``folder`` that have their text beside them."""
    for path in sorted(folder.iterdir()) if folder else ():
        for language in ("en", "ru", "uk", "kk"):
            text = path.with_suffix(".txt" if language == "en" else f".{language}.txt")
            if path.suffix != ".txt" and text.is_file():
                try:
                    samples = read_sound(path.read_bytes(), RATE, max_seconds=600)
                except LipsyncError as error:
                    print(f"{path.name}: {error}", file=sys.stderr)
                    continue
                yield Utterance("recordings", language, text.read_text("utf-8"), samples)


def memory_mb() -> float:
    """Memory of this process."""
    return float(psutil.Process().memory_info().rss) / 1e6


if __name__ == "__main__":
    sys.exit(main())
