"""Makes proofs of possession as a client would, or a forger."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from itertools import count
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

SigningKey = ECKey | RSAKey | OKPKey
_numbers = count()


class AnyHeader(jws.JWSRegistry):
    """Signs whatever header is asked for, as a forger would."""

    def check_header(self, header: dict[str, Any]) -> None:
        return None


def signed(header: dict[str, Any], payload: dict[str, Any] | str, key: Any) -> str:
    """Any header and payload, signed by a key with the algorithm that the header names."""
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return jws.serialize_compact(header, text, key, registry=AnyHeader(algorithms=[header["alg"]]))


def hash_of(token: str) -> str:
    """`ath` of a token."""
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()


def proof(
    key: SigningKey,
    *,
    address: str,
    now: dt.datetime,
    token: str | None = None,
    method: str = "POST",
    algorithm: str = "ES256",
    header: dict[str, Any] | None = None,
    **changed: Any,
) -> str:
    """A DPoP proof; `header` and `changed` replace what stands in it, None takes it out."""
    claims: dict[str, Any] = {
        "htm": method,
        "htu": address,
        "iat": int(now.timestamp()),
        "jti": f"proof-{next(_numbers)}",
        "ath": None if token is None else hash_of(token),
    } | changed
    whole = {"typ": "dpop+jwt", "alg": algorithm, "jwk": dict(key.as_dict(private=False))} | (header or {})
    return signed(
        {name: value for name, value in whole.items() if value is not None},
        {name: value for name, value in claims.items() if value is not None},
        key,
    )
