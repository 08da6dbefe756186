"""Reads what is declared of asking about persons: `domain/access/`, or the first wrong line is refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from adapters.access_policy import decide
from adapters.rulebook_yaml import Entry, RuleFileRefused, read_rule_file
from domain.access_rules import PERSON_FIELDS, AccessRules, ConsentText, PurposeRule
from domain.actors import ActorKind
from domain.records import Purpose

__all__ = ["RuleFileRefused", "load_access_rules"]

ACCESS_FOLDER = Path(__file__).resolve().parent.parent / "domain" / "access"
_PURPOSES_FILE = "purposes.yaml"
_TEXTS_FILE = "consent_texts.yaml"


def load_access_rules(folder: Path = ACCESS_FOLDER) -> AccessRules:
    """Return the declarations, and all that the policy decides.

    Raises RuleFileRefused, with file, line and key, at the first that cannot be taken; PolicyRefused for a policy that
    its schema does not allow.
    """
    purposes = _purposes(folder / _PURPOSES_FILE)
    return AccessRules(
        decisions=decide(folder, purposes), purposes=purposes, consent_texts=_consent_texts(folder / _TEXTS_FILE)
    )


def _purposes(path: Path) -> Mapping[Purpose, PurposeRule]:
    listed = read_rule_file(path, path.read_bytes()).fields(("purposes",))["purposes"]
    rules: dict[Purpose, PurposeRule] = {}
    for row in listed.rows():
        rule = _purpose(row)
        if rule.purpose in rules:
            raise row.refused(f"{rule.purpose.value} comes twice", "Keep one of the two")
        rules[rule.purpose] = rule
    missing = [purpose.value for purpose in Purpose if purpose not in rules]
    if missing:
        raise listed.refused(f"{', '.join(missing)} is missing", "Say what each purpose opens")
    return MappingProxyType(rules)


def _purpose(row: Entry) -> PurposeRule:
    fields = row.fields(("purpose", "by", "relation", "consent", "opens"), ("open_hours",))
    hours = int(fields["open_hours"].decimal()) if "open_hours" in fields else 0
    if (hours > 0) is fields["relation"].truth():
        raise row.refused("only what needs no relation is open for hours", "Give open_hours to it, and to nothing else")
    return PurposeRule(
        purpose=fields["purpose"].word(Purpose),
        by=frozenset(kind.word(ActorKind) for kind in fields["by"].rows()),
        relation=fields["relation"].truth(),
        consent=fields["consent"].truth(),
        opens=frozenset(name.one_of(PERSON_FIELDS) for name in fields["opens"].rows()),
        open_hours=hours,
    )


def _consent_texts(path: Path) -> tuple[ConsentText, ...]:
    texts: dict[tuple[str, str], ConsentText] = {}
    for row in read_rule_file(path, path.read_bytes()).fields(("texts",))["texts"].rows():
        fields = row.fields(("version", "language", "text"))
        text = ConsentText(
            version=fields["version"].text(), language=fields["language"].text(), text=fields["text"].text()
        )
        if (text.version, text.language) in texts:
            raise row.refused("this version has a text in this language already", "Give a change a new version")
        texts[text.version, text.language] = text
    return tuple(texts.values())
