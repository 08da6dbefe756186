"""Everything that can be done: one field for each business act, once for each idempotency key."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from domain import errors
from domain.certificates import CertificateOfCoverage, Disclosure, WithdrawalReason
from domain.errors import Refusal
from domain.funding import Allocation, Donation, Donor, Fund, FundsInsufficient, Pledge, Terms
from domain.records import Move, Purpose, Worker
from domain.retention import ErasureReason
from domain.wallet import WalletCredential
from resolvers import allocations, certificates, deliveries, erasures, funding, moves, wallet, workers
from schema import problems as p
from schema.consents import ConsentMutations
from schema.emergencies import EmergencyMutations
from schema.funding import (
    AllocationType,
    DonationAllocateInput,
    DonationRecordInput,
    DonationRefundInput,
    DonationType,
    DonorRegisterInput,
    DonorType,
    FundOpenInput,
    FundType,
    PledgeRecordInput,
    PledgeType,
    TermsInput,
)
from schema.identifiers import IdentifierInput
from schema.ids import id_of
from schema.money import money_of
from schema.moves import MoveType, WorkerMoveInput
from schema.problems import or_problem
from schema.query import identifier_of, move_command
from schema.request import Info, asking
from schema.reviews import ReviewMutations
from schema.scalars import IdempotencyKey
from schema.wallet import CertificateOfferPayload, offer_payload
from schema.workers import CertificateType, WorkerType


@strawberry.type(description="The donor that was registered.")
class DonorRegisterPayload:
    donor: Donor = strawberry.field(graphql_type=DonorType)


@strawberry.type(description="The fund that was opened.")
class FundOpenPayload:
    fund: Fund = strawberry.field(graphql_type=FundType)


@strawberry.type(description="The pledge that was recorded.")
class PledgeRecordPayload:
    pledge: Pledge = strawberry.field(graphql_type=PledgeType)


@strawberry.type(description="The donation that was recorded or changed.")
class DonationPayload:
    donation: Donation = strawberry.field(graphql_type=DonationType)


@strawberry.type(description="The allocation that was made or sent.")
class AllocationPayload:
    allocation: Allocation = strawberry.field(graphql_type=AllocationType)


@strawberry.type(description="The worker whose document was recorded.")
class IdentifierRecordPayload:
    worker: Worker = strawberry.field(graphql_type=WorkerType)


@strawberry.type(description="The move that was announced.")
class WorkerMovePayload:
    move: Move = strawberry.field(graphql_type=MoveType)


@strawberry.type(description="The message that is tried again.")
class MessageRetryPayload:
    message_id: strawberry.ID


@strawberry.type(description="The certificate that was withdrawn.")
class CertificateWithdrawPayload:
    certificate: CertificateOfCoverage = strawberry.field(graphql_type=CertificateType)


@strawberry.type(description="The worker of whom nothing says any more who it is.")
class WorkerErasePayload:
    worker_id: strawberry.ID


WorkerEraseResult = Annotated[
    WorkerErasePayload
    | p.IdempotencyConflictProblem
    | p.StateConflictProblem
    | p.ErasureRefusedProblem
    | p.NotFoundProblem,
    strawberry.union("WorkerEraseResult"),
]
CertificateWithdrawResult = Annotated[
    CertificateWithdrawPayload | p.IdempotencyConflictProblem | p.StateConflictProblem | p.NotFoundProblem,
    strawberry.union("CertificateWithdrawResult"),
]
CertificateOfferResult = Annotated[
    CertificateOfferPayload | p.StateConflictProblem | p.NotFoundProblem, strawberry.union("CertificateOfferResult")
]
MessageRetryResult = Annotated[
    MessageRetryPayload | p.IdempotencyConflictProblem | p.StateConflictProblem | p.NotFoundProblem,
    strawberry.union("MessageRetryResult"),
]
DonorRegisterResult = Annotated[
    DonorRegisterPayload | p.IdempotencyConflictProblem | p.NameInvalidProblem, strawberry.union("DonorRegisterResult")
]
FundOpenResult = Annotated[
    FundOpenPayload | p.IdempotencyConflictProblem | p.NameInvalidProblem, strawberry.union("FundOpenResult")
]
PledgeRecordResult = Annotated[
    PledgeRecordPayload
    | p.IdempotencyConflictProblem
    | p.AmountOutOfRangeProblem
    | p.CurrencyMismatchProblem
    | p.NotFoundProblem,
    strawberry.union("PledgeRecordResult"),
]
DonationResult = Annotated[
    DonationPayload
    | p.PeriodInvalidProblem
    | p.RuleUnknownProblem
    | p.IdempotencyConflictProblem
    | p.AmountOutOfRangeProblem
    | p.CurrencyMismatchProblem
    | p.FundsInsufficientProblem
    | p.NotFoundProblem,
    strawberry.union("DonationResult"),
]
AllocationResult = Annotated[
    AllocationPayload
    | p.IdempotencyConflictProblem
    | p.AmountOutOfRangeProblem
    | p.FundsInsufficientProblem
    | p.MonthAlreadyFundedProblem
    | p.TermsNotMetProblem
    | p.LimitExceededProblem
    | p.PeriodInvalidProblem
    | p.StateConflictProblem
    | p.RuleNotInForceProblem
    | p.RuleUnknownProblem
    | p.PriceNotSetByLawProblem
    | p.ValueMissingProblem
    | p.CurrencyMismatchProblem
    | p.NotFoundProblem,
    strawberry.union("AllocationResult"),
]
IdentifierRecordResult = Annotated[
    IdentifierRecordPayload
    | p.IdempotencyConflictProblem
    | p.IdentifierInvalidProblem
    | p.StateConflictProblem
    | p.NotFoundProblem,
    strawberry.union("IdentifierRecordResult"),
]
WorkerMoveResult = Annotated[
    WorkerMovePayload
    | p.IdempotencyConflictProblem
    | p.StateConflictProblem
    | p.LandingNotPossibleProblem
    | p.PeriodInvalidProblem
    | p.RuleNotInForceProblem
    | p.RuleUnknownProblem
    | p.ValueMissingProblem
    | p.CurrencyMismatchProblem
    | p.NotFoundProblem,
    strawberry.union("WorkerMoveResult"),
]

_ACTED: tuple[type[Refusal], ...] = (errors.IdempotencyConflict, errors.NotFound)
_MONEY = (*_ACTED, errors.AmountOutOfRange, errors.CurrencyMismatch)
_LAW = (errors.RuleNotInForce, errors.RuleUnknown, errors.ValueMissing, errors.CurrencyMismatch)
_ALLOCATED = (
    *_ACTED,
    *_LAW,
    errors.PriceNotSetByLaw,
    FundsInsufficient,
    errors.AmountOutOfRange,
    errors.MonthAlreadyFunded,
    errors.TermsNotMet,
    errors.LimitExceeded,
    errors.PeriodInvalid,
    errors.StateConflict,
)
_MOVED = (*_ACTED, *_LAW, errors.StateConflict, errors.LandingNotPossible, errors.PeriodInvalid)


@strawberry.type(description="Everything that can be done. Each act needs an idempotency key and has one effect.")
class Mutation(ReviewMutations, ConsentMutations, EmergencyMutations):
    @strawberry.mutation(graphql_type=DonorRegisterResult, description="Register a donor. Operators.")
    async def donor_register(self, info: Info, idempotency_key: IdempotencyKey, input: DonorRegisterInput) -> Any:
        command = funding.DonorRegister(name=input.name, funder_kind=input.funder_kind)

        async def act() -> DonorRegisterPayload:
            return DonorRegisterPayload(
                donor=await funding.donor_register(info.context.context, idempotency_key, command)
            )

        return await or_problem(act(), errors.IdempotencyConflict, errors.NameInvalid)

    @strawberry.mutation(graphql_type=FundOpenResult, description="Open a fund. Operators.")
    async def fund_open(self, info: Info, idempotency_key: IdempotencyKey, input: FundOpenInput) -> Any:
        command = funding.FundOpen(name=input.name, purpose=input.purpose, currency=input.currency)

        async def act() -> FundOpenPayload:
            return FundOpenPayload(fund=await funding.fund_open(info.context.context, idempotency_key, command))

        return await or_problem(act(), errors.IdempotencyConflict, errors.NameInvalid)

    @strawberry.mutation(graphql_type=PledgeRecordResult, description="Record a promise; it moves no money.")
    async def pledge_record(self, info: Info, idempotency_key: IdempotencyKey, input: PledgeRecordInput) -> Any:
        async def act() -> PledgeRecordPayload:
            command = funding.PledgeRecord(
                donor_id=id_of("Donor", input.donor_id),
                fund_id=id_of("Fund", input.fund_id),
                amount=money_of(input.amount),
                pledged_on=input.pledged_on,
            )
            pledge = await funding.pledge_record(info.context.context, idempotency_key, command)
            return PledgeRecordPayload(pledge=pledge)

        return await or_problem(act(), *_MONEY)

    @strawberry.mutation(graphql_type=DonationResult, description="Record money received. Operators.")
    async def donation_record(self, info: Info, idempotency_key: IdempotencyKey, input: DonationRecordInput) -> Any:
        async def act() -> DonationPayload:
            command = funding.DonationRecord(
                donor_id=id_of("Donor", input.donor_id),
                fund_id=id_of("Fund", input.fund_id),
                amount=money_of(input.amount),
                received_on=input.received_on,
                terms=_terms(input.terms),
            )
            donation = await funding.donation_record(info.context.context, idempotency_key, command)
            return DonationPayload(donation=donation)

        return await or_problem(act(), *_MONEY, errors.PeriodInvalid, errors.RuleUnknown)

    @strawberry.mutation(graphql_type=DonationResult, description="Give unspent money back to the donor. Operators.")
    async def donation_refund(self, info: Info, idempotency_key: IdempotencyKey, input: DonationRefundInput) -> Any:
        async def act() -> DonationPayload:
            command = funding.DonationRefund(
                donation_id=id_of("Donation", input.donation_id), amount=money_of(input.amount)
            )
            donation = await funding.donation_refund(info.context.context, idempotency_key, command)
            return DonationPayload(donation=donation)

        return await or_problem(act(), *_MONEY, FundsInsufficient)

    @strawberry.mutation(
        graphql_type=AllocationResult, description="Reserve a donation for nominated workers' months, all or none."
    )
    async def donation_allocate(self, info: Info, idempotency_key: IdempotencyKey, input: DonationAllocateInput) -> Any:
        async def act() -> AllocationPayload:
            command = allocations.DonationAllocate(
                donation_id=id_of("Donation", input.donation_id),
                nomination_id=id_of("Nomination", input.nomination_id),
                scheme_ids=tuple(input.scheme_ids),
                segment_id=input.segment_id,
                first_month=input.first_month,
                last_month=input.last_month,
                income=money_of(input.income),
            )
            made = await allocations.donation_allocate(info.context.context, idempotency_key, command)
            return AllocationPayload(allocation=made)

        return await or_problem(act(), *_ALLOCATED)

    @strawberry.mutation(
        graphql_type=AllocationResult, description="Send an allocation's months to the institution. Operators."
    )
    async def allocation_remit(self, info: Info, idempotency_key: IdempotencyKey, allocation_id: strawberry.ID) -> Any:
        async def act() -> AllocationPayload:
            command = allocations.AllocationRemit(allocation_id=id_of("Allocation", allocation_id))
            sent = await allocations.allocation_remit(info.context.context, idempotency_key, command)
            return AllocationPayload(allocation=sent)

        return await or_problem(act(), *_ALLOCATED)

    @strawberry.mutation(graphql_type=IdentifierRecordResult, description="Record a document that a worker showed.")
    async def identifier_record(
        self, info: Info, idempotency_key: IdempotencyKey, worker_id: strawberry.ID, identifier: IdentifierInput
    ) -> Any:
        async def act() -> IdentifierRecordPayload:
            command = workers.IdentifierRecord(
                worker_id=id_of("Worker", worker_id), identifier=identifier_of(info.context, identifier)
            )
            worker = await workers.identifier_record(asking(info, Purpose.ADMINISTRATION), idempotency_key, command)
            return IdentifierRecordPayload(worker=worker)

        return await or_problem(act(), *_ACTED, errors.IdentifierInvalid, errors.StateConflict)

    @strawberry.mutation(
        graphql_type=WorkerMoveResult,
        description="Make a move: reserve the pack's money and tell the destination. The plan is made anew.",
    )
    async def worker_move(self, info: Info, idempotency_key: IdempotencyKey, input: WorkerMoveInput) -> Any:
        async def act() -> WorkerMovePayload:
            move = await moves.worker_move(asking(info, Purpose.ADMINISTRATION), idempotency_key, move_command(input))
            return WorkerMovePayload(move=move)

        return await or_problem(act(), *_MOVED)

    @strawberry.mutation(
        graphql_type=CertificateWithdrawResult,
        description="Withdraw a certificate that is not true any more. Officers of an institution in it, of its state.",
    )
    async def certificate_withdraw(
        self, info: Info, idempotency_key: IdempotencyKey, number: str, reason: WithdrawalReason
    ) -> Any:
        async def act() -> CertificateWithdrawPayload:
            command = certificates.CertificateWithdraw(number=number, reason=reason)
            found = await certificates.certificate_withdraw(asking(info), idempotency_key, command)
            return CertificateWithdrawPayload(certificate=found)

        return await or_problem(act(), *_ACTED, errors.StateConflict)

    @strawberry.mutation(
        graphql_type=CertificateOfferResult,
        description="Offer a certificate to a wallet, for some minutes. The worker whose certificate it is.",
    )
    async def certificate_offer(
        self, info: Info, number: str, credential: WalletCredential, disclosures: list[Disclosure]
    ) -> Any:
        async def act() -> CertificateOfferPayload:
            command = wallet.CertificateOffer(number=number, credential=credential, disclosures=disclosures)
            return offer_payload(await wallet.certificate_offer(info.context.context, command))

        return await or_problem(act(), errors.NotFound, errors.StateConflict)

    @strawberry.mutation(
        graphql_type=MessageRetryResult, description="Try a parked message to an institution again. Operators."
    )
    async def message_retry(self, info: Info, idempotency_key: IdempotencyKey, message_id: strawberry.ID) -> Any:
        async def act() -> MessageRetryPayload:
            command = deliveries.MessageRetry(message_id=id_of("Message", message_id))
            await deliveries.message_retry(info.context.context, idempotency_key, command)
            return MessageRetryPayload(message_id=message_id)

        return await or_problem(act(), *_ACTED, errors.StateConflict)

    @strawberry.mutation(
        graphql_type=WorkerEraseResult,
        description="Destroy what says who a worker is; months and money stay. It cannot be taken back. Operators.",
    )
    async def worker_erase(
        self, info: Info, idempotency_key: IdempotencyKey, worker_id: strawberry.ID, reason: ErasureReason
    ) -> Any:
        async def act() -> WorkerErasePayload:
            command = erasures.WorkerErase(worker_id=id_of("Worker", worker_id), reason=reason)
            await erasures.worker_erase(info.context.context, idempotency_key, command)
            return WorkerErasePayload(worker_id=worker_id)

        return await or_problem(act(), *_ACTED, errors.StateConflict, errors.ErasureRefused)


def _terms(given: TermsInput | None) -> Terms:
    if given is None:
        return Terms()
    return Terms(
        scheme_ids=tuple(given.scheme_ids),
        first_month=given.first_month,
        last_month=given.last_month,
        follows_movers=given.follows_movers,
    )
