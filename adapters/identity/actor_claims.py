"""Who an actor is, in the claims of a token, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from adapters.identity.token_faults import TokenFault, TokenRefused
from domain.actors import Actor, ActorKind
from domain.countries import MemberState

_SUBJECT = re.compile(r"[\x21-\x7e]{1,255}")
_INSTITUTION = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,99}")
_OWN_CLAIMS = ("lingkar_state", "lingkar_institution", "lingkar_subject")
_CLAIMS_OF_KIND = {
    ActorKind.OFFICER: {"lingkar_state", "lingkar_institution"},
    ActorKind.DONOR: {"lingkar_subject"},
    ActorKind.WORKER: {"lingkar_subject"},
    ActorKind.OPERATOR: set[str](),
    ActorKind.SYSTEM: set[str](),
}


def actor_of(claims: Mapping[str, Any], issuer_name: str) -> Actor:
    """Return the actor of verified claims; raises TokenRefused unless they name a whole one and nothing more."""
    try:
        kind = ActorKind(claims.get("lingkar_kind"))
    except ValueError:
        raise TokenRefused(fault=TokenFault.ACTOR) from None
    # An actor is exactly what its kind needs: nothing missing, nothing more.
    if {name for name in _OWN_CLAIMS if claims.get(name) is not None} != _CLAIMS_OF_KIND[kind]:
        raise TokenRefused(fault=TokenFault.ACTOR)
    if not _SUBJECT.fullmatch(claims["sub"]):
        raise TokenRefused(fault=TokenFault.ACTOR)
    state = _state(claims.get("lingkar_state"))
    return Actor(
        id=f"{issuer_name}/{claims['sub']}",
        kind=kind,
        member_state=state,
        institution_id=_institution(claims.get("lingkar_institution"), state),
        subject_id=_subject(claims.get("lingkar_subject")),
    )


def claims_of(actor: Actor) -> dict[str, str]:
    """Return the claims by which a token names an actor, beside `sub`."""
    claims = {
        "lingkar_kind": actor.kind.value,
        "lingkar_state": actor.member_state.value if actor.member_state else None,
        "lingkar_institution": actor.institution_id,
        "lingkar_subject": str(actor.subject_id) if actor.subject_id else None,
    }
    return {name: value for name, value in claims.items() if value is not None}


def _state(claim: object) -> MemberState | None:
    if claim is None:
        return None
    try:
        return MemberState(claim)
    except ValueError:
        raise TokenRefused(fault=TokenFault.ACTOR) from None


def _institution(claim: object, state: MemberState | None) -> str | None:
    if claim is None or state is None:
        return None
    # An institution's id begins with its member state, so a pair that disagrees is a mistake of the issuer.
    if not isinstance(claim, str) or not _INSTITUTION.fullmatch(claim):
        raise TokenRefused(fault=TokenFault.ACTOR)
    if not claim.startswith(f"{state.value}."):
        raise TokenRefused(fault=TokenFault.ACTOR)
    return claim


def _subject(claim: object) -> UUID | None:
    if claim is None:
        return None
    try:
        subject = UUID(claim) if isinstance(claim, str) else None
    except ValueError:
        subject = None
    if subject is None or str(subject) != claim or subject.int == 0:
        raise TokenRefused(fault=TokenFault.ACTOR)
    return subject
