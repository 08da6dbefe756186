"""The domain stands alone: standard library only, no clock, no state in an `if`, no number of a law in Python."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
import yaml

from domain.countries import MemberState

ROOT = Path(__file__).parents[2]
DOMAIN = ROOT / "domain"
FILES = sorted(DOMAIN.rglob("*.py"))
LINES_AT_MOST = 400
FUNCTION_LINES_AT_MOST = 70

CLOCK_READS = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter", "localtime", "gmtime"}
OUTSIDE = {"open", "input", "print", "exec", "eval", "__import__"}
"""What reads or writes the world; the domain only computes."""

SMALLEST_FIGURE = 1000
"""Smaller numbers of the law (2, 12, 24, 55 …) are also everyday numbers; those are found by reading."""


LIMITS_OF_OUR_OWN = {
    ("nominations.py", Decimal(50_000)),
    ("birth_dates.py", Decimal(1500)),
    ("budgets.py", Decimal(20_000)),
}
"""The most rows of a nomination file, a year of another calendar and the most units of a slice of a budget happen to
equal amounts of the law."""


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def where(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"


def imports_of(path: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from ((where(path, node), alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield where(path, node), "a relative name" if node.level else str(node.module)


@cache
def figures_of_the_law() -> set[Decimal]:
    """Every larger number that stands in a rule file, and amounts that follow from them."""
    found = {Decimal(told) for told in ("10000", "16800", "36800", "370000", "10000000", "42000000")}

    def gather(node: object) -> None:
        if isinstance(node, dict):
            for key, value in node.items():
                if key in ("value", "from") and isinstance(value, str):
                    found.add(Decimal(value))
                gather(value)
        elif isinstance(node, list):
            for item in node:
                gather(item)

    for path in (DOMAIN / "rules").glob("*.yaml"):
        gather(yaml.safe_load(path.read_text(encoding="utf-8")))
    return {figure for figure in found if figure >= SMALLEST_FIGURE}


def numbers_in(path: Path) -> Iterator[tuple[str, Decimal]]:
    """Numbers in code, also those written as text, such as Decimal("16800"), and in f-strings as whole texts."""
    for node in ast.walk(tree_of(path)):
        if not isinstance(node, ast.Constant) or isinstance(node.value, bool):
            continue
        if isinstance(node.value, int) or (
            isinstance(node.value, str) and node.value.replace("_", "").replace(".", "", 1).isdigit()
        ):
            yield where(path, node), Decimal(node.value)


def decisions_of(tree: ast.Module) -> Iterator[ast.expr]:
    """The expressions on which code decides."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If | ast.IfExp | ast.While | ast.Assert):
            yield node.test
        elif isinstance(node, ast.comprehension):
            yield from node.ifs
        elif isinstance(node, ast.Match):
            yield node.subject
            yield from (case.pattern for case in node.cases)  # type: ignore[misc]
        elif isinstance(node, ast.Compare | ast.BoolOp):
            yield node


def states_named_in(node: ast.AST) -> Iterator[ast.AST]:
    """Places where an expression names one member state, as a member of the enum or by its code."""
    codes = {state.value for state in MemberState}
    for part in ast.walk(node):
        if (
            isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id == "MemberState"
        ) or (isinstance(part, ast.Constant) and (part.value in codes or _begins_with_a_code(part.value, codes))):
            yield part


def _begins_with_a_code(value: object, codes: set[str]) -> bool:
    return isinstance(value, str) and value.partition(".")[0] in codes and "." in value


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_domain_file_imports_the_domain_and_the_standard_library_only(path: Path) -> None:
    foreign = [
        (place, name)
        for place, name in imports_of(path)
        if name.partition(".")[0] not in sys.stdlib_module_names and name.partition(".")[0] != "domain"
    ]

    assert foreign == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_domain_file_imports_at_its_top_only(path: Path) -> None:
    tree = tree_of(path)
    inside = [
        where(path, node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]

    assert inside == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_domain_file_reads_no_clock(path: Path) -> None:
    reads = [
        where(path, node)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCK_READS
    ]
    imports = [place for place, name in imports_of(path) if name.partition(".")[0] == "time"]

    assert reads + imports == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_domain_file_reads_and_writes_nothing_outside(path: Path) -> None:
    calls = [
        where(path, node)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in OUTSIDE
    ]
    modules = {"os", "pathlib", "socket", "subprocess", "random", "secrets", "asyncio", "threading", "urllib", "http"}
    imports = [(place, name) for place, name in imports_of(path) if name.partition(".")[0] in modules]

    assert calls == []
    assert imports == []


@pytest.mark.parametrize("path", [path for path in FILES if path.name != "countries.py"], ids=lambda path: path.name)
def test_no_state_decides_in_a_domain_file(path: Path) -> None:
    named = [where(path, place) for test in decisions_of(tree_of(path)) for place in states_named_in(test)]

    assert named == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_number_of_a_law_stands_in_a_domain_file(path: Path) -> None:
    figures = figures_of_the_law()

    own = {number for name, number in LIMITS_OF_OUR_OWN if name == path.name}

    assert [(place, str(number)) for place, number in numbers_in(path) if number in figures - own] == []


def test_the_figures_looked_for_are_those_of_the_rule_files() -> None:
    known = {Decimal(text) for text in ("16800", "6800", "37500", "332500", "1000000", "10547400", "6000")}

    assert known <= figures_of_the_law()


@pytest.mark.parametrize(
    "code",
    ["if state is MemberState.ID:\n    pass", "x = 1 if state == 'MY' else 2", "y = [s for s in z if s == 'ID.JKM']"],
)
def test_a_state_that_decides_would_be_found(code: str) -> None:
    assert any(list(states_named_in(test)) for test in decisions_of(ast.parse(code)))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_domain_file_and_its_functions_stay_short(path: Path) -> None:
    long = [
        where(path, node)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno >= FUNCTION_LINES_AT_MOST
    ]

    assert long == []
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LINES_AT_MOST
