"""Parsing and validating documents, once for each text."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from itertools import islice
from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    StringValueNode,
    ValidationRule,
    Visitor,
    parse,
    specified_rules,
    validate,
    visit,
)
from graphql.validation import ASTValidationRule
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from adapters.http.quiet_schema import CheckedDocument
from adapters.http.refusals import ERRORS_MAX

__all__ = ["DocumentRefused", "Documents"]

_REMEMBERED_LENGTH_MAX: Final = 16_384
"""Characters of a text that is remembered; longer ones are mostly values and hardly ever come twice."""


_LENGTH_MAX: Final = 40_000
"""Characters of a text. Reading one costs as much as reading a word; long values belong into variables."""
_SIGN: Final = re.compile(
    r'"""(?:[^"\\]++|\\.|"(?!""))*+(?:"""|\Z)|"(?:[^"\\\n\r]++|\\.)*+"?|\#[^\n\r]*+'
    r"|[_A-Za-z][_0-9A-Za-z]*+|\.\.\.|[!$&()\[\]{}:=@|]",
    re.DOTALL,
)
"""A text, a name, a sign, or a comment, which costs as much to read; numbers are left out."""


class DocumentRefused(Exception):
    """The document cannot run; every error carries the code to answer with."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__("document refused")
        self.errors = errors


class Documents:
    """The documents that were found good, most recently used last.

    limit_rules: rules that bound the work of all others, so they run first and alone.
    introspection: whether `__schema` and `__type` may be asked.
    remembered: how many documents are kept; refused ones never are.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        *,
        limit_rules: Sequence[type[ValidationRule]],
        tokens: int,
        introspection: bool,
        remembered: int,
    ) -> None:
        self._schema = schema
        self._limit_rules = tuple(limit_rules)
        self._tokens = tokens
        closed = () if introspection else (_IntrospectionClosed,)
        self._rules: tuple[type[ASTValidationRule], ...] = (
            *specified_rules,
            MaybeNullValidationRule,
            OneOfInputValidationRule,
        )
        self._closed: tuple[type[ASTValidationRule], ...] = closed
        self._remembered = remembered
        self._good: OrderedDict[str, CheckedDocument] = OrderedDict()

    def checked(self, text: str) -> CheckedDocument:
        """Return the checked document of this text.

        Refusals, all as DocumentRefused: GRAPHQL_PARSE_FAILED, GRAPHQL_VALIDATION_FAILED, QUERY_TOO_COMPLEX,
        NUL_CHARACTER, INTROSPECTION_CLOSED, and the codes that scalars and rules give their own errors.
        """
        known = self._good.get(text)
        if known is not None:
            self._good.move_to_end(text)
            return known
        document = self._parsed(text)
        self._validate(document)
        operations = tuple(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
        checked = CheckedDocument(text=text, document=document, operations=operations)
        self._remember(checked)
        return checked

    def _parsed(self, text: str) -> DocumentNode:
        if len(text) > _LENGTH_MAX:
            raise _too_long(f"{len(text)} characters", _LENGTH_MAX)
        # The parser counts as well, but at twenty times the price.
        if sum(1 for _ in islice(_SIGN.finditer(text), self._tokens + 1)) > self._tokens:
            raise _too_long("more words and signs", self._tokens)
        try:
            document = parse(text, max_lexical_tokens=self._tokens, allow_empty_selection_sets=False)
        except RecursionError:
            message = "The document is nested too deeply. Ask for fewer levels."
            raise DocumentRefused([_coded(message, "QUERY_TOO_COMPLEX")]) from None
        except GraphQLError as error:
            too_large = error.message.endswith("Parsing aborted.")
            _give_code(error, "QUERY_TOO_COMPLEX" if too_large else "GRAPHQL_PARSE_FAILED")
            raise DocumentRefused([error]) from None
        if "\\u" in text:
            visit(document, _NulFinder())
        return document

    def _validate(self, document: DocumentNode) -> None:
        for rules in (self._limit_rules, self._closed, self._rules):
            errors = validate(
                self._schema,
                document,
                rules,
                max_errors=ERRORS_MAX,
                hide_suggestions=True,
                allow_empty_selection_sets=False,
            )
            for error in errors:
                aborted = error.message == "Validation aborted."
                _give_code(error, "QUERY_TOO_COMPLEX" if aborted else "GRAPHQL_VALIDATION_FAILED")
            if errors:
                raise DocumentRefused(errors)

    def _remember(self, checked: CheckedDocument) -> None:
        if len(checked.text) > _REMEMBERED_LENGTH_MAX or self._remembered < 1:
            return
        self._good[checked.text] = checked
        while len(self._good) > self._remembered:
            self._good.popitem(last=False)


class _IntrospectionClosed(ASTValidationRule):
    """Refuses to describe the schema to strangers."""

    def enter_field(self, node: FieldNode, *_rest: object) -> None:
        if node.name.value in ("__schema", "__type"):
            message = "Introspection is closed here. Read the published schema.graphql instead."
            self.report_error(_coded(message, "INTROSPECTION_CLOSED"))


class _NulFinder(Visitor):
    """Refuses a literal that holds NUL, which PostgreSQL cannot store."""

    def enter_string_value(self, node: StringValueNode, *_rest: object) -> None:
        if "\x00" in node.value:
            message = "A text of the document holds the character NUL. Remove it."
            raise DocumentRefused([_coded(message, "NUL_CHARACTER")])


def _too_long(given: str, limit: int) -> DocumentRefused:
    message = f"The document has {given}; one document takes {limit}. Split it, and send values as variables."
    return DocumentRefused([_coded(message, "QUERY_TOO_COMPLEX")])


def _coded(message: str, code: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": code})


def _give_code(error: GraphQLError, code: str) -> None:
    """Give the error a code unless a scalar or rule gave it one."""
    error.extensions = {"code": code, **(error.extensions or {})}
