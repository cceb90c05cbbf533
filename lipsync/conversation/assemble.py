"""The parts of conversations, made of the settings."""

from __future__ import annotations

from lipsync.animation.body_motion.preset_motion import PresetMotionGenerator
from lipsync.conversation.mock import MockResponder, MockTranscriber
from lipsync.conversation.moods import MoodFinder
from lipsync.conversation.personas.load import Personas
from lipsync.conversation.reply_text import SpokenClauses
from lipsync.conversation.responder import Responder
from lipsync.conversation.service import ConversationParts
from lipsync.hearing.transcribers import conversation_transcriber, load_conversation_transcriber, unload_transcribers
from lipsync.settings import Settings


def conversation_parts(settings: Settings, personas: Personas) -> ConversationParts:
    """What conversations with ``personas`` are assembled of. Nothing is loaded yet."""

    def responder() -> Responder:
        from lipsync.conversation.persona_responder import PersonaResponder  # noqa: PLC0415 - clients of servers are an extra

        return PersonaResponder(settings, personas)

    if settings.mock:
        return ConversationParts(
            responder=lambda: MockResponder(personas),
            reply_text=SpokenClauses,
            transcriber=MockTranscriber,
            motion=lambda: PresetMotionGenerator(settings.motions),
        )
    return ConversationParts(
        responder=responder,
        reply_text=SpokenClauses,
        transcriber=lambda: conversation_transcriber(settings),
        load_transcriber=lambda language: load_conversation_transcriber(settings, language),
        motion=lambda: PresetMotionGenerator(settings.motions),
        moods=MoodFinder(settings.checkpoints),
        unload=(unload_transcribers,),
    )
