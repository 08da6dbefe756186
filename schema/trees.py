"""From an operation to a tree of wanted values: fields collected as the GraphQL specification says (6.3.2).

Only concrete types are walked: those that the plans name. A field without a plan ends the walk with NotPlannable.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    NameNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    get_named_type,
    is_abstract_type,
    visit,
)

from domain.errors import Refusal
from domain.reads import ArgumentsRefused, Constant, Known, Member, NotPlannable, Part, Value
from domain.records import Asked, Purpose
from resolvers.context import Context
from resolvers.purposes import refusal_of_field, withheld_of
from resolvers.traces import answered
from schema.coercion import FieldArguments, Values, Variables
from schema.ids import opaque_prefix
from schema.plans import NODE, PLANS, SHAPING, Binder, Bound, Choice, Column, LaterPage, Relation, Withheld
from schema.selection import Surroundings, selected_under


class Operation:
    """One operation of a document, and which of its variables shape the plan."""

    def __init__(self, core: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> None:
        self.core = core
        self.operation = operation
        self.fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self.variables = Variables(core, operation.variable_definitions or ())
        finder = _ShapingVariables()
        for node in (operation, *self.fragments.values()):
            visit(node, finder)
        self._shaping = tuple(sorted(finder.found))
        self._ids = tuple(sorted(finder.ids))

    def shape(self, coerced: Values) -> Iterator[Hashable]:
        """The values that shape the plan."""
        for name in self._shaping:
            yield coerced.get(name)
        for name in self._ids:
            try:
                yield NODE.kind_of(coerced.get(name))
            except GraphQLError:
                raise ArgumentsRefused("arguments are refused") from None


class _ShapingVariables(Visitor):
    """Finds the variables of @skip and @include, of arguments that shape plans, and of ids that decide a type."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.ids: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        self._note(node, self.found, ("if",))

    def enter_field(self, node: FieldNode, *_: object) -> None:
        self._note(node, self.found, SHAPING)
        if node.name.value == "node":
            self._note(node, self.ids, ("id",))

    def _note(self, node: DirectiveNode | FieldNode, found: set[str], names: Sequence[str]) -> None:
        for argument in node.arguments or ():
            if argument.name.value in names and isinstance(argument.value, VariableNode):
                found.add(argument.value.name.value)


@dataclass(frozen=True, slots=True)
class Slot:
    """A field with arguments."""

    bind: Binder
    arguments: FieldArguments

    def bound(self, context: Context, variables: Values) -> Bound:
        """The arguments as the plan takes them; raises ArgumentsRefused."""
        try:
            return self.bind(context, self.arguments.given(variables))
        except LaterPage:
            raise ArgumentsRefused("a later page of a list in a list") from None
        except (GraphQLError, Refusal):
            raise ArgumentsRefused("arguments are refused") from None


class Tree:
    """Collects the tree of one operation for one kind of actor.

    slots: its fields with arguments, in order. purposes: for which it looks at persons.
    """

    def __init__(self, operation: Operation, coerced: Values, context: Context) -> None:
        self._operation = operation
        self._coerced = coerced
        self._context = context
        self.slots: list[Slot] = []
        self.purposes: set[Purpose | None] = set()

    def members(self) -> tuple[Member, ...]:
        query = self._operation.core.query_type
        assert query is not None
        return self._of(query, [self._operation.operation.selection_set])

    def _of(self, kind: GraphQLObjectType, selections: Sequence[SelectionSetNode]) -> tuple[Member, ...]:
        fields: dict[str, list[FieldNode]] = {}
        visited: set[str] = set()
        for selection_set in selections:
            self._collect(kind, selection_set, fields, visited)
        return tuple(self._member(kind, key, nodes) for key, nodes in fields.items())

    def _collect(
        self,
        kind: GraphQLObjectType,
        selection_set: SelectionSetNode,
        fields: dict[str, list[FieldNode]],
        visited: set[str],
    ) -> None:
        for node in selection_set.selections:
            if not self._included(node.directives or ()):
                continue
            if isinstance(node, FieldNode):
                fields.setdefault((node.alias or node.name).value, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                if node.type_condition is None or self._applies(kind, node.type_condition.name):
                    self._collect(kind, node.selection_set, fields, visited)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in visited:
                visited.add(node.name.value)
                fragment = self._operation.fragments[node.name.value]
                if self._applies(kind, fragment.type_condition.name):
                    self._collect(kind, fragment.selection_set, fields, visited)

    def _applies(self, kind: GraphQLObjectType, condition: NameNode) -> bool:
        wanted = self._operation.core.type_map[condition.value]
        return wanted is kind or (is_abstract_type(wanted) and self._operation.core.is_sub_type(wanted, kind))

    def _included(self, directives: Sequence[DirectiveNode]) -> bool:
        for directive in directives:
            wanted = {"skip": False, "include": True}.get(directive.name.value)
            if wanted is None:
                raise NotPlannable("directive")
            if self._truth(directive) is not wanted:
                return False
        return True

    def _truth(self, directive: DirectiveNode) -> bool:
        (argument,) = directive.arguments or (None,)
        value = argument.value if argument else None
        if isinstance(value, BooleanValueNode):
            return value.value
        given = self._coerced.get(value.name.value) if isinstance(value, VariableNode) else None
        if not isinstance(given, bool):
            raise NotPlannable("directive")
        return given

    def _member(self, kind: GraphQLObjectType, key: str, nodes: Sequence[FieldNode]) -> Member:
        name = nodes[0].name.value
        if name == "__typename":
            return Constant(key=key, text=kind.name)
        declared = PLANS.get(kind.name, {}).get(name)
        if declared is None:
            raise NotPlannable(f"{kind.name}.{name}")
        if isinstance(declared, Withheld):
            return self._withheld(key, declared, nodes)
        if not isinstance(declared, Choice) and self._refused(declared):
            return Constant(key=key, text=None)
        if isinstance(declared, Column):
            prefix = None if declared.kind is None else opaque_prefix(declared.kind)
            return Value(key=key, name=declared.name, prefix=prefix)
        field = kind.fields[name]
        target = get_named_type(field.type).name
        if isinstance(declared, Choice):
            target, declared = self._chosen(declared, field, nodes[0])
        return self._part(declared, key, field, target, nodes)

    def _chosen(self, choice: Choice, field: GraphQLField, node: FieldNode) -> tuple[str, Relation]:
        try:
            found = choice.kind_of(FieldArguments(field, node).given(self._coerced)["id"])
        except GraphQLError:
            raise ArgumentsRefused("arguments are refused") from None
        if found not in choice.by_kind:
            raise NotPlannable("Query.node of another kind")
        return choice.by_kind[found]

    def _refused(self, declared: Column | Relation) -> bool:
        """Whether the purpose does not open it, so that it is null."""
        return bool(declared.opened_by) and refusal_of_field(self._context, declared.opened_by) is not None

    def _withheld(self, key: str, declared: Withheld, nodes: Sequence[FieldNode]) -> Known:
        selections = [node.selection_set for node in nodes if node.selection_set]
        return Known(
            key=key,
            members=self._of(self._type("PurposeNotOpenProblem"), selections),
            records=withheld_of(self._context, declared.names),
        )

    def _part(self, declared: Relation, key: str, field: GraphQLField, target: str, nodes: Sequence[FieldNode]) -> Part:
        context = self._context
        if declared.operation and not context.access.decisions.may_call(context.actor.kind, declared.operation):
            raise NotPlannable("not permitted")
        slot: int | None = None
        fixed: tuple[tuple[str, Any], ...] = ()
        if declared.bind is not None:
            slot, fixed = len(self.slots), self._slot(declared.bind, field, nodes[0])
        selections = [node.selection_set for node in nodes if node.selection_set]
        around = self._context
        if declared.looks_at:
            self._context = self._looking(dict(fixed)["purpose"], nodes)
        part = Part(
            key=key,
            name=declared.name,
            members=self._of(self._type(declared.seen or target), selections),
            slot=slot,
            fixed=fixed,
            otherwise=self._of(self._type(declared.hidden), selections) if declared.hidden else (),
            answered=answered(self._context, declared.looks_at) if declared.looks_at else (),
        )
        self._context = around
        return part

    def _looking(self, purpose: Purpose | None, nodes: Sequence[FieldNode]) -> Context:
        """The surroundings of what is read of persons at these nodes, as the ordinary path has them."""
        self.purposes.add(purpose)
        fields = selected_under(nodes, Surroundings(self._operation.fragments, self._coerced))
        return replace(self._context, asked=Asked(purpose=purpose, fields=fields))

    def _slot(self, bind: Binder, field: GraphQLField, node: FieldNode) -> tuple[tuple[str, Any], ...]:
        self.slots.append(Slot(bind, FieldArguments(field, node)))
        return self.slots[-1].bound(self._context, self._coerced).fixed

    def _type(self, name: str) -> GraphQLObjectType:
        found = self._operation.core.type_map[name]
        assert isinstance(found, GraphQLObjectType), f"{name} is a type of its own"
        return found
