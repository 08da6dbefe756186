"""A document is parsed and validated once, remembered while there is room, and never when it was refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from graphql import OperationDefinitionNode, ValidationRule, parse

from adapters.http.documents import DocumentRefused, Documents
from adapters.http.quiet_schema import CheckedDocument
from tests.edge.small_door import Seen, small_door, small_schema


def counting_rule(counted: list[str]) -> type[ValidationRule]:
    """Return a rule that notes each document it is asked about."""

    class Counting(ValidationRule):
        def enter_document(self, *_rest: Any) -> None:
            counted.append("validated")

    return Counting


def documents(counted: list[str], remembered: int) -> Documents:
    """Build the documents of the small schema with so much room."""
    return Documents(
        small_schema().core,
        limit_rules=(counting_rule(counted),),
        tokens=100,
        introspection=True,
        remembered=remembered,
    )


def test_the_same_text_is_validated_once() -> None:
    counted: list[str] = []
    kept = documents(counted, remembered=2)

    first, second = kept.checked("{ hello }"), kept.checked("{ hello }")

    assert first is second
    assert len(counted) == 1


def test_the_text_that_was_not_asked_for_longest_is_forgotten() -> None:
    counted: list[str] = []
    kept = documents(counted, remembered=2)

    for text in ("{ hello }", "{ boom }", "{ hello }", "{ poor }"):
        kept.checked(text)
    counted.clear()

    kept.checked("{ hello }")
    assert counted == []
    kept.checked("{ boom }")
    assert counted == ["validated"]


def test_a_refused_document_is_not_remembered() -> None:
    counted: list[str] = []
    kept = documents(counted, remembered=2)

    for _ in range(2):
        with pytest.raises(DocumentRefused):
            kept.checked("{ helo }")

    assert len(counted) == 2


def test_a_very_long_text_is_not_remembered() -> None:
    counted: list[str] = []
    kept = documents(counted, remembered=2)
    text = '{ echo(text: "' + "x" * 20_000 + '") }'

    assert kept.checked(text) is not kept.checked(text)


async def test_a_checked_document_is_executed_without_reading_its_text_again() -> None:
    document = parse("{ hello }")
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    checked = CheckedDocument(text="this is no GraphQL", document=document, operations=(operation,))

    result = await small_schema().execute_checked(checked, operation_name=None, variables={}, context=Seen())

    assert (result.data, result.errors) == ({"hello": "hello"}, None)


async def test_another_text_executed_by_the_same_task_is_read_as_usual() -> None:
    schema = small_schema()
    document = parse("{ hello }")
    checked = CheckedDocument(text="{ hello }", document=document, operations=())

    await schema.execute_checked(checked, operation_name=None, variables={}, context=Seen())
    result = await schema.execute("{ fund { name } }")

    assert result.data == {"fund": {"name": "general"}}


async def test_two_requests_at_once_do_not_exchange_their_documents() -> None:
    door = small_door()

    answers = await asyncio.gather(door.query("{ hello }"), door.query("{ fund { name } }"))

    assert [answer.json["data"] for answer in answers] == [{"hello": "hello"}, {"fund": {"name": "general"}}]
