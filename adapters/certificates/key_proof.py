"""The proof by which a wallet shows that it holds a key (OpenID4VCI 1.0, appendix F.1), and the nonces in it."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from adapters.certificates.faults import NotBelieved
from adapters.certificates.sd_jwt import claims_signed_by, decoded, encoded, header_of
from domain.wallet import NONCE_LIFE, WalletFault, WalletRefused

PROOF_TYPE: Final = "openid4vci-proof+jwt"
_PROOF_CHARACTERS: Final = 8_192
_CLOCKS_DIFFER: Final = dt.timedelta(minutes=1)
_RANDOM_BYTES, _TIME_BYTES, _MARK_BYTES = 16, 8, 16


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenKey:
    """A key that a wallet holds, as the four members of a public JSON Web Key, and the nonce of its proof."""

    key: dict[str, str]
    nonce: str


class Nonces:
    """Makes and knows nonces without keeping them: each carries its end and a mark under a key.

    What was used is kept by who gives the credential, so that asking for many costs nobody anything.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def made(self, now: dt.datetime) -> str:
        """A nonce that is good for NONCE_LIFE."""
        until = int((now + NONCE_LIFE).timestamp()).to_bytes(_TIME_BYTES, "big")
        content = until + secrets.token_bytes(_RANDOM_BYTES)
        return encoded(content + self._mark(content))

    def check(self, nonce: str, now: dt.datetime) -> None:
        """Raises WalletRefused for a nonce that was not made here or is over."""
        try:
            whole = decoded(nonce)
        except ValueError:
            raise WalletRefused(WalletFault.NONCE_WRONG) from None
        content, mark = whole[: _TIME_BYTES + _RANDOM_BYTES], whole[_TIME_BYTES + _RANDOM_BYTES :]
        if not hmac.compare_digest(mark, self._mark(content)):
            raise WalletRefused(WalletFault.NONCE_WRONG)
        if now.timestamp() >= int.from_bytes(content[:_TIME_BYTES], "big"):
            raise WalletRefused(WalletFault.NONCE_EXPIRED)

    def _mark(self, content: bytes) -> bytes:
        return hmac.digest(self._secret, content, hashlib.sha256)[:_MARK_BYTES]


def proven_key(proof: str, audience: str, now: dt.datetime) -> ProvenKey:
    """The key of a proof for this audience, made just now; the nonce is still to be checked. Raises WalletRefused."""
    claims, key = _signed(proof)
    if claims.get("aud") != audience:
        raise WalletRefused(WalletFault.PROOF_FOR_ANOTHER)
    made = claims.get("iat")
    if not isinstance(made, int) or isinstance(made, bool):
        raise WalletRefused(WalletFault.PROOF_WRONG)
    age = now.timestamp() - made
    if not -_CLOCKS_DIFFER.total_seconds() <= age <= (NONCE_LIFE + _CLOCKS_DIFFER).total_seconds():
        raise WalletRefused(WalletFault.PROOF_OLD)
    nonce = claims.get("nonce")
    if not isinstance(nonce, str):
        raise WalletRefused(WalletFault.NONCE_WRONG)
    public = {
        name: str(value) for name, value in key.as_dict(private=False).items() if name in ("kty", "crv", "x", "y")
    }
    return ProvenKey(key=public, nonce=nonce)


def _signed(proof: str) -> tuple[dict[str, Any], ECKey]:
    """The claims of a proof and the key in its header, by which it is signed."""
    try:
        if len(proof) > _PROOF_CHARACTERS:
            raise ValueError("longer than a proof is")
        header = header_of(proof)
        # The key stands in the header and nowhere else: no address is followed and no certificate is read.
        if header.get("typ") != PROOF_TYPE or header.get("alg") != "ES256" or header.keys() != {"typ", "alg", "jwk"}:
            raise ValueError("not the header of a proof with a key")
        key = ECKey.import_key(header["jwk"])
        if key.curve_name != "P-256" or key.is_private:
            raise ValueError("another curve, or a private key")
        return claims_signed_by(proof, key), key
    except (NotBelieved, JoseError, ValueError, TypeError, KeyError, AttributeError):
        raise WalletRefused(WalletFault.PROOF_WRONG) from None
