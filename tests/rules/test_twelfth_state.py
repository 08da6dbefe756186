"""A state that nobody knew is added by the steps of docs/guide/a-twelfth-state.md, and the API answers for it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from domain.countries import MemberState

ROOT = Path(__file__).parent.parent.parent
FILES = ROOT / "tests" / "twelfth"
GUIDE = (ROOT / "docs" / "guide" / "a-twelfth-state.md").read_text(encoding="utf-8")
LINE = re.search(r"```python\n( +XS = .*\n)```", GUIDE)
COMMANDS = re.findall(r"^\.venv/bin/python (-m lingkar .*)$", GUIDE, flags=re.MULTILINE)
NAMED = re.findall(r"\]\(\.\./\.\./tests/twelfth/([^)]+)\)", GUIDE)
NOT_NEEDED = (".*", "var", "bench", "node_modules", "__pycache__", "twelfth")
LAST_STATE = '    TL = "TL", "timor_leste"\n'
SECONDS = 300

PERSON = 'person: {birthDate: "1990-01-01", nationality: ID, sector: TRADE, contractMonths: %d}'
IN_SEGMENT = 'schemeId: "XS.INJ", segmentId: "inbound"'
PROBLEM = "... on Problem { code }"
QUESTIONS = {
    "memberState": "memberState(code: XS) { name { en } schemes { id } identifierKinds { kind } }",
    "contributionQuote": f'contributionQuote(question: {{{IN_SEGMENT}, month: "2026-03", funderKind: EMPLOYER, '
    'wage: {amount: "1000", currency: USD}}) '
    f"{{ ... on Quote {{ total {{ amount currency }} standing }} {PROBLEM} }}",
    "eligibility": f'eligibility(question: {{{IN_SEGMENT}, on: "2026-03-15", {PERSON % 5}}}) '
    f"{{ ... on Eligibility {{ eligible reasons {{ rule }} }} {PROBLEM} }}",
    "benefitEstimate": f'benefitEstimate(question: {{{IN_SEGMENT}, contingency: WORK_DEATH, on: "2026-03-15", '
    f'wage: {{amount: "1000", currency: USD}}, {PERSON % 24}}}) '
    f"{{ ... on BenefitAnswer {{ estimates {{ benefitId amount {{ amount }} }} }} {PROBLEM} }}",
    "identifierCheck": 'identifierCheck(kind: "bureau_number", state: XS, value: "xs 000-001") '
    f"{{ ... on IdentifierCheck {{ outcome }} {PROBLEM} }}",
    "rulesChanging": 'rulesChanging(firstDay: "2026-01-01", lastDay: "2026-01-31", memberState: XS) '
    f"{{ ... on RuleChanges {{ changes {{ rule before after }} }} {PROBLEM} }}",
}

# Asked inside the copy, with nothing but the law behind the schema: no database, no network.
ASK = """
import asyncio, datetime as dt, json, sys
import schema
from adapters.access_rules import load_access_rules
from adapters.countries import ADAPTERS
from adapters.http.quiet_schema import QuietSchema
from adapters.identity.rules import CheckedIdentities
from adapters.rulebook import load_rulebook
from domain.actors import Actor, ActorKind
from resolvers.context import Context
from sandbox.institutions import INSTITUTIONS

context = Context(
    actor=Actor(id="one", kind=ActorKind.OPERATOR), now=dt.datetime(2026, 3, 1, tzinfo=dt.UTC), database=None,
    rulebook=load_rulebook(), identity=CheckedIdentities(), new_id=None, reached=frozenset(),
    access=load_access_rules(),
)
built = schema.build(QuietSchema)

async def asked(question):
    answer = await built.execute("{" + question + "}", context_value=schema.Request(context))
    assert not answer.errors, answer.errors
    return answer.data

answers = {name: asyncio.run(asked(question))[name] for name, question in json.load(sys.stdin).items()}
adapted = [state.value for state in ADAPTERS]
print(json.dumps({"answers": answers, "adapted": adapted, "simulated": list(INSTITUTIONS)}))
"""


def run(folder: Path, *arguments: str, said: str = "") -> str:
    """What a command of the copy prints; it must end well."""
    ended = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        input=said,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with the invented state, added and generated as the guide says."""
    folder = tmp_path_factory.mktemp("twelve") / "project"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*NOT_NEEDED))
    # The links of the guide lead to the files of the invented state also in the copy.
    shutil.copytree(FILES, folder / "tests" / "twelfth")
    listed = folder / "domain" / "countries.py"
    before = listed.read_text(encoding="utf-8")
    assert LINE is not None
    assert LAST_STATE in before
    listed.write_text(before.replace(LAST_STATE, LAST_STATE + LINE[1]), encoding="utf-8")
    for name in NAMED:
        shutil.copy(FILES / name, folder / name)
    for command in COMMANDS:
        run(folder, *command.split())
    return folder


@pytest.fixture(scope="module")
def told(copy: Path) -> dict[str, Any]:
    """What the copy says of the invented state when it is asked."""
    said: dict[str, Any] = json.loads(run(copy, "-c", ASK, said=json.dumps(QUESTIONS)))
    return said


def files_of(folder: Path, *, among: Sequence[str]) -> set[str]:
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    return {name for name in found if name.split("/")[0] in among and "__pycache__" not in name}


def test_the_guide_names_every_file_of_the_invented_state() -> None:
    among = ("adapters", "docs", "domain", "sandbox", "tests")

    assert set(NAMED) == files_of(FILES, among=among)


def test_no_file_of_the_project_but_the_list_of_states_and_what_is_generated_is_changed(copy: Path) -> None:
    among = ("adapters", "app.py", "domain", "lingkar.py", "resolvers", "sandbox", "schema", "schema.graphql")

    changed = {
        name
        for name in files_of(copy, among=among)
        if not (ROOT / name).exists() or (ROOT / name).read_bytes() != (copy / name).read_bytes()
    }

    assert changed - set(NAMED) == {"domain/countries.py", "schema.graphql"}


def test_the_state_is_there_with_its_schemes_and_kinds_of_number(told: dict[str, Any]) -> None:
    assert told["answers"]["memberState"] == {
        "name": {"en": "Samudra"},
        "schemes": [{"id": "XS.INJ"}],
        "identifierKinds": [{"kind": "bureau_number"}, {"kind": "passport"}],
    }


def test_a_month_is_priced_in_its_currency(told: dict[str, Any]) -> None:
    quote = told["answers"]["contributionQuote"]

    assert quote == {"total": {"amount": "12.00", "currency": "USD"}, "standing": "REPORTED"}


def test_a_contract_that_is_too_short_is_refused_with_its_rule(told: dict[str, Any]) -> None:
    eligibility = told["answers"]["eligibility"]

    assert eligibility["eligible"] is False
    assert "inj.contract_months_min" in {reason["rule"] for reason in eligibility["reasons"]}


def test_a_benefit_is_estimated(told: dict[str, Any]) -> None:
    estimates = told["answers"]["benefitEstimate"]["estimates"]

    assert estimates == [{"benefitId": "death_grant", "amount": {"amount": "24000.00"}}]


def test_a_number_of_its_own_kind_is_checked(told: dict[str, Any]) -> None:
    assert told["answers"]["identifierCheck"] == {"outcome": "FITS"}


def test_a_change_of_its_law_is_told(told: dict[str, Any]) -> None:
    (change,) = told["answers"]["rulesChanging"]["changes"]

    assert change["rule"] == "inj.rate"
    assert change["before"] != change["after"]


def test_its_adapter_and_its_simulated_institution_are_found_by_their_names(told: dict[str, Any]) -> None:
    assert "XS" in told["adapted"]
    assert "XS" in told["simulated"]


def test_what_is_written_by_commands_is_up_to_date_in_the_copy(copy: Path) -> None:
    for command in ("schema", "rule-schema", "country-pages"):
        run(copy, "-m", "lingkar", command, "--check")


def test_the_tests_that_every_state_must_pass_pass_for_it(copy: Path) -> None:
    places = ("tests/cases", "tests/rules/test_quality.py", "tests/rules/test_inventory.py", "tests/sandbox")
    chosen = "samudra or XS or test_each_member_state or test_every_adapter"

    said = run(copy, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "-k", chosen, *places)

    assert "passed" in said


def test_the_invented_state_is_in_no_list_of_the_project() -> None:
    assert "XS" not in {state.value for state in MemberState}
