"""Refusals: what the domain will not do, each with a code, the facts and what to do next.

A refusal is the world's fault, never the programmer's. Its message names no person and no identifier
of one, so it may be shown, logged and stored. The codes are listed in docs/problems/.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from domain.retention import Hindrance


class Refusal(Exception):
    """The root of every expected refusal; `code` is stable, `message` is for people."""

    code: ClassVar[str] = "REFUSED"

    @property
    def message(self) -> str:
        """What happened with the facts, then what to do next."""
        raise NotImplementedError

    @property
    def facts(self) -> Mapping[str, Any]:
        """The typed facts of this refusal, by name."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}  # type: ignore[arg-type]

    def __str__(self) -> str:
        return self.message


@dataclass(eq=False, kw_only=True)
class RuleNotInForce(Refusal):
    """A value was asked for a day outside the known dates."""

    code: ClassVar[str] = "RULE_NOT_IN_FORCE"
    rule: str
    asked_on: dt.date
    nearest: str

    @property
    def message(self) -> str:
        return (
            f"No value of {self.rule} is known on {self.asked_on}; {self.nearest}. "
            "Ask about a day within the known dates or add the value to the rule file."
        )


@dataclass(eq=False, kw_only=True)
class RuleUnknown(Refusal):
    """A scheme, segment, institution or parameter is not in the rule files."""

    code: ClassVar[str] = "RULE_UNKNOWN"
    kind: str
    name: str

    @property
    def message(self) -> str:
        return f"No {self.kind} is called {self.name}. Choose one that the query memberStates lists."


@dataclass(eq=False, kw_only=True)
class PriceNotSetByLaw(Refusal):
    """The law prescribes the cover and leaves its price to a market; that is not zero."""

    code: ClassVar[str] = "PRICE_NOT_SET_BY_LAW"
    segment: str
    payer: str

    @property
    def message(self) -> str:
        return (
            f"The law sets no price for {self.segment}; its payer ({self.payer}) pays what a market asks, such as "
            "an insurer's premium. Ask the payer for the amount."
        )


@dataclass(eq=False, kw_only=True)
class ValueMissing(Refusal):
    """A rule needs a fact that the question did not give."""

    code: ClassVar[str] = "VALUE_MISSING"
    rule: str
    fact: str

    @property
    def message(self) -> str:
        return f"The rule {self.rule} needs {self.fact}, which was not given. Give it and ask again."


@dataclass(eq=False, kw_only=True)
class CurrencyMismatch(Refusal):
    """Two amounts of different currencies met."""

    code: ClassVar[str] = "CURRENCY_MISMATCH"
    expected: str
    given: str

    @property
    def message(self) -> str:
        return f"The amount is in {self.given}; {self.expected} is needed. Exchange it explicitly first."


@dataclass(eq=False, kw_only=True)
class AmountOutOfRange(Refusal):
    """An amount is not positive or over the limit."""

    code: ClassVar[str] = "AMOUNT_OUT_OF_RANGE"
    given: str
    limit: str

    @property
    def message(self) -> str:
        return f"The amount {self.given} is outside what is accepted: {self.limit}. Give an amount inside it."


@dataclass(eq=False, kw_only=True)
class IdempotencyConflict(Refusal):
    """The same key came with other content."""

    code: ClassVar[str] = "IDEMPOTENCY_CONFLICT"
    operation: str

    @property
    def message(self) -> str:
        return (
            f"This idempotency key was used before for another {self.operation}. "
            "Nothing was done. Use a new key for new content, the old content for the old key."
        )


@dataclass(eq=False, kw_only=True)
class NotPermitted(Refusal):
    """This kind of actor may not call this operation."""

    code: ClassVar[str] = "FORBIDDEN"
    actor_kind: str
    operation: str

    @property
    def message(self) -> str:
        return f"An actor of kind {self.actor_kind} may not call {self.operation}. Use a token of a kind that may."


@dataclass(eq=False, kw_only=True)
class NotFound(Refusal):
    """The thing does not exist or may not be seen; the two are alike on purpose."""

    code: ClassVar[str] = "NOT_FOUND"
    kind: str

    @property
    def message(self) -> str:
        return f"No {self.kind} with this id is known to you. Check the id and the token's actor."


@dataclass(eq=False, kw_only=True)
class PersonNotVisible(Refusal):
    """No person with this identifier exists, or the institution has no reason to see it; alike on purpose."""

    code: ClassVar[str] = "PERSON_NOT_VISIBLE"
    institution: str

    @property
    def message(self) -> str:
        asker = self.institution or "The desk"
        return (
            f"{asker} has no record that it may see for this identifier. A reason is an enrolment there "
            "or a move to or from the state. The question was recorded. Check the identifier or announce a move."
        )


@dataclass(eq=False, kw_only=True)
class PurposeNotOpen(Refusal):
    """The purpose for which somebody asks does not open this field, or may not be named by this kind of actor."""

    code: ClassVar[str] = "PURPOSE_NOT_OPEN"
    purpose: str
    field: str

    @property
    def message(self) -> str:
        return (
            f"The purpose {self.purpose} does not open {self.field}. "
            "Ask for the purpose that you have, if another one is true; the worker sees which you named."
        )


@dataclass(eq=False, kw_only=True)
class IdentifierInvalid(Refusal):
    """An identifier does not have the shape its kind has."""

    code: ClassVar[str] = "IDENTIFIER_INVALID"
    kind: str
    rule: str

    @property
    def message(self) -> str:
        return f"The {self.kind} does not have the right shape: {self.rule}. Check it against the document."


@dataclass(eq=False, kw_only=True)
class NameInvalid(Refusal):
    """A name is empty, too long or holds characters no name has."""

    code: ClassVar[str] = "NAME_INVALID"
    rule: str

    @property
    def message(self) -> str:
        return f"The name cannot be stored: {self.rule}. Write it as on the document."


@dataclass(eq=False, kw_only=True)
class DateInvalid(Refusal):
    """A day is not written in its form, or its calendar does not have it."""

    code: ClassVar[str] = "DATE_INVALID"
    what: str
    rule: str

    @property
    def message(self) -> str:
        return f"The {self.what} cannot be read: {self.rule}. Check it against the document."


@dataclass(eq=False, kw_only=True)
class DateOutOfRange(Refusal):
    """A day lies outside what its meaning allows; the day itself may be a person's and is not repeated."""

    code: ClassVar[str] = "DATE_OUT_OF_RANGE"
    what: str
    allowed: str

    @property
    def message(self) -> str:
        return f"The {self.what} is not possible: {self.allowed}. Correct the day."


@dataclass(eq=False, kw_only=True)
class PeriodInvalid(Refusal):
    """A period ends before it begins, or a month list is empty or repeats."""

    code: ClassVar[str] = "PERIOD_INVALID"
    what: str
    rule: str

    @property
    def message(self) -> str:
        return f"The {self.what} is not a period: {self.rule}. Correct it and send again."


@dataclass(eq=False, kw_only=True)
class MonthAlreadyFunded(Refusal):
    """Months of some workers are paid already; one month of one worker in one scheme is paid once."""

    code: ClassVar[str] = "MONTH_ALREADY_FUNDED"
    months_funded: int
    first_month: str

    @property
    def message(self) -> str:
        return (
            f"{self.months_funded} contribution months, the first in {self.first_month}, are paid already. "
            "Nothing was reserved. Choose months or workers that are not yet paid."
        )


@dataclass(eq=False, kw_only=True)
class LimitExceeded(Refusal):
    """More was asked in one call than one call takes."""

    code: ClassVar[str] = "LIMIT_EXCEEDED"
    what: str
    given: int
    limit: int

    @property
    def message(self) -> str:
        return f"{self.given} {self.what} were given; one call takes {self.limit}. Split the call."


@dataclass(eq=False, kw_only=True)
class StateConflict(Refusal):
    """The thing is not in a state in which this can be done."""

    code: ClassVar[str] = "STATE_CONFLICT"
    what: str
    state: str
    needed: str

    @property
    def message(self) -> str:
        return f"The {self.what} is {self.state}; this needs {self.needed}. Look at its state and decide again."


@dataclass(eq=False, kw_only=True)
class TermsNotMet(Refusal):
    """The donor's own terms do not allow this use."""

    code: ClassVar[str] = "TERMS_NOT_MET"
    term: str
    asked: str

    @property
    def message(self) -> str:
        return f"The donor's terms allow {self.term}; {self.asked} was asked. Use another donation or other months."


@dataclass(eq=False, kw_only=True)
class LandingNotPossible(Refusal):
    """A move has no plan that can be done."""

    code: ClassVar[str] = "LANDING_NOT_POSSIBLE"
    why: str

    @property
    def message(self) -> str:
        return f"The move cannot be made: {self.why}. Ask movePlan for what is missing."


@dataclass(eq=False, kw_only=True)
class ErasureRefused(Refusal):
    """A person cannot be erased yet: the law or open money needs to know who it is."""

    code: ClassVar[str] = "ERASURE_REFUSED"
    hindrances: tuple[Hindrance, ...]

    @property
    def message(self) -> str:
        return (
            f"The worker cannot be erased: {', '.join(hindrance.value for hindrance in self.hindrances)}. "
            "End what is open first, or wait until the period is over."
        )


class TryAgain(Exception):
    """Something outside failed for the moment: a lock, a time limit, a lost connection. Nothing was changed."""


def refusal_of(code: str) -> type[Refusal]:
    """The kind of refusal that a code names; codes are unique."""
    return next(kind for kind in Refusal.__subclasses__() if kind.code == code)
