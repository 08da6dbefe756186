"""The domain's enums as the contract shows them; each is registered once."""

from __future__ import annotations

import strawberry

from domain.benefits import BenefitOutcome
from domain.certificates import Disclosure, WithdrawalReason
from domain.circumstances import Contingency, ResidenceStatus, Sex, StatedFact
from domain.comparison import KindOfWork, SchemeFit
from domain.countries import MemberState
from domain.coverage import CoverState
from domain.determination import Outcome
from domain.exchange import MessageKind
from domain.formulas import AmountIs, Payment
from domain.funding import AllocationKind
from domain.identifier_checks import IdentifierOutcome
from domain.identifiers import Strength
from domain.legislation import Standing
from domain.money import Currency
from domain.move_steps import MoveStep
from domain.moves import LandingKind
from domain.people import Calendar
from domain.quality import QualityRule, QualityState
from domain.records import Purpose
from domain.retention import ErasureReason, Hindrance
from domain.reviews import ObjectionCode, ReviewKind, ReviewOutcome
from domain.schemes import (
    Branch,
    Extent,
    FunderKind,
    Participation,
    PersonGroup,
    PortableObject,
    SchemeKind,
    Sector,
)
from domain.wallet import WalletCredential

_DESCRIPTIONS = {
    AllocationKind: "Months of many workers, or one pack of one worker who moves.",
    AmountIs: "What an estimated amount says about the amount that is paid.",
    BenefitOutcome: "Whether a benefit is owed; FACT_MISSING: it depends on a fact that was not given.",
    Branch: "The nine branches of social security of ILO Convention 102.",
    Calendar: "The calendar in which a birth date is written.",
    Contingency: "What happened: the event on whose day a benefit depends.",
    CoverState: "Why a day is covered: its month is paid, it is a tolerance month, a term or an enrolment holds.",
    Currency: "The settlement currencies of the eleven member states, by ISO 4217 code.",
    Disclosure: "What of themselves workers have written into a body or a credential of their own certificate.",
    ErasureReason: "Why a worker is erased: they asked, were nominated in error, or the period is over.",
    Extent: "How far a covered person is protected: fully, in part (waiting period), or only accruing periods.",
    FunderKind: "Who pays a contribution; the price can depend on it.",
    Hindrance: "What stands against erasing a worker: cover, an open move, open money, the period in which the law "
    "may need the record, or values that are not sealed by a key of theirs yet.",
    IdentifierOutcome: "Whether a number looks as its kind does: it does, it is doubtful, or it cannot be one.",
    KindOfWork: "How a person works; at home, abroad or coming in follows from their nationality.",
    LandingKind: "Where the cover of a branch can continue after a move, in order of choice.",
    MemberState: "The eleven member states of ASEAN, by ISO 3166 code.",
    MessageKind: "The messages between Lingkar and institutions.",
    MoveStep: "The steps of a move; the last one is its state.",
    ObjectionCode: "Why a worker objects to a question about them.",
    Outcome: "Whether any branch of a person is covered on the day asked.",
    Participation: "Whether a person of the group must, may or cannot be in a segment.",
    Payment: "How a benefit is paid; monthly and daily amounts hold for each month or day.",
    PersonGroup: "Whom a segment of a scheme is for.",
    PortableObject: "What of a scheme can follow a worker: protection at an event, periods, a balance, or residence.",
    Purpose: "For what an institution asks about a person; recorded, and shown to the worker.",
    QualityRule: "What a complete rule file has.",
    QualityState: "Why a rule of quality is not fulfilled: still to do, or it does not fit the state.",
    ResidenceStatus: "How a person lives in the state whose law is asked about.",
    ReviewKind: "Why somebody has to look at an access to a person.",
    ReviewOutcome: "Whether an access to a person was found to be justified.",
    SchemeFit: "What a segment of a scheme is to a person on a day.",
    SchemeKind: "How a scheme is built.",
    Sector: "The sector of a worker's activity.",
    Sex: "The sex in the civil register, where an age or a rate depends on it.",
    Standing: "How sure a value of the law is: confirmed, reported by one source, or assumed.",
    StatedFact: "What only the asker can say, and what the answer repeats as stated.",
    Strength: "What a number that does not fit its pattern meets: refused by a hard one, doubted by a soft one.",
    WalletCredential: "What a wallet is given: the certificate, or the certificate in a shape of the PD A1.",
    WithdrawalReason: "Why a certificate is not true any more.",
}

for _kind, _description in _DESCRIPTIONS.items():
    strawberry.enum(_kind, description=_description)
