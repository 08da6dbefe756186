"""Fragments that spread themselves, found in one walk: the rule of the specification explains each circle at length."""

from __future__ import annotations

from collections.abc import Mapping

from graphql import FragmentDefinitionNode, FragmentSpreadNode, SelectionSetNode

__all__ = ["has_circle"]


def has_circle(fragments: Mapping[str, FragmentDefinitionNode]) -> bool:
    """Say whether any fragment spreads itself, through others too. Leaves are taken away until none is left."""
    needs = {name: _spreads(node.selection_set) & fragments.keys() for name, node in fragments.items()}
    while needs:
        leaves = {name for name, needed in needs.items() if not needed}
        if not leaves:
            return True
        needs = {name: needed - leaves for name, needed in needs.items() if name not in leaves}
    return False


def _spreads(selection_set: SelectionSetNode) -> set[str]:
    found: set[str] = set()
    waiting = [selection_set]
    while waiting:
        for node in waiting.pop().selections:
            if isinstance(node, FragmentSpreadNode):
                found.add(node.name.value)
            elif node.selection_set is not None:  # type: ignore[attr-defined]
                waiting.append(node.selection_set)  # type: ignore[attr-defined]
    return found
