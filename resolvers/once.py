"""Doing a thing once: the same key with the same content has one effect and one answer, however often it comes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from domain.errors import IdempotencyConflict, Refusal, refusal_of
from domain.plain import from_plain, to_plain
from domain.stores import UnitOfWork
from resolvers.context import Context


async def once(
    context: Context, operation: str, key: str, command: Any, act: Callable[[UnitOfWork], Awaitable[UUID]]
) -> UUID:
    """Carry out a command in one unit of work and return the id of what it made.

    key: made and saved by the caller before sending. command: the record whose content is compared.
    A refusal is kept too: a key that failed stays failed, so that a late retry cannot succeed by surprise.
    Raises IdempotencyConflict for other content under the same key, and whatever refusal `act` raises, after
    undoing everything else it did.
    """
    canonical = json.dumps(to_plain(command), sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(canonical.encode()).digest()
    async with context.writing() as work:
        used = await work.trust.claim_key(context.actor, key, operation, digest, context.now)
        if used is not None:
            return _answered_before(used, operation)
        try:
            async with work.savepoint():
                subject = await act(work)
        except Refusal as refusal:
            kept: dict[str, Any] = {"refusal": refusal.code, "facts": to_plain(refusal.facts)}
            await work.trust.keep_outcome(context.actor, key, kept)
            refused: Refusal = refusal
        else:
            await work.trust.keep_outcome(context.actor, key, {"id": str(subject)})
            await audit(context, work, operation, subject)
            return subject
    raise refused


async def audit(context: Context, work: UnitOfWork, action: str, subject: UUID) -> None:
    """Add an entry to the chain of the actor's institution."""
    chain = context.actor.institution_id or "lingkar"
    await work.trust.append(chain, context.actor, action, str(subject), context.now)


def _answered_before(used: tuple[str, bool, dict[str, Any] | None], operation: str) -> UUID:
    known_operation, same_content, outcome = used
    if known_operation != operation or not same_content:
        raise IdempotencyConflict(operation=known_operation)
    assert outcome is not None, "a key and its outcome are committed together"
    if "refusal" in outcome:
        raise from_plain(refusal_of(outcome["refusal"]), outcome["facts"])
    return UUID(outcome["id"])
