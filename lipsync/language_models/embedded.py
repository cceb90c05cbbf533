"""The embedded language model: a GGUF file in a process of its own, with short replies.

The models that are small enough for two cores repeat themselves when they are let go on, and answer in other
languages with nonsense (docs/language-models.md has what they know). So a reply ends after MAX_SENTENCES, or where it
begins to repeat itself, and the known models answer in English only.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from lipsync.language_models.collect import collect_reply
from lipsync.language_models.errors import LanguageModelError
from lipsync.language_models.llama_process import LlamaProcess
from lipsync.language_models.repetition import RepetitionCheck
from lipsync.language_models.types import CompletePart, GenerationOptions, LLMResponse, Message
from lipsync.text.clauses import ClauseCutter
from lipsync.text.detect import detect_language
from lipsync.text.split import split_sentences
from lipsync.weights.catalogue import model as catalogue_model

MAX_SENTENCES = 3
"""Sentences of a reply."""
MAX_TOKENS = 96
"""Tokens of a reply: about 70 English words, 25 s of speech."""
CONTEXT = 2048
"""Tokens that the model reads and writes."""
MAX_HISTORY = 6
"""Messages of the conversation that the model reads, of those that fit: at 30 to 70 tokens a second each costs half a
second."""
STOPS = ("<|im_end|>", "<|endoftext|>", "\nUser:", "\nuser:", "\nHuman:", "\nQ:")
"""Strings at which a reply ends: small models write the person's part too."""
KNOWN_MODELS = {"qwen2.5-coder-0.5b": ("en",), "smollm2-135m": ("en",)}
"""Models of the catalogue, the best first, and the languages in which they may answer."""
_SPOKEN_CORES = 1
"""Cores from the first part on: the others draw the face."""
_MARK = re.compile(r"\s*[\[({<*]")
"""Beginning of a mark such as “[action: nod]”, which at the end of a reply belongs to the part before it."""


@dataclass(frozen=True)
class EmbeddedFile:
    """A GGUF file on disk."""

    path: Path
    languages: tuple[str, ...] = ()
    """Codes of the languages in which it may answer; empty: all."""
    is_small: bool = False
    """Whether it is one of KNOWN_MODELS, which follow a short prompt only, and guess at any temperature but 0."""

    def speaks(self, language: str) -> bool:
        """Whether it may answer in ``language``, a code."""
        return not self.languages or language in self.languages


def find_file(folder: Path, file: Path | None = None) -> EmbeddedFile | None:
    """Return the GGUF file to use: ``file``, else one of the operator's in the folder ``llm`` of ``folder``, the
    folder of weights, else the best of KNOWN_MODELS; None without a file."""
    known = {
        path: EmbeddedFile(path, languages, is_small=True)
        for name, languages in KNOWN_MODELS.items()
        for path in catalogue_model(name).paths(folder)[:1]
    }
    if file is not None:
        path = file.expanduser().absolute()
        return known.get(path, EmbeddedFile(path)) if path.is_file() else None
    own = sorted(path for path in (folder.expanduser().absolute() / "llm").glob("*.gguf") if path not in known)
    if own:
        return EmbeddedFile(own[0])
    return next((found for path, found in known.items() if path.is_file()), None)


class EmbeddedModel:
    """The model of a GGUF file. Used by one event loop; one reply at a time."""

    name = "embedded"

    def __init__(self, file: EmbeddedFile, process: LlamaProcess, *, cores: int = 2) -> None:
        """``cores`` are used until the first part of a reply is there, then one."""
        self.file = file
        """The GGUF file, and what its model can do."""
        self._process = process
        self._cores = cores

    async def generate(self, messages: Sequence[Message], options: GenerationOptions) -> LLMResponse:
        """The whole reply. Raises LanguageModelError."""
        return await collect_reply(self.stream(messages, options))

    async def stream(self, messages: Sequence[Message], options: GenerationOptions) -> AsyncGenerator[str, None]:
        """The reply in parts that can be spoken: an early first clause, then sentences. Closing the generator stops
        the model. Raises LanguageModelError."""
        recent = self._readable(messages)
        cutter, selection = ClauseCutter(await self._language_of(recent[-1].content)), _Selection()
        max_tokens = min(options.max_tokens, MAX_TOKENS)
        pieces = self._process.generate(
            recent,
            max_tokens=max_tokens,
            temperature=0 if self.file.is_small else options.temperature,
            stop=STOPS,
            cores=self._cores,
        )
        tokens = 0
        async with contextlib.aclosing(pieces) as stream:
            async for piece in stream:
                tokens += 1
                parts = cutter.feed(piece)
                for part, following in zip(parts, (*parts, cutter.rest)[1:], strict=True):
                    if not selection.takes(part):
                        return
                    text = f"{part} "
                    yield text if _MARK.match(following) else CompletePart(text)
                if parts:
                    await self._process.use_cores(_SPOKEN_CORES)
        for part in cutter.finish():
            is_cut = tokens >= max_tokens and not _ends_sentence(part)
            if not selection.takes(part, is_cut=is_cut):
                return
            yield part

    async def load(self) -> None:
        """Load the model, or wait until it is loaded. Raises LanguageModelError."""
        await self._process.start()

    async def preload(self, system_prompt: str) -> None:
        """Load the model, and let it read the system prompt, which it keeps. Raises LanguageModelError."""
        messages = [Message(role="system", content=system_prompt), Message(role="user", content="Hello")]
        pieces = self._process.generate(self._readable(messages), max_tokens=1, temperature=0, cores=self._cores)
        async for _ in pieces:
            pass

    async def _language_of(self, question: str) -> str:
        """Code of the language of the reply; only how it is cut depends on it."""
        if self.file.languages:
            return self.file.languages[0]
        return await asyncio.to_thread(detect_language, question)  # it loads a library

    def _readable(self, messages: Sequence[Message]) -> list[Message]:
        """The messages that the model reads."""
        recent = recent_messages(messages)
        if not self.file.is_small:
            return recent
        return [
            Message(role="system", content=short_prompt(message.content)) if message.role == "system" else message
            for message in recent
        ]

    async def health_check(self) -> bool:
        """Whether the file and its runner are there. The process need not run: it is started by a request."""
        return await asyncio.to_thread(self.file.path.is_file) and find_spec("xllamacpp") is not None

    async def close(self) -> None:
        """End the process."""
        await self._process.close()


def short_prompt(prompt: str) -> str:
    """Return the first sentence of a system prompt, and that the reply has to be short.

    Measured over the 30 questions of bench/language_models.py: with this SmolLM2 knows 14 of 23 facts, with a prompt
    of 60 words 9, with one of 110 words, which it then quotes, 14; at the temperature 0.3 it knows 9 of 23.
    """
    first = next(split_sentences(prompt, "en"), "")
    return f"{first} Answer in one short sentence.".strip()


class _Selection:
    """Decides which parts of a reply are spoken."""

    def __init__(self) -> None:
        self._check = RepetitionCheck()
        self._sentences = 0
        self._is_inside = False
        """Whether the last part was not the end of its sentence."""

    def takes(self, part: str, *, is_cut: bool = False) -> bool:
        """Whether ``part`` is spoken; if not, the reply ends before it. The rest of a sentence always is."""
        is_repeated = self._check.is_repeated(part)
        if not self._is_inside and (is_repeated or self._sentences >= MAX_SENTENCES or (is_cut and self._sentences)):
            return False
        self._is_inside = not _ends_sentence(part)
        self._sentences += not self._is_inside
        return True


def _ends_sentence(part: str) -> bool:
    return part.rstrip("\"'»”)").endswith((".", "!", "?", "…"))


def recent_messages(messages: Sequence[Message]) -> list[Message]:
    """Return the system messages and the last MAX_HISTORY others, beginning with one of the person.

    Raises LanguageModelError llm_empty without a message of a person.
    """
    system = [message for message in messages if message.role == "system"]
    others = [message for message in messages if message.role != "system"][-MAX_HISTORY:]
    while others and others[0].role != "user":
        others = others[1:]
    if not others:
        raise LanguageModelError("llm_empty", model="embedded")
    return [*system, *others]
