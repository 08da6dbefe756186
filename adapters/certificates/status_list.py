"""Token Status Lists: one bit for each certificate, set when it is withdrawn, published with a signature."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Iterable, Mapping
from typing import Final

from joserfc.jwk import ECKey

from adapters.certificates.faults import NotBelieved
from adapters.certificates.sd_jwt import decoded, encoded, signed, verified
from domain.certificates import STATUS_LIST_BITS, Verdict

MEDIA_TYPE: Final = "application/statuslist+jwt"
FRESH_SECONDS: Final = 30
"""How long a copy may be used before it is asked for anew."""
_LIFE: Final = dt.timedelta(hours=24)
_TYPE: Final = "statuslist+jwt"
_TOKEN_CHARACTERS: Final = 262_144


def status_token(address: str, issuer: str, withdrawn: Iterable[int], key: ECKey, now: dt.datetime) -> str:
    """The signed list. address: where it is published. withdrawn: the indices whose bits are set."""
    bits = bytearray(STATUS_LIST_BITS // 8)
    for index in withdrawn:
        bits[index >> 3] |= 1 << (index & 7)
    claims = {
        "iss": issuer,
        "sub": address,
        "iat": int(now.timestamp()),
        "exp": int((now + _LIFE).timestamp()),
        "ttl": FRESH_SECONDS,
        "status_list": {"bits": 1, "lst": encoded(zlib.compress(bytes(bits), 9))},
    }
    return signed({"alg": "ES256", "kid": str(key.kid), "typ": _TYPE}, claims, key)


def is_withdrawn(token: str, address: str, index: int, keys: Mapping[str, ECKey], now: dt.datetime) -> bool:
    """Whether a published list says that the certificate at an index is withdrawn.

    Raises NotBelieved if the list is not a current one of this address, signed by one of these keys.
    """
    if len(token) > _TOKEN_CHARACTERS:
        raise NotBelieved(Verdict.NOT_A_CERTIFICATE)
    claims = verified(token, keys, (_TYPE,))
    try:
        if claims["sub"] != address or not claims["iat"] - 300 <= now.timestamp() < claims["exp"]:
            raise ValueError("another list, or an old one")
        unfolding = zlib.decompressobj()
        bits = unfolding.decompress(decoded(claims["status_list"]["lst"]), STATUS_LIST_BITS // 8)
        if claims["status_list"]["bits"] != 1 or not 0 <= index < len(bits) * 8:
            raise ValueError("no bit at this place")
    except (KeyError, TypeError, ValueError, zlib.error):
        raise NotBelieved(Verdict.NOT_A_CERTIFICATE) from None
    return bool(bits[index >> 3] >> (index & 7) & 1)
