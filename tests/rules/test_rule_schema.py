"""The published schema takes every rule file that the loader takes, and refuses what is wrong in a file's shape."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker

from adapters import rulebook_keys as keys
from adapters.rule_schema import agreements_schema, rule_file_schema
from adapters.rule_schema_parts import block
from adapters.rulebook import AGREEMENTS_FILE, RULES_FOLDER

HERE = Path(__file__).parent
INVENTED = (HERE / "invented" / "indonesia.yaml").read_text(encoding="utf-8")
NOT_WRONG = {"refusals", "right", "right_agreements"}
WRONG = {
    path.stem: path.read_text(encoding="utf-8")
    for path in sorted((HERE / "wrong").glob("*.yaml"))
    if path.stem not in NOT_WRONG
} | {
    name: INVENTED.replace(row["right"], row["wrong"])
    for name, row in yaml.safe_load((HERE / "wrong-benefits.yaml").read_text(encoding="utf-8")).items()
}

NO_YAML = "it is no YAML at all"
YAML_ITSELF = "a reader of YAML says it, before there is anything to look at"
DAY_OR_TEXT = "a day and a text in quotes are the same to a reader of YAML 1.2"
YES_IS_TEXT = "yes is a text to a reader of YAML 1.2"
CALENDAR = "a pattern knows no calendar"
ORDER = "the keys and rows of a block have no order to a schema that compares them"
OTHER_PART = "it depends on what another part of the file says"
TWO_ROWS = "two rows of a list are not compared"
OF_A_CHECK = "the number is tried by a check that no schema has"
TWO_VALUES = "two values of a block are not compared"

NOT_SEEN = {
    "not_yaml": NO_YAML,
    "key_twice": YAML_ITSELF,
    "day_twice": YAML_ITSELF,
    "day_in_quotes": DAY_OR_TEXT,
    "text_read_as_yes_or_no": YES_IS_TEXT,
    "day_that_does_not_exist": CALENDAR,
    "days_out_of_order": ORDER,
    "first_value_null": ORDER,
    "brackets_out_of_order": ORDER,
    "benefit_begins_before_its_amount": OTHER_PART,
    "benefit_of_a_branch_not_covered": OTHER_PART,
    "benefit_of_an_unknown_segment": OTHER_PART,
    "benefit_with_a_step_of_nothing": OTHER_PART,
    "bracket_width_zero": OTHER_PART,
    "by_with_a_number": OTHER_PART,
    "condition_with_an_unknown_source": OTHER_PART,
    "count_with_decimals": OTHER_PART,
    "due_day_of_no_month": OTHER_PART,
    "formula_known_later_than_the_benefit": OTHER_PART,
    "formula_names_no_parameter": OTHER_PART,
    "identifier_of_unknown_source": OTHER_PART,
    "income_base_is_no_table": OTHER_PART,
    "income_base_with_a_table_of_rates": OTHER_PART,
    "institution_unknown": OTHER_PART,
    "parameter_is_a_table": OTHER_PART,
    "parameter_unknown": OTHER_PART,
    "relief_of_unknown_segment": OTHER_PART,
    "restart_neither_one_nor_zero": OTHER_PART,
    "rounding_step_zero": OTHER_PART,
    "segment_begins_before_its_rule": OTHER_PART,
    "source_unknown": OTHER_PART,
    "waiting_for_a_branch_of_another_scheme": OTHER_PART,
    "table_without_by": OTHER_PART,
    "benefit_ends_before_it_begins": TWO_VALUES,
    "relief_ends_before_it_begins": TWO_VALUES,
    "segment_ends_before_it_begins": TWO_VALUES,
    "rounding_self_that_leaves_less_than_nothing": TWO_VALUES,
    "relief_twice": TWO_ROWS,
    "agreements_twice": TWO_ROWS,
    "identifier_example_that_does_not_fit": OF_A_CHECK,
    "identifier_example_that_its_check_refuses": OF_A_CHECK,
}


class Core(yaml.SafeLoader):
    """Reads as YAML 1.2 does, and so as editors do: no days, and only true and false are truths."""


Core.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
):
    Core.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), list(_first))


def read(text: str) -> Any:
    return yaml.load(text, Loader=Core)


RULE_FILE, AGREEMENTS = (
    Draft202012Validator(json.loads(published), format_checker=FormatChecker(("regex",)))
    for published in (rule_file_schema(), agreements_schema())
)


def faults(text: str, *, agreements: bool = False) -> list[str]:
    """What the published schema says against a file; empty if nothing."""
    validator = AGREEMENTS if agreements else RULE_FILE
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(read(text))]


def test_both_schemas_are_schemas() -> None:
    for validator in (RULE_FILE, AGREEMENTS):
        Draft202012Validator.check_schema(validator.schema)


@pytest.mark.parametrize("path", sorted(RULES_FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_rule_file_is_valid(path: Path) -> None:
    assert faults(path.read_text(encoding="utf-8"), agreements=path.name == AGREEMENTS_FILE) == []


def test_the_files_that_the_wrong_ones_are_made_from_are_valid() -> None:
    assert faults((HERE / "wrong" / "right.yaml").read_text(encoding="utf-8")) == []
    assert faults((HERE / "wrong" / "right_agreements.yaml").read_text(encoding="utf-8"), agreements=True) == []
    assert faults(INVENTED) == []


@pytest.mark.parametrize("name", sorted(WRONG.keys() - NOT_SEEN.keys()))
def test_a_file_of_a_wrong_shape_is_invalid(name: str) -> None:
    assert faults(WRONG[name], agreements=name.startswith("agreements_"))


@pytest.mark.parametrize("name", sorted(NOT_SEEN.keys() - {"not_yaml"}))
def test_a_fault_that_only_the_loader_sees_is_valid(name: str) -> None:
    assert faults(WRONG[name], agreements=name.startswith("agreements_")) == [], "take it out of the list"


def test_a_key_that_the_loader_gets_cannot_be_left_out_of_the_schema() -> None:
    more = keys.Keys(keys.SOURCE.required, ("colour",))

    with pytest.raises(KeyError, match="colour"):
        block(more, {key: {} for key in keys.SOURCE.required})
