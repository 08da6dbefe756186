"""The access policy: decided once, closed where nothing is said, refused at start where it is wrong."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import schema
from adapters.access_pages import who_may_what
from adapters.access_policy import PolicyRefused, decide, operations_of
from adapters.access_rules import ACCESS_FOLDER
from adapters.http.quiet_schema import QuietSchema
from domain.access_rules import PERSON, PERSON_FIELDS, Decisions
from domain.actors import ActorKind
from domain.records import Purpose
from schema.plans import NODE, PLANS, Relation
from tests.support.scene import ACCESS

ROOT = Path(__file__).parents[2]
OPEN = {"health", "issuerKeys", "graphiql", "verify", "statusList", "auditHeads", "walletDoor"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the policy and its schema."""
    for name in ("policies.cedar", "schema.cedarschema"):
        (tmp_path / name).write_bytes((ACCESS_FOLDER / name).read_bytes())
    return tmp_path


def with_policy(folder: Path, policy: str) -> Decisions:
    """What is decided when a policy is added to the file."""
    path = folder / "policies.cedar"
    path.write_text(f"{path.read_text()}\n{policy}\n")
    return decide(folder, ACCESS.purposes)


def asked_in_code() -> set[str]:
    """The operations that `permit` is called with anywhere."""
    found = set()
    for layer in ("resolvers", "schema"):
        for path in (ROOT / layer).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "permit":
                    name = node.args[1]
                    assert isinstance(name, ast.Constant), f"{path.name}: an operation is named by a word"
                    found.add(name.value)
    return found


def test_every_operation_that_the_code_asks_about_is_one_of_the_policy_and_the_other_way_round() -> None:
    asked_at_no_use_case = {"health", "issuerKeys", "graphiql", "verify", "node", "auditHeads", "walletDoor"}

    assert asked_in_code() | asked_at_no_use_case == set(operations_of(ACCESS_FOLDER))


def test_every_root_field_of_the_contract_is_an_operation_of_the_policy() -> None:
    core = schema.build(QuietSchema).core
    roots = (core.query_type, core.mutation_type, core.subscription_type)

    fields = {name for root in roots if root is not None for name in root.fields}

    assert fields <= set(operations_of(ACCESS_FOLDER))


def test_every_plan_that_asks_the_policy_names_an_operation_that_use_cases_ask_about() -> None:
    relations = [one for fields in PLANS.values() for one in fields.values() if isinstance(one, Relation)]
    relations += [relation for _, relation in NODE.by_kind.values()]

    assert {relation.operation for relation in relations} - {""} <= asked_in_code()
    assert all(field.operation for field in PLANS["Query"].values() if isinstance(field, Relation))


def test_every_operation_is_permitted_to_somebody() -> None:
    assert [name for name, callers in ACCESS.decisions.callers.items() if not callers] == []


def test_an_operation_that_no_policy_names_is_refused_to_everybody() -> None:
    assert not any(ACCESS.decisions.may_call(asker, "workerForget") for asker in (None, *ActorKind))


def test_an_operation_that_only_the_schema_names_is_refused_to_everybody(folder: Path) -> None:
    path = folder / "schema.cedarschema"
    path.write_text(path.read_text().replace("action messages,", "action workerForget, messages,"))
    policies = folder / "policies.cedar"
    policies.write_text(policies.read_text().replace('action in Action::"desk"', 'action == Action::"messages"'))

    decisions = decide(folder, ACCESS.purposes)

    assert decisions.callers["workerForget"] == frozenset()
    assert decisions.callers["messages"] == {ActorKind.OPERATOR}


def test_who_says_nothing_of_themselves_calls_what_is_open_and_reads_nobody() -> None:
    decisions = ACCESS.decisions

    assert {name for name, callers in decisions.callers.items() if None in callers} == OPEN
    assert not any(decisions.opens[None, purpose] for purpose in (None, *Purpose))


@pytest.mark.parametrize(
    ("principal", "kind", "operation"),
    [("Donor", ActorKind.DONOR, "worker"), ("System", ActorKind.SYSTEM, "worker"),
     ("Worker", ActorKind.WORKER, "donation"), ("Anonymous", None, "memberStates")],
)  # fmt: skip
def test_what_is_forbidden_stays_refused_whatever_is_permitted(
    folder: Path, principal: str, kind: ActorKind | None, operation: str
) -> None:
    decisions = with_policy(folder, f"permit (principal is {principal}, action, resource);")

    assert kind not in decisions.callers[operation]


def test_a_donor_reads_no_field_of_a_person_even_if_a_policy_says_so(folder: Path) -> None:
    decisions = with_policy(folder, 'permit (principal is Donor, action == Action::"read", resource);')

    assert not any(decisions.opens[ActorKind.DONOR, purpose] for purpose in (None, *Purpose))


@pytest.mark.parametrize("purpose", Purpose)
def test_officers_and_operators_read_for_a_purpose_what_its_declaration_opens_to_them(purpose: Purpose) -> None:
    rule = ACCESS.purposes[purpose]

    for kind in (ActorKind.OFFICER, ActorKind.OPERATOR):
        expected = rule.opens | {PERSON} if kind in rule.by else frozenset()
        assert ACCESS.decisions.opens[kind, purpose] == expected


def test_without_a_purpose_an_officer_reads_nothing_and_an_operator_all_but_names() -> None:
    assert ACCESS.decisions.opens[ActorKind.OFFICER, None] == frozenset()
    assert ACCESS.decisions.opens[ActorKind.OPERATOR, None] == {PERSON, *PERSON_FIELDS}


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ("permit (principal is Auditor, action, resource);", "Auditor"),
        ('permit (principal, action == Action::"workerForget", resource);', "workerForget"),
        (
            'permit (principal is Officer, action == Action::"read", resource) when { context.purpose.secret };',
            "secret",
        ),
        ("permit (principal", "Correct the policy"),
    ],
)
def test_a_policy_that_its_schema_does_not_allow_is_refused_at_start(folder: Path, policy: str, told: str) -> None:
    with pytest.raises(PolicyRefused, match=told):
        with_policy(folder, policy)


def test_a_policy_that_reads_a_purpose_that_may_be_missing_is_refused(folder: Path) -> None:
    with pytest.raises(PolicyRefused):
        with_policy(
            folder, 'forbid (principal, action == Action::"read", resource) when { context.purpose.by.isEmpty() };'
        )


def test_the_page_has_a_line_for_every_operation_and_every_field() -> None:
    page = who_may_what(ACCESS.decisions)

    for name in (*operations_of(ACCESS_FOLDER), PERSON, *PERSON_FIELDS):
        assert page.count(f"| `{name}` |") == 1 + (name in ("coverage", "move", "certificate", "workers", "movePlan")
                                                  and name in operations_of(ACCESS_FOLDER)), name  # fmt: skip
