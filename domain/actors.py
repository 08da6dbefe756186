"""Who asks: the five kinds of actor and what a token says about one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from domain.countries import MemberState


class ActorKind(Enum):
    """The kinds of actor. What each may call is decided by `domain/access/policies.cedar`."""

    OFFICER = "officer"
    DONOR = "donor"
    WORKER = "worker"
    OPERATOR = "operator"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """One authenticated actor.

    id: the token's subject, unique per issuer. institution_id and member_state: of an officer only.
    subject_id: the donor's or worker's own id, for those two kinds.
    """

    id: str
    kind: ActorKind
    member_state: MemberState | None = None
    institution_id: str | None = None
    subject_id: UUID | None = None
