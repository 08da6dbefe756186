"""The benefits of a scheme in a rule file: when they are owed, on which conditions, and by which formula."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from adapters import rulebook_keys as keys
from adapters.rulebook_conditions import Conditions, read_standing
from adapters.rulebook_formulas import Formulas
from adapters.rulebook_names import optional_count, optional_since
from adapters.rulebook_prices import refuse_zero
from adapters.rulebook_yaml import Entry, optional_rows
from domain.circumstances import Contingency
from domain.formulas import AmountFormula, AmountIs, Payment
from domain.legislation import Parameter, Source
from domain.money import Rounding
from domain.schemes import Benefit, Branch, Text

_BENEFIT_ID = re.compile(keys.WORD)
_WHOSE = "the benefit"


def read_benefits(
    fields: Mapping[str, Entry],
    branches: tuple[Branch, ...],
    segments: Collection[str],
    parameters: Mapping[str, Parameter],
    sources: Mapping[str, Source],
) -> Mapping[str, Benefit]:
    """Return the benefits of a scheme by id, none if the key is left out."""
    if "benefits" not in fields:
        return MappingProxyType({})
    reader = _Benefits(branches=branches, segments=segments, parameters=parameters, sources=sources)
    return MappingProxyType({name: reader.read(name, row) for name, row in fields["benefits"].named().items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Benefits:
    branches: tuple[Branch, ...]
    segments: Collection[str]
    parameters: Mapping[str, Parameter]
    sources: Mapping[str, Source]

    def read(self, benefit_id: str, entry: Entry) -> Benefit:
        if not _BENEFIT_ID.fullmatch(benefit_id):
            raise entry.refused("the id of a benefit is one lower-case word", "Use a to z, 0 to 9 and _")
        fields = entry.fields(*keys.BENEFIT)
        payment, first_day = fields["payment"].word(Payment), fields["first_day"].day()
        conditions = Conditions(
            parameters=self.parameters, sources=self.sources, first_day=first_day, whose=_WHOSE
        ).read(fields)
        standing, source_ids = read_standing(entry, fields, self.sources)
        amount, rounding = self._amount(entry, fields, payment, first_day)
        return Benefit(
            id=benefit_id,
            name=_name(fields["name"]),
            contingency=fields["contingency"].word(Contingency),
            branch=self._branch(fields["branch"]),
            payment=payment,
            amount_is=fields["amount_is"].word(AmountIs) if "amount_is" in fields else AmountIs.EXACT,
            first_day=first_day,
            last_day=_last_day(fields, first_day),
            segment_ids=tuple(self._segment(row) for row in optional_rows(fields, "segments")),
            conditions=conditions,
            after_months=optional_count(fields, "after_months", self.parameters, first_day, _WHOSE),
            lasts_months=optional_count(fields, "lasts_months", self.parameters, first_day, _WHOSE),
            amount=amount,
            rounding=rounding,
            rounding_step=optional_since(fields, "rounding_step", self.parameters, first_day, _WHOSE),
            standing=standing,
            source_ids=source_ids,
            grounds=fields["grounds"].text(),
        )

    def _amount(
        self, entry: Entry, fields: Mapping[str, Entry], payment: Payment, first_day: dt.date
    ) -> tuple[AmountFormula | None, Rounding | None]:
        """The formula and its rounding: both for a benefit in money, neither for one in kind."""
        if payment is Payment.IN_KIND:
            for key in keys.BENEFIT_AMOUNT:
                if key in fields:
                    raise fields[key].refused(f"a benefit in kind has no {key}", f"Take {key} out or correct payment")
            return None, None
        for key in keys.BENEFIT_AMOUNT_NEEDED:
            if key not in fields:
                raise entry.refused(
                    f"the key {key} is missing", f"Add {key}, or write payment: in_kind if no money is paid"
                )
        refuse_zero(fields, "rounding_step", self.parameters)
        formulas = Formulas(parameters=self.parameters, sources=self.sources, first_day=first_day, whose=_WHOSE)
        return formulas.read(fields["amount"]), fields["rounding"].word(Rounding)

    def _branch(self, entry: Entry) -> Branch:
        branch = entry.word(Branch)
        if branch not in self.branches:
            raise entry.refused(f"the scheme does not cover {branch.value}", "Name a branch of this scheme")
        return branch

    def _segment(self, entry: Entry) -> str:
        if entry.text() not in self.segments:
            raise entry.refused(f"the scheme has no segment {entry.text()}", "Name a segment of this scheme")
        return entry.text()


def _name(entry: Entry) -> Text:
    """A name whose form in the state's own language may be unknown; it then has no language either."""
    fields = entry.fields(*keys.BENEFIT_NAME)
    if ("own" in fields) != ("own_language" in fields):
        raise entry.refused("own and own_language belong together", "Give both or none")
    own = "own" in fields
    return Text(
        en=fields["en"].text(),
        own=fields["own"].text() if own else None,
        own_language=fields["own_language"].text() if own else None,
    )


def _last_day(fields: Mapping[str, Entry], first_day: dt.date) -> dt.date | None:
    last_day = fields["last_day"].day() if "last_day" in fields else None
    if last_day is not None and last_day < first_day:
        raise fields["last_day"].refused(f"{last_day} is before {first_day}", "Correct one of the two days")
    return last_day
