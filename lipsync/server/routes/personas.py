"""``GET /api/v1/personas``: who can be talked to."""

from __future__ import annotations

from flask import Blueprint, Response
from pydantic import BaseModel, ConfigDict, Field

from lipsync.conversation.personas.load import Personas
from lipsync.server.describe import ResponseSpec, described, json_response


class PersonaAnswer(BaseModel):
    """What people may know of a persona."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="Name in requests.")
    title: str = Field(description="Name that people see.")
    character: str = Field(description="Description, in the persona's language.")
    language: str = Field(description="Code of the language in which it hears and speaks.")
    greeting: str = Field(description="First sentence of a conversation.")
    voice: str | None = Field(description="Name of its voice; null: the default one of the language.")
    avatar: str | None = Field(description="Name of its avatar; null: the server's default one.")
    ai: bool = Field(True, description="Always true: a computer program answers.")


class PersonasAnswer(BaseModel):
    """All personas."""

    model_config = ConfigDict(frozen=True)

    default: str = Field(description="Name of the persona that answers where none is named.")
    personas: list[PersonaAnswer]


def blueprint(personas: Personas) -> Blueprint:
    """The route of the personas."""
    routes = Blueprint("personas", __name__, url_prefix="/api/v1/personas")

    @routes.get("")
    @described(
        "All personas",
        ResponseSpec(200, "Who can be talked to.", PersonasAnswer),
        tag="conversation",
        description="The system prompts of the personas are not shown.",
    )
    def all_personas() -> Response:
        fields = set(PersonaAnswer.model_fields) - {"ai"}
        return json_response(
            PersonasAnswer(
                default=personas.default,
                personas=[PersonaAnswer(**persona.model_dump(include=fields), ai=True) for persona in personas],
            )
        )

    return routes
