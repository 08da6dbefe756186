"""The store of certificates, their places in the status lists, and withdrawals."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, select, text
from sqlalchemy.dialects.postgresql import insert as insert_or_leave
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.tables import certificate_statuses as statuses
from adapters.postgres.tables import certificate_withdrawals as withdrawals
from adapters.postgres.tables import certificates
from domain.certificates import (
    STATUS_LIST_BITS,
    CertificateOfCoverage,
    CertifiedCover,
    StatusPlace,
    Withdrawal,
    WithdrawalReason,
)
from domain.countries import MemberState
from domain.plain import from_plain, to_plain

_TRIES = 16


class PostgresCertificates:
    """Certificates of one unit of work."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, certificate: CertificateOfCoverage) -> None:
        await self._connection.execute(
            insert(certificates).values(
                id=certificate.id,
                number=certificate.number,
                worker_id=certificate.worker_id,
                move_id=certificate.move_id,
                legislation=certificate.legislation.value,
                covers=to_plain(certificate.covers),
                simulated=certificate.simulated,
                digest=certificate.digest,
                recorded_at=certificate.issued_at,
            )
        )
        newest = await self._connection.execute(select(func.coalesce(func.max(statuses.c.list_number), 1)))
        list_number: int = newest.scalar_one()
        # A list in which no free place is found by chance is nearly full; then the next one begins.
        while not await self._placed(certificate, list_number):
            list_number += 1

    async def _placed(self, certificate: CertificateOfCoverage, list_number: int) -> bool:
        """Take the first of some random places that is free; False if none is."""
        for _ in range(_TRIES):
            row = insert_or_leave(statuses).values(
                certificate_id=certificate.id,
                list_number=list_number,
                list_index=secrets.randbelow(STATUS_LIST_BITS),
                recorded_at=certificate.issued_at,
            )
            taken = row.on_conflict_do_nothing().returning(statuses.c.certificate_id)
            if (await self._connection.execute(taken)).first() is not None:
                return True
        return False

    async def certificates_of(self, worker_ids: Sequence[UUID]) -> Mapping[UUID, tuple[CertificateOfCoverage, ...]]:
        found: dict[UUID, list[CertificateOfCoverage]] = {}
        query = _WHOLE.where(certificates.c.worker_id.in_(worker_ids))
        for row in await self._connection.execute(query.order_by(certificates.c.worker_id, certificates.c.id)):
            found.setdefault(row.worker_id, []).append(_certificate(row))
        return {worker_id: tuple(rows) for worker_id, rows in found.items()}

    async def certificate(self, number: str) -> CertificateOfCoverage | None:
        row = (await self._connection.execute(_WHOLE.where(certificates.c.number == number))).one_or_none()
        return None if row is None else _certificate(row)

    async def withdraw(self, certificate_ids: Sequence[UUID], reason: WithdrawalReason, at: dt.datetime) -> int:
        if not certificate_ids:
            return 0
        rows = [{"certificate_id": one, "reason": reason.value, "recorded_at": at} for one in certificate_ids]
        query = insert_or_leave(withdrawals).values(rows).on_conflict_do_nothing()
        return len((await self._connection.execute(query.returning(withdrawals.c.certificate_id))).all())

    async def withdrawn_in(self, list_number: int) -> tuple[int, ...] | None:
        query = text("SELECT withdrawn_places(CAST(:list AS integer))")
        places: list[int] | None = (await self._connection.execute(query, {"list": list_number})).scalar_one()
        return None if places is None else tuple(places)


_WHOLE = select(
    certificates,
    statuses.c.list_number,
    statuses.c.list_index,
    withdrawals.c.reason,
    withdrawals.c.recorded_at.label("withdrawn_at"),
).select_from(certificates.join(statuses).outerjoin(withdrawals, withdrawals.c.certificate_id == certificates.c.id))


def _certificate(row: Row[Any]) -> CertificateOfCoverage:
    withdrawal = None
    if row.withdrawn_at is not None:
        withdrawal = Withdrawal(reason=WithdrawalReason(row.reason), withdrawn_at=row.withdrawn_at)
    return CertificateOfCoverage(
        id=row.id,
        number=row.number,
        worker_id=row.worker_id,
        move_id=row.move_id,
        legislation=MemberState(row.legislation),
        covers=tuple(from_plain(CertifiedCover, cover) for cover in row.covers),
        issued_at=row.recorded_at,
        simulated=row.simulated,
        digest=row.digest,
        status=StatusPlace(list_number=row.list_number, index=row.list_index),
        withdrawal=withdrawal,
    )
