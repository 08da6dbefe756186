"""Which fields of a person a request asks for, by their names in the contract: the receipt names them, never values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphql import (
    BooleanValueNode,
    FieldNode,
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


def selected(info: ResolveInfo) -> tuple[str, ...]:
    """The fields under the one that is being answered, such as `sector` and `coverageOn.covers.branch`, each once.

    Deeper ones count as the third; what @skip and @include leave out, and what only a problem would answer, do not.
    """
    names: dict[str, None] = {}
    for node in info.field_nodes:
        if node.selection_set is not None:
            names.update(dict.fromkeys(_under(info, node.selection_set, (), set())))
    return tuple(names)


def _under(
    info: ResolveInfo, selection: SelectionSetNode, path: tuple[str, ...], seen: set[tuple[str, tuple[str, ...]]]
) -> Iterator[str]:
    for node in selection.selections:
        if not _included(info, node):
            continue
        if isinstance(node, FieldNode):
            yield from _field(info, node, path, seen)
        elif isinstance(node, InlineFragmentNode):
            if node.type_condition is None or not _is_problem(node.type_condition.name.value):
                yield from _under(info, node.selection_set, path, seen)
        elif isinstance(node, FragmentSpreadNode) and (node.name.value, path) not in seen:
            # A fragment that is spread again at the same place adds nothing, however often.
            seen.add((node.name.value, path))
            fragment = info.fragments[node.name.value]
            if not _is_problem(fragment.type_condition.name.value):
                yield from _under(info, fragment.selection_set, path, seen)


def _field(
    info: ResolveInfo, node: FieldNode, path: tuple[str, ...], seen: set[tuple[str, tuple[str, ...]]]
) -> Iterator[str]:
    name = node.name.value
    if name in _OTHER:
        return
    further = path if name in _AROUND else (*path, name)
    if node.selection_set is None or len(further) == _DEPTH:
        yield ".".join(further)
    else:
        yield from _under(info, node.selection_set, further, seen)


def _is_problem(kind: str) -> bool:
    return kind.endswith("Problem")


def _included(info: ResolveInfo, node: SelectionNode) -> bool:
    for directive in node.directives or ():
        for argument in directive.arguments or ():
            wanted = {"include": True, "skip": False}.get(directive.name.value)
            if wanted is not None and _truth(info, argument.value) is not wanted:
                return False
    return True


def _truth(info: ResolveInfo, value: object) -> bool:
    """What the condition of @skip or @include says; the document was validated before."""
    if isinstance(value, VariableNode):
        return bool(get_variable_values(info).get(value.name.value))
    return isinstance(value, BooleanValueNode) and value.value
