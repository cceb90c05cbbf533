# docker build -t lipsync . && docker run -p 3000:3000 -v lipsync:/data lipsync
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    LIPSYNC_HOST=0.0.0.0 \
    LIPSYNC_PORT=3000 \
    LIPSYNC_OUTPUTS=/data/outputs \
    LIPSYNC_CACHE=/data/cache \
    LIPSYNC_CLONED_VOICES=/data/voices

WORKDIR /app

# What it stands on is installed before the code is copied: a change of the code does not install it again.
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY lipsync/__init__.py lipsync/
RUN pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore -e .

COPY . .

RUN useradd --system --uid 10001 --no-create-home lipsync \
    && install -d -o lipsync -g lipsync /data /data/outputs /data/cache /data/voices
USER lipsync
VOLUME /data
EXPOSE 3000

# Alive, not ready: a container whose queue is full is not to be restarted. (Ready is /api/ready.)
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['LIPSYNC_PORT']), timeout=4); c.request('GET', '/api/health'); sys.exit(c.getresponse().status != 200)"]

# SIGTERM lets the running requests finish, for up to ten minutes: docker stop -t 600
CMD ["python", "-m", "gunicorn", "app:app"]
