"""Consents: a worker lets an institution ask about them, sees what they let, and takes it back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.consents import Consent
from domain.errors import NotFound, PeriodInvalid, PurposeNotOpen, StateConflict
from domain.records import Purpose
from domain.stores import UnitOfWork
from resolvers.context import Context, permit
from resolvers.once import once

_LONGEST_DAYS = 366 * 5
"""A consent that holds longer than this was hardly meant; the worker can give it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentGive:
    """Command: a worker lets an institution ask for a purpose. text_version, text_language: of what they read."""

    institution_id: str
    purpose: Purpose
    first_day: dt.date
    last_day: dt.date
    text_version: str
    text_language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentWithdraw:
    """Command: a worker takes a consent back."""

    consent_id: UUID


async def consent_give(context: Context, key: str, command: ConsentGive) -> Consent:
    """Let an institution ask about oneself; it holds from the next request on. Workers only.

    Raises RuleUnknown for an institution or text that is not known, PeriodInvalid for days that are no period, lie in
    the past or are more than five years, PurposeNotOpen for a purpose to which nobody consents.
    """
    permit(context, "consentGive")

    async def act(work: UnitOfWork) -> UUID:
        context.rulebook.institution(command.institution_id)
        text = context.access.consent_text(command.text_version, command.text_language)
        _check_days(context, command)
        if not context.access.purposes[command.purpose].consent:
            raise PurposeNotOpen(purpose=command.purpose.value, field="consent")
        consent = Consent(
            id=context.new_id(),
            worker_id=_myself(context),
            institution_id=command.institution_id,
            purpose=command.purpose,
            first_day=command.first_day,
            last_day=command.last_day,
            text_version=text.version,
            text_language=text.language,
            recorded_at=context.now,
        )
        await work.consents.add(consent)
        return consent.id

    return await _mine(context, await once(context, "consentGive", key, command, act))


async def consent_withdraw(context: Context, key: str, command: ConsentWithdraw) -> Consent:
    """Take a consent back; from the next request on it lets nobody ask. Workers only.

    Raises NotFound for a consent that is not theirs, StateConflict for one that was withdrawn before.
    """
    permit(context, "consentWithdraw")

    async def act(work: UnitOfWork) -> UUID:
        ended = await work.consents.withdraw(command.consent_id, context.now)
        if ended is None:
            raise NotFound(kind="consent")
        if not ended:
            raise StateConflict(what="consent", state="withdrawn already", needed="one that holds")
        return command.consent_id

    return await _mine(context, await once(context, "consentWithdraw", key, command, act))


async def consents_of(context: Context, worker_ids: Sequence[UUID]) -> Mapping[UUID, tuple[Consent, ...]]:
    """What workers let institutions ask, also what they withdrew; the worker and operators see it."""
    permit(context, "worker.consents")
    async with context.reading() as work:
        return await work.consents.of(worker_ids)


async def _mine(context: Context, consent_id: UUID) -> Consent:
    given = (await consents_of(context, [_myself(context)]))[_myself(context)]
    return next(consent for consent in given if consent.id == consent_id)


def _myself(context: Context) -> UUID:
    assert context.actor.subject_id is not None, "a worker's token names the worker"
    return context.actor.subject_id


def _check_days(context: Context, command: ConsentGive) -> None:
    if command.last_day < command.first_day:
        raise PeriodInvalid(what="time of the consent", rule="its last day lies before its first")
    if command.last_day < context.now.date():
        raise PeriodInvalid(what="time of the consent", rule="it is over already")
    if (command.last_day - command.first_day).days > _LONGEST_DAYS:
        raise PeriodInvalid(what="time of the consent", rule="it is longer than five years")
