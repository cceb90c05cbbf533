"""Webhooks: whoever asked for a job is told of its end, signed, and again when nobody heard.

At least once: a process that dies between the answer and its note in the database tells it again, under the same
webhook-id. Addresses may carry secrets: only their hosts are logged.
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
from typing import Any

from sqlalchemy import Engine

from lipsync import addresses
from lipsync.errors import LipsyncError
from lipsync.jobs.book import Book
from lipsync.jobs.job import Job
from lipsync.jobs.webhook_book import Due, WebhookBook
from lipsync.jobs.webhook_message import body_of, headers_of, key_of
from lipsync.outgoing.address import Address, read_address
from lipsync.outgoing.connection import CONNECT, numbers_of
from lipsync.outgoing.failures import Failed
from lipsync.outgoing.request import Answer, ask
from lipsync.settings import Settings

log = logging.getLogger(__name__)

PAUSES = (5.0, 30.0, 120.0, 600.0, 3600.0)
"""Seconds after the first try, the second, …: there is one try more than pauses. A fifth more or less of each."""
SECONDS = 10.0
"""Of one try at most."""

_JITTER = 0.2
_AT_ONCE, _TO_ONE_HOST, _OF_ONE_OWNER = 4, 2, 3  # whoever is slow, or has a slow receiver, leaves room for others
_ANSWER = 65_536  # bytes of the answer that are waited for and dropped
_LOOK = 60.0  # seconds after which the table is looked at anyway: clocks are moved, and others may write
_REST = 5.0  # seconds before another look when the database could not be asked

Describe = Callable[[Job], Mapping[str, Any]]
"""A job as the API tells it."""


def check_webhook(url: str, settings: Settings) -> None:
    """Refuse at once what would be refused at each delivery. Asks the name server, five seconds at most.

    Raises LipsyncError: webhooks_off (there is no secret to sign with), webhook_address.
    """
    if not _secret(settings):
        raise LipsyncError("webhooks_off")
    try:
        address = _address(url, settings)
        if settings.webhook_allow_private:
            return
        numbers = numbers_of(address.host, address.port, CONNECT)
    except (ValueError, Failed) as error:
        raise LipsyncError("webhook_address") from error
    if not any(map(addresses.is_public, numbers)):
        raise LipsyncError("webhook_address")


class Webhooks:
    """Delivers what is due, from :meth:`start` to :meth:`close`, in threads of its own.

    What is due stands in the database, so that tries outlive the process.
    """

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        describe: Describe,
        *,
        clock: Callable[[], float] = time.time,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        """``clock`` gives seconds since the epoch. Raises LipsyncError webhook_secret."""
        secret = _secret(settings)
        self._key = key_of(secret) if secret else None
        self._settings, self._describe, self._clock, self._pauses = settings, describe, clock, tuple(pauses)
        self._longest = max(self._pauses, default=0.0) * (1 + _JITTER)
        self._jobs, self._book = Book(engine), WebhookBook(engine, self._longest)
        self._woken, self._closed = Event(), Event()
        self._lock = Lock()
        self._under_way: dict[str, tuple[str, str]] = {}  # id: owner, host
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="webhook")
        self._thread = Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        """From now on what is due is delivered; without a secret nothing is, and it waits for one."""
        if self._key is not None:
            self._thread.start()

    def wake(self) -> None:
        """Something may be due."""
        self._woken.set()

    def close(self) -> None:
        """Deliver no more. Returns when the tries under way have ended: in ten seconds at most each."""
        self._closed.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join()
        self._pool.shutdown(cancel_futures=True)

    # --- what is due

    def _run(self) -> None:
        while not self._closed.is_set():
            self._woken.clear()
            try:
                wait = self._hand_out()
            except LipsyncError as error:
                log.warning("webhooks have to wait: %s", error)
                self._closed.wait(_REST)
                continue
            except Exception:
                log.exception("webhooks have to wait")
                self._closed.wait(_REST)
                continue
            self._woken.wait(wait)

    def _hand_out(self) -> float:
        """Begin what is due and may be begun. Seconds until there may be more; whatever ends wakes earlier."""
        now = self._clock()
        with self._lock:
            under_way = dict(self._under_way)
        room = _AT_ONCE - len(under_way)
        if room > 0:
            owners = Counter(owner for owner, _ in under_way.values())
            hosts = Counter(host for _, host in under_way.values())

            def wanted(one: Due) -> bool:
                host = _host(one.address)
                if one.id in under_way or owners[one.owner] >= _OF_ONE_OWNER or hosts[host] >= _TO_ONE_HOST:
                    return False
                owners[one.owner] += 1
                hosts[host] += 1
                return True

            for one in self._book.due(now, room, wanted):
                with self._lock:
                    self._under_way[one.id] = one.owner, _host(one.address)
                self._pool.submit(self._see_to, one)
        soonest = self._book.seconds_to_next(now)
        return _LOOK if soonest is None else min(soonest, _LOOK)

    def _see_to(self, one: Due) -> None:
        try:
            if not self._closed.is_set():
                self._deliver(one)
        except LipsyncError as error:
            log.warning("the webhook of job %s has to wait: %s", one.id, error)
            self._closed.wait(_REST)
        except Exception:
            log.exception("the webhook of job %s could not be made", one.id)
        finally:
            with self._lock:
                del self._under_way[one.id]
            self._woken.set()

    # --- one try

    def _deliver(self, one: Due) -> None:
        if one.attempts > len(self._pauses):  # the process died at the last of them
            self._book.settle(one.id, "failed")
            return
        # It counts before it is made: what makes the process die is not tried without end.
        if not self._book.claim(one, self._clock() + self._pause(one)):
            return
        job = self._jobs.find(one.id)
        if job is None:
            return
        host, answer = _host(one.address), None
        try:
            address = _address(one.address, self._settings)
            answer = self._posted(address, job)
            said = f"it answered {answer.status}"
        except Failed as error:
            said = str(error)
        except ValueError:  # webhooks to private machines were allowed once
            self._end(one, "failed")
            log.warning("the webhook of job %s goes nowhere: http:// is not allowed", one.id)
            return
        if answer is not None and answer.succeeded:
            self._end(one, "sent")
            log.info("the webhook of job %s was heard by %s (try %d)", one.id, host, one.attempts + 1)
        elif (answer is not None and answer.status == 410) or one.attempts >= len(self._pauses):
            self._end(one, "failed")
            log.warning(
                "the webhook of job %s is given up after %d tries: %s: %s", one.id, one.attempts + 1, host, said
            )
        else:
            log.info("the webhook of job %s is tried again: %s: %s", one.id, host, said)
            asked = _retry_after(answer, self._clock()) if answer is not None else 0.0
            if asked > self._pause(one):
                self._book.put_off(one.id, self._clock() + min(asked, self._longest))

    def _posted(self, address: Address, job: Job) -> Answer:
        assert self._key is not None
        now = self._clock()
        body = body_of(f"job.{job.state}", now if job.ended is None else job.ended, self._describe(job))
        return ask(
            "POST",
            address,
            headers=headers_of(job.id, now, body, self._key),
            body=body,
            most_bytes=_ANSWER,
            seconds=SECONDS,
            hops=0,
            allow_private=self._settings.webhook_allow_private,
            keep=False,
        )

    def _end(self, one: Due, state: Any) -> None:
        """Note how it ended; a busy database is asked again: it would be sent twice otherwise."""
        for _ in range(2):
            try:
                return self._book.settle(one.id, state)
            except LipsyncError:
                self._closed.wait(1.0)
        return self._book.settle(one.id, state)

    def _pause(self, one: Due) -> float:
        """Seconds after this try. What is by chance here is always the same chance: that of the id."""
        if one.attempts >= len(self._pauses):
            return self._longest
        drawn = hashlib.sha256(f"{one.id} {one.attempts}".encode()).digest()[0] / 255
        return self._pauses[one.attempts] * (1 + _JITTER * (2 * drawn - 1))


def _secret(settings: Settings) -> str:
    return "" if settings.webhook_secret is None else settings.webhook_secret.get_secret_value()


def _address(url: str, settings: Settings) -> Address:
    """Raises ValueError when it is none, or not https where it has to be."""
    address = read_address(url)
    if address.scheme != "https" and not settings.webhook_allow_private:
        raise ValueError("https:// is expected")
    return address


def _host(url: str) -> str:
    try:
        return read_address(url).host
    except ValueError:
        return ""


def _retry_after(answer: Answer, now: float) -> float:
    """Seconds that a 429 or a 503 asks for (RFC 9110, 10.2.3); 0 when it asks for none."""
    stated = answer.headers.get("retry-after", "").strip()
    if answer.status not in (429, 503) or not stated:
        return 0.0
    if stated.isascii() and stated.isdecimal():
        return float(stated[:9])
    try:
        return max(0.0, parsedate_to_datetime(stated).timestamp() - now)
    except (ValueError, OverflowError):
        return 0.0
