"""How a persona speaks and looks."""

from __future__ import annotations

from lipsync.conversation.personas.persona import Persona
from lipsync.conversation.responder import Speaker


def speaker_of(persona: Persona) -> Speaker:
    """The voice and the face of ``persona``, and the sentences whose video is made once."""
    return Speaker(
        persona.name,
        persona.language,
        persona.voice,
        persona.avatar,
        greeting=persona.greeting,
        fillers=persona.fillers,
        phrases=(persona.greeting, *persona.fillers),
    )
