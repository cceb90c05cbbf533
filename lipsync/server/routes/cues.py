"""Mouth cues for animators, of a job's video and of an answer: ``GET /api/jobs/<id>/cues``,
``GET /api/v1/answers/<id>/cues``."""

from __future__ import annotations

from flask import Blueprint, Request, Response, request

from lipsync.conversation.answer_store import AnswerStore
from lipsync.conversation.spoken_answer import SpokenAnswer
from lipsync.errors import InvalidFieldError
from lipsync.jobs.errors import JobError
from lipsync.jobs.jobs import Jobs
from lipsync.messages import Message
from lipsync.mouth_cues.make import rhubarb_of, speech_cues, video_cues
from lipsync.mouth_cues.phone_file import read_phone_file
from lipsync.server import route_errors as faults
from lipsync.server.caller import current
from lipsync.server.cues_response import FORMAT, SOURCE, cues_response, cues_spec, wanted_format
from lipsync.server.describe import Parameter, described
from lipsync.settings import Settings

_SENTENCE = Parameter(
    "query",
    "sentence",
    "Number of a sentence in the answer, from 0: its cues alone, with times from its start.",
    {"type": "integer", "minimum": 0},
)


def blueprint(settings: Settings, jobs: Jobs, answers: AnswerStore) -> Blueprint:
    """The routes of mouth cues."""
    api = Blueprint("cues", __name__, url_prefix="/api")
    rhubarb = rhubarb_of(settings.rhubarb, settings.rhubarb_timeout_s)

    @api.get("/jobs/<id>/cues")
    @described(
        "Mouth cues of a job",
        cues_spec("X-Job-Id"),
        tag="videos",
        description=SOURCE,
        parameters=(FORMAT,),
        errors=(*faults.RENDER_ERRORS, "no_cues", "bad_field"),
    )
    def cues(id: str) -> Response:
        job = jobs.get(id, current().name)
        format = wanted_format(request)
        if job.state != "done":
            raise job.problem()
        if not jobs.files.exists(job.video_key):
            raise JobError("video_gone")
        spoken = read_phone_file(jobs.files.path(job.phones_key))
        mouth = video_cues(spoken, lambda: jobs.files.get(job.video_key), rhubarb)
        response = cues_response(mouth, format, job.video_key)
        response.headers["X-Job-Id"] = job.id
        return response

    @api.get("/v1/answers/<id>/cues")
    @described(
        "Mouth cues of an answer",
        cues_spec(),
        tag="conversation",
        description=f"Of the whole answer, or of one of its sentences. {SOURCE}",
        parameters=(FORMAT, _SENTENCE),
        errors=("answer_gone", "bad_field", "not_found"),
    )
    def answer_cues(id: str) -> Response:
        sound = answers.find(id, current().name, "wav")
        spoken = SpokenAnswer.read(answers.find(id, current().name, "json"))
        format = wanted_format(request)
        speech = spoken.speech(sound, _wanted_sentence(request, len(spoken.sentences)))
        return cues_response(speech_cues(speech, rhubarb), format, f"{id}.wav")

    return api


def _wanted_sentence(request: Request, count: int) -> int | None:
    """The number of the sentence that ``request`` asks for, of ``count``. Raises InvalidFieldError bad_field."""
    text = request.args.get("sentence")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) < count):
        expected = Message("field.whole_number_range", minimum=0, maximum=count - 1)
        raise InvalidFieldError("bad_field", field="sentence", expected=expected)
    return int(text)
