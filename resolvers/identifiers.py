"""What persons are known by: numbers of a kind that a state has, and birth dates as documents write them."""

from __future__ import annotations

import datetime as dt

from domain.birth_dates import read_birth_date
from domain.countries import MemberState
from domain.identifier_checks import IdentifierCheck
from domain.identifiers import IdentifierRule, identifier_rule
from domain.people import BirthDate, Calendar, Identifier
from resolvers.context import Context, permit


def identifier_of(context: Context, kind: str, state: MemberState, text: str) -> Identifier:
    """The identifier that a text names, normalised; raises IdentifierInvalid, also for a kind the state has not."""
    return context.identity.checked(rule_of(context, kind, state), text)


async def identifier_check(context: Context, kind: str, state: MemberState, text: str) -> IdentifierCheck:
    """Whether a number looks as its kind does, and why; it is neither stored nor looked up.

    Raises IdentifierInvalid for a kind that the state has not.
    """
    permit(context, "identifierCheck")
    return context.identity.check(rule_of(context, kind, state), text)


def birth_date_of(context: Context, text: str, calendar: Calendar, on: dt.date) -> BirthDate:
    """The birth date that a text states, of a person who lives on a day; raises DateInvalid, DateOutOfRange."""
    return read_birth_date(text, calendar, on, context.identity.buddhist_birth_date)


def rule_of(context: Context, kind: str, state: MemberState) -> IdentifierRule:
    """What numbers of a kind look like in a state; raises IdentifierInvalid with the kinds that it has."""
    law = context.rulebook.states.get(state)
    return identifier_rule({} if law is None else law.identifiers, kind, state)
