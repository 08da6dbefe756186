"""The limits of one GraphQL document: one validation rule, and a second look when the variables are known.

Stock limiters expand every fragment again wherever it is spread, so thirty small fragments that double
each other hold a process for minutes. Here each fragment is measured once for an operation and
remembered, and every number is capped, so the work is linear in the length of the document.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Final

from graphql import (
    BREAK,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValidationRule,
    ValueNode,
    VariableNode,
    VisitorAction,
)

from schema.circles import has_circle
from schema.repeats import Repeats, TooManyNames

__all__ = ["DocumentLimits", "VariablesRule", "document_limits", "variables_limits"]

VariablesRule = Callable[[DocumentNode, OperationDefinitionNode, Mapping[str, object]], int | GraphQLError]
"""Measures an operation with the values of its variables: its cost, or why it is refused."""

_CODE: Final = "QUERY_TOO_COMPLEX"
_CAP: Final = 1_000_000_000
"""Numbers stop growing here; every limit is far below."""
_NESTING_MAX: Final = 64
"""Selection sets inside one another, fragments and introspection included; keeps our own recursion short."""
_REMEMBERED_MAX: Final = 1024
_PAGE_ARGUMENTS: Final = ("first", "last")
_LIST_ARGUMENTS: Final = ("ids", "workers")


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLimits:
    """How much one document may ask. Counts are taken after fragments are expanded, per operation."""

    tokens: int = 1200
    """Lexical tokens; checked while parsing, before anything else is known of the document."""
    depth: int = 10
    """Fields inside one another; introspection fields and what is below them are exempt."""
    fields: int = 300
    """Fields selected."""
    aliases: int = 30
    """Fields that are given another name."""
    repeats: int = 16
    """Times that the same field is asked for in one place; validation compares each pair of them."""
    root_fields: int = 20
    """Fields directly on Query or Mutation."""
    directives: int = 20
    """Directives used."""
    fragments: int = 30
    """Fragment definitions in the document."""
    operations: int = 5
    """Operations in the document, of which one runs."""
    page: int = 100
    """The most rows that a page counts for, and what a page counts for whose size cannot be known."""
    ids: int = 1000
    """Entries in one argument called `ids` or `workers`."""
    cost: int = 40_000
    """Fields multiplied by the sizes of the pages they are on: an upper bound of the values in the answer. A whole
    coverage answer about each of 1,000 workers stays within it."""


def document_limits(limits: DocumentLimits) -> type[ValidationRule]:
    """Return the validation rule that holds a document within the limits.

    limits: the limits; `tokens` is not checked here but while parsing.
    A page variable counts as its default, or as a full page without one; `variables_limits` looks again
    once the values are known. Unknown fragments count nothing: other rules refuse them. Refusals:
    QUERY_TOO_COMPLEX with the first limit that is exceeded; GRAPHQL_PARSE_FAILED for an empty selection;
    GRAPHQL_VALIDATION_FAILED for fragments in a circle.
    """

    class DocumentLimitsRule(ValidationRule):
        """Measures the whole document at its first node."""

        def enter_document(self, node: DocumentNode, *_rest: object) -> VisitorAction:
            refusal = _refusal_of(node, limits)
            if refusal is not None:
                self.report_error(refusal)
            return BREAK

    return DocumentLimitsRule


def variables_limits(limits: DocumentLimits) -> VariablesRule:
    """Return the check that measures the chosen operation with the values of its variables: what it costs.

    Without it a small default would hide a large page. Result: the cost, or QUERY_TOO_COMPLEX, returned and
    not raised. What was found good is remembered by operation and sizes: clients repeat themselves.
    """
    good: OrderedDict[tuple[int, _Sizes], tuple[OperationDefinitionNode, int]] = OrderedDict()

    def measure(
        document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, object]
    ) -> int | GraphQLError:
        sizes = _sizes(operation, variables)
        known = good.get((id(operation), sizes))
        if known is not None:
            return known[1]
        found = _measured(operation, _fragments_of(document), limits, dict(sizes))
        if isinstance(found, GraphQLError):
            return found
        # Keeping the operation itself keeps its id from being given to another one.
        good[id(operation), sizes] = operation, found.cost
        if len(good) > _REMEMBERED_MAX:
            good.popitem(last=False)
        return found.cost

    return measure


_Sizes = tuple[tuple[str, int | None], ...]


def _sizes(operation: OperationDefinitionNode, variables: Mapping[str, object]) -> _Sizes:
    """Return what the operation's variables say of the length of lists: numbers, lengths, null for a full page."""
    found: list[tuple[str, int | None]] = []
    for definition in operation.variable_definitions or ():
        name = definition.variable.name.value
        if name not in variables:
            continue
        value = variables[name]
        if value is None or isinstance(value, int):
            found.append((name, value))
        elif isinstance(value, (list, tuple)):
            found.append((name, len(value)))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measure:
    """What a selection asks for, fragments expanded; `root_fields` are the fields of its first level."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    root_fields: int = 0
    directives: int = 0
    ids: int = 0
    cost: int = 0
    repeats: int = 0


_NOTHING: Final = _Measure()


class _TooDeep(Exception):
    """Selection sets are nested further than anything that is asked for in earnest."""


class _EmptySelection(Exception):
    """A selection set selects nothing."""


class _Ruler:
    """Measures the selections of one operation, each fragment once."""

    def __init__(
        self,
        fragments: Mapping[str, FragmentDefinitionNode],
        limits: DocumentLimits,
        defaults: Mapping[str, int],
        variables: Mapping[str, int | None] | None,
    ) -> None:
        self.fragments = fragments
        self.limits = limits
        self.values: dict[str, int | None] = {**defaults, **(variables or {})}
        self.measured: dict[str, _Measure] = {}
        self.open: set[str] = set()
        self.repeats = Repeats(fragments)

    def selections(self, selection_set: SelectionSetNode, nesting: int) -> _Measure:
        """Return the sum of the selections of one selection set."""
        if nesting > _NESTING_MAX:
            raise _TooDeep
        if not selection_set.selections:
            raise _EmptySelection
        if len(selection_set.selections) > self.limits.fields:
            raise TooManyNames
        return _sum(self.selection(node, nesting) for node in selection_set.selections)

    def selection(self, node: SelectionNode, nesting: int) -> _Measure:
        directives = _directives(node.directives)
        if isinstance(node, FieldNode):
            return _sum((self.field(node, nesting), directives))
        if isinstance(node, InlineFragmentNode):
            return _sum((self.selections(node.selection_set, nesting + 1), directives))
        assert isinstance(node, FragmentSpreadNode)
        return _sum((self.fragment(node.name.value, nesting), directives))

    def fragment(self, name: str, nesting: int) -> _Measure:
        if name in self.measured:
            return self.measured[name]
        definition = self.fragments.get(name)
        if definition is None or name in self.open:
            return _NOTHING
        self.open.add(name)
        inside = self.selections(definition.selection_set, nesting + 1)
        self.open.discard(name)
        self.measured[name] = _sum((inside, _directives(definition.directives)))
        return self.measured[name]

    def field(self, node: FieldNode, nesting: int) -> _Measure:
        below = self.selections(node.selection_set, nesting + 1) if node.selection_set else _NOTHING
        is_introspection = node.name.value.startswith("__")
        rows, ids = self.page_and_ids(node)
        return _Measure(
            depth=0 if is_introspection else below.depth + 1,
            fields=_capped(below.fields + 1),
            aliases=_capped(below.aliases + (node.alias is not None)),
            repeats=self.repeats.of(node.selection_set, below.repeats) if node.selection_set else 0,
            root_fields=1,
            directives=below.directives,
            ids=max(below.ids, ids),
            cost=_capped(1 + rows * below.cost),
        )

    def page_and_ids(self, node: FieldNode) -> tuple[int, int]:
        """Return how many rows this field may answer and how many ids it names."""
        rows, ids = 1, 0
        for argument in node.arguments or ():
            if argument.name.value in _PAGE_ARGUMENTS:
                rows = max(rows, self.page(argument.value))
            elif argument.name.value in _LIST_ARGUMENTS:
                ids = self.length(argument.value)
                rows = max(rows, ids)
        return rows, ids

    def page(self, value: ValueNode) -> int:
        size: object = None
        if isinstance(value, IntValueNode):
            size = _integer(value)
        elif isinstance(value, VariableNode):
            size = self.values.get(value.name.value)
        return min(size, self.limits.page) if isinstance(size, int) else self.limits.page

    def length(self, value: ValueNode) -> int:
        if isinstance(value, ListValueNode):
            return len(value.values)
        given = self.values.get(value.name.value) if isinstance(value, VariableNode) else None
        return given if isinstance(given, int) else 1


def _refusal_of(document: DocumentNode, limits: DocumentLimits) -> GraphQLError | None:
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    fragments = [node for node in document.definitions if isinstance(node, FragmentDefinitionNode)]
    for what, given, limit in (
        ("operations", len(operations), limits.operations),
        ("fragments", len(fragments), limits.fragments),
    ):
        if given > limit:
            return _exceeded(what, given, limit)
    by_name = _fragments_of(document)
    if has_circle(by_name):
        message = "A fragment spreads itself, perhaps through others. Take the circle out."
        return GraphQLError(message, extensions={"code": "GRAPHQL_VALIDATION_FAILED"})
    for operation in operations:
        found = _measured(operation, by_name, limits, None)
        if isinstance(found, GraphQLError):
            return found
    return None


def _measured(
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    limits: DocumentLimits,
    variables: Mapping[str, int | None] | None,
) -> _Measure | GraphQLError:
    """What an operation asks for, or the first limit that it exceeds."""
    ruler = _Ruler(fragments, limits, _defaults(operation), variables)
    try:
        inside = ruler.selections(operation.selection_set, 1)
        inside = _sum((inside, _Measure(repeats=ruler.repeats.of(operation.selection_set, inside.repeats))))
    except TooManyNames:
        return _exceeded("fields", _CAP, limits.fields)
    except _TooDeep:
        return _exceeded("selection sets inside one another", _NESTING_MAX + 1, _NESTING_MAX)
    except _EmptySelection:
        message = "A selection set selects nothing. Name at least one field between the braces."
        return GraphQLError(message, extensions={"code": "GRAPHQL_PARSE_FAILED"})
    variable_directives = (_directives(node.directives) for node in operation.variable_definitions or ())
    whole = _sum((inside, _directives(operation.directives), *variable_directives))
    for name in (field.name for field in fields(_Measure)):
        given, limit = getattr(whole, name), getattr(limits, name)
        if given > limit:
            return _exceeded(_WORDS[name], given, limit)
    return whole


_WORDS: Final = {
    "depth": "levels of fields",
    "fields": "fields",
    "aliases": "aliases",
    "repeats": "times the same field in one place",
    "root_fields": "root fields",
    "directives": "directives",
    "ids": "ids in one argument",
    "cost": "values (fields times page sizes)",
}


def _exceeded(what: str, given: int, limit: int) -> GraphQLError:
    counted = f"more than {_CAP}" if given >= _CAP else str(given)
    message = (
        f"The document asks for {counted} {what}; one document takes {limit}. "
        "Split it or ask for smaller pages: a page variable counts as its default, or as a full page."
    )
    return GraphQLError(message, extensions={"code": _CODE, "facts": {"what": what, "given": given, "limit": limit}})


def _sum(parts: Iterable[_Measure]) -> _Measure:
    """Add the parts; depth, repeats and ids are the largest of them."""
    depth = counted = aliases = repeats = root_fields = directives = ids = cost = 0
    for part in parts:
        depth, ids, repeats = max(depth, part.depth), max(ids, part.ids), max(repeats, part.repeats)
        counted += part.fields
        aliases += part.aliases
        root_fields += part.root_fields
        directives += part.directives
        cost += part.cost
    return _Measure(
        depth=depth,
        fields=_capped(counted),
        aliases=_capped(aliases),
        repeats=repeats,
        root_fields=_capped(root_fields),
        directives=_capped(directives),
        ids=ids,
        cost=_capped(cost),
    )


def _capped(number: int) -> int:
    return min(number, _CAP)


def _directives(nodes: Iterable[DirectiveNode] | None) -> _Measure:
    return _Measure(directives=len(tuple(nodes or ())))


def _fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    found = (node for node in document.definitions if isinstance(node, FragmentDefinitionNode))
    return {node.name.value: node for node in found}


def _defaults(operation: OperationDefinitionNode) -> dict[str, int]:
    """Return the defaults of the variables that matter here: whole numbers, and the lengths of lists."""
    found: dict[str, int] = {}
    for definition in operation.variable_definitions or ():
        default = definition.default_value
        if isinstance(default, IntValueNode):
            found[definition.variable.name.value] = _integer(default)
        elif isinstance(default, ListValueNode):
            found[definition.variable.name.value] = len(default.values)
    return found


def _integer(node: IntValueNode) -> int:
    """Return the number, capped before it is read: Python refuses to read thousands of digits."""
    return int(node.value) if len(node.value) < len(str(_CAP)) else _CAP
