"""How fast person-months are allocated, beside the rate at which PostgreSQL inserts the same rows.

`make bench-bulk`. Ours: one donation allocated to 7,000 workers for 6 months in two schemes, with prices,
reservation, remittances, idempotency key and audit. Reference: one plain INSERT ... SELECT of the same
84,000 rows into a table with the same indexes, checks and foreign keys. Alternating rounds; medians.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import statistics
import tempfile
import time
from pathlib import Path
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from adapters.identity.invented import invented_nominations
from adapters.postgres.embedded import start
from adapters.postgres.migrate import migrate
from adapters.postgres.roles import APP, OWNER
from adapters.settings import Settings
from app import Services, build_services
from domain.actors import Actor, ActorKind
from domain.funding import Terms
from domain.money import Currency, Money
from domain.periods import Month
from domain.schemes import FunderKind
from resolvers import allocations, funding, nominations

ROUNDS = 5
WORKERS = 7_000
OPERATOR = Actor(id="bench", kind=ActorKind.OPERATOR)

_CLONE = """
    CREATE TABLE same_rows (LIKE contribution_months INCLUDING ALL);
    ALTER TABLE same_rows ADD FOREIGN KEY (worker_id) REFERENCES workers,
        ADD FOREIGN KEY (allocation_id) REFERENCES allocations, ADD FOREIGN KEY (tariff_id) REFERENCES tariffs,
        ADD FOREIGN KEY (remittance_id) REFERENCES remittances"""
_COLUMNS = "worker_id, scheme_id, month, allocation_id, remittance_id, line, tariff_id, amount, recorded_at"
_INSERT = f"""
    INSERT INTO same_rows ({_COLUMNS}) SELECT {_COLUMNS} FROM contribution_months WHERE allocation_id = :allocation"""
_SUMS = "SELECT count(*), sum(amount) FROM {} WHERE allocation_id = :allocation"


def main() -> None:
    """Measure and print one line for each round and the ratio last."""
    os.environ.setdefault("LINGKAR_ENVIRONMENT", "development")
    with tempfile.TemporaryDirectory() as folder, start(Path(folder) / "postgres") as cluster:
        cluster.ensure_database("bench")
        migrate(cluster.url("bench", OWNER))
        settings = Settings().model_copy(update={"var_folder": Path(folder)})
        services = build_services(settings, cluster.url("bench", APP))
        asyncio.run(_measure(services, create_async_engine(cluster.url("bench"))))


async def _measure(services: Services, superuser: AsyncEngine) -> None:
    async with superuser.begin() as connection:
        for statement in _CLONE.split(";"):
            await connection.execute(text(statement))
    ours, reference = [], []
    for number in range(ROUNDS):
        command = await _prepared(services, number)
        began = time.perf_counter()
        made = await allocations.donation_allocate(services.context(OPERATOR), f"allocate-{number}", command)
        ours.append(time.perf_counter() - began)
        reference.append(await _plain_insert(superuser, made.id))
        print(f"round {number + 1}: ours {ours[-1]:.2f} s, plain insert {reference[-1]:.2f} s")
    await services.database.close()
    await superuser.dispose()
    ratio = statistics.median(reference) / statistics.median(ours)
    rate = WORKERS * 6 / statistics.median(ours)
    print(f"{rate:,.0f} person-months a second")
    print(f"bulk ratio {ratio:.2f} of plain INSERT ... SELECT")


async def _prepared(services: Services, number: int) -> allocations.DonationAllocate:
    context, key = services.context(OPERATOR), f"{number}"
    donor = await funding.donor_register(
        context, f"donor-{key}", funding.DonorRegister(name="A bank", funder_kind=FunderKind.CORPORATE)
    )
    fund = await funding.fund_open(
        context, f"fund-{key}", funding.FundOpen(name="A fund", purpose="to measure", currency=Currency.IDR)
    )
    gift = funding.DonationRecord(
        donor_id=donor.id,
        fund_id=fund.id,
        amount=Money(705_600_000, Currency.IDR),
        received_on=dt.date(2025, 6, 30),
        terms=Terms(),
    )
    donation = await funding.donation_record(context, f"donation-{key}", gift)
    lines = list(invented_nominations(WORKERS, seed=number))
    listed = nominations.NominationSubmit(
        fund_id=fund.id,
        scheme_id="ID.JKK",
        segment_id="bpu",
        on=dt.date(2025, 7, 1),
        file_digest=nominations.digest_of(lines),
    )
    report = await nominations.nomination_submit(context, f"file-{key}", listed, lines)
    return allocations.DonationAllocate(
        donation_id=donation.id,
        nomination_id=report.id,
        scheme_ids=("ID.JKK", "ID.JKM"),
        segment_id="bpu",
        first_month=Month(2025, 7),
        last_month=Month(2025, 12),
        income=Money(1_000_000, Currency.IDR),
    )


async def _plain_insert(superuser: AsyncEngine, allocation_id: UUID) -> float:
    asked = {"allocation": allocation_id}
    async with superuser.connect() as connection:
        began = time.perf_counter()
        await connection.execute(text(_INSERT), asked)
        await connection.commit()
        took = time.perf_counter() - began
        ours = (await connection.execute(text(_SUMS.format("contribution_months")), asked)).one()
        same = (await connection.execute(text(_SUMS.format("same_rows")), asked)).one()
        assert tuple(ours) == tuple(same), "both inserted the same rows"
    return took


if __name__ == "__main__":
    main()
