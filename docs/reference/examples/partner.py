"""A partner's program asks Lingkar: client credentials with private_key_jwt, and a token bound to a key by DPoP.

    python docs/reference/examples/partner.py NAME KEY_FILE ISSUER API

NAME and KEY_FILE are the client and its private key (JSON Web Key), ISSUER and API the two addresses. Needs the
packages joserfc and httpx2. Prints the answer to one question about the law.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import sys
import time
from pathlib import Path
from typing import Any

import httpx2
from joserfc import jwt
from joserfc.jwk import ECKey

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
QUESTION = "{ memberState(code: MY) { code } }"


def assertion(client: str, key: ECKey, issuer: str) -> str:
    """Who we are, for the issuer: signed by our key, good for a minute and for one use (RFC 7523)."""
    now = int(time.time())
    claims = {"iss": client, "sub": client, "aud": issuer, "iat": now, "exp": now + 60, "jti": secrets.token_hex(16)}
    return jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key)


def proof(key: ECKey, method: str, address: str, token: str = "") -> str:
    """That this request is ours: a new one for each request (RFC 9449)."""
    claims: dict[str, Any] = {"htm": method, "htu": address, "iat": int(time.time()), "jti": secrets.token_hex(16)}
    if token:
        digest = hashlib.sha256(token.encode()).digest()
        claims["ath"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": {name: key.as_dict(private=False)[name] for name in KEY_PARTS}}
    return jwt.encode(header, claims, key)


KEY_PARTS = ("kty", "crv", "x", "y")


def main(client: str, key_file: str, issuer: str, api: str) -> None:
    """Get a token and ask one question with it."""
    key = ECKey.import_key(json.loads(Path(key_file).read_text()))
    bound = ECKey.generate_key("P-256")
    with httpx2.Client(timeout=10) as http:
        endpoint = http.get(f"{issuer}/.well-known/openid-configuration").json()["token_endpoint"]
        asked = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION,
            "client_assertion": assertion(client, key, issuer),
        }
        given = http.post(endpoint, data=asked, headers={"dpop": proof(bound, "POST", endpoint)}).json()
        token = given["access_token"]
        address = f"{api}/graphql"
        headers = {"authorization": f"{given['token_type']} {token}", "dpop": proof(bound, "POST", address, token)}
        print(http.post(address, json={"query": QUESTION}, headers=headers).text)


if __name__ == "__main__":
    main(*sys.argv[1:])
