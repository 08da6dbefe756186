"""Why a token is refused: known to the log, never to the one who sent it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar

from domain.errors import Refusal


class TokenFault(Enum):
    """Why a token was refused; for logs, never for the one who sent it."""

    MISSING = "missing"
    SCHEME = "scheme"
    SIZE = "size"
    HEADER = "header"
    KEY = "key"
    ALGORITHM = "algorithm"
    SIGNATURE = "signature"
    CLAIM_MISSING = "claim_missing"
    CLAIM_INVALID = "claim_invalid"
    EXPIRED = "expired"
    LIFETIME = "lifetime"
    ISSUER = "issuer"
    ACTOR = "actor"
    BEYOND_ISSUER = "beyond_issuer"
    NOT_BOUND = "not_bound"
    PROOF = "proof"
    PROOF_REPLAYED = "proof_replayed"
    CERTIFICATE = "certificate"


@dataclass(eq=False, kw_only=True)
class TokenRefused(Refusal):
    """No valid token came with the request. `fault` is for logs; the message is always the same."""

    code: ClassVar[str] = "UNAUTHENTICATED"
    fault: TokenFault

    @property
    def message(self) -> str:
        return (
            "The request carries no token that is valid here and now. "
            "Get a token from your issuer and send it once, as `Authorization: Bearer <token>`."
        )

    @property
    def facts(self) -> Mapping[str, Any]:
        """None: what was wrong would help to forge the next one."""
        return {}
