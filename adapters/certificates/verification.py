"""Says of something that is shown as a certificate what it is: one question for every body and every place.

First the shape, then whose key, then whether it is unchanged, then whether it was withdrawn, then the time.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from adapters.certificates.claims import facts_of, plain
from adapters.certificates.faults import NotBelieved
from adapters.certificates.keys import BelievedKeys
from adapters.certificates.qr import PREFIX, qr_facts
from adapters.certificates.sd_jwt import disclosed
from domain.certificates import CertificateFacts, StatusPlace, Verdict, verdict_on

AskWithdrawn = Callable[[StatusPlace], Awaitable[bool | None]]
"""Asks whether the certificate at a place is withdrawn; None if nobody can be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The answer. facts: only of what is signed and unchanged. withdrawal_asked: whether that could be known.

    holder_signed: None for a body that is bound to no key, else whether its holder signed what is shown.
    """

    verdict: Verdict
    facts: CertificateFacts | None = None
    withdrawal_asked: bool = False
    holder_signed: bool | None = None


async def verify(text: str, believed: BelievedKeys, ask: AskWithdrawn, now: dt.datetime) -> Verification:
    """What holds of the text of a token, of a code, or of the JSON body; never raises for what was shown."""
    try:
        facts, holder_signed = _read(text, believed)
    except NotBelieved as refused:
        return Verification(verdict=refused.verdict)
    withdrawn = await ask(facts.status)
    return Verification(
        verdict=verdict_on(facts, withdrawn=bool(withdrawn), now=now),
        facts=facts,
        withdrawal_asked=withdrawn is not None,
        holder_signed=holder_signed,
    )


def _read(text: str, believed: BelievedKeys) -> tuple[CertificateFacts, bool | None]:
    holder_signed = None
    if text.startswith(PREFIX):
        facts = qr_facts(text, believed.keys)
    elif text.startswith("{"):
        facts, holder_signed = _of_json(text, believed)
    else:
        facts, holder_signed = _of_token(text, believed)
    if facts.issuer != believed.issuer:
        # A key speaks only for the platform that published it.
        raise NotBelieved(Verdict.UNKNOWN_KEY)
    return facts, holder_signed


def _of_token(text: str, believed: BelievedKeys) -> tuple[CertificateFacts, bool | None]:
    claims, signed = disclosed(text, believed.keys)
    return facts_of(claims), signed if "cnf" in claims else None


def _of_json(text: str, believed: BelievedKeys) -> tuple[CertificateFacts, bool | None]:
    """The facts of the token inside; what stands beside it must be the same."""
    try:
        whole: Any = json.loads(text)
        told, token = whole["certificate"], whole["sdJwt"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NotBelieved(Verdict.NOT_A_CERTIFICATE) from None
    if not isinstance(token, str):
        raise NotBelieved(Verdict.NOT_A_CERTIFICATE)
    facts, holder_signed = _of_token(token, believed)
    if told != plain(facts):
        raise NotBelieved(Verdict.CHANGED)
    return facts, holder_signed
