"""``python -m bench.talk``: how soon spoken questions are answered; tables for a person, and bench/talk.json.

Questions are spoken by a voice of this installation and sent by a real WebSocket client, as a microphone in real
time, to a real gunicorn: by an open microphone and by push to talk, each in a conversation of its own; answers have
sound and video. They are asked of the embedded language model, and of a fake Ollama that writes 40 tokens a second.
With ``--russian``, in Russian, where without a language model the persona's stored replies answer.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.__main__ import processor
from bench.language_models import QUESTIONS
from bench.load.server import serving
from bench.talk.ask import Asked, NotHeardError, ask
from bench.talk.fake_ollama import fake_ollama
from bench.talk.interrupt import interrupt
from bench.talk.questions import RUSSIAN
from bench.talk.report import replies, silence_table, stage_table
from bench.talk.speak import Spoken, speak_questions
from lipsync.hearing.recording import read_recording
from lipsync.hearing.transcribers import conversation_transcriber
from lipsync.runtime.threads import available_cores
from lipsync.settings import Settings

RESULTS = Path(__file__).parents[1] / "talk.json"
MODES = {"open": "Open microphone", "push": "Push to talk"}
MODELS = {"embedded": "embedded language model", "ollama": "fake Ollama, 40 tokens a second"}
_TOKENS_PER_S = 40.0
_STEP_S = 0.15
"""Seconds between the positions at which answers are interrupted."""


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="bench.talk", description=__doc__)
    parser.add_argument("--checkpoints", type=Path, default=Path("checkpoints"), help="folder of the weights")
    parser.add_argument("--questions", type=int, default=30, help="only the first ones of thirty")
    parser.add_argument("--persona", help="who answers; ada, with --russian lev")
    parser.add_argument("--voices", default="hibari,silero,espeak", help="voice engines, of questions and answers")
    parser.add_argument("--models", nargs="*", choices=MODELS, default=list(MODELS), help="models that answer")
    parser.add_argument("--modes", nargs="*", choices=MODES, default=list(MODES), help="how the microphone is used")
    parser.add_argument("--interrupts", type=int, default=20, help="positions at which answers are interrupted")
    parser.add_argument("--russian", action="store_true", help="ask in Russian")
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server ends
    language = "ru" if options.russian else "en"
    expected = {} if options.russian else dict(QUESTIONS)
    texts = (RUSSIAN if options.russian else tuple(expected))[: options.questions]
    results: dict[str, Any] = {"machine": machine(), "language": language}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lipsync-bench-")))
        settings = Settings(
            _env_file=None,
            outputs=folder / "outputs",
            cache=folder / "cache",
            state=folder / "state",
            checkpoints=options.checkpoints.absolute(),
            voices=options.voices,
        )
        voice, spoken = speak_questions(settings, texts, language)
        results["voice"] = voice
        print(
            f"{date.today():%d %B %Y}, {available_cores()} cores of {results['machine']['processor']}, "
            f"load {os.getloadavg()[0]:.1f} at the start; voice {voice}\n",
            flush=True,
        )
        for model in options.models:
            results[model] = measure(folder / model, settings, model, spoken, expected, options)
    options.output.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return 0


def machine() -> dict[str, Any]:
    """Where it was measured."""
    return {"cores": available_cores(), "processor": processor(), "load_before": os.getloadavg()[0]}


def measure(
    folder: Path,
    settings: Settings,
    model: str,
    spoken: Sequence[Spoken],
    expected: dict[str, str],
    options: argparse.Namespace,
) -> dict[str, Any]:
    """All tables of one language model, by a server of its own in ``folder``."""
    folder.mkdir()
    persona = options.persona or ("lev" if options.russian else "ada")
    results: dict[str, Any] = {}
    with ExitStack() as stack:
        address = stack.enter_context(fake_ollama(_TOKENS_PER_S)) if model == "ollama" else ""
        server = stack.enter_context(
            serving(
                folder,
                LIPSYNC_CHECKPOINTS=str(settings.checkpoints),
                LIPSYNC_VOICES=settings.voices,
                LIPSYNC_LLM_URL=address,
            )
        )
        port = urlsplit(server.url).port or 0
        for mode in options.modes:
            asked = [one for question in spoken if (one := ask_one(port, persona, question, manual=mode == "push"))]
            results[mode] = [{**asdict(one), "video": len(one.video)} for one in asked]
            show(
                stage_table(f"{MODES[mode]}, {MODELS[model]}", asked, missing=len(spoken) - len(asked))
                if asked
                else ["no question was answered"]
            )
            if mode == options.modes[0] and model == "embedded":
                show(replies(asked, expected))
                if asked:
                    words = spoken_words(settings, asked[0], "ru" if options.russian else "en")
                    print(f"The sound of the first answer's video, recognized: {words}\n", flush=True)
        silenced = [
            cut
            for index in range(options.interrupts)
            if (cut := asyncio.run(interrupt(port, persona, index * _STEP_S)))
        ]
        if silenced:
            results["interrupts"] = [asdict(one) for one in silenced]
            show(silence_table(silenced))
    return results


def ask_one(port: int, persona: str, question: Spoken, *, manual: bool) -> Asked | None:
    """Ask; None, and a line, where it was not answered."""
    try:
        return asyncio.run(ask(port, persona, question, manual=manual, load=os.getloadavg()[0]))
    except TimeoutError:
        print(f"No answer with a picture: {question.text}", flush=True)
    except NotHeardError as error:
        print(f"No words recognized: {question.text} | {error}", flush=True)
    return None


def spoken_words(settings: Settings, asked: Asked, language: str) -> str:
    """What Whisper understands of the sound of an answer's video."""
    sound = read_recording(asked.video, max_seconds=settings.max_recording_s)
    return conversation_transcriber(settings).transcribe(sound, language).text


def show(lines: Iterator[str] | list[str]) -> None:
    """Print ``lines``, and an empty one."""
    print("\n".join(lines), end="\n\n", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
