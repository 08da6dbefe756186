"""The kinds of number in a rule file, each tried on the number that the file gives as an example."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from adapters import rulebook_keys as keys
from adapters.identity.checks import CHECKS
from adapters.identity.identifiers import identifier_check
from adapters.rulebook_parameters import read_source_ids
from adapters.rulebook_schemes import read_text
from adapters.rulebook_yaml import Entry
from domain.countries import MemberState
from domain.identifier_checks import IdentifierOutcome
from domain.identifiers import PASSPORT, IdentifierRule, Strength
from domain.legislation import Source
from domain.standing import Standing

_KIND = re.compile(keys.WORD)


def read_identifiers(entry: Entry, state: MemberState, sources: Mapping[str, Source]) -> Mapping[str, IdentifierRule]:
    """Return the kinds of number of a state by their word; passports are among them in every state."""
    rules = {}
    for kind, row in entry.named().items():
        if not _KIND.fullmatch(kind):
            raise row.refused("the word for a kind of number is one lower-case word", "Use a to z, 0 to 9 and _")
        rules[kind] = _rule(kind, row, state, sources)
    if PASSPORT not in rules:
        raise entry.refused(f"the kind {PASSPORT} is missing", "Every state has passports; add what is known of theirs")
    return MappingProxyType(rules)


def _rule(kind: str, entry: Entry, state: MemberState, sources: Mapping[str, Source]) -> IdentifierRule:
    fields = entry.fields(*keys.IDENTIFIER)
    rule = IdentifierRule(
        kind=kind,
        member_state=state,
        name=read_text(fields["name"]),
        pattern=None if fields["pattern"].absent else _pattern(fields["pattern"]),
        rule=fields["rule"].text(),
        strength=fields["strength"].word(Strength),
        check=fields["check"].one_of(tuple(CHECKS)) if "check" in fields else "",
        standing=fields["standing"].word(Standing),
        source_ids=read_source_ids(fields["sources"], sources),
        note=fields["note"].text() if "note" in fields else "",
    )
    _refuse_unsure(rule, fields)
    if "test_value" in fields:
        _refuse_unfit(rule, fields["test_value"])
    return rule


def _pattern(entry: Entry) -> str:
    written = entry.text()
    try:
        re.compile(written)
    except re.error as broken:
        raise entry.refused(f"the pattern is no regular expression: {broken.msg}", "Correct the pattern") from None
    return written


def _refuse_unsure(rule: IdentifierRule, fields: Mapping[str, Entry]) -> None:
    """What is not verified says so, and no number is refused by it."""
    if rule.standing is not Standing.ASSUMED:
        return
    if not rule.note:
        raise fields["standing"].refused("an assumed rule has no note", "Add a note that says what is not verified")
    if rule.strength is Strength.HARD:
        raise fields["strength"].refused(
            "an assumed pattern is hard", "Make it soft, or name a source that confirms it"
        )


def _refuse_unfit(rule: IdentifierRule, entry: Entry) -> None:
    check = identifier_check(rule, entry.text())
    for reason in check.reasons:
        if reason.value != IdentifierOutcome.FITS.value:
            raise entry.refused(
                f"the number given as an example is {reason.value} by its own rule: {reason.text}",
                "Correct the number, the pattern or the check",
            )
