"""Every root field of the API as a request about one lived-through move, and the actors who may send it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.actors import Actor
from domain.people import Identifier
from domain.reviews import ObjectionCode
from resolvers import reviews
from schema.ids import opaque_id, opaque_number
from tests.support.api import Api
from tests.support.scene import (
    A_MONTH,
    OFFICER_ID,
    OFFICER_TH,
    OPERATOR,
    PACK,
    SYSTEM,
    Scene,
    covered_worker,
    donor_actor,
    worker_actor,
)

_FOR = "purpose: ADMINISTRATION"
PROBLEM = "__typename ... on Problem { code message }"
PERSON = (
    '{birthDate: "1990-01-01", nationality: ID, contractMonths: 24, '
    'creditedMonths: [{first: "2024-01", last: "2025-09"}]}'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The ids, as clients know them, of a donation, a worker it covered, and the move that the worker made."""

    worker: str
    worker_id: UUID
    passport: Identifier
    donor: str
    donor_id: UUID
    fund: str
    donation: str
    allocation: str
    nomination: str
    move: str
    certificate: str
    access_record: str
    review: str
    consent: str


async def lived(scene: Scene) -> World:
    """A worker who was covered and moved, and two donors."""
    found = await covered_worker(scene, amount=6 * A_MONTH + 2 * PACK)
    move = await scene.move(found.id)
    await scene.deliver()
    certificate = await scene.certificate(found.id)
    rows = await scene.rows("SELECT nomination_id FROM allocations WHERE id = :id", id=found.allocation.id)
    asked = await scene.rows("SELECT id FROM access_records WHERE worker_id = :id ORDER BY id", id=found.id)
    objection = reviews.AccessRecordObject(access_record_id=asked[0].id, code=ObjectionCode.NO_RELATION)
    review = await reviews.access_record_object(scene.context(worker_actor(found.id)), scene.key(), objection)
    return World(
        worker=opaque_id("Worker", found.id),
        worker_id=found.id,
        passport=found.passport,
        donor=opaque_id("Donor", found.donation.donor_id),
        donor_id=found.donation.donor_id,
        fund=opaque_id("Fund", found.donation.fund_id),
        donation=opaque_id("Donation", found.donation.id),
        allocation=opaque_id("Allocation", found.allocation.id),
        nomination=opaque_id("Nomination", rows[0].nomination_id),
        move=opaque_id("Move", move.id),
        certificate=certificate.number,
        access_record=opaque_number("AccessRecord", asked[-1].id),
        review=opaque_id("Review", review),
        consent=opaque_id("Consent", (await scene.consent(found.id, "MY.EPF")).id),
    )


async def actors(scene: Scene, world: World) -> dict[str, Actor]:
    """The five kinds of actor; of officers, donors and workers one who has to do with it and one who has not."""
    return {
        "operator": OPERATOR,
        "officer": OFFICER_ID,
        "officer elsewhere": OFFICER_TH,
        "donor": donor_actor(world.donor_id),
        "other donor": donor_actor(await scene.donor()),
        "worker": worker_actor(world.worker_id),
        "other worker": worker_actor((await covered_worker(scene, sent=False)).id),
        "system": SYSTEM,
    }


def identifier(world: World) -> str:
    return f'{{kind: "passport", issuingState: ID, value: "{world.passport.value}"}}'


def rupiah_input(amount: object) -> str:
    return f'{{amount: "{amount}", currency: IDR}}'


def move_input(world: World, **changes: str) -> str:
    wanted = {
        "workerId": f'"{world.worker}"',
        "toState": "MY",
        "moveOn": '"2025-10-16"',
        "contractMonths": "24",
        "route": '"agency"',
        "sector": "MANUFACTURING",
        "decidedOn": '"2025-10-06"',
    } | changes
    return "{" + ", ".join(f"{name}: {value}" for name, value in wanted.items()) + "}"


def queries(world: World) -> dict[str, str]:
    """Each query, asked about this world."""
    return {
        "memberStates": "memberStates { code }",
        "memberState": "memberState(code: ID) { code }",
        "scheme": 'scheme(id: "ID.JKK") { id }',
        "contributionQuote": 'contributionQuote(question: {schemeId: "ID.JKK", segmentId: "bpu", '
        f'month: "2025-07", funderKind: CORPORATE, income: {rupiah_input(1000000)}}}) {{ {PROBLEM} }}',
        "packQuote": 'packQuote(question: {schemeId: "ID.PMI", segmentId: "pmi", on: "2025-10-06", '
        f'contractMonths: 24, route: "agency"}}) {{ {PROBLEM} }}',
        "eligibility": 'eligibility(question: {schemeId: "MY.SOCSO.CAT1", segmentId: "inbound", on: "2026-03-10", '
        f"person: {PERSON}}}) {{ {PROBLEM} }}",
        "benefitEstimate": 'benefitEstimate(question: {schemeId: "ID.JKM", segmentId: "bpu", contingency: DEATH, '
        f'on: "2025-10-06", person: {PERSON}}}) {{ {PROBLEM} }}',
        "qualifyingStates": 'qualifyingStates(question: {schemeId: "ID.JKM", segmentId: "bpu", on: "2025-10-06", '
        f"person: {PERSON}}}) {{ {PROBLEM} }}",
        "dueDate": f'dueDate(schemeId: "ID.JKM", segmentId: "bpu", month: "2025-10") {{ {PROBLEM} }}',
        "nextDueDate": f'nextDueDate(schemeId: "ID.JKM", segmentId: "bpu", on: "2025-10-06") {{ {PROBLEM} }}',
        "compareSchemes": f'compareSchemes(question: {{on: "2026-03-10", person: {PERSON}}}) {{ {PROBLEM} }}',
        "identifierCheck": f'identifierCheck(kind: "nik", state: ID, value: "3171011708450001") {{ {PROBLEM} }}',
        "rulesChanging": f'rulesChanging(firstDay: "2026-01-01", lastDay: "2026-12-31") {{ {PROBLEM} }}',
        "coverageOn": f'coverageOn(identifier: {identifier(world)}, on: "2025-10-16", purpose: ELIGIBILITY_CHECK) '
        f"{{ {PROBLEM} }}",
        "coverageOf": f'coverageOf(workers: [{{id: "{world.worker}"}}], on: "2025-10-16", purpose: ADMINISTRATION) '
        f"{{ {PROBLEM} }}",
        "me": "me { id }",
        "worker": f'worker(id: "{world.worker}", {_FOR}) {{ id }}',
        "workerByIdentifier": f"workerByIdentifier(identifier: {identifier(world)}, {_FOR}) {{ id }}",
        "workers": f"workers(first: 1, {_FOR}) {{ edges {{ node {{ id }} }} }}",
        "movePlan": f"movePlan(input: {move_input(world)}, {_FOR}) {{ {PROBLEM} }}",
        "move": f'move(id: "{world.move}", {_FOR}) {{ id }}',
        "donation": f'donation(id: "{world.donation}") {{ id }}',
        "donations": "donations { edges { node { id } } }",
        "allocation": f'allocation(id: "{world.allocation}") {{ id }}',
        "nomination": f'nomination(id: "{world.nomination}") {{ id }}',
        "certificate": f'certificate(number: "{world.certificate}", {_FOR}) {{ number }}',
        "messages": "messages(first: 1) { edges { node { id } } }",
        "consentTexts": "consentTexts { version }",
        "reviews": "reviews(first: 1) { edges { node { id } } }",
        "node": f'node(id: "{world.worker}", {_FOR}) {{ id }}',
    }


def mutations(world: World, key: str) -> dict[str, str]:
    """Each mutation, about this world, under one key for each act."""

    def named(field: str, arguments: str) -> str:
        return f'{field}(idempotencyKey: "{key}-{field}", {arguments}) {{ {PROBLEM} }}'

    gift = f'{{donorId: "{world.donor}", fundId: "{world.fund}", amount: {rupiah_input(5)}, '
    months = '{schemeIds: ["ID.JKK"], segmentId: "bpu", firstMonth: "2026-05", lastMonth: "2026-05", '
    months += f'income: {rupiah_input(1000000)}, donationId: "{world.donation}", nominationId: "{world.nomination}"}}'
    return {
        "donorRegister": named("donorRegister", 'input: {name: "A donor", funderKind: PERSONAL}'),
        "fundOpen": named("fundOpen", 'input: {name: "A fund", purpose: "p", currency: IDR}'),
        "pledgeRecord": named("pledgeRecord", f'input: {gift} pledgedOn: "2025-07-01"}}'),
        "donationRecord": named("donationRecord", f'input: {gift} receivedOn: "2025-07-01"}}'),
        "donationRefund": named(
            "donationRefund", f'input: {{donationId: "{world.donation}", amount: {rupiah_input(1)}}}'
        ),
        "donationAllocate": named("donationAllocate", f"input: {months}"),
        "allocationRemit": named("allocationRemit", f'allocationId: "{world.allocation}"'),
        "identifierRecord": named("identifierRecord", f'workerId: "{world.worker}", identifier: {identifier(world)}'),
        "certificateWithdraw": named("certificateWithdraw", f'number: "{world.certificate}", reason: COVER_ENDED'),
        "certificateOffer": f'certificateOffer(number: "{world.certificate}", '
        f"credential: CERTIFICATE_OF_COVERAGE, disclosures: []) {{ {PROBLEM} }}",
        "messageRetry": named("messageRetry", f'messageId: "{opaque_id("Message", world.worker_id)}"'),
        "consentGive": named(
            "consentGive",
            'input: {institutionId: "MY.SOCSO", purpose: CLAIM, firstDay: "2025-07-01", lastDay: "2026-06-30", '
            'textVersion: "2026-1", textLanguage: "en"}',
        ),
        "consentWithdraw": named("consentWithdraw", f'consentId: "{world.consent}"'),
        "emergencyOpen": named(
            "emergencyOpen", f'input: {{identifier: {identifier(world)}, reason: "unconscious at the desk"}}'
        ),
        "accessRecordObject": named(
            "accessRecordObject", f'accessRecordId: "{world.access_record}", code: WRONG_PURPOSE'
        ),
        "reviewClose": named("reviewClose", f'reviewId: "{world.review}", outcome: JUSTIFIED'),
        "workerErase": named("workerErase", f'workerId: "{world.worker}", reason: WORKER_ASKED'),
        "workerMove": named("workerMove", f"input: {move_input(world, moveOn=_LATER, decidedOn=_DECIDED)}"),
    }


_LATER, _DECIDED = '"2025-12-10"', '"2025-12-01"'


async def outcome(api: Api, actor: Actor, operation: str, field: str) -> str:
    """What became of one root field: `answered`, `null`, `empty` for a list without rows, or the code."""
    answer: dict[str, Any] = await api.ask(actor, operation)
    if "errors" in answer:
        (error,) = answer["errors"]
        return str(error["extensions"]["code"])
    value = answer["data"][field]
    if value is None:
        return "null"
    if isinstance(value, list) and len(value) == 1:
        (value,) = value
    if isinstance(value, dict) and "code" in value and "message" in value:
        return str(value["code"])
    return "empty" if isinstance(value, dict) and value.get("edges") == [] else "answered"
