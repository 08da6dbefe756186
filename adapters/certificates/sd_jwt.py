"""Selective disclosure (SD-JWT, RFC 9901): claims of which the holder shows only those they want to.

Written on the signatures of joserfc; ADR 9 says why, and which other programs it is compared with.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from adapters.certificates.faults import NotBelieved
from domain.certificates import Verdict

TOKEN_CHARACTERS: Final = 65_536
_DISCLOSURES: Final = 200
_TYPES: Final = ("dc+sd-jwt", "vc+sd-jwt")
_SALT_BYTES: Final = 16


class Hider:
    """Makes the disclosures of one token. decoys are not used: how many claims there are is no secret here."""

    def __init__(self) -> None:
        self.disclosures: list[str] = []

    def claim(self, name: str, value: object) -> str:
        """The digest that stands for a claim, for the list `_sd` of its object."""
        return self._kept([_salt(), name, value])

    def element(self, value: object) -> dict[str, str]:
        """What stands for an element of a list."""
        return {"...": self._kept([_salt(), value])}

    def _kept(self, disclosure: list[object]) -> str:
        text = encoded(json.dumps(disclosure, ensure_ascii=False, separators=(",", ":")).encode())
        self.disclosures.append(text)
        return digest_of(text)


def issued(claims: Mapping[str, object], hider: Hider, key: ECKey) -> str:
    """The signed token with all its disclosures."""
    header = {"alg": "ES256", "kid": str(key.kid), "typ": _TYPES[0]}
    token = signed(header, {**claims, "_sd_alg": "sha-256"}, key)
    return "~".join([token, *hider.disclosures, ""])


def signed(header: Mapping[str, str], claims: Mapping[str, object], key: ECKey) -> str:
    """A compact signature over claims, in the order given."""
    content = json.dumps(claims, ensure_ascii=False, separators=(",", ":")).encode()
    return jws.serialize_compact(dict(header), content, key, algorithms=["ES256"])


def disclosed(token: str, keys: Mapping[str, ECKey]) -> tuple[dict[str, Any], bool]:
    """The claims of a token that are shown, once its signature is right, and whether its holder signed too.

    Raises NotBelieved: NOT_A_CERTIFICATE for another shape, UNKNOWN_KEY, CHANGED for a signature or a disclosure
    that does not fit.
    """
    if len(token) > TOKEN_CHARACTERS or token.count("~") > _DISCLOSURES or "~" not in token:
        raise NotBelieved(Verdict.NOT_A_CERTIFICATE)
    head, *shown, bound = token.split("~")
    claims = verified(head, keys, _TYPES)
    by_digest = {digest_of(text): _disclosure(text) for text in shown}
    if len(by_digest) != len(shown) or claims.pop("_sd_alg", "sha-256") != "sha-256":
        raise NotBelieved(Verdict.CHANGED)
    opened = _Opener(by_digest).opened(claims)
    if by_digest:
        # A disclosure that nothing asks for was not put there by who signed.
        raise NotBelieved(Verdict.CHANGED)
    if bound:
        _check_holder(bound, token.removesuffix(bound), claims)
    return opened, bool(bound)


def verified(token: str, keys: Mapping[str, ECKey], types: tuple[str, ...]) -> dict[str, Any]:
    """The claims of a compact signature by one of our keys; raises NotBelieved as `disclosed` does."""
    header = header_of(token)
    if header.get("typ") not in types or header.get("alg") != "ES256" or not header.keys() <= {"alg", "kid", "typ"}:
        raise NotBelieved(Verdict.NOT_A_CERTIFICATE)
    key = keys.get(str(header.get("kid")))
    if key is None:
        raise NotBelieved(Verdict.UNKNOWN_KEY)
    return claims_signed_by(token, key)


def header_of(token: str) -> dict[str, Any]:
    """The header of a compact signature, unproven; raises NotBelieved if it is none."""
    parts = token.split(".")
    header = _object(parts[0], Verdict.NOT_A_CERTIFICATE) if len(parts) == 3 else None
    if header is None:
        raise NotBelieved(Verdict.NOT_A_CERTIFICATE)
    return header


def encoded(content: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def digest_of(text: str) -> str:
    """The digest by which a disclosure is known, and a presentation signed by its holder."""
    return encoded(hashlib.sha256(text.encode()).digest())


def decoded(text: str) -> bytes:
    """The bytes of base64url text; ValueError for text that another text of the same bytes could replace."""
    content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if encoded(content) != text:
        raise ValueError("not the one way to write these bytes")
    return content


class _Opener:
    """Puts what is shown in the place of its digest; each is used once, and what is hidden is left out."""

    def __init__(self, by_digest: dict[str, list[Any]]) -> None:
        self._by_digest = by_digest

    def opened(self, value: Any, depth: int = 0) -> Any:
        if depth > 10:
            raise NotBelieved(Verdict.CHANGED)
        if isinstance(value, list):
            elements = (self._element(item) for item in value)
            return [self.opened(element[0], depth + 1) for element in elements if element is not None]
        if not isinstance(value, dict):
            return value
        whole = {name: self.opened(one, depth + 1) for name, one in value.items() if name != "_sd"}
        for name, one in self._claims(value.get("_sd", [])):
            if name in whole or name in ("_sd", "..."):
                raise NotBelieved(Verdict.CHANGED)
            whole[name] = self.opened(one, depth + 1)
        return whole

    def _claims(self, digests: Any) -> Iterable[tuple[str, Any]]:
        if not isinstance(digests, list):
            raise NotBelieved(Verdict.CHANGED)
        for digest in digests:
            found = self._taken(digest, 3)
            if found is not None:
                yield str(found[1]), found[2]

    def _element(self, item: Any) -> tuple[Any] | None:
        if not (isinstance(item, dict) and item.keys() == {"..."}):
            return (item,)
        found = self._taken(item["..."], 2)
        return None if found is None else (found[1],)

    def _taken(self, digest: Any, length: int) -> list[Any] | None:
        found = self._by_digest.pop(digest, None) if isinstance(digest, str) else None
        if found is not None and len(found) != length:
            raise NotBelieved(Verdict.CHANGED)
        return found


def _check_holder(bound: str, presented: str, claims: Mapping[str, Any]) -> None:
    """The holder's own signature must be by the key in the token and over exactly what is shown."""
    try:
        key = ECKey.import_key(claims["cnf"]["jwk"])
    except (JoseError, KeyError, TypeError, ValueError):
        raise NotBelieved(Verdict.CHANGED) from None
    if header_of(bound).get("typ") != "kb+jwt" or claims_signed_by(bound, key).get("sd_hash") != digest_of(presented):
        raise NotBelieved(Verdict.CHANGED)


def claims_signed_by(token: str, key: ECKey) -> dict[str, Any]:
    """The claims of a compact signature by this key; raises NotBelieved with CHANGED. The header is not judged."""
    try:
        for part in token.split("."):
            decoded(part)
        jws.deserialize_compact(token, key, algorithms=["ES256"])
    except (JoseError, ValueError, TypeError):
        raise NotBelieved(Verdict.CHANGED) from None
    return _object(token.split(".")[1], Verdict.CHANGED)


def _disclosure(text: str) -> list[Any]:
    found = _json(text, Verdict.CHANGED)
    if not isinstance(found, list) or len(found) not in (2, 3):
        raise NotBelieved(Verdict.CHANGED)
    return found


def _object(text: str, otherwise: Verdict) -> dict[str, Any]:
    found = _json(text, otherwise)
    if not isinstance(found, dict):
        raise NotBelieved(otherwise)
    return found


def _json(text: str, otherwise: Verdict) -> Any:
    try:
        return json.loads(decoded(text), object_pairs_hook=_once_each)
    except (ValueError, RecursionError):
        raise NotBelieved(otherwise) from None


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return dict(pairs)


def _salt() -> str:
    return encoded(secrets.token_bytes(_SALT_BYTES))
