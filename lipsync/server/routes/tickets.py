"""``POST /api/v1/tickets``: what a page of a browser presents when it opens a WebSocket."""

from __future__ import annotations

from flask import Blueprint, Response, request
from pydantic import BaseModel, ConfigDict, Field

from lipsync.conversation.service import ConversationService
from lipsync.conversation.types import PersonaName
from lipsync.messages import Message
from lipsync.pipeline.field_errors import bad_field, read_fields
from lipsync.server import route_errors as faults
from lipsync.server.caller import current
from lipsync.server.describe import Body, ResponseSpec, described, json_response
from lipsync.server.request_body import read_json
from lipsync.server.responses import Answer
from lipsync.server.security.origins import is_origin
from lipsync.server.security.tickets import LIFETIME_S, Tickets


class TicketRequest(BaseModel):
    """For what a ticket is requested; the body may be left out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    persona: PersonaName | None = Field(None, description="The persona to talk with; any where none is named.")
    origin: str | None = Field(
        None,
        max_length=300,
        description="Origin of the page that uses the ticket, such as https://example.org; default: the header "
        "`Origin` of this request.",
    )


class TicketAnswer(Answer):
    """A ticket."""

    ticket: str = Field(description="Send it as the WebSocket subprotocol `ticket.<ticket>`, beside `lipsync.v1`.")
    expires_in: int = Field(description="Seconds within which it can be used, once.")
    persona: str | None = Field(None, description="The persona that it is for.")
    origin: str | None = Field(None, description="The site that it is for.")


def blueprint(conversations: ConversationService, tickets: Tickets) -> Blueprint:
    """The route."""
    api = Blueprint("tickets", __name__, url_prefix="/api/v1")

    @api.post("/tickets")
    @described(
        "Request a ticket for a WebSocket",
        ResponseSpec(201, "The ticket.", TicketAnswer),
        tag="conversation",
        description="A browser's page cannot send a key with a WebSocket. A ticket has the rights of this request's "
        "caller, for one use within a minute, from one site.",
        body=Body(json=TicketRequest),
        errors=(*faults.JSON_BODY_ERRORS, "unknown_persona"),
    )
    def issue() -> tuple[Response, int]:
        fields = read_json(request) if request.get_data(cache=True).strip() else {}
        wish = read_fields(TicketRequest, fields)
        if wish.origin is not None and not is_origin(wish.origin.strip().rstrip("/").lower()):
            raise bad_field("origin", Message("field.origin", origin=wish.origin[:80]))
        if wish.persona is not None:
            conversations.speaker(wish.persona)
        origin = wish.origin or request.headers.get("Origin")
        ticket = tickets.issue(current(), origin, wish.persona)
        answer = TicketAnswer(ticket=ticket, expires_in=LIFETIME_S, persona=wish.persona, origin=origin)
        return json_response(answer), 201

    return api
