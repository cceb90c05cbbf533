"""Error codes that a route may answer, grouped by the code that raises them: codes of the messages ``error.<code>``.

Codes of status 500 are not listed: any request may fail that way.
"""

from __future__ import annotations

ANY = ("bad_request", "wrong_host", "not_utf8")
"""Errors of every route."""
AUTH_ERRORS = ("no_key", "wrong_key", "not_allowed", "tokens_unchecked", "database_busy")
"""Errors of the guard, before routes that need a key."""
CSRF_ERRORS = ("other_site",)
"""Errors before routes that change something."""
RATE_LIMIT_ERRORS = ("too_many_requests",)
"""Errors of the rate limits."""
UPLOAD_ERRORS = ("request_too_slow", "too_many_uploads")
"""Answered by the server (lipsync/server/asgi/wsgi_bridge.py) before a request with a body is whole."""
JSON_BODY_ERRORS = ("no_body", "bad_json", "not_an_object", "bad_field", "body_too_large", *UPLOAD_ERRORS)
"""Raised by :func:`lipsync.server.request_body.read_json` and by the model of its fields."""
BODY = (*JSON_BODY_ERRORS, "wrong_type", "file_too_large")
"""Errors of routes that accept JSON or a form."""
LOADING_ERRORS = ("not_ready", "failed_to_load")
TEXT_ERRORS = ("empty_text", "nothing_to_say", "text_too_long", "bad_characters", "unknown_language", "unknown_voice")
"""Raised by :func:`lipsync.text.script.prepare_script` and by the choice of a voice."""
SPEECH_ERRORS = (
    *("voice_cannot_say", "voice_language", "no_cloning"),
    *("remote_unreachable", "remote_refused", "remote_private", "remote_not_sound", "remote_resting", "remote_slow"),
)
"""Raised while a voice speaks, if no other can continue."""
REQUEST_ERRORS = (
    *TEXT_ERRORS,
    *LOADING_ERRORS,
    *("unknown_avatar", "file_missing", "file_is_folder", "file_forbidden", "cannot_read"),  # the default avatar's
    *("bad_box", "no_wav2lip", "video_needs_wav2lip", "voice_language"),
)
"""Raised by :func:`lipsync.pipeline.parse_request.parse_request`."""
SUBMIT_ERRORS = (
    *("stopping", "idempotency_key", "idempotency_reused", "queue_full", "too_many_jobs", "render_too_large"),
    *("webhooks_off", "webhook_address", "picture_address", "picture_unreachable", "database_busy"),
)
"""Raised by :meth:`lipsync.jobs.jobs.Jobs.submit`, and by what comes before it."""
PORTRAIT_ERRORS = (
    *("not_a_picture", "broken_picture", "picture_too_large", "not_a_video", "broken_video", "sound_only"),
    *("video_too_large", "video_too_long", "no_face", "face_too_small", "face_turned", "mouth_open", "mouth_covered"),
    "no_steady_face",
)
"""Raised when a picture or a video is looked at."""
JOB = ("job_unknown", "database_busy", "not_found")
"""Raised when a job is looked up; not_found: by an id with a slash in it."""
CONVERSATION = ("conversation_unknown", "database_busy", "not_found")
"""Raised when a conversation is looked up."""
RENDER_ERRORS = (
    *JOB,
    *REQUEST_ERRORS,
    *PORTRAIT_ERRORS,
    *SPEECH_ERRORS,
    "render_too_large",
    "job_cancelled",
    "job_not_done",
    "video_gone",
)
"""Why a job has no video: not yet, or the error of the job."""
HEARING_ERRORS = (
    *UPLOAD_ERRORS,
    *("wrong_type", "bad_field", "body_too_large", "file_too_large", "unknown_language"),
    *("not_a_sound", "broken_sound", "sound_too_long", "hearing_language"),
    *("hearing_not_installed", "hearing_no_weights", "hearing_incomplete_weights", "hearing_broken_weights"),
)
"""Raised when a recording is read and recognized."""
ANSWER_ERRORS = (
    *LOADING_ERRORS,
    *("empty_text", "nothing_to_say", "text_too_long", "bad_characters", "bad_field"),
    *("too_many_talks", "vram_full", "unknown_persona"),
)
"""Raised before an answer begins."""
CLONING_ERRORS = (
    *UPLOAD_ERRORS,
    *("wrong_type", "bad_field", "body_too_large", "file_too_large", "not_confirmed", "no_cloning", "voice_name"),
    *("voice_exists", "too_many_voices", "not_a_sound", "broken_sound", "sound_too_long", "no_speech"),
    *("sample_too_short", "sample_too_quiet", "sample_clipped", "several_speakers", *LOADING_ERRORS),
)
"""Raised by :meth:`lipsync.pipeline.cloning.Cloning.add`."""
