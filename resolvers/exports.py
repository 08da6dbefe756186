"""Everything that is stored about a worker, handed to the worker."""

from __future__ import annotations

from typing import Any

from domain.errors import StateConflict
from domain.people import BirthDate
from domain.stores import UnitOfWork
from resolvers.context import Context, found_or_refused, permit

FORMAT = "lingkar worker export 1"


async def worker_export(context: Context) -> dict[str, Any]:
    """What is stored about the worker who asks: who they are, and the rows about them by table.

    Name, birth date and identifiers are opened; of an erased worker they are null. Amounts are minor units. Keys,
    indexes and donors' ids are left out. Raises NotFound for a token of a worker who is not known.
    """
    permit(context, "meExport")
    assert context.actor.subject_id is not None, "a worker's token names the worker"
    async with context.reading() as work:
        found = found_or_refused(await work.workers.worker(context.actor.subject_id), "worker")
        return {
            "format": FORMAT,
            "madeAt": context.now.isoformat(),
            "person": await _person(context, work),
            "rows": await work.exports.rows_about(found.id),
        }


async def _person(context: Context, work: UnitOfWork) -> dict[str, Any] | None:
    assert context.actor.subject_id is not None, "asked by the worker"
    try:
        person = await work.workers.person(context.actor.subject_id, context.now)
    except StateConflict:
        return None
    born = BirthDate(first_day=person.birth_date, precision=person.birth_precision)
    identifiers = [{"kind": kind, "value": value} for kind, value in person.identifiers]
    return {
        "name": person.name,
        "birthDate": born.text,
        "nationality": person.nationality,
        "identifiers": identifiers,
    }
