"""How often one selection asks for the same name.

Fields of the same name are merged, and validation compares each pair of them: five hundred of one name are a hundred
thousand comparisons. Here names are counted as they would be merged, each fragment once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from graphql import FieldNode, FragmentDefinitionNode, InlineFragmentNode, SelectionSetNode

__all__ = ["Repeats", "TooManyNames"]

_COUNTED_MAX: Final = 20_000
"""Far above what a document within the other limits has."""


_Names = Counter[tuple[str, bool]]
"""How often each name is asked for, and whether without a selection."""


class TooManyNames(Exception):
    """The document has more names, fragments expanded, than are worth counting."""


class Repeats:
    """Counts the names of selections of one document. Selections are known not to be nested too deeply."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._known: dict[str, _Names] = {}
        self._open: set[str] = set()
        self._counted = 0

    def of(self, selection_set: SelectionSetNode, inside: int) -> int:
        """How many fields of one name may be compared with each other; raises TooManyNames.

        inside: the same of what is selected below. Where a field with a selection is asked for again, so is all that is
        below it.
        """
        names = self._names(selection_set)
        leaves = max((count for (_, is_leaf), count in names.items() if is_leaf), default=0)
        branches = max((count for (_, is_leaf), count in names.items() if not is_leaf), default=0)
        return max(leaves, branches * max(1, inside))

    def _names(self, selection_set: SelectionSetNode) -> _Names:
        found: _Names = Counter()
        for node in selection_set.selections:
            if isinstance(node, FieldNode):
                found[(node.alias or node.name).value, node.selection_set is None] += 1
                self._counted += 1
            else:
                inside = (
                    self._names(node.selection_set)
                    if isinstance(node, InlineFragmentNode)
                    else self._of_fragment(node.name.value)  # type: ignore[attr-defined]
                )
                found.update(inside)
                self._counted += len(inside) + 1
            if self._counted > _COUNTED_MAX:
                raise TooManyNames
        return found

    def _of_fragment(self, name: str) -> _Names:
        """The names of a fragment; none for one that is unknown or spreads itself, which other rules refuse."""
        definition = self._fragments.get(name)
        if definition is None or name in self._open:
            return Counter()
        if name not in self._known:
            self._open.add(name)
            self._known[name] = self._names(definition.selection_set)
            self._open.discard(name)
        return self._known[name]
