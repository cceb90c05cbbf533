"""Which errors a route may answer, by what raises them: codes of :data:`lipsync.errors.SENTENCES`.

Those of status 500 are not here: what is wrong on this side may befall any request.
"""

from __future__ import annotations

ANY = ("bad_request", "wrong_host", "not_utf8")
"""Of every route."""
KNOCKING = ("no_key", "wrong_key", "not_allowed", "tokens_unchecked", "database_busy")
"""Of the guard, before routes that need a key."""
CHANGING = ("other_site",)
"""Before routes that change something."""
COUNTED = ("too_many_requests",)
"""Of the limits."""
ARRIVING = ("request_too_slow", "too_many_uploads")
"""Answered by the server (lipsync/serving/worker.py) before a request with a body is whole."""
JSON_BODY = ("no_body", "bad_json", "not_an_object", "bad_field", "body_too_large", *ARRIVING)
"""Raised by :func:`lipsync.web.wish.read_json` and by the model of its fields."""
BODY = (*JSON_BODY, "wrong_type", "file_too_large")
"""Where it may be a form, too."""
NOT_LOADED = ("not_ready", "failed_to_load")
SCRIPT = ("empty_text", "nothing_to_say", "text_too_long", "bad_characters", "unknown_language", "unknown_voice")
"""Raised by :func:`lipsync.order.read_script` and by the choice of a voice."""
SPEAKING = (
    *("voice_cannot_say", "voice_language", "no_cloning"),
    *("remote_unreachable", "remote_refused", "remote_private", "remote_not_sound", "remote_resting", "remote_slow"),
)
"""Raised while a voice speaks, when no other can go on."""
ORDERING = (
    *SCRIPT,
    *NOT_LOADED,
    *("unknown_avatar", "file_missing", "file_is_folder", "file_forbidden", "cannot_read"),  # the default avatar's
    *("bad_box", "no_wav2lip", "video_needs_wav2lip", "voice_language"),
)
"""Raised by :func:`lipsync.order.take_order`."""
SUBMITTING = (
    *("stopping", "idempotency_key", "idempotency_reused", "queue_full", "too_many_jobs", "render_too_large"),
    *("webhooks_off", "webhook_address", "picture_address", "picture_unreachable", "database_busy"),
)
"""Raised by :meth:`lipsync.jobs.jobs.Jobs.submit`, and by what comes before it."""
PORTRAIT = (
    *("not_a_picture", "broken_picture", "picture_too_large", "not_a_video", "broken_video", "sound_only"),
    *("video_too_large", "video_too_long", "no_face", "face_too_small", "face_turned", "mouth_open", "mouth_covered"),
    "no_steady_face",
)
"""Raised when a picture or a video is looked at."""
JOB = ("job_unknown", "database_busy", "not_found")
"""Raised when a job is looked up; not_found: by an id with a slash in it."""
MADE = (*JOB, *ORDERING, *PORTRAIT, *SPEAKING, "render_too_large", "job_cancelled", "job_not_done", "video_gone")
"""Why a job has no video: not yet, or what befell it."""
LEARNING = (
    *ARRIVING,
    *("wrong_type", "bad_field", "body_too_large", "file_too_large", "not_confirmed", "no_cloning", "voice_name"),
    *("voice_exists", "too_many_voices", "not_a_sound", "broken_sound", "sound_too_long", "no_speech"),
    *("sample_too_short", "sample_too_quiet", "sample_clipped", "several_speakers", *NOT_LOADED),
)
"""Raised by :meth:`lipsync.cloning.Cloning.add`."""
