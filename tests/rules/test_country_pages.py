"""The pages of the member states: between markers stands what the rule file says, and nothing else is touched."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

import lingkar
from adapters import rulebook_keys as keys
from adapters.country_cells import code, plain, table
from adapters.country_pages import BLOCKS, PageRefused, begin_of, country_pages, end_of
from adapters.rulebook import load_rulebook
from domain.countries import MemberState
from domain.schemes import Condition
from domain.wording import condition_in_words

PAGES = Path(__file__).parent.parent.parent / "docs" / "countries"
RULEBOOK = load_rulebook()
INVENTED = load_rulebook(Path(__file__).parent / "invented")
EMPTY = "".join(f"{begin_of(block)}\n{end_of(block)}\n" for block in BLOCKS)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the pages, each as the rule files want it."""
    shutil.copytree(PAGES, tmp_path / "docs" / "countries")
    monkeypatch.setattr(lingkar, "_ROOT", tmp_path)
    assert CliRunner().invoke(lingkar.cli, ["country-pages"]).exit_code == 0
    return tmp_path


def page_of_the_invented_law(folder: Path, text: str) -> str:
    path = folder / "indonesia.md"
    path.write_text(text, encoding="utf-8")
    return country_pages(INVENTED, folder)[path]


@pytest.mark.parametrize("state", RULEBOOK.states)
def test_every_state_has_a_page_with_all_markers(state: MemberState) -> None:
    text = (PAGES / f"{state.slug}.md").read_text(encoding="utf-8")

    assert all(text.count(begin_of(block)) == text.count(end_of(block)) == 1 for block in BLOCKS)


def test_a_page_that_nobody_changed_passes_the_check(root: Path) -> None:
    assert CliRunner().invoke(lingkar.cli, ["country-pages", "--check"]).exit_code == 0


def test_a_table_changed_by_hand_fails_the_check_which_says_what_to_run(root: Path) -> None:
    page = root / "docs" / "countries" / "laos.md"
    page.write_text(page.read_text("utf-8").replace("| 4,500,000 |", "| 5,400,000 |"), "utf-8")

    checked = CliRunner().invoke(lingkar.cli, ["country-pages", "--check"])

    assert checked.exit_code == 1
    assert "docs/countries/laos.md is not what" in checked.output
    assert "Run: python -m lingkar country-pages" in checked.output


def test_the_command_mends_a_changed_table_and_keeps_what_was_written_by_hand(root: Path) -> None:
    page = root / "docs" / "countries" / "laos.md"
    before = page.read_text("utf-8")
    page.write_text(before.replace("| 4,500,000 |", "| 5,400,000 |").replace("# Lao PDR", "# Laos"), "utf-8")

    CliRunner().invoke(lingkar.cli, ["country-pages"])

    assert page.read_text("utf-8") == before.replace("# Lao PDR", "# Laos")


def test_a_state_without_a_page_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PageRefused, match=r"indonesia\.md is missing"):
        country_pages(INVENTED, tmp_path)


@pytest.mark.parametrize("block", BLOCKS)
def test_a_page_without_one_of_the_markers_is_refused_with_its_name(tmp_path: Path, block: str) -> None:
    with pytest.raises(PageRefused) as refused:
        page_of_the_invented_law(tmp_path, EMPTY.replace(end_of(block), ""))

    assert end_of(block) in str(refused.value)


def test_every_value_of_every_parameter_is_on_the_page_with_its_first_day(tmp_path: Path) -> None:
    law = INVENTED.legislation(MemberState.ID)

    rows = page_of_the_invented_law(tmp_path, EMPTY).splitlines()

    for parameter in law.parameters.values():
        begin = next(place for place, row in enumerate(rows) if row.startswith(f"| `{parameter.name}`<br>"))
        wanted = [
            (value.first_day, number)
            for value in parameter.values
            for number in ([value.number] if not value.brackets else [bracket.value for bracket in value.brackets])
        ]
        for row, (first_day, number) in zip(rows[begin : begin + len(wanted)], wanted, strict=True):
            assert f"{number:,} |" in row, parameter.name
            assert str(first_day) in row or "| from " in row, parameter.name


def test_every_scheme_segment_and_benefit_is_on_the_page(tmp_path: Path) -> None:
    page = page_of_the_invented_law(tmp_path, EMPTY)

    for scheme in INVENTED.legislation(MemberState.ID).schemes.values():
        assert f"### `{scheme.id}`" in page
        assert all(f"| segment `{name}` |" in page for name in scheme.segments)
        assert all(f"| benefit `{name}` |" in page for name in scheme.benefits)


@pytest.mark.parametrize("kind", keys.CONDITIONS)
def test_every_kind_of_condition_has_words(kind: str) -> None:
    bound = "x.bound" if "parameter" in keys.CONDITIONS[kind].required else None

    words = condition_in_words(Condition(kind=kind, parameter=bound))

    assert ("x.bound" in words) is (bound is not None)


def test_what_is_not_done_stands_with_its_reason_and_the_rest_is_done(tmp_path: Path) -> None:
    page = page_of_the_invented_law(tmp_path, EMPTY)

    for rule, row in INVENTED.legislation(MemberState.ID).exemptions.items():
        assert f"| {rule.value.replace('_', ' ')} | {row.state.value} | " in page
    assert "| old age benefit | done |" in page


def test_a_pipe_in_a_pattern_does_not_break_the_table() -> None:
    lines = table(("kind", "pattern"), [("nric", code("[ST]|[FG]"))])

    assert lines[-1] == "| nric | `[ST]\\|[FG]` |"


def test_what_means_something_to_markdown_is_escaped_and_names_of_parameters_are_not() -> None:
    assert plain("<b> as_written, jkk.rate_bpu, www.bps.go.id") == "\\<b\\> as\\_written, `jkk.rate_bpu`, www.bps.go.id"
