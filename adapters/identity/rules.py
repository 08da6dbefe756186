"""The port `IdentityRules` over the checks of this package."""

from __future__ import annotations

import datetime as dt

from adapters.identity.identifiers import checked_identifier, nik_agrees_with
from domain.countries import MemberState
from domain.people import Identifier, IdentifierKind


class CheckedIdentities:
    """Checks the shape of identifiers; see adapters/identity/identifiers.py for the rule of each."""

    def checked(self, kind: IdentifierKind, state: MemberState, text: str) -> Identifier:
        """The identifier that a text names, normalised; raises IdentifierInvalid without the value."""
        return Identifier(kind=kind, state=state, value=checked_identifier(kind, state, text))

    def agrees(self, identifier: Identifier, birth_date: dt.date) -> bool:
        """Whether the date inside an identifier, if its kind has one, is the birth date."""
        return identifier.kind is not IdentifierKind.NIK or nik_agrees_with(identifier.value, birth_date)
