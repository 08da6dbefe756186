"""From a body to an operation that may run: its document checked, itself chosen, its cost known and paid."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, ValidationRule

from adapters.http.cost import Charge
from adapters.http.documents import DocumentRefused, Documents
from adapters.http.quiet_schema import CheckedDocument, QuietSchema
from adapters.http.refusals import RequestRefused
from adapters.http.trusted_documents import asked_document, trusted_documents
from domain.budgets import Spent
from domain.errors import TryAgain

__all__ = ["DoorLimits", "GraphQLRequest", "OperationReader", "VariablesRule", "charged", "unresolved"]

_NAME: Final = re.compile(r"[_A-Za-z][_0-9A-Za-z]{0,127}")

VariablesRule = Callable[[DocumentNode, OperationDefinitionNode, Mapping[str, object]], int | GraphQLError]
"""Measures an operation with the values of its variables: its cost, or why it is refused."""


def _anyone(_context: object) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorLimits:
    """What the doors let through. The two rules are required, so that they cannot be forgotten."""

    document_rules: tuple[type[ValidationRule], ...]
    """Rules that bound a document; they run before all others."""
    variables_rule: VariablesRule
    """Measures the operation again with the values of its variables; returns its cost, or the refusal."""
    introspection: bool
    """Whether the schema may be asked for."""
    tokens: int = 2000
    """Lexical tokens of a document."""
    body_bytes: int = 256_000
    """The longest body, counted while it is read."""
    body_seconds: float = 5.0
    """How long a client may take to send the body."""
    answer_seconds: float = 8.0
    """How long an operation may take; then its work is cancelled and nothing of it is committed."""
    documents: int = 512
    """How many checked documents are remembered."""
    charge: Charge | None = None
    """Takes what an operation costs from a budget; without it nothing is counted and no cost is published."""
    refused_cost: int = 50
    """What a document costs that is refused: checking it is work too."""
    manifest: Path | None = None
    """The trusted documents; see trusted_documents."""
    may_send_free: Callable[[object], bool] = _anyone
    """Says of a context whether other than trusted documents may be sent, once there are any."""
    origins: frozenset[str] = frozenset()
    """Web pages of other sites that may send operations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphQLRequest:
    """One request with its document checked and its operation chosen; the variables are as they were sent."""

    checked: CheckedDocument
    operation: OperationDefinitionNode
    variables: Mapping[str, Any]
    extensions: Mapping[str, Any]
    cost: int

    @property
    def operation_name(self) -> str | None:
        """The name of the chosen operation, if it has one."""
        return self.operation.name.value if self.operation.name else None


class OperationReader:
    """Reads bodies for one door; documents that were found good are remembered."""

    def __init__(self, schema: QuietSchema, limits: DoorLimits) -> None:
        self._limits = limits
        self._documents = Documents(
            schema.core,
            limit_rules=limits.document_rules,
            tokens=limits.tokens,
            introspection=limits.introspection,
            remembered=limits.documents,
        )
        self._trusted = trusted_documents(limits.manifest, self._documents)

    def read(self, body: Mapping[str, Any], context: object) -> GraphQLRequest:
        """Return the request that a body describes. Raises RequestRefused, and DocumentRefused for what was checked."""
        operation_name, variables, extensions = _parts(body)
        free = self._limits.may_send_free(context)
        checked = asked_document(body, self._documents.checked, self._trusted, free=free)
        operation = _chosen(checked.operations, operation_name)
        cost = self._limits.variables_rule(checked.document, operation, variables)
        if isinstance(cost, GraphQLError):
            raise DocumentRefused([cost])
        return GraphQLRequest(
            checked=checked, operation=operation, variables=variables, extensions=extensions, cost=cost
        )


async def charged(limits: DoorLimits, context: object, cost: int) -> Spent | None:
    """Take a cost from the budget of whoever asks; None where nothing is counted.

    Raises BudgetSpent, RequestRefused.
    """
    if limits.charge is None:
        return None
    try:
        return await limits.charge(context, cost)
    except TryAgain:
        message = "The database cannot answer at the moment; nothing was changed. Try again with the same key."
        raise RequestRefused("UNAVAILABLE", message, headers={"Retry-After": "1"}) from None


def unresolved(message: str) -> GraphQLError:
    """Why an operation is not one that this door runs."""
    return GraphQLError(message, extensions={"code": "OPERATION_RESOLUTION_FAILURE"})


def _parts(body: Mapping[str, Any]) -> tuple[str | None, Mapping[str, Any], Mapping[str, Any]]:
    """Return operation name, variables and extensions, each of the right type."""
    variables, extensions = body.get("variables"), body.get("extensions")
    for name, value in (("variables", variables), ("extensions", extensions)):
        if value is not None and not isinstance(value, dict):
            message = f"{name} is not an object. Send an object, null or leave it out."
            raise RequestRefused("BAD_REQUEST", message)
    operation_name = body.get("operationName")
    named = operation_name is None or (isinstance(operation_name, str) and _NAME.fullmatch(operation_name))
    if not named:
        message = "operationName is not a GraphQL name. Send the name of an operation or null."
        raise RequestRefused("OPERATION_NAME_INVALID", message)
    return operation_name, variables or {}, extensions or {}


def _chosen(operations: Sequence[OperationDefinitionNode], name: str | None) -> OperationDefinitionNode:
    """Return the operation to run; with several, only a name may choose."""
    found = [node for node in operations if name is None or (node.name and node.name.value == name)]
    if len(found) != 1:
        message = f"Which of the document's {len(operations)} operations to run is not known. "
        message += "Name one of them in operationName."
        raise DocumentRefused([unresolved(message)])
    return found[0]
