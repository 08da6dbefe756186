"""The export of coverage: every worker in sight of an institution, page by page, in the words of the contract.

What stands on a line is a CoverageDetermination as a document below asks for it; the plan of a page is made of the same
tree as that of `coverageOf`.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from uuid import UUID

from graphql import DocumentNode, GraphQLSchema, OperationDefinitionNode, parse

from domain.exports import ExportAsked
from domain.reads import NotPlannable, Pages, Part, Plan, Question
from domain.records import Purpose
from resolvers.context import Context
from resolvers.coverage import for_export
from schema.ids import id_of, opaque_id
from schema.trees import Operation, Tree

PAGE = 200
"""Workers of one statement: long enough to cost little, short enough to hold nobody up."""
_FIRST = UUID(int=0)
_DOCUMENT = f"""
    query($purpose: Purpose!) {{
      coverageOf(workers: [{{id: "{opaque_id("Worker", _FIRST)}"}}], on: "2000-01-01", purpose: $purpose) {{
        ... on CoverageDetermination {{
          on outcome standing
          reasons {{ rule text value since sourceIds standing }}
          covers {{ branch schemeId institutionId extent state funderKind fundId firstDay coveredUntil
                    reasons {{ rule text value since sourceIds standing }} }}
          withheld {{ code field }} }} }} }}"""


class CoverageExport:
    """Exports by plans. core: the schema. reads: compiles pages. now: the instant, looked up for each page."""

    def __init__(self, core: GraphQLSchema, reads: Pages, now: Callable[[], dt.datetime]) -> None:
        self._core = core
        self._reads = reads
        self._now = now
        self._document: DocumentNode = parse(_DOCUMENT)
        self._plans: dict[Purpose, Plan] = {}

    def opened(self, context: Context, asked: ExportAsked) -> AsyncIterator[bytes]:
        """The lines, in chunks; nothing is read before the first chunk is taken.

        Raises NotPermitted, PurposeNotOpen, RuleUnknown for a scheme that there is not, NotFound and GraphQLError for
        what is no place to go on after.
        """
        context = for_export(context, asked.purpose)
        if asked.scheme_id is not None:
            context.rulebook.scheme(asked.scheme_id)
        after = _FIRST if asked.after is None else id_of("Worker", asked.after)
        known_at = asked.known_at or context.now
        return self._lines(context, replace(asked, known_at=known_at), after)

    async def _lines(self, context: Context, asked: ExportAsked, after: UUID | None) -> AsyncIterator[bytes]:
        yield _line(_head(asked))
        digest, count = hashlib.sha256(), 0
        try:
            while after is not None:
                began = time.monotonic()
                context = replace(context, now=self._now())
                lines, shown, after = await self._page(context, asked, after)
                digest.update(lines)
                count += shown
                if lines:
                    yield lines
                if after is not None:
                    # As long as a page took nothing is asked, so that an export takes half of what it could.
                    await asyncio.sleep(time.monotonic() - began)
        except NotPlannable:
            yield _line({"complete": False, "code": "UNAVAILABLE"})
            return
        yield _line({"complete": True, "lines": count, "sha256": digest.hexdigest()})

    async def _page(self, context: Context, asked: ExportAsked, after: UUID) -> tuple[bytes, int, UUID | None]:
        """The lines of a page, how many they are, and after whom the next page begins; None if there is none."""
        arguments = {
            "on": asked.on,
            "known_at": asked.known_at,
            "after": after,
            "limit": PAGE,
            "scheme_id": asked.scheme_id,
        }
        question = Question(
            actor=context.actor,
            now=context.now,
            purpose=asked.purpose,
            rounding=context.limits.donor_rounding,
            arguments=(arguments,),
        )
        head, _, lines = (await self._plan(context).answer(question)).partition(b"\n")
        looked, shown, last = head.decode().split(" ")
        return lines, int(shown), UUID(last) if int(looked) == PAGE else None

    def _plan(self, context: Context) -> Plan:
        purpose = context.asked.purpose
        assert purpose is not None, "an export is for a purpose"
        if purpose not in self._plans:
            self._plans[purpose] = self._reads.page_of_lines(self._part(context, purpose), context.actor.kind)
        return self._plans[purpose]

    def _part(self, context: Context, purpose: Purpose) -> Part:
        (asked,) = self._document.definitions
        assert isinstance(asked, OperationDefinitionNode)
        operation = Operation(self._core, self._document, asked)
        tree = Tree(operation, operation.variables.coerced({"purpose": purpose.name}), context)
        (part,) = tree.members()
        assert isinstance(part, Part)
        return part


def _head(asked: ExportAsked) -> dict[str, object]:
    assert asked.known_at is not None
    return {
        "export": "coverage",
        "on": asked.on.isoformat(),
        "purpose": asked.purpose.value,
        "scheme": asked.scheme_id,
        "knownAt": asked.known_at.isoformat().replace("+00:00", "Z"),
        "after": asked.after,
    }


def _line(told: dict[str, object]) -> bytes:
    return json.dumps(told, separators=(",", ":")).encode() + b"\n"
