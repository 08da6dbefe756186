"""Workers in numbers, straight into the tables: as many as a test of size needs, all alike."""

from __future__ import annotations

from sqlalchemy import text

from tests.support.scene import Scene, covered_worker

_WORKERS = """
    INSERT INTO workers (id, home_state, nationality, sector, sealed_person, birth_precision, recorded_at)
    SELECT gen_random_uuid(), w.home_state, w.nationality, w.sector, w.sealed_person, w.birth_precision, w.recorded_at
    FROM workers w, generate_series(1, :number) WHERE w.id = :like"""
_ENROLMENTS = """
    INSERT INTO enrolments (worker_id, scheme_id, segment_id, institution_id, first_day, last_day, funder_kind, fund_id,
                            reference, simulated, recorded_at)
    SELECT w.id, e.scheme_id, e.segment_id, CAST(:institution AS text), e.first_day, e.last_day, e.funder_kind,
           e.fund_id, e.reference, e.simulated, e.recorded_at
    FROM workers w, enrolments e
    WHERE e.worker_id = :like AND NOT EXISTS (SELECT FROM enrolments o WHERE o.worker_id = w.id)"""
_SPELLS = """
    INSERT INTO coverage_spells (worker_id, scheme_id, institution_id, branch, days, extent, state, funder_kind,
                                 fund_id, reasons_id, rules_hash, recorded_at)
    SELECT w.id, s.scheme_id, s.institution_id, s.branch, s.days, s.extent, s.state, s.funder_kind, s.fund_id,
           s.reasons_id, s.rules_hash, s.recorded_at
    FROM workers w, coverage_spells s
    WHERE s.worker_id = :like AND NOT EXISTS (SELECT FROM coverage_spells o WHERE o.worker_id = w.id)"""


async def many_workers(scene: Scene, number: int, institution_id: str) -> None:
    """Workers with the enrolments and cover of one who lived through it, at an institution."""
    model = await covered_worker(scene)
    asked = {"like": model.id, "institution": institution_id, "number": number - 1}
    async with scene.superuser.begin() as connection:
        for statement in (_WORKERS, _ENROLMENTS, _SPELLS):
            names = {name: value for name, value in asked.items() if f":{name}" in statement}
            await connection.execute(text(statement), names)
