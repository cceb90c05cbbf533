# docker build -t lipsync .
# docker run --rm -v lipsync:/data lipsync keys add me      (shows a key, once)
# docker run -d -p 3000:3000 -v lipsync:/data lipsync       (serves; docs/deploy.md has the rest)
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    LIPSYNC_IMAGE=Dockerfile \
    LIPSYNC_HOST=0.0.0.0 \
    LIPSYNC_PORT=3000 \
    LIPSYNC_STATE=/data/state \
    LIPSYNC_OUTPUTS=/data/outputs \
    LIPSYNC_CACHE=/data/cache \
    LIPSYNC_CLONED_VOICES=/data/voices \
    LIPSYNC_CHECKPOINTS=/data/checkpoints

WORKDIR /app

# Extras of pyproject.toml, each with a lock file: redis,wav2lip,hibari,xtts. PyTorch is the build for processors alone.
ARG EXTRAS=redis

# Requirements are installed before the code is copied: a change of the code does not install them again.
COPY pyproject.toml requirements*.txt ./
COPY tools tools
RUN PIP_NO_CACHE_DIR=1 python -m tools.install --only-requirements "${EXTRAS}"

COPY . .
# The user below cannot write bytecode; without it each start compiles the source again, 0.1 s of every `lipsync say`.
RUN python -m pip install --no-deps --no-build-isolation --disable-pip-version-check --root-user-action=ignore -e . \
    && python -m compileall -q lipsync

RUN useradd --system --uid 10001 --no-create-home lipsync \
    && install -d -o lipsync -g lipsync /data /data/state /data/outputs /data/cache /data/voices /data/checkpoints
USER lipsync
VOLUME /data
EXPOSE 3000

# Alive, not ready: a server with a full queue is well, and must not be started again for it.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['LIPSYNC_PORT']), timeout=4); c.request('GET', '/api/health'); sys.exit(c.getresponse().status != 200)"]

# Any command of lipsync; gunicorn takes the place of "serve". SIGTERM lets what runs finish, for up to ten minutes:
# docker stop -t 620
ENTRYPOINT ["lipsync"]
CMD ["serve"]
