"""A Strawberry schema that executes documents that are already checked, and keeps requests out of the log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

import strawberry
from graphql import DocumentNode, GraphQLError, GraphQLSchema, OperationDefinitionNode
from strawberry.extensions import SchemaExtension
from strawberry.types import ExecutionContext, ExecutionResult

__all__ = ["CheckedDocument", "QuietSchema"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedDocument:
    """A document that is parsed and within all rules, with its operations in the order they are written."""

    text: str
    document: DocumentNode
    operations: tuple[OperationDefinitionNode, ...]


class QuietSchema(strawberry.Schema):
    """The schema that the GraphQL door needs; built with the same arguments as strawberry.Schema.

    Strawberry logs every refused request with traceback and query text, which may hold identifiers.
    Here nothing is logged: the door logs the kind of an internal failure and where it happened, no value.
    """

    @property
    def core(self) -> GraphQLSchema:
        """The schema as graphql-core knows it, to parse and validate against."""
        return self._schema

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Log nothing."""

    def get_extensions(self, sync: bool = False) -> list[SchemaExtension]:
        """Return the extensions of one execution, and the one that hands over the checked document."""
        return [*super().get_extensions(sync), _HandOver()]

    async def execute_checked(
        self,
        checked: CheckedDocument,
        *,
        operation_name: str | None,
        variables: Mapping[str, Any],
        context: object,
        extensions: Mapping[str, Any] | None = None,
    ) -> ExecutionResult:
        """Execute one operation of a checked document without parsing and validating it again."""
        token = _CHECKED.set(checked)
        try:
            return await self.execute(
                checked.text,
                variable_values=dict(variables),
                context_value=context,
                operation_name=operation_name,
                operation_extensions=dict(extensions or {}),
            )
        finally:
            _CHECKED.reset(token)


_CHECKED: Final[ContextVar[CheckedDocument | None]] = ContextVar("checked_document", default=None)


class _HandOver(SchemaExtension):
    """Gives the executor the checked document if the text is the same; a resolver may execute another."""

    def _checked(self) -> CheckedDocument | None:
        checked = _CHECKED.get()
        return checked if checked is not None and checked.text is self.execution_context.query else None

    def on_parse(self) -> Iterator[None]:
        checked = self._checked()
        if checked is not None:
            self.execution_context.graphql_document = checked.document
        yield

    def on_validate(self) -> Iterator[None]:
        if self._checked() is not None:
            # An empty list says that validation took place and found nothing.
            self.execution_context.pre_execution_errors = []
        yield
