"""Writing messages to institutions: due at once, and without anything that names a person."""

from __future__ import annotations

from uuid import UUID

from domain.exchange import MessageKind
from domain.records import QueuedMessage
from resolvers.context import Context


def message_due(
    context: Context, kind: MessageKind, subject_id: UUID, institution_id: str, body: dict[str, object]
) -> QueuedMessage:
    """A message about a remittance or move; its personal content is added when it is delivered."""
    return QueuedMessage(
        id=context.new_id(),
        institution_id=institution_id,
        kind=kind,
        subject_id=subject_id,
        body=body,
        state="due",
        attempts=0,
        trouble="",
        recorded_at=context.now,
    )
