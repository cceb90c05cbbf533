"""Every setting in one place: ``LIPSYNC_*`` in the environment, or in a file ``.env``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

PREFIX = "LIPSYNC_"

RENAMED = {
    "renders": "max_concurrent_renders",
    "queue": "max_queued",
    "queue_per_caller": "max_queued_per_caller",
    "streams": "max_streams",
    "memory_floor_mb": "min_free_memory_mb",
    "vram_floor_mb": "min_free_vram_mb",
    "render_max_mb": "max_render_mb",
    "remote_form": "remote_api",
    "remote_seconds": "remote_timeout_s",
    "voice_seconds": "voice_timeout_s",
}
"""Former names of settings and the present ones. The former names work in version 1.x and give a warning."""


class Settings(BaseSettings):
    """All settings. The environment variable of a field is ``LIPSYNC_`` and the field's name in capitals."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True)

    avatar: str = Field("gauss", description="Default avatar: its name, or the path of a picture or video file.")
    language: str = Field("auto", description="Default language as a code such as ru; auto detects it from the text.")
    fps: int = Field(25, ge=10, le=60, description="Default frame rate, in frames a second.")
    motion: float = Field(
        1.0, ge=0, le=1.5, description="Default size of head and eye motion, 0 (still) to 1.5; 1 is natural."
    )
    mood: Literal["neutral", "happy", "sad", "thinking", "surprised", "angry", "auto"] = Field(
        "auto", description="Default mood of the face; auto finds it in the sentences of the text."
    )
    host: str = Field("127.0.0.1", description="IP address or host name that the server listens on.")
    port: int = Field(3000, ge=0, le=65535, description="Port that the server listens on.")
    outputs: Path = Field(Path("outputs"), description="Folder of the finished videos.")
    outputs_max_hours: float = Field(24.0, gt=0, description="Age in hours from which videos are deleted.")
    outputs_max_mb: float = Field(
        2048.0, gt=0, description="Total size of the videos in MB; above it the oldest are deleted."
    )
    state: Path = Field(
        Path("state"), description="Folder of the SQLite database, the session secret and the lock files."
    )
    database: SecretStr | None = Field(
        None, description="SQLAlchemy URL of the database of jobs and keys; not set: SQLite in LIPSYNC_STATE."
    )
    cache: Path = Field(Path("~/.cache/lipsync"), description="Folder of the prepared avatars and of cached speech.")
    cache_max_mb: float = Field(
        2048.0, gt=0, description="Total size of the prepared avatars in MB; above it the least recently used go."
    )
    engine: Literal["auto", "wav2lip", "puppet"] = Field(
        "auto", description="Face animator; auto is Wav2Lip if there is a checkpoint, else the puppet."
    )
    checkpoint: Path | None = Field(
        None, description="Path of a Wav2Lip checkpoint; not set: the best one in LIPSYNC_CHECKPOINTS."
    )
    checkpoints: Path = Field(Path("checkpoints"), description="Folder of the model weights.")
    compile: Literal["none", "graph", "full"] = Field(
        "none", description="Wav2Lip on a GPU: graph uses CUDA graphs, full also torch.compile (needs gcc)."
    )
    sharpen: float = Field(
        0.0, ge=0, le=2, description="Sharpening of the mouth drawn by Wav2Lip, 0 (none) to 2; 0.5 is visible."
    )
    motions: Path | None = Field(
        None, description="Folder of further body motions (JSON); a file replaces the preset of the same name."
    )
    rhubarb: Path | None = Field(
        None, description="Path of the Rhubarb Lip Sync program for mouth cues; not set: they come from the phones."
    )
    rhubarb_timeout_s: float = Field(
        60.0, gt=0, le=3600, description="Time limit in seconds for the mouth cues of one video by Rhubarb."
    )
    detector: Literal["embedded", "s3fd"] = Field(
        "embedded", description="Face detector; s3fd needs its weights (lipsync models fetch s3fd) and PyTorch."
    )
    upscale: Literal["auto", "off"] = Field(
        "auto",
        description="Restores the detail of small faces in portraits; auto: where the weights of Real-ESRGAN are "
        "there (lipsync models fetch realesrgan), off: never.",
    )
    max_avatar_seconds: float = Field(
        20.0, gt=0, description="Length in seconds up to which a video is used as the avatar; the rest is ignored."
    )
    face_maps_mb: float = Field(
        512.0, gt=0, description="Memory in MB in which Wav2Lip caches the encoded faces of video avatars."
    )
    remote_url: str = Field("", description="URL of a speech service on another machine; empty: none.")
    remote_api: Literal["lipsync", "openai"] = Field(
        "lipsync",
        description="API of the speech service: lipsync (POST of text and lang) or openai (/v1/audio/speech).",
    )
    remote_key: SecretStr | None = Field(None, description="API key of the speech service; it is never logged.")
    remote_key_header: str = Field(
        "",
        description="Header for the API key; empty: X-API-Key, or for openai Authorization: Bearer.",
    )
    remote_voice: str = Field("alloy", description="Name of the voice to request, with LIPSYNC_REMOTE_API=openai.")
    remote_model: str = Field("tts-1", description="Name of the model to request, with LIPSYNC_REMOTE_API=openai.")
    remote_languages: str = Field(
        "", description="Comma-separated codes of the languages that the speech service speaks; empty: all."
    )
    remote_timeout_s: float = Field(
        20.0, gt=0, le=300, description="Time limit in seconds for one sentence, including retries."
    )
    remote_allow_private: bool = Field(
        False, description="Allow LIPSYNC_REMOTE_URL to point to a private network address."
    )
    llm_url: str = Field(
        "",
        description="URL of a language model server, such as http://127.0.0.1:11434 of Ollama; empty: none. Private "
        "addresses are allowed.",
    )
    llm_api: Literal["ollama", "openai"] = Field(
        "ollama", description="API of the language model server: ollama, or openai (/v1/chat/completions)."
    )
    llm_model: str = Field("", description="Name of the language model; empty: the server's first.")
    llm_key: SecretStr | None = Field(None, description="API key of the language model server; it is never logged.")
    llm_temperature: float = Field(0.7, ge=0, le=2, description="Randomness of the replies, 0 (none) to 2.")
    llm_max_tokens: int = Field(512, ge=1, le=8192, description="Maximum length of a reply, in tokens.")
    llm_context: int = Field(
        4096,
        ge=512,
        le=131_072,
        description="Context of the language model of the server, in tokens, which Ollama is told; of a conversation "
        "the last messages that fit are sent.",
    )
    llm_keep_alive_minutes: float = Field(
        30.0, ge=0, description="Time in minutes for which Ollama keeps the language model loaded."
    )
    llm_first_token_s: float = Field(
        4.0,
        gt=0,
        le=300,
        description="Time limit in seconds for the first words of a reply, and between words; then the next language "
        "model answers.",
    )
    llm_timeout_s: float = Field(30.0, gt=0, le=600, description="Time limit in seconds for a whole reply.")
    llm_embedded: Literal["auto", "off"] = Field(
        "auto",
        description="Language model in this server; auto: where its weights are there (lipsync models fetch "
        "qwen2.5-coder-0.5b), off: never.",
    )
    llm_file: Path | None = Field(
        None,
        description="Path of a GGUF file for the embedded language model; not set: the one in LIPSYNC_CHECKPOINTS.",
    )
    llm_idle_minutes: float = Field(
        10.0, gt=0, description="Time in minutes after which an unused embedded language model is unloaded."
    )
    persona: str = Field("ada", description="Default persona of a conversation.")
    personas: Path | None = Field(None, description="Folder of your own personas, as TOML files; not set: none.")
    mock: bool = Field(
        False,
        description="Converse without language model and speech recognition, with fixed replies and transcripts, for "
        "people who build a page: lipsync serve --mock.",
    )
    voices: str = Field(
        "xtts,remote,hibari,silero,espeak",
        description="Voice engines in order of preference; for one language: …; ru: silero, espeak.",
    )
    voice_timeout_s: float = Field(
        30.0,
        gt=0,
        description="Time limit in seconds for a sentence of up to 100 characters; then the next engine speaks it.",
    )
    whisper_model: str = Field(
        "base",
        description="Whisper model of speech recognition, in LIPSYNC_CHECKPOINTS: tiny.en, base, small, medium or "
        "large; or the path of a folder.",
    )
    whisper_fast_english: bool = Field(
        True,
        description="In conversations recognize English with tiny.en, where its weights are, in half of the time.",
    )
    max_recording_s: float = Field(
        900.0, gt=0, le=7200, description="Maximum length of a recording to transcribe, in seconds."
    )
    cloned_voices: Path = Field(Path("voices"), description="Folder of the cloned voices.")
    speech_cache_max_mb: float = Field(
        512.0, gt=0, description="Total size of cached speech in MB; above it the least recently used sentences go."
    )
    max_text: int = Field(5000, ge=1, description="Maximum length of a text, in characters.")
    max_upload_mb: float = Field(
        20.0, gt=0, description="Maximum size of a request body, and of a picture or video file, in MB."
    )
    max_megapixels: float = Field(50.0, gt=0, description="Maximum size of a picture, in millions of pixels.")
    max_side: int = Field(1920, ge=128, description="Longer side in pixels to which larger pictures are scaled down.")
    max_concurrent_renders: int = Field(
        0, ge=0, description="Number of videos rendered at the same time; 0: one for every two cores."
    )
    max_queued: int = Field(
        64, ge=1, le=10_000, description="Maximum number of waiting jobs; further requests get 503."
    )
    max_queued_per_caller: int = Field(
        32, ge=1, le=10_000, description="Maximum number of waiting jobs of one caller; further requests get 429."
    )
    jobs_max_hours: float = Field(
        168.0, gt=0, description="Time in hours after which a job that has ended is deleted from the database."
    )
    conversations_max_hours: float = Field(
        168.0, gt=0, description="Time in hours after the last answer at which a conversation is deleted."
    )
    threads: int = Field(
        0, ge=0, le=2000, description="Number of requests handled at the same time; 0: enough for a full queue."
    )
    max_streams: int = Field(
        64, ge=1, description="Maximum number of live streams of videos and of job events; further requests get 503."
    )
    talks: int = Field(
        4, ge=1, le=100, description="Maximum number of conversations at the same time; further ones get 503."
    )
    max_vram_mb: float = Field(
        11_000.0,
        gt=0,
        description="GPU memory in use in MB above which conversations unload what is idle, and refuse requests if "
        "that does not suffice.",
    )
    phrase_cache_max_mb: float = Field(
        256.0,
        ge=0,
        description="Total size in MB of the cached videos of greetings and other fixed phrases; above it the least "
        "recently used go.",
    )
    min_free_memory_mb: float = Field(
        256.0, ge=0, description="Free memory in MB below which no further video is started."
    )
    min_free_vram_mb: float = Field(
        512.0, ge=0, description="Free GPU memory in MB below which no further video is started."
    )
    max_render_mb: float = Field(
        1024.0,
        gt=0,
        description="Maximum memory in MB for rendering one video; pictures that need more are refused.",
    )
    crf: int = Field(20, ge=0, le=40, description="H.264 quality (CRF): lower is better and larger.")
    preset: str = Field("veryfast", description="x264 preset; slower presets make smaller files.")
    warm_up: bool = Field(True, description="Render a short clip at start, so that the first request is fast.")
    allow_anonymous: bool = Field(False, description="Allow requests from other machines without an API key.")
    require_key: bool = Field(False, description="Require an API key from this machine too.")
    jwt_secret: SecretStr | None = Field(
        None, description="Shared secret of JSON Web Tokens (HS256), at least 32 bytes; not set: none are accepted."
    )
    jwks_url: str = Field("", description="URL of the public keys (JWKS) of JSON Web Tokens; empty: none.")
    jwt_issuer: str = Field("", description="Required issuer (iss) of JSON Web Tokens; empty: any.")
    jwt_audience: str = Field("", description="Required audience (aud) of JSON Web Tokens; empty: any.")
    secret: SecretStr | None = Field(
        None,
        description="Secret that signs the page's session, at least 32 bytes; not set: a random one.",
    )
    rate_limit: str = Field(
        "10/minute", description="Maximum rate of videos and voices requested by one caller; empty: no limit."
    )
    rate_storage: SecretStr = Field(
        SecretStr("memory://"), description="Storage of the rate limits: memory://, or redis://… for several servers."
    )
    cors_origins: str = Field(
        "", description="Comma-separated origins whose pages may call the API; *: all; empty: none."
    )
    trusted_hosts: str = Field("", description="Comma-separated host names of this server; empty: any.")
    proxies: int = Field(
        0,
        ge=0,
        le=5,
        description="Number of reverse proxies before the server whose X-Forwarded-For is trusted.",
    )
    webhook_secret: SecretStr | None = Field(
        None, description="Secret that signs webhooks; not set: requests with a webhook are refused."
    )
    webhook_allow_private: bool = Field(
        False, description="Allow webhooks to private network addresses and without https."
    )
    log_level: str = Field("INFO", description="Level of the log: DEBUG, INFO, WARNING or ERROR.")
    log_format: Literal["text", "json"] = Field("text", description="Format of the log lines.")
    log_texts: bool = Field(False, description="Write the texts of requests to the log.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - no folder of secrets is read
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read former names too, from the environment and from ``.env``."""
        environments = tuple(
            source for source in (env_settings, dotenv_settings) if isinstance(source, EnvSettingsSource)
        )
        former_names = _FormerNames(settings_cls, environments)
        return init_settings, env_settings, former_names, dotenv_settings

    @model_validator(mode="before")
    @classmethod
    def _accept_former_names(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Move values from former names to the present ones. Raises ValueError where both are set differently."""
        values = dict(values)
        for former, name in RENAMED.items():
            if former not in values:
                continue
            value = values.pop(former)
            if str(values.setdefault(name, value)) != str(value):
                raise ValueError(
                    f"{variable(name)} and its former name {variable(former)} have different values. "
                    f"Remove {variable(former)}."
                )
        if values.get("remote_api") == "house":  # former name of the value
            values["remote_api"] = "lipsync"
        return values


class _FormerNames(PydanticBaseSettingsSource):
    """Reads the settings that are set under their former names."""

    def __init__(self, settings_cls: type[BaseSettings], environments: tuple[EnvSettingsSource, ...]) -> None:
        super().__init__(settings_cls)
        self._environments = environments

    def get_field_value(self, field: object, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for former in RENAMED:
            for environment in self._environments:
                value = environment.env_vars.get(variable(former).lower())
                if value is not None:
                    values.setdefault(former, value)
        return values


def variable(field: str) -> str:
    """Return the environment variable of a setting.

    >>> variable("max_queued")
    'LIPSYNC_MAX_QUEUED'
    """
    return f"{PREFIX}{field.upper()}"
