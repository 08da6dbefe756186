"""Withdrawing a certificate: who may, once only, with a trace; and by itself when a cover in it ends."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace
from itertools import pairwise
from uuid import UUID

import pytest

from domain.actors import Actor
from domain.certificates import STATUS_LIST_BITS, WithdrawalReason, content_digest
from domain.errors import IdempotencyConflict, NotPermitted, StateConflict
from resolvers import certificates
from resolvers.certificates import CertificateWithdraw, withdraw_untrue
from tests.support.api import Api, codes
from tests.support.asked import World, lived
from tests.support.scene import OFFICER_ID, OFFICER_MY, SYSTEM, Scene, covered_worker

OTHER_OF_MALAYSIA = replace(OFFICER_MY, id="officer-EPF", institution_id="MY.EPF")


async def moved(scene: Scene) -> UUID:
    """A worker who moved and holds a certificate."""
    worker = await covered_worker(scene)
    await scene.move(worker.id)
    await scene.deliver()
    return worker.id


def withdraw(world: World, key: str = "k", reason: str = "COVER_ENDED") -> str:
    about = f'number: "{world.certificate}", reason: {reason}'
    return f"""mutation {{ certificateWithdraw(idempotencyKey: "{key}-{world.certificate}", {about}) {{
        ... on CertificateWithdrawPayload {{ certificate {{ withdrawal {{ reason withdrawnAt }} }} }}
        ... on Problem {{ code message }} }} }}"""


async def test_an_officer_of_the_issuing_institution_withdraws_and_everyone_sees_since_when_and_why(
    scene: Scene, api: Api
) -> None:
    world = await lived(scene)

    done = (await api.data(OFFICER_MY, withdraw(world, reason="WORK_NOT_TAKEN_UP")))["certificateWithdraw"]
    seen = await api.data(
        OFFICER_ID, f'{{ certificate(number: "{world.certificate}", purpose: CLAIM) {{ withdrawal {{ reason }} }} }}'
    )

    assert done["certificate"]["withdrawal"]["reason"] == "WORK_NOT_TAKEN_UP"
    assert seen["certificate"]["withdrawal"] == {"reason": "WORK_NOT_TAKEN_UP"}


async def test_the_same_key_withdraws_once_and_with_another_reason_it_is_a_conflict(scene: Scene, api: Api) -> None:
    world = await lived(scene)

    first = await api.data(OFFICER_MY, withdraw(world))
    again = await api.data(OFFICER_MY, withdraw(world))
    other = await api.ask(OFFICER_MY, withdraw(world, reason="ISSUED_IN_ERROR"))

    assert first == again
    assert codes(other) == {"IDEMPOTENCY_CONFLICT"}


async def test_a_withdrawn_certificate_is_not_withdrawn_again(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    await api.data(OFFICER_MY, withdraw(world))

    assert codes(await api.ask(OFFICER_MY, withdraw(world, key="another"))) == {"STATE_CONFLICT"}


@pytest.mark.parametrize("actor", [OFFICER_ID, OTHER_OF_MALAYSIA], ids=["of the state left", "of no cover in it"])
async def test_officers_who_did_not_issue_it_may_not_withdraw_it(scene: Scene, actor: Actor) -> None:
    number = (await scene.certificate(await moved(scene))).number
    command = CertificateWithdraw(number=number, reason=WithdrawalReason.COVER_ENDED)

    with pytest.raises(NotPermitted):
        await certificates.certificate_withdraw(scene.context(actor), scene.key(), command)

    assert await scene.rows("SELECT 1 FROM certificate_withdrawals w JOIN certificates c ON c.id = w.certificate_id "
                            "WHERE c.number = :number", number=number) == []  # fmt: skip


async def test_a_withdrawal_is_in_the_audit_chain_and_among_what_the_worker_sees(scene: Scene) -> None:
    worker_id = await moved(scene)
    held = await scene.certificate(worker_id)

    await scene.withdraw(worker_id)

    entries = await scene.rows(
        "SELECT chain, action FROM audit_entries WHERE subject = :id AND action = 'certificateWithdraw'",
        id=str(held.id),
    )
    looks = await scene.rows(
        "SELECT 1 FROM access_records WHERE worker_id = :id AND institution_id = 'MY.SOCSO' "
        "AND fields = ARRAY['certificate']",
        id=worker_id,
    )
    assert [tuple(entry) for entry in entries] == [("MY.SOCSO", "certificateWithdraw")]
    assert len(looks) == 1
    assert await scene.chains_are_whole()


async def test_of_two_who_withdraw_at_once_one_is_told_that_it_is_done(scene: Scene) -> None:
    worker_id = await moved(scene)

    outcomes = await asyncio.gather(scene.withdraw(worker_id), scene.withdraw(worker_id), return_exceptions=True)

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["CertificateOfCoverage", "StateConflict"]


async def test_a_certificate_is_withdrawn_in_the_same_transaction_that_ends_a_cover_in_it(scene: Scene) -> None:
    worker_id, other_id = await moved(scene), await moved(scene)
    context = scene.context(SYSTEM)

    async with context.writing() as work:
        ended = [("MY.SOCSO.CAT1", await _segment(scene, worker_id))]
        await work.workers.end_enrolments(worker_id, ended, dt.date(2025, 12, 31), context.now)
        await withdraw_untrue(context, work, worker_id)

    withdrawal = (await scene.certificate(worker_id)).withdrawal
    assert withdrawal is not None
    assert withdrawal.reason is WithdrawalReason.COVER_ENDED
    assert (await scene.certificate(other_id)).withdrawal is None


async def test_a_certificate_whose_covers_stand_is_not_withdrawn_by_itself(scene: Scene) -> None:
    worker_id = await moved(scene)
    context = scene.context(SYSTEM)

    async with context.writing() as work:
        await withdraw_untrue(context, work, worker_id)

    assert (await scene.certificate(worker_id)).withdrawal is None


async def test_what_was_withdrawn_by_a_person_keeps_its_reason_when_a_cover_ends_later(scene: Scene) -> None:
    worker_id = await moved(scene)
    await scene.withdraw(worker_id, WithdrawalReason.ISSUED_IN_ERROR)
    context = scene.context(SYSTEM)

    async with context.writing() as work:
        ended = [("MY.SOCSO.CAT1", await _segment(scene, worker_id))]
        await work.workers.end_enrolments(worker_id, ended, dt.date(2025, 12, 31), context.now)
        await withdraw_untrue(context, work, worker_id)

    withdrawal = (await scene.certificate(worker_id)).withdrawal
    assert withdrawal is not None
    assert withdrawal.reason is WithdrawalReason.ISSUED_IN_ERROR


async def test_places_in_the_list_are_inside_it_differ_and_follow_no_order(scene: Scene) -> None:
    for _ in range(4):
        await moved(scene)

    rows = await scene.rows("SELECT list_number, list_index FROM certificate_statuses ORDER BY recorded_at")

    indices = [row.list_index for row in rows]
    assert {row.list_number for row in rows} == {1}
    assert len(set(indices)) == len(indices)
    assert all(0 <= index < STATUS_LIST_BITS for index in indices)
    assert not all(later == earlier + 1 for earlier, later in pairwise(indices))


async def test_when_no_free_place_is_found_the_next_list_begins(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    worker_id = await moved(scene)
    taken = (await scene.certificate(worker_id)).status
    assert taken is not None
    monkeypatch.setattr("adapters.postgres.certificates.secrets.randbelow", lambda _: taken.index)

    later = (await scene.certificate(await moved(scene))).status

    assert later is not None
    assert (later.list_number, later.index) == (taken.list_number + 1, taken.index)


async def test_a_refused_withdrawal_keeps_its_key(scene: Scene) -> None:
    worker_id = await moved(scene)
    held = await scene.withdraw(worker_id)
    command = CertificateWithdraw(number=held.number, reason=WithdrawalReason.COVER_ENDED)
    context, key = scene.context(OFFICER_MY), scene.key()
    with pytest.raises(StateConflict):
        await certificates.certificate_withdraw(context, key, command)

    changed = replace(command, reason=WithdrawalReason.ISSUED_IN_ERROR)
    with pytest.raises(IdempotencyConflict):
        await certificates.certificate_withdraw(context, key, changed)


async def test_the_digest_of_a_certificate_does_not_change_when_it_is_withdrawn(scene: Scene) -> None:
    worker_id = await moved(scene)
    before = await scene.certificate(worker_id)

    after = await scene.withdraw(worker_id)

    assert after.digest == before.digest
    assert after.digest == content_digest(after.number, after.legislation, after.covers, after.issued_at)


async def _segment(scene: Scene, worker_id: UUID) -> str:
    rows = await scene.rows(
        "SELECT segment_id FROM enrolments WHERE worker_id = :id AND scheme_id = 'MY.SOCSO.CAT1' "
        "AND superseded_at IS NULL",
        id=worker_id,
    )
    return str(rows[0].segment_id)
