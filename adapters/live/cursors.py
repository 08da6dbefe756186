"""Cursors of events: sealed, so that they tell nothing, and bound to the actor who was given one."""

from __future__ import annotations

import base64
import binascii
from uuid import NAMESPACE_URL, UUID, uuid5

from adapters.identity.sealing import RootKeyMissing, SealBroken, Sealer
from domain.actors import Actor
from domain.live import Place

CURSOR_AT_MOST = 4096
"""Characters of a cursor; it grows with the transactions that ran when it was made."""


class CursorNotOurs(Exception):
    """The text is no cursor of events that this actor was given here."""


class Cursors:
    """Writes and reads cursors. What a snapshot says of other transactions is nobody's business but ours."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def write(self, place: Place, actor: Actor) -> str:
        blob = self._sealer.seal(str(place), table="events", column="cursor", row=_owner(actor))
        return base64.urlsafe_b64encode(blob).decode().rstrip("=")

    def read(self, text: str, actor: Actor) -> Place:
        """The place in a cursor; raises CursorNotOurs for any other text and for another actor's cursor."""
        if not text.isascii() or len(text) > CURSOR_AT_MOST:
            raise CursorNotOurs
        try:
            blob = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            return Place.parse(self._sealer.open(blob, table="events", column="cursor", row=_owner(actor)))
        except (binascii.Error, ValueError, SealBroken, RootKeyMissing):
            raise CursorNotOurs from None


def _owner(actor: Actor) -> UUID:
    parts = (actor.kind.value, actor.id, actor.institution_id or "", str(actor.subject_id or ""))
    return uuid5(NAMESPACE_URL, "\n".join(parts))
