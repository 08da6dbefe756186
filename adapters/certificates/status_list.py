"""Token Status Lists: one bit for each certificate, set when it is withdrawn, published with a signature."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from joserfc.jwk import ECKey

from adapters.certificates.claims import instant
from adapters.certificates.faults import NotBelieved
from adapters.certificates.sd_jwt import decoded, encoded, signed, verified
from domain.certificates import STATUS_LIST_BITS, Verdict

MEDIA_TYPE: Final = "application/statuslist+jwt"
FRESH_SECONDS: Final = 30
"""How long a copy may be used before it is asked for anew."""
_LIFE: Final = dt.timedelta(hours=24)
_CLOCKS_DIFFER: Final = dt.timedelta(minutes=5)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusList:
    """A published list whose signature is right. address: where it is published. Good from made_at to good_until."""

    address: str
    made_at: dt.datetime
    good_until: dt.datetime
    bits: bytes

    def current(self, now: dt.datetime) -> bool:
        """Whether it is good now; clocks may differ by some minutes."""
        return self.made_at - _CLOCKS_DIFFER <= now < self.good_until

    def withdrawn(self, index: int) -> bool:
        """Whether the bit is set; raises NotBelieved for a place that it does not have."""
        if not 0 <= index < len(self.bits) * 8:
            raise NotBelieved(Verdict.NOT_A_CERTIFICATE)
        return bool(self.bits[index >> 3] >> (index & 7) & 1)


def status_list(token: str, keys: Mapping[str, ECKey]) -> StatusList:
    """What a list says, however old it is; raises NotBelieved if it is not one, signed by one of these keys."""
    if len(token) > _TOKEN_CHARACTERS:
        raise NotBelieved(Verdict.NOT_A_CERTIFICATE)
    claims = verified(token, keys, (_TYPE,))
    try:
        unfolding = zlib.decompressobj()
        bits = unfolding.decompress(decoded(claims["status_list"]["lst"]), STATUS_LIST_BITS // 8)
        if claims["status_list"]["bits"] != 1:
            raise ValueError("a list of another kind")
        return StatusList(
            address=str(claims["sub"]), made_at=instant(claims["iat"]), good_until=instant(claims["exp"]), bits=bits
        )
    except (KeyError, TypeError, ValueError, OverflowError, zlib.error):
        raise NotBelieved(Verdict.NOT_A_CERTIFICATE) from None


def is_withdrawn(token: str, address: str, index: int, keys: Mapping[str, ECKey], now: dt.datetime) -> bool:
    """Whether a published list says that the certificate at an index is withdrawn.

    Raises NotBelieved if the list is not a current one of this address, signed by one of these keys.
    """
    found = status_list(token, keys)
    if found.address != address or not found.current(now):
        raise NotBelieved(Verdict.NOT_A_CERTIFICATE)
    return found.withdrawn(index)
