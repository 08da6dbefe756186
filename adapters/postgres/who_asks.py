"""What a transaction is told of who asks: row security and receipts read it; unsaid is nobody, who sees no row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import text

from domain.actors import Actor, ActorKind
from domain.records import Purpose

AS_SYSTEM = text(f"SELECT set_config('lingkar.actor_kind', '{ActorKind.SYSTEM.value}', true)")
"""For a transaction of the platform itself, about nobody."""


def settings_of(actor: Actor, at: dt.datetime, purpose: Purpose | None) -> Mapping[str, str]:
    """The settings of a transaction by name: who asks, when and for what; empty is not said."""
    return {
        "lingkar.actor_kind": actor.kind.value,
        "lingkar.actor_id": actor.id,
        "lingkar.actor_institution": actor.institution_id or "",
        "lingkar.actor_state": actor.member_state.value if actor.member_state else "",
        "lingkar.actor_subject": str(actor.subject_id or ""),
        "lingkar.asked_at": at.isoformat(),
        "lingkar.asked_for": "" if purpose is None else purpose.value,
    }
