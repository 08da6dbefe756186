"""Each limit of a document: what is within it runs, one more is refused."""

from __future__ import annotations

import pytest
from graphql import get_introspection_query

from schema.limits import DocumentLimits
from tests.edge.small_door import small_door

TOO_COMPLEX = (400, ["QUERY_TOO_COMPLEX"])


def levels(number: int) -> str:
    """Return a query with so many fields inside one another."""
    return "{fund" + "{children" * (number - 2) + "{name" + "}" * number


def names(number: int) -> str:
    """Return the same field under so many other names."""
    return " ".join(f"a{index}: name" for index in range(number))


def fragments(number: int) -> str:
    """Return a query that uses so many fragments, each spreading the next."""
    chain = "".join(f" fragment F{index} on Fund {{ ...F{index + 1} }}" for index in range(number - 1))
    return "{ fund { ...F0 } }" + chain + f" fragment F{number - 1} on Fund {{ name }}"


def operations(number: int) -> str:
    """Return a document with so many operations."""
    return " ".join(f"query Q{index} {{ hello }}" for index in range(number))


SKIP = "@skip(if: false) "
TWENTY = "hello " * 10 + "again: hello " * 10
BLOCK = "children { " + "name " * 12 + "__typename " * 4 + "} "
BLOCKS = "{ fund { " + "".join(f"b{number}: {BLOCK}" for number in range(17))
LIMITS = [
    ("depth", levels(10), levels(11)),
    ("fields", BLOCKS + "name " * 10 + "} }", BLOCKS + "name " * 11 + "} }"),
    ("repeats", "{ fund { " + "name " * 16 + "} }", "{ fund { " + "name " * 17 + "} }"),
    (
        "repeats",
        "{ fund { ... { " + "name " * 8 + "} ... { " + "name " * 8 + "} } }",
        "{ fund { ... { name } " + "name " * 16 + "} }",
    ),
    ("repeats", "{ hello }", "{ fund { ...F ...F ...F } } fragment F on Fund { " + "name " * 6 + "}"),
    ("repeats", "{ " + ("fund { " + "name " * 4 + "} ") * 4 + "}", "{ " + ("fund { " + "name " * 5 + "} ") * 4 + "}"),
    ("aliases", "{ fund { " + names(30) + " } }", "{ fund { " + names(31) + " } }"),
    ("root fields", "{ " + TWENTY + "}", "{ " + TWENTY + "hello }"),
    ("directives", "{ hello " + SKIP + "} ", "{ hello " + SKIP * 21 + "}"),
    ("fragments", fragments(30), fragments(31)),
    ("tokens", "{ fund { name } }" + " # comment" * 9, "{ " + "hello " * 1500 + "}"),
    ("ids", "{ fund { nodes(ids: [" + '"a" ' * 1000 + "]) { name } } }", None),
    ("ids", "{ hello }", "{ fund { nodes(ids: [" + '"a" ' * 1001 + "]) { name } } }"),
    ("cost", "{ fund { children(first: 100) { children(first: 99) { " + names(4) + " } } } }", None),
    ("cost", "{ hello }", "{ fund { children(first: 100) { children(first: 100) { " + names(4) + " } } } }"),
]


@pytest.mark.parametrize(("within", "beyond"), [row[1:] for row in LIMITS], ids=[row[0] for row in LIMITS])
async def test_what_is_within_a_limit_runs_and_one_more_is_refused(within: str, beyond: str | None) -> None:
    door = small_door()

    assert "errors" not in (await door.query(within)).json
    if beyond is not None:
        answer = await door.query(beyond)
        assert (answer.status, answer.codes) == TOO_COMPLEX


async def test_six_operations_are_refused_although_one_would_run() -> None:
    door = small_door()

    within = await door.post({"query": operations(5), "operationName": "Q4"})
    beyond = await door.post({"query": operations(6), "operationName": "Q4"})

    assert within.json == {"data": {"hello": "hello"}}
    assert (beyond.status, beyond.codes) == TOO_COMPLEX


async def test_thirty_fragments_that_double_each_other_are_refused() -> None:
    bomb = "{ fund { ...F0 } }" + "".join(
        f" fragment F{index} on Fund {{ children {{ ...F{index + 1} }} b: children {{ ...F{index + 1} }} }}"
        for index in range(29)
    )

    answer = await small_door().query(bomb + " fragment F29 on Fund { name }")

    assert (answer.status, answer.codes) == TOO_COMPLEX


async def test_fragments_that_spread_the_next_one_twice_are_refused() -> None:
    bomb = "{ fund { ...F0 } }" + "".join(
        f" fragment F{index} on Fund {{ ...F{index + 1} ...F{index + 1} }}" for index in range(29)
    )

    answer = await small_door().query(bomb + " fragment F29 on Fund { name }")

    assert (answer.status, answer.codes) == TOO_COMPLEX


@pytest.mark.parametrize("number", [65, 150, 500, 5000])
async def test_a_query_of_hundreds_of_levels_is_refused_and_recurses_nowhere(number: int) -> None:
    limits = DocumentLimits(tokens=100_000)

    answer = await small_door(document=limits).query(levels(number))

    assert (answer.status, answer.codes) == TOO_COMPLEX


async def test_inline_fragments_without_fields_are_no_way_around_the_depth() -> None:
    text = "{ fund { " + "... on Fund { " * 100 + "name" + " }" * 102

    answer = await small_door().query(text)

    assert (answer.status, answer.codes) == TOO_COMPLEX


async def test_a_literal_nested_hundreds_of_times_is_refused() -> None:
    answer = await small_door().query("{ echo(text: " + "[" * 400 + "]" * 400 + ") }")

    assert (answer.status, answer.codes) == TOO_COMPLEX


async def test_the_introspection_of_common_clients_is_within_the_limits() -> None:
    answer = await small_door().query(get_introspection_query())

    assert "errors" not in answer.json


@pytest.mark.parametrize(
    "text",
    [
        "{__schema{types{name}}}",
        '{__type(name:"Fund"){name}}',
        "{...F} fragment F on Query{__schema{description}}",
    ],
)
async def test_closed_introspection_is_refused_with_its_code(text: str) -> None:
    answer = await small_door(introspection=False).query(text)

    assert (answer.status, answer.codes) == (400, ["INTROSPECTION_CLOSED"])


async def test_closed_introspection_still_tells_the_name_of_a_type() -> None:
    answer = await small_door(introspection=False).query("{ fund { __typename } }")

    assert answer.json == {"data": {"fund": {"__typename": "Fund"}}}


async def test_a_misspelt_field_is_refused_without_a_suggestion() -> None:
    answer = await small_door().query("{ helo fund { nam } }")

    assert answer.codes == ["GRAPHQL_VALIDATION_FAILED"] * 2
    assert b"Did you mean" not in answer.body


PAGE = "children(first: $n)"
PAGES = f"query($n: Int = 1) {{ fund {{ {PAGE} {{ {PAGE} {{ {PAGE} {{ name }} }} }} }} }}"


async def test_a_page_variable_counts_as_its_default() -> None:
    answer = await small_door().query(PAGES)

    assert "errors" not in answer.json


async def test_a_small_default_does_not_hide_a_large_page() -> None:
    answer = await small_door().query(PAGES, {"n": 100})

    assert (answer.status, answer.codes) == TOO_COMPLEX


async def test_null_for_a_page_variable_counts_as_a_full_page() -> None:
    answer = await small_door().query(PAGES, {"n": None})

    assert (answer.status, answer.codes) == TOO_COMPLEX


async def test_sizes_that_were_good_once_say_nothing_about_other_sizes() -> None:
    door = small_door()

    answers = [await door.query(PAGES, {"n": size}) for size in (2, 2, 100, 3)]

    assert ["errors" in answer.json for answer in answers] == [False, False, True, False]


async def test_a_page_variable_without_default_counts_as_a_full_page() -> None:
    answer = await small_door().query(PAGES.replace(" = 1", ""), {"n": 1})

    assert (answer.status, answer.codes) == TOO_COMPLEX


async def test_a_variable_with_too_many_ids_is_refused() -> None:
    text = "query($ids: [String!]!) { fund { nodes(ids: $ids) { name } } }"
    door = small_door()

    within = await door.query(text, {"ids": ["a"] * 1000})
    beyond = await door.query(text, {"ids": ["a"] * 1001})

    assert "errors" not in within.json
    assert (beyond.status, beyond.codes) == TOO_COMPLEX


async def test_a_refusal_names_what_was_asked_and_what_is_taken() -> None:
    answer = await small_door().query("{ " + "hello " * 21 + "}")

    assert answer.error["message"].startswith("The document asks for 21 root fields; one document takes 20.")
    assert answer.error["extensions"]["facts"] == {"what": "root fields", "given": 21, "limit": 20}


async def test_a_hundred_wrong_fields_are_answered_by_ten_errors() -> None:
    answer = await small_door().query("{ fund { " + " ".join(f"x{index}" for index in range(100)) + " } }")

    assert len(answer.codes) == 10


async def test_every_limit_can_be_changed() -> None:
    answer = await small_door(document=DocumentLimits(depth=2)).query(levels(3))

    assert (answer.status, answer.codes) == TOO_COMPLEX
