"""How much of a conversation a language model reads: what fits into its context beside the reply.

This is the only bound on the history, for live conversations, ``/chat`` and ``/avatar/interact`` alike. Messages that
do not fit are left out, the oldest first; nothing stands for them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from lipsync.language_models.types import Message

CHARACTERS_PER_TOKEN = 2.5
"""Estimate. English has about 4 characters a token, Russian 2.5 to 3.5, depending on the model's vocabulary: this is
the lowest, because a server cuts off what is too long where it likes."""
TOKENS_PER_MESSAGE = 4
"""What the chat template of a model adds to a message."""
_MAX_REPLY_SHARE = 0.5
"""Part of the context that is kept for the reply at most, however long a reply may be."""


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a message of this text is.

    >>> estimate_tokens("What is the capital of France?")
    16
    """
    return math.ceil(len(text) / CHARACTERS_PER_TOKEN) + TOKENS_PER_MESSAGE


def fit_messages(messages: Sequence[Message], context: int, max_tokens: int) -> list[Message]:
    """Return the system messages and the last others that fit into ``context`` tokens with a reply of ``max_tokens``.

    The system messages and the last message are always there. Where others are left out, the first that stays is the
    person's: not an answer whose question is missing.
    """
    system = [message for message in messages if message.role == "system"]
    others = [message for message in messages if message.role != "system"]
    left = context - min(max_tokens, int(context * _MAX_REPLY_SHARE))
    left -= sum(estimate_tokens(message.content) for message in system)
    kept = 0
    for message in reversed(others):
        left -= estimate_tokens(message.content)
        if left < 0 and kept:
            break
        kept += 1
    while 1 < kept < len(others) and others[-kept].role == "assistant":
        kept -= 1
    return [*system, *others[len(others) - kept :]]
