"""Verification of JSON Web Tokens (RFC 7519), by_public_key with a shared secret or with keys of a JWKS."""

from __future__ import annotations

import hashlib
import logging
import re
from typing import Any

import jwt
from jwt.exceptions import PyJWTError

from lipsync.auth.caller import SCOPES, Caller, Scope
from lipsync.auth.errors import AuthError
from lipsync.auth.jwks import Jwks
from lipsync.errors import InvalidFieldError
from lipsync.messages import Message
from lipsync.settings import Settings

log = logging.getLogger(__name__)

MIN_SECRET_BYTES = 32
"""Minimum length of the shared secret: that of the hash of HS256 (RFC 7518, 3.2)."""
PUBLIC_KEY_ALGORITHMS = ("RS256", "ES256", "EdDSA")
"""Accepted algorithms with a public key. The header of a token can only choose among these."""
_MAX_LENGTH = 8192
"""Maximum length of a token in characters, as long as a header may be."""
_CLOCK_LEEWAY_S = 10.0
"""Tolerated difference in seconds between the clock of the issuer and ours."""
_PLAIN = re.compile(r"[\x21-\x7e]{1,100}")


class Tokens:
    """Verifies tokens by the settings ``jwt_*`` and ``jwks_url``."""

    def __init__(self, settings: Settings) -> None:
        """Raises InvalidFieldError for invalid settings."""
        self._secret = settings.jwt_secret.get_secret_value() if settings.jwt_secret else ""
        if settings.jwt_secret is not None and len(self._secret.encode()) < MIN_SECRET_BYTES:
            expected = Message("field.min_bytes", limit=MIN_SECRET_BYTES)
            raise InvalidFieldError("bad_field", field="LIPSYNC_JWT_SECRET", expected=expected)
        self._jwks = Jwks(settings.jwks_url) if settings.jwks_url else None
        self._issuer = settings.jwt_issuer or None
        self._audience = settings.jwt_audience or None

    @property
    def are_accepted(self) -> bool:
        """Whether the settings accept any tokens."""
        return bool(self._secret) or self._jwks is not None

    def check(self, token: str) -> Caller:
        """Return the caller that ``token`` identifies. Raises AuthError wrong_key, tokens_unchecked."""
        if not self.are_accepted or len(token) > _MAX_LENGTH:
            raise AuthError("wrong_key")
        try:
            claims, by_public_key = self._claims(token)
        except (PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:  # of any content
            log.info("token refused: %s", type(error).__name__)
            raise AuthError("wrong_key") from error
        subject, issuer = claims.get("sub"), claims.get("iss")
        if not isinstance(subject, str) or not subject:
            raise AuthError("wrong_key")
        # Two issuers may use the same subject for different people.
        names = [issuer, subject] if by_public_key and isinstance(issuer, str) and issuer else [subject]
        return Caller(" ".join(["jwt", *map(bounded_name, names)]), scopes_of(claims))

    def _claims(self, token: str) -> tuple[dict[str, Any], bool]:
        """Return the verified claims, and whether the token was by_public_key with a public key."""
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        key: Any
        if algorithm == "HS256" and self._secret:
            key = self._secret
        elif algorithm in PUBLIC_KEY_ALGORITHMS and self._jwks is not None:
            key_id = header.get("kid")
            if not isinstance(key_id, str):
                raise AuthError("wrong_key")
            key = self._jwks.key(key_id)
        else:  # missing, not accepted, or not configured
            raise AuthError("wrong_key")
        claims = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            issuer=self._issuer,
            audience=self._audience,
            leeway=_CLOCK_LEEWAY_S,
            options={
                "require": ["exp", "sub"],
                "enforce_minimum_key_length": True,
                "verify_iss": self._issuer is not None,
                "verify_aud": self._audience is not None,
            },
        )
        return claims, algorithm != "HS256"


def scopes_of(claims: dict[str, Any]) -> frozenset[Scope]:
    """Return the scopes of the claim ``scope`` (separated by spaces, RFC 8693 and RFC 9068) or ``scopes`` (a list).

    Without either claim the scope is ``generate``.
    """
    value = claims.get("scope", claims.get("scopes", "generate"))
    granted = value.split() if isinstance(value, str) else value if isinstance(value, list) else []
    return frozenset(scope for scope in SCOPES if scope in granted)


def bounded_name(name: str) -> str:
    """Return ``name`` if it has up to 100 printable ASCII characters; otherwise a shortened one with a hash.

    The result fits the log and the database column, and different names stay different.
    """
    if _PLAIN.fullmatch(name):
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{re.sub(r'[^!-~]', '?', name)[:40]}…{digest[:32]}"
