"""The language models of this server, made from the settings, which all its conversations share."""

from __future__ import annotations

import asyncio
import logging

from lipsync.errors import LipsyncError
from lipsync.language_models.chain import GuardedModel, ModelChain, ReplySentences, TimeLimits
from lipsync.language_models.embedded import CONTEXT, EmbeddedModel, find_file
from lipsync.language_models.llama_process import LlamaProcess
from lipsync.language_models.ollama import OllamaModel
from lipsync.language_models.openai_compatible import OpenAIModel
from lipsync.language_models.stored_replies import StoredReplies
from lipsync.language_models.types import GenerationOptions
from lipsync.runtime.circuit_breaker import CircuitBreaker
from lipsync.runtime.threads import available_cores
from lipsync.settings import Settings

log = logging.getLogger(__name__)

_MAX_THREADS = 2
"""Threads of the embedded model; more than two were not measured."""


def generation_options(settings: Settings) -> GenerationOptions:
    """Return the options of a reply."""
    return GenerationOptions(temperature=settings.llm_temperature, max_tokens=settings.llm_max_tokens)


class LanguageModels:
    """The server of LIPSYNC_LLM_URL and the embedded model, as far as they are there. Used by one event loop."""

    def __init__(self, settings: Settings) -> None:
        """Connects to nothing and loads nothing yet. Raises LipsyncError missing_part where the extra is missing."""
        self._limits = TimeLimits(settings.llm_first_token_s, settings.llm_timeout_s)
        self._remote = _remote_model(settings)
        self._embedded = _embedded_model(settings)
        self._guarded: dict[str, GuardedModel] = {}
        if (server := self._remote) is not None:
            self._guarded[server.name] = GuardedModel(server, CircuitBreaker(), context=settings.llm_context)
        if (embedded := self._embedded) is not None:
            self._guarded[embedded.name] = GuardedModel(
                embedded,
                CircuitBreaker(),
                knows_little=embedded.file.is_small,
                context=CONTEXT,
                load=embedded.load,
            )

    def chain(self, language: str, stored: StoredReplies, sentences: ReplySentences) -> ModelChain:
        """The models that may reply in ``language``, a code: the server, the embedded one, the ``stored`` replies."""
        models = (self._remote, self._embedded_for(language))
        guarded = [self._guarded[model.name] for model in models if model is not None]
        return ModelChain(guarded, stored, language, sentences, self._limits)

    async def preload(self, language: str, system_prompt: str) -> None:
        """Load what replies in ``language``, and let it read the prompt; errors are logged.

        The embedded model is loaded where the server is not ready within the time limit of a first token. Call this
        when a conversation starts, and do not wait for it: loading takes 1 to 70 s.
        """
        remote = None if self._remote is None else asyncio.create_task(_load(self._remote, system_prompt))
        try:
            if remote is not None:
                await asyncio.wait({remote}, timeout=self._limits.first_token_s)
            is_ready = remote is not None and remote.done() and remote.result()
            embedded = self._embedded_for(language)
            if not is_ready and embedded is not None:
                await _load(embedded, system_prompt)
            if remote is not None:
                await remote
        finally:
            if remote is not None:
                remote.cancel()

    async def health(self) -> dict[str, bool]:
        """Whether each model works now, in order of preference; ``stored`` always does. Takes at most 2 seconds."""
        names = list(self._guarded)
        works = await asyncio.gather(*(self._guarded[name].model.health_check() for name in names))
        return {**dict(zip(names, works, strict=True)), "stored": True}

    async def close(self) -> None:
        """Close connections, and end the process of the embedded model."""
        for model in (self._remote, self._embedded):
            if model is not None:
                await model.close()

    def _embedded_for(self, language: str) -> EmbeddedModel | None:
        """The embedded model where it may answer in ``language``."""
        return self._embedded if self._embedded is not None and self._embedded.file.speaks(language) else None


async def _load(model: OllamaModel | OpenAIModel | EmbeddedModel, system_prompt: str) -> bool:
    """Whether the model is loaded now; an error is logged."""
    try:
        await model.preload(system_prompt)
    except LipsyncError as error:
        log.warning("language model %s cannot be loaded: %s", model.name, error)
        return False
    return True


def _remote_model(settings: Settings) -> OllamaModel | OpenAIModel | None:
    if not settings.llm_url:
        return None
    key = settings.llm_key.get_secret_value() if settings.llm_key else None
    if settings.llm_api == "openai":
        return OpenAIModel(settings.llm_url, settings.llm_model, key=key, timeout_s=settings.llm_timeout_s)
    return OllamaModel(
        settings.llm_url,
        settings.llm_model,
        key=key,
        context=settings.llm_context,
        keep_alive_s=settings.llm_keep_alive_minutes * 60,
        timeout_s=settings.llm_timeout_s,
    )


def _embedded_model(settings: Settings) -> EmbeddedModel | None:
    if settings.llm_embedded == "off":
        return None
    file = find_file(settings.checkpoints, settings.llm_file)
    if file is None:
        if settings.llm_file is not None:
            log.warning("LIPSYNC_LLM_FILE: there is not a file %s", settings.llm_file)
        return None
    cores = min(_MAX_THREADS, available_cores())
    process = LlamaProcess(file.path, context=CONTEXT, threads=cores, idle_s=settings.llm_idle_minutes * 60)
    return EmbeddedModel(file, process, cores=cores)
