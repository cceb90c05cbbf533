"""What gunicorn serves in the tests of the page at ``/talk``: all is real but the language model and the ears.

A question ``repeat: One. Two.`` is answered by ``One. Two.``, every other one by ``Paris it is.`` What is heard is
always ``What is the capital of France?``
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lipsync.conversation.assemble import conversation_parts
from lipsync.conversation.persona_responder import PersonaResponder
from lipsync.conversation.personas.load import load_personas
from lipsync.conversation.responder import FixedReply
from lipsync.language_models.types import Message
from lipsync.server.app import create_app
from lipsync.settings import Settings
from tests.helpers.conversation import FakeTranscriber


class RepeatingResponder(PersonaResponder):
    """The shipped personas, without a language model."""

    def reply(self, persona: str | None, history: Sequence[Message], question: str) -> FixedReply:  # type: ignore[override]  # noqa: ARG002
        text = question.removeprefix("repeat: ") if question.startswith("repeat: ") else "Paris it is."
        return FixedReply(text, is_phrase=False)

    async def preload(self, persona: str | None) -> None:
        pass

    async def health_check(self) -> bool:
        return True


settings = Settings(_env_file=None)
personas = load_personas(None, "ada")
parts = replace(
    conversation_parts(settings, personas),
    responder=lambda: RepeatingResponder(settings, personas),
    transcriber=FakeTranscriber,
    load_transcriber=lambda _language: None,
)
app = create_app(settings, conversation=parts)
