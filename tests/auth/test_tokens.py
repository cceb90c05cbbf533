"""JSON Web Tokens: by a shared secret, and by public keys that a server on loopback shows."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from pydantic import SecretStr

from lipsync.auth import jwks
from lipsync.auth.tokens import Tokens, bounded_name, scopes_of
from lipsync.errors import LipsyncError
from lipsync.settings import Settings
from tests.auth.signing import PRIVATE, JwksServer, claims, jwks_server, public, public_pem, token

SECRET = "a secret of more than thirty-two bytes"


@pytest.fixture
def shown() -> Iterator[JwksServer]:
    with jwks_server() as shown:
        yield shown


def tokens(settings: Settings, **changed: Any) -> Tokens:
    return Tokens(settings.model_copy(update=changed))


def shared(settings: Settings, **changed: Any) -> Tokens:
    return tokens(settings, jwt_secret=SecretStr(SECRET), **changed)


def code(taken: Tokens, said: str) -> str:
    with pytest.raises(LipsyncError) as raised:
        taken.check(said)
    return raised.value.code


def by_hand(header: dict[str, Any], said: dict[str, Any], key: bytes | None) -> str:
    """A token that no library would make: HMAC by any key, or no signature at all."""
    parts = [base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=") for one in (header, said)]
    signed = b".".join(parts)
    signature = b"" if key is None else hmac.digest(key, signed, hashlib.sha256)
    return (signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


# ---- a shared secret


def test_a_good_token(settings: Settings) -> None:
    caller = shared(settings).check(token("HS256", SECRET))
    assert (caller.name, caller.scopes) == ("jwt ann", {"generate"})


@pytest.mark.parametrize(
    "more",
    [
        {"exp": time.time() - 60},
        {"exp": None},
        {"exp": "soon"},
        {"exp": 1e400},
        {"nbf": time.time() + 3600},
        {"iat": time.time() + 3600},
        {"sub": None},
        {"sub": ""},
    ],
)
def test_a_token_that_is_not_good(settings: Settings, more: dict[str, Any]) -> None:
    assert code(shared(settings), token("HS256", SECRET, **more)) == "wrong_key"


def test_a_subject_that_is_no_string(settings: Settings) -> None:
    said = by_hand({"alg": "HS256"}, claims(sub=5), SECRET.encode())
    assert code(shared(settings), said) == "wrong_key"


def test_another_secret(settings: Settings) -> None:
    assert code(shared(settings), token("HS256", SECRET + "!")) == "wrong_key"


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_another_algorithm_than_hs256(settings: Settings, algorithm: str) -> None:
    assert code(shared(settings), jwt.encode(claims(), SECRET * 3, algorithm)) == "wrong_key"


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", None, 5, ["HS256"]])
def test_no_signature_is_none(settings: Settings, shown: JwksServer, algorithm: object) -> None:
    taken = shared(settings, jwks_url=shown.url)
    assert code(taken, by_hand({"alg": algorithm, "kid": "RS256"}, claims(), None)) == "wrong_key"
    assert code(taken, by_hand({"alg": algorithm, "kid": "RS256"}, claims(), SECRET.encode())) == "wrong_key"


@pytest.mark.parametrize("said", ["", "x", "a.b.c", "....", "." * 8000, "é.é.é", "e30.e30.e30", "A" * 9000, "\ud800"])
def test_what_is_no_token(settings: Settings, said: str) -> None:
    assert code(shared(settings), said) == "wrong_key"


def test_issuer_and_audience_where_they_are_set(settings: Settings) -> None:
    taken = shared(settings, jwt_issuer="https://id.example", jwt_audience="lipsync")
    good = {"iss": "https://id.example", "aud": ["other", "lipsync"]}
    assert taken.check(token("HS256", SECRET, **good)).name == "jwt ann"
    for wrong in ({"iss": "https://evil.example"}, {"iss": None}, {"aud": "other"}, {"aud": None}):
        assert code(taken, token("HS256", SECRET, **{**good, **wrong})) == "wrong_key"
    assert shared(settings).check(token("HS256", SECRET, **good)).name == "jwt ann"  # neither is set: any


@pytest.mark.parametrize(
    ("said", "held"),
    [
        ({}, {"generate"}),
        ({"scope": "admin"}, {"admin"}),
        ({"scope": "openid generate admin"}, {"generate", "admin"}),
        ({"scope": "openid profile"}, set()),
        ({"scope": ""}, set()),
        ({"scope": None}, set()),
        ({"scope": {"admin": True}}, set()),
        ({"scope": "administrator"}, set()),
        ({"scopes": ["admin", 5, None]}, {"admin"}),
        ({"scopes": []}, set()),
        ({"scope": "generate", "scopes": ["admin"]}, {"generate"}),
    ],
)
def test_scopes(said: dict[str, Any], held: set[str]) -> None:
    assert scopes_of(said) == held


def test_names_stay_apart_and_short(settings: Settings) -> None:
    names = ["ann", "Анна", "Анны", "a b", "a\nb", "x" * 101, "x" * 102, "x" * 5000, "jwt", "\ud800"]
    made = [bounded_name(name) for name in names]
    assert len(set(made)) == len(names)
    assert max(map(len, made)) <= 100
    assert all(one.isprintable() and " " not in one for one in made)
    assert bounded_name(made[1]) != made[1]  # nobody calls themselves what another one was made into
    assert len(shared(settings).check(token("HS256", SECRET, sub="я" * 1000)).name) <= 104


@pytest.mark.parametrize("secret", ["", "short", "x" * 31, "я" * 15])
def test_a_secret_that_is_too_short(settings: Settings, secret: str) -> None:
    with pytest.raises(LipsyncError) as raised:
        tokens(settings, jwt_secret=SecretStr(secret))
    assert raised.value.code == "bad_field"
    assert not secret or secret not in str(raised.value)


def test_without_settings_no_token_is_taken(settings: Settings) -> None:
    assert not tokens(settings).are_accepted
    assert code(tokens(settings), token("HS256", SECRET)) == "wrong_key"
    assert code(tokens(settings), token("RS256")) == "wrong_key"


# ---- public keys


@pytest.mark.parametrize("algorithm", PRIVATE)
def test_a_token_by_a_public_key(settings: Settings, shown: JwksServer, algorithm: str) -> None:
    taken = tokens(settings, jwks_url=shown.url)
    assert taken.check(token(algorithm)).name == "jwt ann"
    assert taken.check(token(algorithm, iss="https://id.example")).name == "jwt https://id.example ann"
    assert shown.asked == 1  # once for all


@pytest.mark.parametrize("algorithm", PRIVATE)
def test_a_public_key_is_no_shared_secret(settings: Settings, shown: JwksServer, algorithm: str) -> None:
    """The old trick: what everybody can fetch, taken for the secret of HS256."""
    for key in (public_pem(algorithm), json.dumps(public(algorithm)).encode()):
        said = by_hand({"alg": "HS256", "kid": algorithm}, claims(), key)
        assert code(tokens(settings, jwks_url=shown.url), said) == "wrong_key"
        assert code(shared(settings, jwks_url=shown.url), said) == "wrong_key"


def test_a_shared_secret_among_the_public_keys_is_not_taken(settings: Settings, shown: JwksServer) -> None:
    secret = base64.urlsafe_b64encode(SECRET.encode()).rstrip(b"=").decode()
    shown.keys.append({"kty": "oct", "k": secret, "kid": "everybodys", "alg": "HS256"})
    for algorithm in ("HS256", "RS256"):
        said = by_hand({"alg": algorithm, "kid": "everybodys"}, claims(), SECRET.encode())
        assert code(tokens(settings, jwks_url=shown.url), said) == "wrong_key"


def test_a_token_signed_by_another_key_of_the_list(settings: Settings, shown: JwksServer) -> None:
    taken = tokens(settings, jwks_url=shown.url)
    assert code(taken, token("RS256", kid="ES256")) == "wrong_key"
    assert code(taken, token("ES256", kid="RS256")) == "wrong_key"


def test_a_token_without_the_id_of_its_key(settings: Settings, shown: JwksServer) -> None:
    said = jwt.encode(claims(), PRIVATE["RS256"], "RS256")
    assert code(tokens(settings, jwks_url=shown.url), said) == "wrong_key"
    assert shown.asked == 0


def test_where_a_token_says_its_keys_are_nobody_looks(settings: Settings, shown: JwksServer) -> None:
    with jwks_server() as evil:
        headers = {"kid": "mine", "jku": evil.url, "x5u": evil.url, "jwk": public("RS256")}
        said = jwt.encode(claims(), PRIVATE["RS256"], "RS256", headers)
        assert code(tokens(settings, jwks_url=shown.url), said) == "wrong_key"
        assert evil.asked == 0


@pytest.mark.slow
def test_unknown_keys_do_not_make_us_ask_each_time(settings: Settings, shown: JwksServer) -> None:
    taken = tokens(settings, jwks_url=shown.url)
    for number in range(20):
        assert code(taken, token("RS256", kid=f"new {number}")) == "wrong_key"
    assert shown.asked == 1


def test_a_new_key_is_found_after_a_while(
    settings: Settings, shown: JwksServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = tokens(settings, jwks_url=shown.url)
    taken.check(token("RS256"))
    shown.keys = [{**public("ES256"), "kid": "new"}]
    assert code(taken, token("ES256", kid="new")) == "wrong_key"
    monkeypatch.setattr(jwks, "MIN_FETCH_INTERVAL_S", 0.0)
    assert taken.check(token("ES256", kid="new")).name == "jwt ann"
    assert code(taken, token("RS256")) == "wrong_key"  # the old one is withdrawn


@pytest.mark.slow
def test_a_server_that_is_away(
    settings: Settings, shown: JwksServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is 503, not 401; it is asked no more than now and then; keys that are known are believed meanwhile."""
    taken = tokens(settings, jwks_url=shown.url)
    shown.status = 500
    with caplog.at_level(logging.WARNING):
        assert [code(taken, token("RS256")) for _ in range(5)] == ["tokens_unchecked"] * 5
    assert shown.asked == 1
    assert len(caplog.records) == 1
    monkeypatch.setattr(jwks, "MIN_FETCH_INTERVAL_S", 0.0)
    shown.status = 200
    assert taken.check(token("RS256")).name == "jwt ann"
    shown.status = 500
    monkeypatch.setattr(jwks, "REFRESH_S", 0.0)
    assert taken.check(token("RS256")).name == "jwt ann"
    assert shown.asked == 3
    monkeypatch.setattr(jwks, "MAX_AGE_S", 0.0)
    assert code(taken, token("RS256")) == "tokens_unchecked"


@pytest.mark.parametrize("keys", [[], [{"kty": "oct"}], "no list", None])
def test_a_list_without_keys(settings: Settings, shown: JwksServer, keys: Any) -> None:
    shown.keys = keys
    assert code(tokens(settings, jwks_url=shown.url), token("RS256")) == "tokens_unchecked"


def test_a_redirect_is_not_followed(settings: Settings, shown: JwksServer) -> None:
    with jwks_server() as evil:
        shown.redirect = evil.url
        assert code(tokens(settings, jwks_url=shown.url), token("RS256")) == "tokens_unchecked"
        assert evil.asked == 0


def test_while_one_fetches_others_with_known_keys_do_not_wait(
    shown: JwksServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = jwks.Jwks(shown.url)
    keys.key("RS256")
    monkeypatch.setattr(jwks, "MIN_FETCH_INTERVAL_S", 0.0)
    monkeypatch.setattr(jwks, "REFRESH_S", 0.0)
    going, begun = threading.Event(), threading.Event()
    download = keys._download

    def slow() -> Any:
        begun.set()
        assert going.wait(30)
        return download()

    monkeypatch.setattr(keys, "_download", slow)
    first = threading.Thread(target=keys.key, args=("RS256",))
    first.start()
    assert begun.wait(30)
    assert keys.key("ES256").key_id == "ES256"  # it would wait for ever if it waited
    going.set()
    first.join()


@pytest.mark.parametrize(
    "address",
    ["http://id.example/keys", "http://127.0.0.1.example/keys", "file:///etc/passwd", "ftp://id.example/", "keys", "http://",
     "https://", "https://[", "http://0.0.0.0/keys"],
)  # fmt: skip
def test_an_address_on_whose_way_somebody_may_stand(settings: Settings, address: str) -> None:
    with pytest.raises(LipsyncError) as raised:
        tokens(settings, jwks_url=address)
    assert raised.value.code == "bad_field"


@pytest.mark.parametrize("address", ["https://id.example/keys", "http://localhost:1/keys", "http://[::1]:1/keys"])
def test_an_address_that_is_safe(settings: Settings, address: str) -> None:
    assert tokens(settings, jwks_url=address).are_accepted
