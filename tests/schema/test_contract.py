"""The contract as a document: printed, committed, and described."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    lexicographic_sort_schema,
    print_schema,
)

import schema
from adapters.http.quiet_schema import QuietSchema
from domain.errors import Refusal

SCHEMA_FILE = Path(__file__).parents[2] / "schema.graphql"


@pytest.fixture(scope="module")
def core() -> GraphQLSchema:
    return schema.build(QuietSchema).core


def ours(core: GraphQLSchema) -> list[GraphQLNamedType]:
    built_in = {"String", "Int", "Float", "Boolean", "ID"}
    return [t for name, t in core.type_map.items() if not name.startswith("__") and name not in built_in]


def test_the_committed_schema_is_the_one_the_code_declares(core: GraphQLSchema) -> None:
    assert SCHEMA_FILE.read_text() == print_schema(lexicographic_sort_schema(core)) + "\n"


def test_every_type_says_what_it_is(core: GraphQLSchema) -> None:
    silent = [t.name for t in ours(core) if not t.description and not isinstance(t, GraphQLUnionType)]

    assert silent == []


def test_every_query_and_mutation_says_what_it_does(core: GraphQLSchema) -> None:
    assert core.query_type is not None
    assert core.mutation_type is not None
    silent = [
        f"{root.name}.{name}"
        for root in (core.query_type, core.mutation_type)
        for name, field in root.fields.items()
        if not field.description
    ]

    assert silent == []


ANEW_EACH_TIME = {"certificateOffer"}
"""Each call makes another offer: its codes are told once and kept as digests, so that nothing could be told again."""


def test_every_mutation_needs_an_idempotency_key_and_answers_with_a_payload_or_problems(core: GraphQLSchema) -> None:
    assert core.mutation_type is not None
    for name, field in core.mutation_type.fields.items():
        answer = get_named_type(field.type)
        assert isinstance(answer, GraphQLUnionType), name
        problems = [t for t in answer.types if "Problem" in {i.name for i in t.interfaces}]
        assert len(answer.types) == len(problems) + 1, name
        if name not in ANEW_EACH_TIME:
            assert str(field.args["idempotencyKey"].type) == "IdempotencyKey!", name
            assert "IdempotencyConflictProblem" in {t.name for t in problems}, name


def test_every_list_of_unknown_length_is_a_connection_with_first_and_after(core: GraphQLSchema) -> None:
    for kind in ours(core):
        if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            continue
        for name, field in kind.fields.items():
            if get_named_type(field.type).name.endswith("Connection"):
                assert {"first", "after"} <= set(field.args), f"{kind.name}.{name}"


def test_no_field_of_the_contract_gives_a_name_a_number_or_a_birth_date_of_a_worker(core: GraphQLSchema) -> None:
    personal = {"name", "birthDate", "nik", "passport", "identifiers", "identifier"}
    for name in ("Worker", "Move", "CertificateOfCoverage", "AccessRecord", "Enrolment", "ContributionMonth"):
        kind = core.type_map[name]
        assert isinstance(kind, GraphQLObjectType)
        assert not personal & set(kind.fields), name


def test_money_goes_in_and_out_as_text_never_as_a_number(core: GraphQLSchema) -> None:
    floats = [
        f"{kind.name}.{name}"
        for kind in ours(core)
        if isinstance(kind, GraphQLObjectType | GraphQLInputObjectType)
        for name, field in kind.fields.items()
        if get_named_type(field.type).name == "Float"
    ]

    assert floats == []
    amount = core.type_map["MoneyInput"]
    assert isinstance(amount, GraphQLInputObjectType)
    assert str(amount.fields["amount"].type) == "Amount!"


def test_every_problem_is_a_refusal_of_the_domain_with_a_code(core: GraphQLSchema) -> None:
    refusals = {kind.__name__: kind for kind in Refusal.__subclasses__()}
    for kind in ours(core):
        if isinstance(kind, GraphQLObjectType) and "Problem" in {i.name for i in kind.interfaces}:
            assert kind.name.removesuffix("Problem") in refusals


def test_codes_of_refusals_are_unique_so_that_a_kept_one_can_be_told_again() -> None:
    kept = [kind.code for kind in Refusal.__subclasses__() if kind.__module__.startswith("domain")]

    assert len(kept) == len(set(kept))


def test_enums_are_the_domain_s_and_described(core: GraphQLSchema) -> None:
    assert [t.name for t in ours(core) if isinstance(t, GraphQLEnumType) and not t.description] == []


def test_unions_of_queries_say_what_they_are(core: GraphQLSchema) -> None:
    assert core.query_type is not None
    unions = [get_named_type(field.type) for field in core.query_type.fields.values()]

    assert [t.name for t in unions if isinstance(t, GraphQLUnionType) and not t.description] == []
