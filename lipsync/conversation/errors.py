"""Errors raised by the package ``lipsync.conversation``; the sentences lie in the message catalogues."""

from __future__ import annotations

from lipsync.errors import LipsyncError


class TalkLimitError(LipsyncError):
    """Too many talk at once, or the machine has no memory for one more."""


class AnswerError(LipsyncError):
    """A question cannot be answered, or an answer is not there."""


class TicketError(LipsyncError):
    """A ticket is unknown, used, expired or for somebody else."""


class ConversationError(LipsyncError):
    """A conversation is not there, or a message of a live one cannot be understood."""
