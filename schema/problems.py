"""Problems: refusals that a client can act on, as data with typed facts. One type for each kind of refusal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import strawberry

from domain import errors, funding
from domain.errors import Refusal
from domain.retention import Hindrance
from schema.money import MoneyType

T = TypeVar("T")


@strawberry.interface(description="Something the platform will not do, and why; nothing was changed.")
class Problem:
    code: str = strawberry.field(description="Stable and documented in docs/problems; decide by this.")
    message: str = strawberry.field(description="What happened with the facts, then what to do next. For people.")


class Told:
    """A refusal as a value: the executor raises what is an exception, so it is handed over in this."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal

    def __getattr__(self, name: str) -> Any:
        return getattr(self.refusal, name)


def _of(kind: type[Refusal]) -> Callable[[type[T]], type[T]]:
    def decorate(declared: type[T]) -> type[T]:
        def is_type_of(cls: type[T], value: object, info: object) -> bool:
            return isinstance(value, Told) and isinstance(value.refusal, kind)

        declared.is_type_of = classmethod(is_type_of)  # type: ignore[attr-defined]
        documented = (kind.__doc__ or "").strip()
        return strawberry.type(declared, name=declared.__name__, description=documented)

    return decorate


@_of(errors.RuleNotInForce)
class RuleNotInForceProblem(Problem):
    rule: str
    asked_on: dt.date
    nearest: str = strawberry.field(description="The nearest dates for which a value is known.")


@_of(errors.RuleUnknown)
class RuleUnknownProblem(Problem):
    kind: str
    name: str


@_of(errors.PriceNotSetByLaw)
class PriceNotSetByLawProblem(Problem):
    segment: str = strawberry.field(description="The scheme and its segment.")
    payer: str = strawberry.field(description="Who pays the price of the market.")


@_of(errors.ValueMissing)
class ValueMissingProblem(Problem):
    rule: str
    fact: str


@_of(errors.CurrencyMismatch)
class CurrencyMismatchProblem(Problem):
    expected: str
    given: str


@_of(errors.AmountOutOfRange)
class AmountOutOfRangeProblem(Problem):
    given: str
    limit: str


@_of(funding.FundsInsufficient)
class FundsInsufficientProblem(Problem):
    available: MoneyType
    asked: MoneyType


@_of(errors.IdempotencyConflict)
class IdempotencyConflictProblem(Problem):
    operation: str = strawberry.field(description="What the key was used for before.")


@_of(errors.NotFound)
class NotFoundProblem(Problem):
    kind: str


@_of(errors.PersonNotVisible)
class PersonNotVisibleProblem(Problem):
    institution: str


@_of(errors.PurposeNotOpen)
class PurposeNotOpenProblem(Problem):
    purpose: str
    field: str = strawberry.field(description="By the name that receipts use.")


@_of(errors.IdentifierInvalid)
class IdentifierInvalidProblem(Problem):
    kind: str
    rule: str


@_of(errors.NameInvalid)
class NameInvalidProblem(Problem):
    rule: str


@_of(errors.DateInvalid)
class DateInvalidProblem(Problem):
    what: str
    rule: str


@_of(errors.DateOutOfRange)
class DateOutOfRangeProblem(Problem):
    what: str
    allowed: str


@_of(errors.PeriodInvalid)
class PeriodInvalidProblem(Problem):
    what: str
    rule: str


@_of(errors.MonthAlreadyFunded)
class MonthAlreadyFundedProblem(Problem):
    months_funded: int
    first_month: str


@_of(errors.LimitExceeded)
class LimitExceededProblem(Problem):
    what: str
    given: int
    limit: int


@_of(errors.StateConflict)
class StateConflictProblem(Problem):
    state: str
    needed: str


@_of(errors.TermsNotMet)
class TermsNotMetProblem(Problem):
    term: str
    asked: str


@_of(errors.LandingNotPossible)
class LandingNotPossibleProblem(Problem):
    why: str


@_of(errors.ErasureRefused)
class ErasureRefusedProblem(Problem):
    hindrances: list[Hindrance] = strawberry.field(description="Everything that stands against it.")


async def or_problem(answer: Awaitable[Any], *kinds: type[Refusal]) -> Any:
    """The answer, or the refusal itself if it is of a kind that the field's union declares."""
    try:
        return await answer
    except kinds as refusal:
        return Told(refusal)
