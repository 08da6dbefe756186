"""The domain's enums as the contract shows them; each is registered once."""

from __future__ import annotations

import strawberry

from domain.countries import MemberState
from domain.coverage import CoverState, Outcome
from domain.exchange import MessageKind
from domain.funding import AllocationKind
from domain.legislation import Standing
from domain.money import Currency
from domain.move_steps import MoveStep
from domain.moves import LandingKind
from domain.people import IdentifierKind
from domain.records import Purpose
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

_DESCRIPTIONS = {
    AllocationKind: "Months of many workers, or one pack of one worker who moves.",
    Branch: "The nine branches of social security of ILO Convention 102.",
    CoverState: "Why a day is covered: its month is paid, it is a tolerance month, a term or an enrolment holds.",
    Currency: "The settlement currencies of the eleven member states, by ISO 4217 code.",
    Extent: "How far a covered person is protected: fully, in part (waiting period), or only accruing periods.",
    FunderKind: "Who pays a contribution; the price can depend on it.",
    IdentifierKind: "The kinds of number by which an institution or state knows a person.",
    LandingKind: "Where the cover of a branch can continue after a move, in order of choice.",
    MemberState: "The eleven member states of ASEAN, by ISO 3166 code.",
    MessageKind: "The messages between Lingkar and institutions.",
    MoveStep: "The steps of a move; the last one is its state.",
    ObjectionCode: "Why a worker objects to a question about them.",
    Outcome: "Whether any branch of a person is covered on the day asked.",
    Participation: "Whether a person of the group must, may or cannot be in a segment.",
    PersonGroup: "Whom a segment of a scheme is for.",
    PortableObject: "What of a scheme can follow a worker: protection at an event, periods, a balance, or residence.",
    Purpose: "For what an institution asks about a person; recorded, and shown to the worker.",
    ReviewKind: "Why somebody has to look at an access to a person.",
    ReviewOutcome: "Whether an access to a person was found to be justified.",
    SchemeKind: "How a scheme is built.",
    Sector: "The sector of a worker's activity.",
    Standing: "How sure a value of the law is: confirmed, reported by one source, or assumed.",
}

for _kind, _description in _DESCRIPTIONS.items():
    strawberry.enum(_kind, description=_description)
