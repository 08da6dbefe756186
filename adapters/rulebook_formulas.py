"""The formula of a benefit in a rule file: a tree whose leaves name parameters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from adapters import rulebook_keys as keys
from adapters.rulebook_conditions import read_standing
from adapters.rulebook_names import number_since, optional_since, table_since
from adapters.rulebook_yaml import Entry
from domain.formulas import AmountBase, AmountFormula, AmountLeaf, AmountNode, Combination, Measure, Quantity
from domain.legislation import Parameter, Source

_MEASURES = tuple(measure.value for measure in Measure)
_COMBINATIONS = tuple(combination.value for combination in Combination)


@dataclass(frozen=True, slots=True, kw_only=True)
class Formulas:
    """Reads the formula of one benefit. whose: what begins on the first day, in words."""

    parameters: Mapping[str, Parameter]
    sources: Mapping[str, Source]
    first_day: dt.date
    whose: str

    def read(self, entry: Entry) -> AmountFormula:
        """Return a formula: one leaf, or a node of two or more formulas."""
        found = [key for key in entry.named() if key in (*_MEASURES, *_COMBINATIONS)]
        if len(found) > 1:
            raise entry.refused(f"it is {' and '.join(found)} at once", "Keep one, or put them into a sum")
        if found and found[0] in _COMBINATIONS:
            return self._node(Combination(found[0]), entry.fields((found[0],))[found[0]])
        fields = entry.fields((), keys.LEAF_KEYS)
        if not found:
            raise entry.refused("it says no amount", f"Begin with one of: {', '.join((*_MEASURES, *_COMBINATIONS))}")
        return self._leaf(Measure(found[0]), entry, fields)

    def _node(self, combination: Combination, entry: Entry) -> AmountNode:
        rows = entry.filled_rows()
        if len(rows) == 1:
            raise entry.refused("it has one entry only", "Add another or write the entry in its place")
        return AmountNode(combination=combination, parts=tuple(self.read(row) for row in rows))

    def _leaf(self, measure: Measure, entry: Entry, fields: dict[str, Entry]) -> AmountLeaf:
        _refuse_other_keys(measure, fields)
        by, for_each = _quantity(fields, "by"), _quantity(fields, "for_each")
        _refuse_unused(fields, by, for_each)
        standing, source_ids = read_standing(entry, fields, self.sources)
        return AmountLeaf(
            measure=measure,
            parameter=self._parameter(fields[measure.value], by) if measure is not Measure.ALL_OF else None,
            base=_base(measure, entry, fields),
            by=by,
            for_each=for_each,
            above=self._number(fields, "above"),
            at_most=self._number(fields, "at_most"),
            credited_from=fields["credited_from"].day() if "credited_from" in fields else None,
            credited_before=fields["credited_before"].day() if "credited_before" in fields else None,
            floor=self._number(fields, "floor"),
            ceiling=self._number(fields, "ceiling"),
            standing=standing,
            source_ids=source_ids,
        )

    def _parameter(self, entry: Entry, by: Quantity | None) -> str:
        if by is not None:
            return table_since(entry, self.parameters, self.first_day, self.whose)
        name = entry.text()
        if name in self.parameters and any(value.brackets for value in self.parameters[name].values):
            raise entry.refused(f"{name} is a table", "Say by which quantity it is looked up, or name a number")
        return number_since(entry, self.parameters, self.first_day, self.whose)

    def _number(self, fields: Mapping[str, Entry], key: str) -> str | None:
        return optional_since(fields, key, self.parameters, self.first_day, self.whose)


def _base(measure: Measure, entry: Entry, fields: Mapping[str, Entry]) -> AmountBase | None:
    if measure is Measure.AMOUNT:
        return None
    if measure is Measure.ALL_OF:
        return fields[measure.value].word(AmountBase)
    if "of" not in fields:
        raise entry.refused("the key of is missing", f"Say of what it is a {measure.value}: add of")
    return fields["of"].word(AmountBase)


def _quantity(fields: Mapping[str, Entry], key: str) -> Quantity | None:
    return fields[key].word(Quantity) if key in fields else None


def _refuse_other_keys(measure: Measure, fields: Mapping[str, Entry]) -> None:
    """An amount has no base and the whole of a base no parameter; the keys of what is not there are refused."""
    for key in keys.LEAF_KEYS:
        if key in fields and key not in keys.every_key(keys.LEAVES[measure]):
            raise fields[key].refused(f"{key} does not go with {measure.value}", f"Take {key} out")


def _refuse_unused(fields: Mapping[str, Entry], by: Quantity | None, for_each: Quantity | None) -> None:
    for key in keys.EACH_KEYS:
        if key in fields and for_each is None:
            raise fields[key].refused(f"{key} limits no quantity", f"Add for_each or take {key} out")
    for key in keys.TIME_KEYS:
        if key in fields and by not in keys.OF_MONTHS and for_each not in keys.OF_MONTHS:
            words = ", ".join(quantity.value for quantity in keys.OF_MONTHS)
            raise fields[key].refused(f"{key} limits no credited months", f"Use it with one of: {words}")
