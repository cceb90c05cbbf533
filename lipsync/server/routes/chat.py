"""``POST /api/v1/chat``: a question in writing, answered aloud, at once or as server-sent events."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures import Future
from threading import Lock

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel
from werkzeug.exceptions import ClientDisconnected

from lipsync.conversation.options import AnswerOptions
from lipsync.conversation.parts import AnswerPart, SentencePart
from lipsync.conversation.protocol.client_messages import Start
from lipsync.conversation.service import ConversationService
from lipsync.conversation.session.message_form import MessageForm
from lipsync.conversation.types import ChatRequest, ChatResponse
from lipsync.conversation.whole_answer import WholeAnswer
from lipsync.errors import InternalError, LipsyncError
from lipsync.jobs.errors import CapacityError
from lipsync.runtime.talk_priority import TALK_PRIORITY
from lipsync.server import route_errors as faults
from lipsync.server.asgi.departure import departure_probe, has_left
from lipsync.server.conversation_request import read_chat
from lipsync.server.describe import Body, Media, Parameter, ResponseSpec, described
from lipsync.server.gunicorn.stopping import is_stopping
from lipsync.server.locale import answer_language
from lipsync.server.server_sent_events import encode_event, without_buffering
from lipsync.server.stream_messages import StreamMessage, error_message

log = logging.getLogger(__name__)

_YES = ("1", "true", "yes", "on")
_STREAM = Parameter(
    "query",
    "stream",
    "If 1, send the messages of the WebSocket as server-sent events, while the answer is made.",
    {"type": "string", "enum": ["0", "1"]},
)


def blueprint(conversations: ConversationService) -> Blueprint:
    """The route."""
    api = Blueprint("chat", __name__, url_prefix="/api/v1")

    @api.post("/chat")
    @described(
        "Ask a question",
        ResponseSpec(
            200,
            "The answer; or messages `frame`, `sentence`, `done` and `error` with pieces of it.",
            Media(json=ChatResponse, events=("message", StreamMessage)),
            (),
            ("X-Degraded",),
        ),
        tag="conversation",
        description="HTML is removed from the message. What fails is replaced, and named in `X-Degraded` "
        "or in the message `done`.",
        body=Body(json=ChatRequest),
        parameters=(_STREAM,),
        errors=(*faults.JSON_BODY_ERRORS, *faults.ANSWER_ERRORS),
    )
    def chat() -> Response:
        wish = read_chat(request)
        if request.args.get("stream", "").lower() in _YES:
            return _streamed(conversations, wish)
        began = time.monotonic()
        with conversations.slots.slot():
            whole = collect(conversations, begin(conversations, wish, AnswerOptions()), has_left)
        assert whole.done is not None
        answer = ChatResponse(
            full_text=whole.done.full_text,
            audio=whole.audio(),
            blendshapes=whole.blendshapes(),
            motion=whole.motion(),
            processing_time=round(time.monotonic() - began, 3),
        )
        response = jsonify(answer.model_dump(mode="json"))
        response.headers["Cache-Control"] = "no-store"
        if whole.done.degraded:
            response.headers["X-Degraded"] = ", ".join(whole.done.degraded)
        return response

    return api


def begin(
    conversations: ConversationService,
    wish: ChatRequest,
    options: AnswerOptions,
    turn_ended: Future[None] | None = None,
) -> AsyncGenerator[AnswerPart, None]:
    """The answer to ``wish``; ``turn_ended`` is for one that is played while it is made. Raises LipsyncError."""
    return conversations.answer(
        wish.message, wish.conversation_history, persona=wish.persona, options=options, turn_ended=turn_ended
    )


def collect(
    conversations: ConversationService, parts: AsyncGenerator[AnswerPart, None], has_left: Callable[[], bool]
) -> WholeAnswer:
    """All ``parts`` of an answer; renders wait meanwhile. Raises ClientDisconnected when nobody waits for it."""
    whole = WholeAnswer()
    with TALK_PRIORITY.answering():
        for part in conversations.loop.iterate(parts, lambda: not has_left()):
            whole.add(part)
    if whole.done is None:
        raise ClientDisconnected
    return whole


def _streamed(conversations: ConversationService, wish: ChatRequest) -> Response:
    left, language = departure_probe(), answer_language(request)
    turn_ended: Future[None] = Future()
    turn_ended.set_result(None)
    parts = begin(conversations, wish, AnswerOptions(), turn_ended)
    conversations.slots.acquire()
    place = _Place(conversations.slots.release)
    try:
        events = _events(conversations, parts, left, language)
        response = Response(events, mimetype="text/event-stream")
    except BaseException:
        place.give_back()
        raise
    response.call_on_close(events.close)
    response.call_on_close(place.give_back)
    response.headers["Cache-Control"] = "no-store"
    return without_buffering(response)


def _events(
    conversations: ConversationService,
    parts: AsyncGenerator[AnswerPart, None],
    has_left: Callable[[], bool],
    language: str,
) -> Generator[bytes, None, None]:
    messages = MessageForm(AnswerOptions().number, Start())
    try:
        with TALK_PRIORITY.answering():
            for part in conversations.loop.iterate(parts, lambda: not has_left()):
                if isinstance(part, SentencePart) and part.index and is_stopping():
                    raise CapacityError("stopping")  # after a sentence
                if data := b"".join(_event(message) for message in messages.add(part)):
                    yield data
    except LipsyncError as error:
        yield _event(error_message(error, language, fatal=True))
    except Exception:  # the answer has begun: its status cannot be changed
        log.exception("an answer broke off")
        yield _event(error_message(InternalError("internal", request=""), language, fatal=True))


def _event(message: BaseModel | bytes) -> bytes:
    assert isinstance(message, BaseModel)  # bytes are sent only where a client asks for them
    return encode_event(message.model_dump_json(exclude_none=True))


class _Place:
    """A place among those who talk, which is given back once, however often that is asked."""

    def __init__(self, release: Callable[[], None]) -> None:
        self._release: Callable[[], None] | None = release
        self._lock = Lock()

    def give_back(self) -> None:
        with self._lock:
            release, self._release = self._release, None
        if release is not None:
            release()
