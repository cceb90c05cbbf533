"""Every setting in one place: ``LIPSYNC_*`` in the environment, or in a file ``.env``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What a person may set. Each field is ``LIPSYNC_`` and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix="LIPSYNC_", env_file=".env", extra="ignore", frozen=True)

    avatar: str = Field(
        "gauss", description="Name of the default avatar, or the path of a picture or a video of your own."
    )
    language: str = Field("auto", description="Language of a request that names none; auto: found from its text.")
    fps: int = Field(25, ge=10, le=60, description="Frames a second of a request that names none.")
    host: str = Field("127.0.0.1", description="Address that the server listens on.")
    port: int = Field(3000, ge=0, le=65535, description="Port that the server listens on.")
    outputs: Path = Field(Path("outputs"), description="Folder of the finished videos.")
    outputs_max_hours: float = Field(24.0, gt=0, description="Videos older than this many hours are removed.")
    outputs_max_mb: float = Field(2048.0, gt=0, description="The oldest videos are removed above this total.")
    state: Path = Field(Path("state"), description="Folder of the database, where LIPSYNC_DATABASE names no other.")
    database: SecretStr | None = Field(
        None, description="Database of jobs and keys, as SQLAlchemy names it; none: SQLite in LIPSYNC_STATE."
    )
    cache: Path = Field(Path("~/.cache/lipsync"), description="Folder where prepared portraits are kept, by content.")
    cache_max_mb: float = Field(2048.0, gt=0, description="The longest unused portraits are removed above this.")
    engine: Literal["auto", "wav2lip", "puppet"] = Field(
        "auto", description="What draws: auto takes Wav2Lip where a checkpoint is there, and the puppet otherwise."
    )
    checkpoint: Path | None = Field(None, description="A Wav2Lip checkpoint; else the best in LIPSYNC_CHECKPOINTS.")
    checkpoints: Path = Field(Path("checkpoints"), description="Folder of the weights that you have.")
    compile: Literal["none", "graph", "full"] = Field(
        "none",
        description="Wav2Lip on a GPU: graph starts its kernels at once, full compiles them too (needs gcc).",
    )
    sharpen: float = Field(
        0.0, ge=0, le=2, description="Sharpening of the mouth that Wav2Lip draws: 0 is none, 0.5 shows, 1 is much."
    )
    detector: Literal["embedded", "s3fd"] = Field(
        "embedded", description="What finds faces: s3fd needs its weights (lipsync models fetch s3fd) and PyTorch."
    )
    max_avatar_seconds: float = Field(20.0, gt=0, description="A video as the avatar is used up to this length.")
    face_maps_mb: float = Field(512.0, gt=0, description="Memory for what Wav2Lip keeps of a video's faces, in MB.")
    remote_url: str = Field("", description="Address of a voice on another machine; empty: there is none.")
    remote_form: Literal["house", "openai"] = Field(
        "house", description="How it is asked: POST of text and lang, or OpenAI's /v1/audio/speech."
    )
    remote_key: SecretStr | None = Field(None, description="Its key, which is never logged.")
    remote_key_header: str = Field(
        "", description="Header that carries the key; empty: X-API-Key, or OpenAI's Authorization: Bearer."
    )
    remote_voice: str = Field("alloy", description="Voice that is asked for, of OpenAI's form.")
    remote_model: str = Field("tts-1", description="Model that is asked for, of OpenAI's form.")
    remote_languages: str = Field("", description="Languages that it speaks, with commas; empty: all.")
    remote_seconds: float = Field(20.0, gt=0, le=300, description="Seconds for one sentence, retries included.")
    remote_allow_private: bool = Field(
        False, description="Whether the machine of LIPSYNC_REMOTE_URL may be in a private network."
    )
    voices: str = Field(
        "xtts,remote,hibari,silero,espeak",
        description="Voice engines, the best first; for one language: …; ru: silero, espeak.",
    )
    voice_seconds: float = Field(
        30.0, gt=0, description="Time for a sentence of up to 100 characters; then the next voice speaks."
    )
    cloned_voices: Path = Field(Path("voices"), description="Folder of the voices that people have added.")
    speech_cache_max_mb: float = Field(
        512.0, gt=0, description="The longest unused sentences are removed above this."
    )
    max_text: int = Field(5000, ge=1, description="Most characters in a text.")
    max_upload_mb: float = Field(20.0, gt=0, description="Largest request body, and picture or video file, in MB.")
    max_megapixels: float = Field(50.0, gt=0, description="Most pixels in a picture, in millions.")
    max_side: int = Field(1920, ge=128, description="A larger picture is scaled down to this longer side.")
    renders: int = Field(0, ge=0, description="Videos made at the same time; 0: one for each two cores.")
    queue: int = Field(
        64, ge=1, le=10_000, description="Jobs that may wait for their turn; one more is answered 503."
    )
    queue_per_caller: int = Field(
        32, ge=1, le=10_000, description="The same for one caller; one more is answered 429."
    )
    jobs_max_hours: float = Field(
        168.0, gt=0, description="What is known of a job that ended is forgotten after this."
    )
    threads: int = Field(0, ge=0, le=2000, description="Requests answered at the same time; 0: enough for the queue.")
    streams: int = Field(64, ge=1, description="Videos watched, and jobs followed, live at the same time.")
    memory_floor_mb: float = Field(
        256.0, ge=0, description="No video is begun while less memory than this is free, in MB."
    )
    vram_floor_mb: float = Field(512.0, ge=0, description="The same for the memory of the GPU.")
    render_max_mb: float = Field(
        1024.0, gt=0, description="A video that would take more memory than this is refused, in MB."
    )
    crf: int = Field(20, ge=0, le=40, description="H.264 quality: lower is better and larger.")
    preset: str = Field("veryfast", description="x264 preset: slower presets make smaller files.")
    warm_up: bool = Field(True, description="Make a short clip at start, so that the first user does not wait.")
    allow_anonymous: bool = Field(
        False, description="Serve others than this machine without keys: anybody who reaches it may make videos."
    )
    require_key: bool = Field(False, description="Ask for a key even on this machine alone.")
    jwt_secret: SecretStr | None = Field(
        None, description="Shared secret of JSON Web Tokens (HS256), 32 bytes or more."
    )
    jwks_url: str = Field("", description="Address of the keys (JWKS) that sign JSON Web Tokens; empty: none.")
    jwt_issuer: str = Field("", description="What a token must name as its issuer; empty: any.")
    jwt_audience: str = Field("", description="What a token must name as its audience; empty: any.")
    secret: SecretStr | None = Field(None, description="Signs the page's session; none: made once, in LIPSYNC_STATE.")
    rate_limit: str = Field(
        "10/minute", description="Videos and voices that one caller may ask for; empty: no limit."
    )
    rate_storage: SecretStr = Field(
        SecretStr("memory://"), description="Where that is counted: memory://, or redis://… for several servers."
    )
    cors_origins: str = Field("", description="Other sites whose pages may call the API, with commas; *: all.")
    trusted_hosts: str = Field("", description="Names by which the server may be called, with commas; empty: any.")
    proxies: int = Field(0, ge=0, le=5, description="Proxies in front of it, whose X-Forwarded-For is believed.")
    webhook_secret: SecretStr | None = Field(None, description="Signs webhooks; without it they are refused.")
    webhook_allow_private: bool = Field(
        False, description="Whether webhooks may go to private machines, and without https."
    )
    log_level: str = Field("INFO", description="Level of the log: DEBUG, INFO, WARNING or ERROR.")
    log_format: Literal["text", "json"] = Field("text", description="Form of the log: lines for people or JSON.")
    log_texts: bool = Field(False, description="Whether the log may hold what people let be said.")
