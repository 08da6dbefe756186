"""A development issuer, a reader that trusts it, and hands that forge tokens."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from adapters.identity.development_issuer import DevelopmentIssuer
from adapters.identity.issuers import LIFETIME_LIMIT_SECONDS, TrustedIssuer
from adapters.identity.key_sets import KeySet
from adapters.identity.presented import Presented
from adapters.identity.tokens import TokenReader
from domain.actors import Actor, ActorKind
from domain.countries import MemberState

NOW = dt.datetime(2025, 7, 1, 3, 0, tzinfo=dt.UTC)
ISSUER = "https://issuer.example"
AUDIENCE = "lingkar"


class ProofsInMemory:
    """Remembers proofs as the table does."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()

    async def first_time(self, digest: bytes, *, until: dt.datetime) -> bool:
        known = digest in self.seen
        self.seen.add(digest)
        return not known


def key_set(published: dict[str, Any], issuer: str = ISSUER) -> KeySet:
    """The keys of an issuer who is asked once and never again."""

    async def never() -> bytes:
        raise OSError("nobody answers")

    keys = KeySet(issuer, never)
    keys.take(json.dumps(published).encode())
    return keys


def trusted(published: dict[str, Any], issuer: str = ISSUER, **changed: Any) -> TrustedIssuer:
    """An issuer who may speak for everyone, but for what is changed."""
    whole: dict[str, Any] = {
        "name": "id",
        "issuer": issuer,
        "kinds": frozenset(ActorKind),
        "keys": key_set(published, issuer),
        "lifetime_seconds": LIFETIME_LIMIT_SECONDS,
    }
    return TrustedIssuer(**whole | changed)


def reader_of(*issuers: TrustedIssuer) -> TokenReader:
    return TokenReader(issuers, audience=AUDIENCE, proofs=ProofsInMemory())


def read(reader: TokenReader, header: str | None, now: dt.datetime = NOW, **presented: Any) -> Actor:
    """Read the actor of a request with this Authorization header."""
    given = Presented(authorization=() if header is None else (header,), **presented)
    return asyncio.run(reader.read(given, now=now))


@pytest.fixture
def officer() -> Actor:
    return Actor(
        id="officer-1",
        kind=ActorKind.OFFICER,
        member_state=MemberState.ID,
        institution_id="ID.BPJSTK",
    )


@pytest.fixture
def donor() -> Actor:
    return Actor(id="donor-1", kind=ActorKind.DONOR, subject_id=UUID("018f0000-0000-7000-8000-000000000001"))


@pytest.fixture
def issuer(tmp_path: Path) -> DevelopmentIssuer:
    return DevelopmentIssuer(tmp_path / "issuer", environment="development")


@pytest.fixture
def signing_key(issuer: DevelopmentIssuer, tmp_path: Path) -> ECKey:
    return ECKey.import_key(json.loads((tmp_path / "issuer" / "issuer-1.key").read_bytes()))


@pytest.fixture
def reader(issuer: DevelopmentIssuer) -> TokenReader:
    return reader_of(trusted(issuer.public_keys()))


@pytest.fixture
def claims() -> dict[str, Any]:
    now_seconds = int(NOW.timestamp())
    return {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "donor-1",
        "iat": now_seconds,
        "exp": now_seconds + 600,
        "lingkar_kind": "donor",
        "lingkar_subject": "018f0000-0000-7000-8000-000000000001",
    }


class AnyHeader(jws.JWSRegistry):
    """Signs whatever header is asked for, as a forger would."""

    def check_header(self, header: dict[str, Any]) -> None:
        return None


Forge = Callable[..., str]


@pytest.fixture
def forge(signing_key: ECKey) -> Forge:
    """Sign any header and payload with the real key, or with another."""

    def signed(header: dict[str, Any], payload: dict[str, Any] | str, key: Any = signing_key) -> str:
        text = payload if isinstance(payload, str) else json.dumps(payload)
        whole = {"alg": "ES256", "kid": signing_key.kid, "typ": "JWT", **header}
        return jws.serialize_compact(whole, text, key, registry=AnyHeader(algorithms=[whole["alg"]]))

    return signed


def unpadded(content: bytes) -> str:
    """Content in the Base64 of tokens."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
