"""Mouth cues of a job's video, for animators: ``GET /api/jobs/<id>/cues``."""

from __future__ import annotations

from flask import Blueprint, Response, request

from lipsync.errors import InvalidFieldError
from lipsync.jobs.errors import JobError
from lipsync.jobs.jobs import Jobs
from lipsync.messages import Message
from lipsync.mouth_cues.formats import FORMATS, MEDIA_TYPES, format_cues
from lipsync.mouth_cues.make import rhubarb_of, video_cues
from lipsync.mouth_cues.phone_file import read_phone_file
from lipsync.server import route_errors as faults
from lipsync.server.caller import current
from lipsync.server.describe import Media, Parameter, ResponseSpec, described
from lipsync.server.responses import MouthCuesAnswer
from lipsync.settings import Settings

_FORMAT = Parameter(
    "query",
    "format",
    "Format of the file, as Rhubarb Lip Sync writes it; default rhubarb-json.",
    {"type": "string", "enum": list(FORMATS)},
)


def blueprint(settings: Settings, jobs: Jobs) -> Blueprint:
    """The route of mouth cues."""
    api = Blueprint("cues", __name__, url_prefix="/api")
    rhubarb = rhubarb_of(settings.rhubarb, settings.rhubarb_timeout_s)

    @api.get("/jobs/<id>/cues")
    @described(
        "Mouth cues of a job",
        ResponseSpec(
            200,
            "Mouth shapes A to H and X with their times.",
            Media(types_of_text=(MEDIA_TYPES["tsv"], MEDIA_TYPES["xml"]), json=MouthCuesAnswer),
            ("X-Job-Id", "X-Cues-Source"),
            ("X-Cues-Problem",),
        ),
        tag="videos",
        description="They come from the Rhubarb program where `LIPSYNC_RHUBARB` names one, else, or when it fails, "
        "from the phones of the speech.",
        parameters=(_FORMAT,),
        errors=(*faults.RENDER_ERRORS, "no_cues", "bad_field"),
    )
    def cues(id: str) -> Response:
        job = jobs.get(id, current().name)
        name = request.args.get("format", FORMATS[0])
        format = next((one for one in FORMATS if one == name), None)
        if format is None:
            expected = Message("field.one_of", known=list(FORMATS))
            raise InvalidFieldError("bad_field", field="format", expected=expected)
        if job.state != "done":
            raise job.problem()
        if not jobs.files.exists(job.video_key):
            raise JobError("video_gone")
        spoken = read_phone_file(jobs.files.path(job.phones_key))
        mouth = video_cues(spoken, lambda: jobs.files.get(job.video_key), rhubarb)
        response = Response(format_cues(mouth, format, job.video_key), mimetype=MEDIA_TYPES[format])
        response.headers["X-Job-Id"] = job.id
        response.headers["X-Cues-Source"] = mouth.source
        if mouth.problem is not None:
            response.headers["X-Cues-Problem"] = mouth.problem.code
        response.headers["Cache-Control"] = "no-store"
        return response

    return api
