"""Makes operations over the whole schema, most of them of fields that have plans."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_required_argument,
)

from domain.actors import ActorKind
from schema.plans import PLANS
from tests.support.scene import ACCESS


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a vocabulary, which stands without quotes in a document."""

    text: str


Pool = Mapping[str, Sequence[Any]]
"""Values for arguments, by `Type.field.argument`."""


@dataclass(slots=True)
class Made:
    """An operation. fields: all `Type.field` that it asks for."""

    text: str
    variables: dict[str, Any]
    fields: set[str]


@dataclass(slots=True)
class Maker:
    """Makes one operation after another out of one source of chance."""

    random: Random
    core: GraphQLSchema
    pool: Pool
    depth_at_most: int = 7
    _variables: dict[str, tuple[str, Any, bool]] = field(default_factory=dict)
    _fragments: dict[str, str] = field(default_factory=dict)
    _fields: set[str] = field(default_factory=set)
    _aliases: int = 0
    _kind: ActorKind = ActorKind.OPERATOR

    def operation(self, kind: ActorKind) -> Made:
        """One operation with its variables, mostly of what a kind of actor may ask; a rule may refuse it."""
        self._kind = kind
        self._variables, self._fragments, self._fields, self._aliases = {}, {}, set(), 0
        query = self.core.query_type
        assert query is not None
        body = self._selection(query, 0, root=True)
        declared = ", ".join(f"${name}: {kind}" for name, (kind, _, _) in self._variables.items())
        head = f"query Asked({declared})" if declared else "query Asked" if self._chance(0.5) else ""
        given = {name: value for name, (_, value, sent) in self._variables.items() if sent}
        text = " ".join([head, body, *self._fragments.values()])
        return Made(text, given, self._fields)

    def _chance(self, part: float) -> bool:
        return self.random.random() < part

    def _selection(self, kind: Any, depth: int, *, root: bool = False) -> str:
        if is_abstract_type(kind):
            return self._abstract(kind, depth)
        wanted = self.random.choice((1, 1, 1, 2) if root else (1, 2, 3))
        items = [self._item(kind, depth) for _ in range(wanted)]
        return "{ " + " ".join(items) + " }"

    def _abstract(self, kind: Any, depth: int) -> str:
        items = ["__typename"] if self._chance(0.5) else []
        if "id" in getattr(kind, "fields", {}):
            items.append("id")
        for possible in self.core.get_possible_types(kind):
            if self._chance(0.8 if possible.name in PLANS else 0.2):
                items.append(f"... on {possible.name} {self._selection(possible, depth)}")
        if self._chance(0.3) and any(t.name == "CoverageDetermination" for t in self.core.get_possible_types(kind)):
            items.append("... on Problem { code message }")
        return "{ " + " ".join(items or ["__typename"]) + " }"

    def _item(self, kind: GraphQLObjectType, depth: int) -> str:
        head, below = self._field(kind, depth)
        directive = self._directive()
        written = f"{head} {below}" if below else head
        if self._chance(0.06):
            condition = f" on {kind.name}" if self._chance(0.5) else ""
            return f"...{condition}{directive} {{ {written} }}"
        if self._chance(0.06):
            name = f"F{len(self._fragments)}"
            self._fragments[name] = f"fragment {name} on {kind.name} {{ {written} }}"
            return f"...{name}{directive}" + (f" ...{name}" if self._chance(0.3) else "")
        return f"{head}{directive} {below}"

    def _directive(self) -> str:
        if not self._chance(0.07):
            return ""
        name, value = self.random.choice(("skip", "include")), self._chance(0.5)
        if self._chance(0.5):
            return f" @{name}(if: {json.dumps(value)})"
        return f" @{name}(if: ${self._variable('Boolean!', value)})"

    def _field(self, kind: GraphQLObjectType, depth: int) -> tuple[str, str]:
        """A field with its arguments, and what is selected below it."""
        if self._chance(0.07):
            return (self._alias("__typename") if self._chance(0.3) else "__typename"), ""
        name = self._name(kind, depth)
        self._fields.add(f"{kind.name}.{name}")
        chosen = kind.fields[name]
        arguments = self._arguments(kind, name, chosen)
        # Two of a name with other arguments or parts would contradict one another: all but plain values get an alias.
        plain = is_leaf_type(get_named_type(chosen.type)) and not arguments
        called = name if plain and not self._chance(0.1) else self._alias(name)
        below = (
            "" if is_leaf_type(get_named_type(chosen.type)) else self._selection(get_named_type(chosen.type), depth + 1)
        )
        return f"{called}{arguments}", below

    def _alias(self, name: str) -> str:
        self._aliases += 1
        return name if self._aliases > 25 else f"a{self._aliases}: {name}"

    def _name(self, kind: GraphQLObjectType, depth: int) -> str:
        names = [name for name in kind.fields if self._possible(kind, name)]
        if depth >= self.depth_at_most - 1:
            names = [n for n in names if is_leaf_type(get_named_type(kind.fields[n].type))] or names
        plans = PLANS.get(kind.name, {})
        planned = [name for name in names if name in plans and self._may_ask(getattr(plans[name], "operation", ""))]
        return self.random.choice(planned if planned and self._chance(0.985) else names)

    def _may_ask(self, operation: str) -> bool:
        return not operation or ACCESS.decisions.may_call(self._kind, operation)

    def _possible(self, kind: GraphQLObjectType, name: str) -> bool:
        """Whether values are known for all arguments that must be given."""
        given = kind.fields[name].args
        return all(f"{kind.name}.{name}.{key}" in self.pool for key, arg in given.items() if is_required_argument(arg))

    def _arguments(self, kind: GraphQLObjectType, name: str, chosen: GraphQLField) -> str:
        written = []
        for key, argument in chosen.args.items():
            values = self.pool.get(f"{kind.name}.{name}.{key}", ())
            # Without a purpose officers are refused, which the ordinary path says.
            often = 0.95 if key == "purpose" and self._kind is ActorKind.OFFICER else 0.6
            if values and (is_required_argument(argument) or self._chance(often)):
                written.append(f"{key}: {self._value(argument, self.random.choice(values))}")
        return f"({', '.join(written)})" if written else ""

    def _value(self, argument: GraphQLArgument, value: Any) -> str:
        if self._chance(0.5):
            return f"${self._variable(str(argument.type), _plain(value))}"
        return _literal(value)

    def _variable(self, kind: str, value: Any) -> str:
        name = f"v{len(self._variables)}"
        if self._chance(0.15) and kind in ("Boolean!", "Int!"):
            self._variables[name] = (f"{kind.rstrip('!')} = {_literal(value)}", value, False)
        else:
            self._variables[name] = (kind, value, True)
        return name


def _literal(value: Any) -> str:
    if isinstance(value, Word):
        return value.text
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_literal(one)}" for key, one in value.items()) + "}"
    if isinstance(value, tuple):
        return f"[{', '.join(_literal(one) for one in value)}]"
    return json.dumps(value, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Word):
        return value.text
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return {key: _plain(one) for key, one in value.items()} if isinstance(value, Mapping) else value
