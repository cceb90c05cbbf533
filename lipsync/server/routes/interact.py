"""``POST /api/v1/avatar/interact``: a question, spoken or in writing, answered by files of sound and video."""

from __future__ import annotations

import time
from typing import Literal, Self

import numpy as np
from flask import Blueprint, Request, Response, request, send_file
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from lipsync.audio.errors import AudioError
from lipsync.conversation.answer_store import Kind
from lipsync.conversation.errors import AnswerError
from lipsync.conversation.history import ConversationHistory
from lipsync.conversation.options import AnswerOptions
from lipsync.conversation.repository import Conversation, ConversationRepository
from lipsync.conversation.service import ConversationService
from lipsync.conversation.spoken_answer import SpokenAnswer
from lipsync.conversation.types import MAX_MESSAGE_CHARACTERS, PersonaName
from lipsync.hearing.recording import read_recording
from lipsync.language_models.types import Message as ChatMessage
from lipsync.messages import Message
from lipsync.pipeline.field_errors import bad_field, read_fields
from lipsync.runtime.talk_priority import TALK_PRIORITY
from lipsync.server import route_errors as faults
from lipsync.server.asgi.departure import has_left
from lipsync.server.caller import current
from lipsync.server.conversation_request import clean_question, with_field
from lipsync.server.describe import CONDITIONAL, Body, ResponseSpec, described, file_responses, json_response
from lipsync.server.request_body import part_names, read_upload
from lipsync.server.request_errors import RequestError
from lipsync.server.responses import Answer
from lipsync.server.routes.chat import collect
from lipsync.settings import Settings
from lipsync.text.mood import Mood

MAX_QUESTION_S = 60.0
"""Seconds of a spoken question."""
_MEDIA_TYPES: dict[Literal["wav", "mp4"], str] = {"wav": "audio/wav", "mp4": "video/mp4"}


class InteractRequest(BaseModel):
    """The form of ``POST /api/v1/avatar/interact``: a file `audio` or a field `text`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str | None = Field(None, max_length=MAX_MESSAGE_CHARACTERS, description="The question in writing.")
    persona: PersonaName | None = Field(None, description="Who answers; the default persona where none is named.")
    conversation: str | None = Field(
        None,
        pattern=r"^[0-9a-f]{32}$",
        description="Id of a conversation, whose persona answers; the question and the answer are added to it.",
    )
    video: Literal["0", "1"] = Field("1", description="0: sound alone.")


class AnswerSentence(Answer):
    """A sentence of an answer, or a clause of one."""

    text: str
    start: float = Field(ge=0, description="Seconds from the start of the sound.")
    end: float = Field(ge=0, description="Seconds from the start of the sound.")
    emotion: Mood


class InteractAnswer(Answer):
    """An answer and where its files are."""

    transcription: str = Field(description="The question, as it was recognized or written.")
    reply_text: str
    audio_url: str = Field(description="WAV, for the caller alone, for an hour.")
    video_url: str | None = Field(description="MP4, for the caller alone, for an hour; null: there is no video.")
    cues_url: str = Field(description="Mouth cues, for the caller alone, for an hour.")
    sentences: list[AnswerSentence] = Field(description="In order; `cues_url` with `?sentence=0` is of the first.")
    processing_time: float = Field(ge=0, description="Seconds from the request to the answer.")
    degraded: list[str] = Field(description="Parts that did not work as they should.")


def blueprint(
    settings: Settings, conversations: ConversationService, repository: ConversationRepository
) -> Blueprint:
    """The route, and those of the files."""
    api = Blueprint("interact", __name__, url_prefix="/api/v1")

    @api.post("/avatar/interact")
    @described(
        "Ask a question, spoken or in writing",
        ResponseSpec(200, "The answer.", InteractAnswer),
        tag="conversation",
        description="The recording (WAV, WebM, Ogg, MP3, M4A and others, at most a minute) is deleted when it is "
        "recognized; neither it nor the text is written to the log.",
        body=Body(form=InteractRequest, files=("audio",)),
        errors=(
            *(*faults.ANSWER_ERRORS, *faults.HEARING_ERRORS),
            *("nothing_heard", "hearing_slow", "no_question", "conversation_unknown", "database_busy"),
        ),
    )
    def interact() -> Response:
        began = time.monotonic()
        wish, samples = _read(request, int(settings.max_upload_mb * 1e6))
        conversation = _StoredConversation.open(repository, wish.conversation) if wish.conversation else None
        persona = conversation.persona if conversation else wish.persona
        with conversations.slots.slot():
            question = wish.text or ""
            if samples is not None:
                question = _hear(conversations, samples, persona)
            options = AnswerOptions(blendshapes="none", motion=False, video=wish.video == "1", fps=settings.fps)
            history = conversation.messages() if conversation else ()
            parts = conversations.answer(question, history, persona=persona, options=options)
            whole = collect(conversations, parts, has_left)
        assert whole.done is not None
        language = conversations.speaker(persona).language
        files: dict[Kind, bytes] = {"wav": whole.wav, "json": SpokenAnswer.of(language, whole.sentences).encode()}
        if (film := whole.mp4) is not None:
            files["mp4"] = film
        if conversation:
            conversation.add(question, whole.done.full_text)
        id = conversations.answers.save(current().name, files)
        place = f"{request.script_root}/api/v1/answers/{id}"
        answer = InteractAnswer(
            transcription=question,
            reply_text=whole.done.full_text,
            audio_url=f"{place}/audio",
            video_url=f"{place}/video" if "mp4" in files else None,
            cues_url=f"{place}/cues",
            sentences=[
                AnswerSentence(text=part.text, start=round(part.start, 4), end=round(part.end, 4), emotion=part.mood)
                for part in whole.sentences
            ],
            processing_time=round(time.monotonic() - began, 3),
            degraded=list(whole.done.degraded),
        )
        return _private(json_response(answer))

    def send(id: str, kind: Literal["wav", "mp4"]) -> Response:
        path = conversations.answers.find(id, current().name, kind)
        return _private(send_file(path, mimetype=_MEDIA_TYPES[kind], conditional=True, etag=f"{id}-{kind}"))

    @api.get("/answers/<id>/audio")
    @described(
        "Sound of an answer",
        *file_responses("The sound.", (_MEDIA_TYPES["wav"],)),
        tag="conversation",
        parameters=CONDITIONAL,
        errors=("answer_gone", "bad_range", "not_found"),
    )
    def audio(id: str) -> Response:
        return send(id, "wav")

    @api.get("/answers/<id>/video")
    @described(
        "Video of an answer",
        *file_responses("Fragmented MP4.", (_MEDIA_TYPES["mp4"],)),
        tag="conversation",
        parameters=CONDITIONAL,
        errors=("answer_gone", "bad_range", "not_found"),
    )
    def video(id: str) -> Response:
        return send(id, "mp4")

    return api


class _StoredConversation:
    """A stored conversation that the question continues."""

    def __init__(self, repository: ConversationRepository, conversation: Conversation) -> None:
        self._repository, self._conversation = repository, conversation
        self._history = ConversationHistory(repository.utterances(conversation.id))

    @classmethod
    def open(cls, repository: ConversationRepository, id: str) -> Self:
        """That of the caller. Raises ConversationError conversation_unknown, DatabaseError."""
        return cls(repository, repository.get(id, current().name))

    @property
    def persona(self) -> str:
        return self._conversation.persona

    def messages(self) -> list[ChatMessage]:
        """What was said before."""
        return self._history.messages()

    def add(self, question: str, answer: str) -> None:
        """Remember a question and its answer. Raises DatabaseError."""
        self._history.ask(question)
        self._history.answer(answer, interrupted=False)
        for utterance in self._history.utterances[-2:]:
            self._repository.add(self._conversation.id, utterance)


def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _read(request: Request, max_bytes: int) -> tuple[InteractRequest, NDArray[np.float32] | None]:
    """The form, and the samples of its recording. Raises LipsyncError."""
    if request.mimetype != "multipart/form-data":
        raise RequestError("wrong_type")
    for name in part_names(request):
        if len(request.form.getlist(name)) + len(request.files.getlist(name)) > 1:
            raise bad_field(name, Message("field.given_twice"))
        if name in request.files and name != "audio":
            raise bad_field(name, Message("field.unknown", known=[*InteractRequest.model_fields, "audio"]))
    if "audio" in request.form:
        raise bad_field("audio", Message("field.file"))
    file = request.files.get("audio")
    text = request.form.get("text")
    if (file is None) == (not text):
        raise AnswerError("no_question")
    fields = {name: value for name, value in request.form.items() if value}
    if text:
        fields["text"] = clean_question(text, "text")
    wish = read_fields(InteractRequest, fields, strict=False)
    if file is None:
        return wish, None
    data = read_upload(file, "audio", max_bytes)
    try:
        return wish, read_recording(data, max_seconds=MAX_QUESTION_S)
    except AudioError as error:
        raise with_field(error, "audio") from error


def _hear(conversations: ConversationService, samples: NDArray[np.float32], persona: str | None) -> str:
    """The words of a recording. Raises HearingError, AnswerError nothing_heard, hearing_slow."""
    language = conversations.speaker(persona).language
    try:
        with TALK_PRIORITY.answering():
            transcript = conversations.loop.run(conversations.hear(samples, language))
    except TimeoutError as error:
        raise AnswerError("hearing_slow", limit=f"{conversations.limits.hearing_s:g}", field="audio") from error
    text = transcript.text.strip()[:MAX_MESSAGE_CHARACTERS]
    if not any(character.isalnum() for character in text):
        raise AnswerError("nothing_heard", field="audio")
    return text
