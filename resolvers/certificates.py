"""Certificates of coverage: who is given one, with what of the person in it, and when it is withdrawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from domain.actors import ActorKind
from domain.certificates import (
    CertificateOfCoverage,
    DisclosedPerson,
    Disclosure,
    WithdrawalReason,
    expires_at,
    still_true,
)
from domain.errors import NotPermitted, StateConflict
from domain.people import BirthDate
from domain.records import Purpose
from domain.stores import UnitOfWork
from resolvers.context import Context, found_or_refused, permit
from resolvers.once import audit, once
from resolvers.purposes import check_purpose
from resolvers.traces import trace


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateWithdraw:
    """Command: a certificate is not true any more."""

    number: str
    reason: WithdrawalReason


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCertificate:
    """A certificate for a body, with as much of the person as the worker asked for."""

    certificate: CertificateOfCoverage
    person: DisclosedPerson


async def certificates_of(
    context: Context, worker_ids: Sequence[UUID]
) -> Mapping[UUID, tuple[CertificateOfCoverage, ...]]:
    """The certificates of workers in sight."""
    check_purpose(context, "certificate")
    async with context.reading() as work:
        return await work.certificates.certificates_of(worker_ids)


async def certificate(context: Context, number: str) -> CertificateOfCoverage:
    """The certificate with this number, for the worker themselves or whoever may see the worker; leaves a trace."""
    permit(context, "certificate")
    check_purpose(context, "certificate")
    async with context.writing() as work:
        return await _seen(context, work, number)


async def certificate_shown(context: Context, number: str, wanted: frozenset[Disclosure]) -> ShownCertificate:
    """A certificate to make a body of, for the worker or an officer who may see them; leaves the same trace.

    wanted: what of the person is to stand in it; workers alone may want any, and only in their own.
    Raises NotFound, NotPermitted, and StateConflict for a certificate that is withdrawn or over.
    """
    permit(context, "certificateBodies")
    if wanted and context.actor.kind is not ActorKind.WORKER:
        raise NotPermitted(actor_kind=context.actor.kind.value, operation="certificate bodies with a person in them")
    check_purpose(context, "certificate")
    async with context.writing() as work:
        found = await _seen(context, work, number)
        person = await _disclosed(context, work, found.worker_id, wanted)
    # The look is recorded also when nothing is handed out.
    if found.withdrawal is not None:
        raise StateConflict(what="certificate", state="withdrawn", needed="one that stands")
    if expires_at(found.covers, context.now) <= context.now:
        raise StateConflict(what="certificate", state="over", needed="a cover that has not ended")
    return ShownCertificate(certificate=found, person=person)


async def certificate_withdraw(context: Context, key: str, command: CertificateWithdraw) -> CertificateOfCoverage:
    """Withdraw a certificate: for officers of an institution in it, of the state whose legislation it proves.

    Raises NotFound, NotPermitted, and StateConflict if it is withdrawn already.
    """
    permit(context, "certificateWithdraw")
    await _permit_withdrawal(context, command.number)

    async def act(work: UnitOfWork) -> UUID:
        found = await _in_sight(work, command.number)
        if not await work.certificates.withdraw([found.id], command.reason, context.now):
            raise StateConflict(what="certificate", state="withdrawn", needed="one that stands")
        return found.id

    await once(context, "certificateWithdraw", key, command, act)
    answering = replace(context, asked=replace(context.asked, purpose=Purpose.ADMINISTRATION))
    return await certificate(answering, command.number)


async def withdraw_untrue(context: Context, work: UnitOfWork, worker_id: UUID) -> None:
    """Withdraw a worker's certificates that name a cover which does not stand as certified any more.

    Called in the unit of work that ends enrolments, so that no instant has an ended cover and a live certificate.
    """
    held = (await work.certificates.certificates_of([worker_id])).get(worker_id, ())
    standing = (await work.workers.enrolments_of([worker_id])).get(worker_id, ())
    untrue = [one.id for one in held if one.withdrawal is None and not still_true(one, standing)]
    await work.certificates.withdraw(untrue, WithdrawalReason.COVER_ENDED, context.now)
    for certificate_id in untrue:
        await audit(context, work, "certificate.withdrawn", certificate_id)


async def withdrawn_in(context: Context, list_number: int) -> tuple[int, ...] | None:
    """Which places of a status list are withdrawn, for anyone: a place tells nothing of whose it is."""
    permit(context, "statusList")
    async with context.reading() as work:
        return await work.certificates.withdrawn_in(list_number)


async def _permit_withdrawal(context: Context, number: str) -> None:
    """Refuse an officer who may see the certificate and whose institution did not issue it."""
    async with context.reading() as work:
        found = await work.certificates.certificate(number)
        if found is None or await work.workers.worker(found.worker_id) is None:
            return
    named = {cover.institution_id for cover in found.covers}
    if context.actor.member_state is not found.legislation or context.actor.institution_id not in named:
        raise NotPermitted(actor_kind="officer of another institution", operation="certificateWithdraw")


async def _seen(context: Context, work: UnitOfWork, number: str) -> CertificateOfCoverage:
    found = await _in_sight(work, number)
    await trace(context, work, found.worker_id, "certificate")
    return found


async def _in_sight(work: UnitOfWork, number: str) -> CertificateOfCoverage:
    found = await work.certificates.certificate(number)
    if found is None or await work.workers.worker(found.worker_id) is None:
        return found_or_refused(None, "certificate")
    return found


async def _disclosed(
    context: Context, work: UnitOfWork, worker_id: UUID, wanted: frozenset[Disclosure]
) -> DisclosedPerson:
    if not wanted:
        return DisclosedPerson()
    person = await work.workers.person(worker_id, context.now)
    born = BirthDate(first_day=person.birth_date, precision=person.birth_precision)
    return DisclosedPerson(
        name=person.name if Disclosure.NAME in wanted else None,
        birth_date=born.text if Disclosure.BIRTH_DATE in wanted else None,
        identifiers=person.identifiers if Disclosure.IDENTIFIERS in wanted else (),
    )
