"""Which fields of a person a request asks for, by their names in the contract: the receipt names them, never values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    BooleanValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLResolveInfo,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
)
from strawberry.types.nodes import get_variable_values

ResolveInfo = GraphQLResolveInfo[Any]
_AROUND = frozenset({"edges", "node", "worker", "move"})
"""Fields that lead to a person's fields and say nothing of the person themselves."""
_OTHER = frozenset({"__typename", "closesAt", "cursor", "pageInfo", "withheld"})
_DEPTH = 3


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a selection depends on besides itself: the document's fragments and the values of variables."""

    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]


def selected(info: ResolveInfo) -> tuple[str, ...]:
    """The fields under the one that is being answered; see selected_under."""
    return selected_under(info.field_nodes, Surroundings(info.fragments, get_variable_values(info)))


def selected_under(nodes: Sequence[FieldNode], around: Surroundings) -> tuple[str, ...]:
    """The fields under one that is written at these places, such as `sector` and `coverageOn.covers.branch`, each once.

    Deeper ones count as the third; what @skip and @include leave out, and what only a problem would answer, do not.
    """
    names: dict[str, None] = {}
    for node in nodes:
        if node.selection_set is not None:
            names.update(dict.fromkeys(_under(around, node.selection_set, (), set())))
    return tuple(names)


def _under(
    around: Surroundings, selection: SelectionSetNode, path: tuple[str, ...], seen: set[tuple[str, tuple[str, ...]]]
) -> Iterator[str]:
    for node in selection.selections:
        if not _included(around, node):
            continue
        if isinstance(node, FieldNode):
            yield from _field(around, node, path, seen)
        elif isinstance(node, InlineFragmentNode):
            if node.type_condition is None or not _is_problem(node.type_condition.name.value):
                yield from _under(around, node.selection_set, path, seen)
        elif isinstance(node, FragmentSpreadNode) and (node.name.value, path) not in seen:
            # A fragment that is spread again at the same place adds nothing, however often.
            seen.add((node.name.value, path))
            fragment = around.fragments[node.name.value]
            if not _is_problem(fragment.type_condition.name.value):
                yield from _under(around, fragment.selection_set, path, seen)


def _field(
    around: Surroundings, node: FieldNode, path: tuple[str, ...], seen: set[tuple[str, tuple[str, ...]]]
) -> Iterator[str]:
    name = node.name.value
    if name in _OTHER:
        return
    further = path if name in _AROUND else (*path, name)
    if node.selection_set is None or len(further) == _DEPTH:
        yield ".".join(further)
    else:
        yield from _under(around, node.selection_set, further, seen)


def _is_problem(kind: str) -> bool:
    return kind.endswith("Problem")


def _included(around: Surroundings, node: SelectionNode) -> bool:
    for directive in node.directives or ():
        for argument in directive.arguments or ():
            wanted = {"include": True, "skip": False}.get(directive.name.value)
            if wanted is not None and _truth(around, argument.value) is not wanted:
                return False
    return True


def _truth(around: Surroundings, value: object) -> bool:
    """What the condition of @skip or @include says; the document was validated before."""
    if isinstance(value, VariableNode):
        return bool(around.variables.get(value.name.value))
    return isinstance(value, BooleanValueNode) and value.value
