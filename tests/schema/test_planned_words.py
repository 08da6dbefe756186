"""Words of vocabularies: the planned path writes a name as the value in capitals, so that must be what it is."""

from __future__ import annotations

import pytest
from graphql import GraphQLEnumType, get_named_type

import schema
from adapters.http.quiet_schema import QuietSchema
from schema.plans import PLANS, Column

_CORE = schema.build(QuietSchema).core
_ENUMS = {
    kind.name: kind
    for name, fields in PLANS.items()
    for field, declared in fields.items()
    if isinstance(declared, Column)
    for kind in [get_named_type(_CORE.type_map[name].fields[field].type)]
    if isinstance(kind, GraphQLEnumType)
}


@pytest.mark.parametrize("name", sorted(_ENUMS))
def test_every_name_of_a_planned_vocabulary_is_its_value_in_capitals(name: str) -> None:
    values = {word: getattr(value.value, "value", value.value) for word, value in _ENUMS[name].values.items()}

    assert {word: str(value).upper() for word, value in values.items()} == {word: word for word in values}
