"""A short summary of what no longer fits into a language model's context."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from lipsync.conversation.history import ConversationHistory, Utterance
from lipsync.language_models.errors import LanguageModelError
from lipsync.language_models.types import GenerationOptions, LanguageModel, Message

MAX_SUMMARY = 800
"""Characters of a summary."""
MAX_SUMMARIZED = 12_000
"""Characters that are summarized at once; of more, the end."""
SUMMARY_TIMEOUT_S = 20.0
_OPTIONS = GenerationOptions(temperature=0.2, max_tokens=200)
_INSTRUCTION = (
    "Summarize the conversation below in at most 80 words, in its own language: who the person is, what they want, "
    "what was decided. Write the summary only."
)
_INTRODUCTION = "Earlier in this conversation: "


async def compact(history: ConversationHistory, max_tokens: int, model: LanguageModel | None) -> bool:
    """Bound ``history`` to about ``max_tokens``: the oldest utterances are summarized by ``model``.

    Without a model, and where it fails or takes longer than SUMMARY_TIMEOUT_S, they are dropped. Returns whether
    anything was replaced. Utterances that are added meanwhile stay.
    """
    old = history.overflow(max_tokens)
    if not old:
        return False
    summary = history.summary if model is None else await _summarize(model, old, history.summary)
    history.replace(len(old), summary)
    return True


async def _summarize(model: LanguageModel, old: Sequence[Utterance], before: str) -> str:
    """Return the summary of ``before`` and ``old``; ``before`` where the model fails."""
    names = {"user": "Person", "assistant": "Avatar"}
    lines = [f"{names[utterance.role]}: {utterance.text}" for utterance in old]
    text = "\n".join([before, *lines] if before else lines)[-MAX_SUMMARIZED:]
    messages = [Message(role="system", content=_INSTRUCTION), Message(role="user", content=text)]
    try:
        response = await asyncio.wait_for(model.generate(messages, _OPTIONS), SUMMARY_TIMEOUT_S)
    except (LanguageModelError, TimeoutError):
        return before
    summary = response.text.strip()
    return f"{_INTRODUCTION}{summary}"[:MAX_SUMMARY] if summary else before
