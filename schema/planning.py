"""Answers checked operations by plans, made once for each operation and what shapes its plan.

An operation that holds anything without a plan has none, and that too is remembered.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from graphql import DocumentNode, GraphQLSchema, OperationDefinitionNode, OperationType

from domain.reads import ArgumentsRefused, NotPlannable, Plan, Question, Reads
from domain.records import Purpose
from resolvers.context import Context
from resolvers.searches import SearchesSpent
from schema.coercion import Values
from schema.trees import Operation, Slot, Tree

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_OPERATIONS_MAX = 512
_PLANS_MAX = 1024


class PlannedReads:
    """Answers operations by plans. core: the schema. reads: compiles trees."""

    def __init__(self, core: GraphQLSchema, reads: Reads) -> None:
        self._core = core
        self._reads = reads
        self._operations: _Remembered[tuple[str, str], Operation] = _Remembered(_OPERATIONS_MAX)
        self._plans: _Remembered[tuple[Hashable, ...], _Prepared | NotPlannable] = _Remembered(_PLANS_MAX)

    async def answer(
        self,
        text: str,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
        context: Context,
    ) -> bytes:
        """The finished JSON of the whole answer. text: of the document, by which it is remembered.

        Raises NotPlannable for everything that the ordinary executor has to answer, errors included.
        """
        if operation.operation is not OperationType.QUERY:
            raise NotPlannable("mutation")
        name = (text, operation.name.value if operation.name else "")
        known = self._operations.get(name) or self._operations.keep(name, Operation(self._core, document, operation))
        coerced = known.variables.coerced(variables)
        key = (*name, context.actor.kind, *known.shape(coerced))
        prepared = self._plans.get(key)
        if prepared is None:
            prepared = self._plans.keep(key, self._prepared(known, coerced, context))
        if isinstance(prepared, NotPlannable):
            raise NotPlannable(prepared.reason)
        arguments = tuple(slot.bound(context, coerced).values for slot in prepared.slots)
        rounding = context.limits.donor_rounding
        question = Question(
            actor=context.actor,
            now=context.now,
            purpose=prepared.purpose,
            rounding=rounding,
            arguments=arguments,
        )
        return await _counted(prepared.plan, question, context)

    def _prepared(self, operation: Operation, coerced: Values, context: Context) -> _Prepared | NotPlannable:
        try:
            tree = Tree(operation, coerced, context)
            plan = self._reads.plan(tree.members(), context.actor.kind)
            if len(tree.purposes) > 1:
                # The rows in sight depend on the purpose, of which a statement has one.
                raise NotPlannable("several purposes")
            return _Prepared(plan, tuple(tree.slots), next(iter(tree.purposes), None))
        except ArgumentsRefused:
            raise
        except NotPlannable as reason:
            return NotPlannable(reason.reason)


async def _counted(plan: Plan, question: Question, context: Context) -> bytes:
    """The answer of a plan; searches that found nobody are counted as the use cases count theirs."""
    if not plan.searches:
        return await plan.answer(question)
    try:
        await context.searches.begin(context.actor, context.now)
    except SearchesSpent:
        raise ArgumentsRefused("searches are spent") from None
    answer = await plan.answer(question)
    context.searches.missed(context.actor, plan.misses(question, answer))
    return answer


class _Remembered(Generic[K, V]):
    """The values that were used last."""

    def __init__(self, at_most: int) -> None:
        self._at_most = at_most
        self._values: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        found = self._values.get(key)
        if found is not None:
            self._values.move_to_end(key)
        return found

    def keep(self, key: K, value: V) -> V:
        self._values[key] = value
        if len(self._values) > self._at_most:
            self._values.popitem(last=False)
        return value


@dataclass(frozen=True, slots=True)
class _Prepared:
    plan: Plan
    slots: tuple[Slot, ...]
    purpose: Purpose | None
