"""llama.cpp in this process, by xllamacpp. Only :mod:`lipsync.language_models.llama_child` uses it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Emit = Callable[[str], bool]
"""Receives a piece of text; returns True where the generation shall stop."""


class Backend:
    """One loaded model."""

    def __init__(self, path: str, context: int, threads: int) -> None:
        """Load the GGUF file ``path``. ``context`` is in tokens. Raises what xllamacpp raises."""
        import xllamacpp  # noqa: PLC0415 - of the extra conversation, and heavy

        params = xllamacpp.CommonParams()
        params.model.path = path
        params.n_ctx = context
        params.n_parallel = 1  # one prefix, kept between requests
        params.n_gpu_layers = 0
        params.cpuparams.n_threads = threads
        params.cpuparams_batch.n_threads = threads
        params.warmup = False
        self._server = xllamacpp.Server(params)

    def generate(
        self,
        messages: Sequence[Mapping[str, str]],
        *,
        max_tokens: int,
        temperature: float,
        stop: Sequence[str],
        emit: Emit,
    ) -> str:
        """Generate a reply to ``messages``; each piece of it goes to ``emit``. Returns why it ended: stop or length.

        Raises RuntimeError with the message of llama.cpp.
        """
        request = {
            "messages": [dict(message) for message in messages],
            "max_tokens": max_tokens,
            "temperature": temperature,
            "top_p": 0.9,
            "stop": list(stop),
            "stream": True,
            "cache_prompt": True,
        }
        reason = "stop"
        problem = ""

        def receive(event: Mapping[str, Any]) -> bool:
            nonlocal reason, problem
            if "error" in event or "choices" not in event:
                problem = str(event.get("error", event))[:200]
                return True
            for choice in event["choices"]:
                reason = choice.get("finish_reason") or reason
                piece = (choice.get("delta") or {}).get("content")
                if piece and emit(piece):
                    return True
            return False

        self._server.handle_chat_completions(request, receive)
        if problem:
            raise RuntimeError(problem)
        return reason
