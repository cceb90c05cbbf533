"""``python -m bench.language_models FILE.gguf …``: answers and speed of embedded language models.

The answers are those that would be spoken: by the process, the limits and the persona “ada” of the server. A reply is
right where it holds one of the words that are expected (a question about facts), or is judged by the reader (small
talk, marked “?”). Speeds are in tokens a second, in the same process, on two cores and on one.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import statistics
import time
from datetime import date
from pathlib import Path

from lipsync.conversation.personas.load import load_personas
from lipsync.language_models.disclosure import asks_for_disclosure
from lipsync.language_models.embedded import EmbeddedFile, EmbeddedModel
from lipsync.language_models.llama_process import LlamaProcess
from lipsync.language_models.types import GenerationOptions, Message
from lipsync.text.spoken_reply import spoken_reply

QUESTIONS: tuple[tuple[str, str], ...] = (
    ("What is the capital of France?", "paris"),
    ("What is the capital of Japan?", "tokyo"),
    ("Who wrote Romeo and Juliet?", "shakespeare"),
    ("How many legs does a spider have?", "eight|8"),
    ("What is seven times eight?", "56|fifty.six"),
    ("What is two plus two?", "(?:=|is|equals) *(?:4|four)|^four"),
    ("Why is the sky blue?", "scatter"),
    ("Which planet is closest to the sun?", "mercury"),
    ("Who painted the Mona Lisa?", "leonardo|da vinci"),
    ("In which year did the Second World War end?", "1945"),
    ("What is the largest ocean?", "pacific"),
    ("What do bees make?", "honey"),
    ("How many days does a week have?", "seven|7"),
    ("What is water made of?", "hydrogen"),
    ("Who was the first man on the moon?", "armstrong"),
    ("What is the opposite of hot?", "cold"),
    ("What colour do you get when you mix blue and yellow?", "green"),
    ("Which animal is called the king of the jungle?", r"\blion\b"),
    ("How many minutes are in an hour?", "60|sixty"),
    ("What language do people speak in Brazil?", "portuguese"),
    ("Hello, how are you today?", "?"),
    ("What is your name?", "ada"),
    ("Are you a real person?", "program|artificial|machine|not a person"),
    ("Tell me a joke.", "?"),
    ("I am sad today.", "?"),
    ("Can you recommend a good book?", "?"),
    ("What should I cook for dinner tonight?", "?"),
    ("What is the weather like right now?", "can(?:no|')t|do not|don't|unable"),
    ("Give me a piece of advice for a long journey.", "?"),
    ("Thank you, goodbye!", "?"),
)
"""Questions, and what a right reply holds; “?” is left to the reader."""


async def ask(model: EmbeddedModel, question: str, prompt: str, temperature: float) -> tuple[str, float]:
    """The spoken reply, and the seconds to its first part."""
    messages = [Message(role="system", content=prompt), Message(role="user", content=question)]
    start, first, text = time.perf_counter(), 0.0, ""
    async for part in model.stream(messages, GenerationOptions(temperature=temperature)):
        first = first or time.perf_counter() - start
        text += part
    return spoken_reply(text).text, first


async def measure_speed(process: LlamaProcess, cores: int) -> float:
    """Tokens a second on ``cores``, the median of three replies."""
    await process.use_cores(cores)
    speeds = []
    for subject in ("ships", "bees", "mountains"):
        messages = [Message(role="user", content=f"Tell me a long story about {subject}.")]
        times = [time.perf_counter() async for _ in process.generate(messages, max_tokens=40, temperature=0)]
        speeds.append((len(times) - 1) / (times[-1] - times[0]))
    return statistics.median(speeds)


async def run(file: Path, temperature: float) -> None:
    """Print the table of one model."""
    persona = load_personas(None, "ada").find()
    process = LlamaProcess(file)
    model = EmbeddedModel(EmbeddedFile(file, languages=("en",), is_small=True), process)
    try:
        start = time.perf_counter()
        await model.preload(persona.prompt)
        print(
            f"\n{file.name}, temperature {temperature}: loaded and prompt read in {time.perf_counter() - start:.1f} s"
        )
        right, facts, firsts = 0, 0, []
        for question, expected in QUESTIONS:
            reply, first = await ask(model, question, persona.prompt, temperature)
            mark = "?"
            if expected != "?":
                facts += 1
                mark = "+" if re.search(expected, reply, re.IGNORECASE) else "-"
                right += mark == "+"
            stored = " (the chain gives a stored reply)" if asks_for_disclosure(question, "en") else ""
            firsts.append(first)
            print(f"{mark} {first:5.2f} s  {question}{stored}\n           {reply}", flush=True)
        print(f"right: {right} of {facts}; first part after {statistics.median(firsts):.2f} s at the median")
        for cores in (2, 1):
            print(f"{cores} cores: {await measure_speed(process, cores):.0f} tokens/s")
    finally:
        await model.close()


def main() -> None:
    """The tables of all files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="+", type=Path)
    parser.add_argument("--temperature", type=float, default=0.7, help="the known models use 0 all the same")
    options = parser.parse_args()
    print(f"{date.today():%d %B %Y}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start")
    for file in options.file:
        asyncio.run(run(file.absolute(), options.temperature))
    print(f"load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
