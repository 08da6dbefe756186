"""Who asks in the measurements."""

from __future__ import annotations

from domain.actors import Actor, ActorKind
from domain.countries import MemberState

ACTORS = {
    "officer": Actor(id="officer-ID", kind=ActorKind.OFFICER, member_state=MemberState.ID, institution_id="ID.BPJSTK"),
    "operator": Actor(id="operator", kind=ActorKind.OPERATOR),
}
