"""Delivery of webhooks: a signed POST at the end of a job, repeated until the receiver accepts it.

Delivery is at least once: after a crash between the response and its note in the database, the webhook is sent again
with the same webhook-id. URLs may hold secrets, so only their hosts are logged.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from threading import Event, Lock, Thread
from typing import Any, Literal

from sqlalchemy import Engine

from lipsync.errors import LipsyncError
from lipsync.jobs.errors import WebhookError
from lipsync.jobs.job import Job
from lipsync.jobs.repository import JobRepository
from lipsync.jobs.webhooks.message import encode_body, parse_secret, sign_headers
from lipsync.jobs.webhooks.repository import DueWebhook, WebhookRepository
from lipsync.net import ip_addresses
from lipsync.net.connection import CONNECT_TIMEOUT_S, resolve
from lipsync.net.errors import RequestFailed
from lipsync.net.http_client import HttpResponse, send
from lipsync.net.url import Url, parse_url
from lipsync.settings import Settings

log = logging.getLogger(__name__)

RETRY_DELAYS_S = (5.0, 30.0, 120.0, 600.0, 3600.0)
"""Seconds between two attempts, each changed by up to a fifth. After the last attempt the webhook has failed."""
TIMEOUT_S = 10.0
"""Time limit for one attempt."""

_JITTER = 0.2
_MAX_CONCURRENT, _MAX_PER_HOST, _MAX_PER_OWNER = 4, 2, 3  # slow receivers leave room for others
_MAX_DRAINED_BYTES = 65_536  # of the response, which is dropped
_POLL_INTERVAL_S = 60.0  # the table is read at least as often: the clock may change, and other processes write
_DATABASE_RETRY_S = 5.0

DescribeJob = Callable[[Job], Mapping[str, Any]]
"""Returns a job as the API shows it."""


def check_webhook(url: str, settings: Settings) -> None:
    """Refuse a webhook that could never be delivered. Resolves its host, which may take up to five seconds.

    Raises WebhookError: webhooks_off (no secret is set), webhook_address.
    """
    if not _secret(settings):
        raise WebhookError("webhooks_off")
    try:
        parsed = _parse(url, settings)
        if settings.webhook_allow_private:
            return
        ips = resolve(parsed.host, parsed.port, CONNECT_TIMEOUT_S)
    except (ValueError, RequestFailed) as error:
        raise WebhookError("webhook_address") from error
    if not any(map(ip_addresses.is_public, ips)):
        raise WebhookError("webhook_address")


class Webhooks:
    """Delivers due webhooks in threads of its own, from :meth:`start` to :meth:`close`.

    Which are due is stored in the database, so that attempts go on after a restart.
    """

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        describe_job: DescribeJob,
        *,
        clock: Callable[[], float] = time.time,
        retry_delays_s: Sequence[float] = RETRY_DELAYS_S,
    ) -> None:
        """``clock`` returns seconds since the epoch. Raises WebhookError webhook_secret."""
        secret = _secret(settings)
        self._key = parse_secret(secret) if secret else None
        self._settings, self._describe_job, self._clock = settings, describe_job, clock
        self._retry_delays_s = tuple(retry_delays_s)
        self._max_delay_s = max(self._retry_delays_s, default=0.0) * (1 + _JITTER)
        self._jobs, self._repository = JobRepository(engine), WebhookRepository(engine, self._max_delay_s)
        self._woken, self._closed = Event(), Event()
        self._lock = Lock()
        self._in_progress: dict[str, tuple[str, str]] = {}  # id: owner, host
        self._pool = ThreadPoolExecutor(_MAX_CONCURRENT, thread_name_prefix="webhook")
        self._thread = Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        """Start delivering; without a secret nothing is delivered, and webhooks stay due."""
        if self._key is not None:
            self._thread.start()

    def wake(self) -> None:
        """Look for due webhooks now."""
        self._woken.set()

    def close(self) -> None:
        """Stop delivering. Returns when the current attempts have ended, each within ten seconds."""
        self._closed.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join()
        self._pool.shutdown(cancel_futures=True)

    # --- scheduling

    def _run(self) -> None:
        while not self._closed.is_set():
            self._woken.clear()
            try:
                wait_s = self._start_due()
            except LipsyncError as error:
                log.warning("webhooks are delayed: %s", error)
                self._closed.wait(_DATABASE_RETRY_S)
                continue
            except Exception:
                log.exception("webhooks are delayed")
                self._closed.wait(_DATABASE_RETRY_S)
                continue
            self._woken.wait(wait_s)

    def _start_due(self) -> float:
        """Start due webhooks within the limits. Returns the seconds until the next look, unless an attempt ends."""
        now = self._clock()
        with self._lock:
            in_progress = dict(self._in_progress)
        free = _MAX_CONCURRENT - len(in_progress)
        if free > 0:
            owners = Counter(owner for owner, _ in in_progress.values())
            hosts = Counter(host for _, host in in_progress.values())

            def accept(webhook: DueWebhook) -> bool:
                owner, host = webhook.owner, _host(webhook.url)
                if webhook.id in in_progress or owners[owner] >= _MAX_PER_OWNER or hosts[host] >= _MAX_PER_HOST:
                    return False
                owners[owner] += 1
                hosts[host] += 1
                return True

            for webhook in self._repository.find_due(now, free, accept):
                with self._lock:
                    self._in_progress[webhook.id] = webhook.owner, _host(webhook.url)
                self._pool.submit(self._process, webhook)
        next_s = self._repository.seconds_to_next(now)
        return _POLL_INTERVAL_S if next_s is None else min(next_s, _POLL_INTERVAL_S)

    def _process(self, webhook: DueWebhook) -> None:
        try:
            if not self._closed.is_set():
                self._deliver(webhook)
        except LipsyncError as error:
            log.warning("the webhook of job %s is delayed: %s", webhook.id, error)
            self._closed.wait(_DATABASE_RETRY_S)
        except Exception:
            log.exception("the webhook of job %s could not be created", webhook.id)
        finally:
            with self._lock:
                del self._in_progress[webhook.id]
            self._woken.set()

    # --- one attempt

    def _deliver(self, webhook: DueWebhook) -> None:
        if webhook.attempts > len(self._retry_delays_s):  # the process died at the last attempt
            self._repository.finish(webhook.id, "failed")
            return
        # The attempt counts before it is made, so that one that crashes the process is not repeated for ever.
        if not self._repository.claim(webhook, self._clock() + self._delay_after(webhook)):
            return
        job = self._jobs.find(webhook.id)
        if job is None:
            return
        host, attempt, response = _host(webhook.url), webhook.attempts + 1, None
        try:
            response = self._post(_parse(webhook.url, self._settings), job)
            reason = f"status {response.status}"
        except RequestFailed as error:
            reason = str(error)
        except ValueError:  # webhooks to private addresses were allowed earlier
            self._finish(webhook, "failed")
            log.warning("the webhook of job %s has failed: http:// is not allowed", webhook.id)
            return
        if response is not None and response.is_success:
            self._finish(webhook, "sent")
            log.info("the webhook of job %s was accepted by %s (attempt %d)", webhook.id, host, attempt)
        elif (response is not None and response.status == 410) or webhook.attempts >= len(self._retry_delays_s):
            self._finish(webhook, "failed")
            log.warning(
                "the webhook of job %s has failed after %d attempts: %s: %s", webhook.id, attempt, host, reason
            )
        else:
            log.info("the webhook of job %s will be repeated: %s: %s", webhook.id, host, reason)
            retry_after_s = _retry_after(response, self._clock()) if response is not None else 0.0
            if retry_after_s > self._delay_after(webhook):
                self._repository.postpone(webhook.id, self._clock() + min(retry_after_s, self._max_delay_s))

    def _post(self, url: Url, job: Job) -> HttpResponse:
        assert self._key is not None
        now = self._clock()
        body = encode_body(f"job.{job.state}", now if job.ended is None else job.ended, self._describe_job(job))
        return send(
            "POST",
            url,
            headers=sign_headers(job.id, now, body, self._key),
            body=body,
            max_bytes=_MAX_DRAINED_BYTES,
            timeout_s=TIMEOUT_S,
            max_redirects=0,
            allow_private=self._settings.webhook_allow_private,
            read_body=False,
        )

    def _finish(self, webhook: DueWebhook, state: Literal["sent", "failed"]) -> None:
        """Store the result; a busy database is asked again, because the webhook would be sent twice otherwise."""
        for _ in range(2):
            try:
                return self._repository.finish(webhook.id, state)
            except LipsyncError:
                self._closed.wait(1.0)
        return self._repository.finish(webhook.id, state)

    def _delay_after(self, webhook: DueWebhook) -> float:
        """Return the seconds from this attempt to the next, with a jitter that depends on the id and the attempt."""
        if webhook.attempts >= len(self._retry_delays_s):
            return self._max_delay_s
        fraction = hashlib.sha256(f"{webhook.id} {webhook.attempts}".encode()).digest()[0] / 255
        return self._retry_delays_s[webhook.attempts] * (1 + _JITTER * (2 * fraction - 1))


def _secret(settings: Settings) -> str:
    return "" if settings.webhook_secret is None else settings.webhook_secret.get_secret_value()


def _parse(url: str, settings: Settings) -> Url:
    """Parse the URL of a webhook. Raises ValueError for an invalid one, or http where it is not allowed."""
    parsed = parse_url(url)
    if parsed.scheme != "https" and not settings.webhook_allow_private:
        raise ValueError("the URL must begin with https://")
    return parsed


def _host(url: str) -> str:
    try:
        return parse_url(url).host
    except ValueError:
        return ""


def _retry_after(response: HttpResponse, now: float) -> float:
    """Return the seconds that Retry-After of a 429 or 503 states (RFC 9110, 10.2.3); 0 without it."""
    stated = response.headers.get("retry-after", "").strip()
    if response.status not in (429, 503) or not stated:
        return 0.0
    if stated.isascii() and stated.isdecimal():
        return float(stated[:9])
    try:
        return max(0.0, parsedate_to_datetime(stated).timestamp() - now)
    except (ValueError, OverflowError):
        return 0.0
