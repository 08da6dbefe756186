"""Coercion of variables and arguments, prepared once for an operation instead of looked up in each request.

What it accepts it coerces as the GraphQL specification says (6.1.2, 6.4.1); whatever is unusual or wrong it refuses,
and the ordinary executor decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLInputType,
    GraphQLSchema,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    coerce_input_value,
    get_argument_values,
    get_named_type,
    get_variable_values,
    is_input_object_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    type_from_ast,
    visit,
)
from graphql.utilities import coerce_input_literal

from domain.reads import ArgumentsRefused

Values = Mapping[str, Any]
Getter = Callable[[Values], Any]

_REFUSED = "arguments are refused"


class Variables:
    """The variables of one operation. Only plain values can be prepared; with lists or objects nothing is."""

    def __init__(self, core: GraphQLSchema, definitions: Sequence[VariableDefinitionNode]) -> None:
        self._core = core
        self._definitions = definitions
        self._prepared = [self._of(definition) for definition in definitions]

    def coerced(self, given: Values) -> Values:
        """The values by name; raises ArgumentsRefused if one of them is wrong or missing."""
        found: dict[str, Any] = {}
        for name, kind, default in self._prepared:
            if kind is None:
                return self._otherwise(given)
            value = given.get(name, Undefined)
            if value is Undefined and default is not Undefined:
                found[name] = default
            elif value is not Undefined or is_non_null_type(kind):
                found[name] = coerce_input_value(value, kind)
                if found[name] is Undefined:
                    raise ArgumentsRefused(_REFUSED)
        return found

    def _of(self, definition: VariableDefinitionNode) -> tuple[str, GraphQLInputType | None, Any]:
        kind: Any = type_from_ast(self._core, definition.type)
        bare = kind.of_type if is_non_null_type(kind) else kind
        default = Undefined
        if definition.default_value is not None:
            held = get_variable_values(self._core, [definition], {})
            default = Undefined if isinstance(held, list) else held.coerced[definition.variable.name.value]
            kind = None if isinstance(held, list) else kind
        return definition.variable.name.value, kind if is_leaf_type(bare) else None, default

    def _otherwise(self, given: Values) -> Values:
        values = get_variable_values(self._core, self._definitions, dict(given))
        if isinstance(values, list):
            raise ArgumentsRefused(_REFUSED)
        return values.coerced


class FieldArguments:
    """The arguments of one field in an operation."""

    def __init__(self, field: GraphQLField, node: FieldNode) -> None:
        written = {argument.name.value: argument.value for argument in node.arguments or ()}
        open_ones = {name: value for name, value in written.items() if _has_variable(value)}
        self._fixed = _without(field, node, set(open_ones))
        self._open = [
            (name, is_non_null_type(field.args[name].type), _getter(value, field.args[name].type))
            for name, value in open_ones.items()
        ]

    def given(self, variables: Values) -> Values:
        """The values by name; raises ArgumentsRefused if one of them is wrong."""
        if not self._open:
            return self._fixed
        found = dict(self._fixed)
        for name, required, getter in self._open:
            value = getter(variables)
            if value is Undefined:
                # A variable that was left out stands for the argument left out, whose default is in place already.
                if name not in found:
                    raise ArgumentsRefused(_REFUSED)
                continue
            if value is None and required:
                raise ArgumentsRefused(_REFUSED)
            found[name] = value
        return found


def _without(field: GraphQLField, node: FieldNode, names: set[str]) -> dict[str, Any]:
    """The arguments but for some, with the defaults of those that have one."""
    kept = tuple(argument for argument in node.arguments or () if argument.name.value not in names)
    needed = {name: argument for name, argument in field.args.items() if name not in names or _has_default(argument)}
    bare = FieldNode(name=node.name, arguments=kept)
    try:
        return get_argument_values(GraphQLField(field.type, args=needed), bare)
    except GraphQLError:
        raise ArgumentsRefused(_REFUSED) from None


def _has_default(argument: Any) -> bool:
    return argument.default is not None or argument.default_value is not Undefined


def _getter(node: ValueNode, kind: GraphQLInputType) -> Getter:
    """How a value with variables in it is read."""
    if isinstance(node, VariableNode):
        name = node.name.value
        return lambda variables: variables.get(name, Undefined)
    bare: Any = kind.of_type if is_non_null_type(kind) else kind
    if not isinstance(node, ObjectValueNode) or not is_input_object_type(bare) or bare.is_one_of:
        raise ArgumentsRefused(_REFUSED)
    written = {field.name.value: field.value for field in node.fields}
    if set(written) != set(bare.fields) or any(is_list_type(get_named_type(f.type)) for f in bare.fields.values()):
        raise ArgumentsRefused(_REFUSED)
    fixed = {
        name: coerce_input_literal(value, bare.fields[name].type)
        for name, value in written.items()
        if not _has_variable(value)
    }
    inner = [(name, _getter(value, bare.fields[name].type)) for name, value in written.items() if name not in fixed]
    required = {name for name, field in bare.fields.items() if is_non_null_type(field.type)}

    def read(variables: Values) -> Any:
        found = fixed | {name: getter(variables) for name, getter in inner}
        wrong = (v is Undefined or (v is None and name in required) for name, v in found.items())
        if any(wrong):
            raise ArgumentsRefused(_REFUSED)
        return found

    return read


class _AnyVariable(Visitor):
    """Whether there is any variable."""

    found = False

    def enter_variable(self, *_: object) -> None:
        self.found = True


def _has_variable(node: ValueNode) -> bool:
    looking = _AnyVariable()
    visit(node, looking)
    return looking.found
