"""The caller's conversations: list, read, delete."""

from __future__ import annotations

from flask import Blueprint, Response

from lipsync.conversation.repository import Conversation, ConversationRepository
from lipsync.server import route_errors as faults
from lipsync.server.caller import current
from lipsync.server.conversation_responses import (
    ConversationAnswer,
    ConversationsAnswer,
    ConversationWithMessages,
    DeletedConversation,
    UtteranceAnswer,
)
from lipsync.server.describe import ResponseSpec, described, json_response

_LISTED = 100
"""Conversations in the caller's list."""


def blueprint(repository: ConversationRepository) -> Blueprint:
    """The routes under ``/api/v1/conversations``."""
    api = Blueprint("conversations", __name__, url_prefix="/api/v1/conversations")

    @api.get("")
    @described(
        "The last conversations",
        ResponseSpec(200, f"At most {_LISTED}.", ConversationsAnswer),
        tag="conversations",
    )
    def recent() -> Response:
        found = repository.recent(current().name, _LISTED)
        return json_response(ConversationsAnswer(conversations=[_facts(one) for one in found]))

    @api.get("/<conversation>")
    @described(
        "One conversation",
        ResponseSpec(200, "The conversation with what was said in it.", ConversationWithMessages),
        tag="conversations",
        errors=faults.CONVERSATION,
    )
    def one(conversation: str) -> Response:
        found = repository.get(conversation, current().name)
        messages = [UtteranceAnswer(**utterance.model_dump()) for utterance in repository.utterances(found.id)]
        return json_response(ConversationWithMessages(**_facts(found).model_dump(), messages=messages))

    @api.delete("/<conversation>")
    @described(
        "Delete a conversation",
        ResponseSpec(200, "The conversation was deleted.", DeletedConversation),
        tag="conversations",
        description="What was said in it is deleted from the database. Conversations are deleted without request "
        "after LIPSYNC_CONVERSATIONS_MAX_HOURS.",
        errors=faults.CONVERSATION,
    )
    def delete(conversation: str) -> Response:
        repository.delete(conversation, current().name)
        return json_response(DeletedConversation(deleted=conversation))

    return api


def _facts(conversation: Conversation) -> ConversationAnswer:
    return ConversationAnswer(**conversation.model_dump(include=set(ConversationAnswer.model_fields)))
