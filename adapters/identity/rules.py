"""The port `IdentityRules` over the checks of this package."""

from __future__ import annotations

from adapters.identity.checks import CHECKS
from adapters.identity.identifiers import checked_identifier, identifier_check
from adapters.identity.thai_calendar import buddhist_birth_date
from domain.identifier_checks import IdentifierCheck
from domain.identifiers import IdentifierRule
from domain.people import BirthDate, Identifier


class CheckedIdentities:
    """Checks the shape of identifiers and reads dates of another calendar."""

    def checked(self, rule: IdentifierRule, text: str) -> Identifier:
        """The identifier that a text names, normalised; raises IdentifierInvalid without the value."""
        return Identifier(kind=rule.kind, state=rule.member_state, value=checked_identifier(rule, text))

    def check(self, rule: IdentifierRule, text: str) -> IdentifierCheck:
        """Whether a text looks like a number of this kind, and why."""
        return identifier_check(rule, text)

    def agrees(self, rule: IdentifierRule, value: str, birth: BirthDate) -> bool:
        """Whether the date inside a normalised number, if its kind has one, can be the birth date."""
        return not rule.check or CHECKS[rule.check].agrees(value, birth)

    def buddhist_birth_date(self, year: int, month: int | None, day: int | None) -> BirthDate:
        """The birth date of a year, month and day of the Buddhist Era; raises DateInvalid for one that never was."""
        return buddhist_birth_date(year, month, day)
