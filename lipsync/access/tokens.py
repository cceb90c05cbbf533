"""JSON Web Tokens (RFC 7519) that others make: by a shared secret, or by keys whose public half we fetch."""

from __future__ import annotations

import hashlib
import logging
import re
from typing import Any

import jwt
from jwt.exceptions import PyJWTError

from lipsync.access.caller import SCOPES, Caller, Scope
from lipsync.access.jwks import Jwks
from lipsync.errors import LipsyncError
from lipsync.settings import Settings

log = logging.getLogger(__name__)

SECRET = 32
"""Fewest bytes of the shared secret: as many as the hash of HS256 has (RFC 7518, 3.2)."""
SIGNED = ("RS256", "ES256", "EdDSA")
"""What may sign by a public key. What a token says of itself chooses among these, never beyond."""
_LONGEST = 8192
"""Most characters of a token, as much as gunicorn takes of a header."""
_LEEWAY = 10.0
"""Seconds that the clock of who made the token may differ from ours."""
_PLAIN = re.compile(r"[\x21-\x7e]{1,100}")


class Tokens:
    """Checks tokens as the settings say."""

    def __init__(self, settings: Settings) -> None:
        """Raises LipsyncError bad_field for settings that cannot be right."""
        self._secret = settings.jwt_secret.get_secret_value() if settings.jwt_secret else ""
        if settings.jwt_secret is not None and len(self._secret.encode()) < SECRET:
            expected = {"en": f"at least {SECRET} bytes are needed", "ru": f"нужно не меньше {SECRET} байт"}
            raise LipsyncError("bad_field", field="LIPSYNC_JWT_SECRET", expected=expected)
        self._jwks = Jwks(settings.jwks_url) if settings.jwks_url else None
        self._issuer = settings.jwt_issuer or None
        self._audience = settings.jwt_audience or None

    @property
    def wanted(self) -> bool:
        """Whether any tokens are taken."""
        return bool(self._secret) or self._jwks is not None

    def check(self, token: str) -> Caller:
        """Who calls with ``token``. Raises LipsyncError wrong_key, tokens_unchecked."""
        if not self.wanted or len(token) > _LONGEST:
            raise LipsyncError("wrong_key")
        try:
            claims, signed = self._claims(token)
        except (PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:  # also: a date beyond all
            log.info("a token is refused: %s", type(error).__name__)
            raise LipsyncError("wrong_key") from error
        subject, issuer = claims.get("sub"), claims.get("iss")
        if not isinstance(subject, str) or not subject:
            raise LipsyncError("wrong_key")
        # Of two who sign, each may call somebody by the same name.
        names = [issuer, subject] if signed and isinstance(issuer, str) and issuer else [subject]
        return Caller(" ".join(["jwt", *map(bounded, names)]), scopes_of(claims))

    def _claims(self, token: str) -> tuple[dict[str, Any], bool]:
        """What it says, checked, and whether a public key has signed it."""
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        key: Any
        if algorithm == "HS256" and self._secret:
            key = self._secret
        elif algorithm in SIGNED and self._jwks is not None:
            number = header.get("kid")
            if not isinstance(number, str):
                raise LipsyncError("wrong_key")
            key = self._jwks.key(number)
        else:  # none, another one, or one for which nothing is set
            raise LipsyncError("wrong_key")
        claims = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            issuer=self._issuer,
            audience=self._audience,
            leeway=_LEEWAY,
            options={
                "require": ["exp", "sub"],
                "enforce_minimum_key_length": True,
                "verify_iss": self._issuer is not None,
                "verify_aud": self._audience is not None,
            },
        )
        return claims, algorithm != "HS256"


def scopes_of(claims: dict[str, Any]) -> frozenset[Scope]:
    """The scopes of ``scope`` (a string with spaces, RFC 8693 and RFC 9068) or ``scopes`` (a list); without either,
    generate."""
    said = claims.get("scope", claims.get("scopes", "generate"))
    held = said.split() if isinstance(said, str) else said if isinstance(said, list) else []
    return frozenset(one for one in SCOPES if one in held)


def bounded(name: str) -> str:
    """``name`` as it can stand in a log and a column: up to 100 visible ASCII characters. One that is longer or other
    gets a hash, so that two names never become one."""
    if _PLAIN.fullmatch(name):
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{re.sub(r'[^!-~]', '?', name)[:40]}…{digest[:32]}"
