"""Applies the rule of a kind of number: its pattern, and the check that the rule names, if it names one.

A hard pattern refuses what does not fit it, a soft one doubts it. A check knows by itself what cannot be and what is
only unlikely. Reasons and refusals name the kind and the rule, and never the number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stdnum.exceptions import InvalidComponent, ValidationError

from adapters.identity.checks import CHECKS, NO_CHECK, NumberCheck
from domain.errors import IdentifierInvalid
from domain.identifier_checks import IdentifierCheck, IdentifierOutcome
from domain.identifiers import IdentifierRule, Strength
from domain.legislation import Reason

TEXT_LIMIT_CHARACTERS = 40

_FITS, _DOUBTFUL, _REFUSED = IdentifierOutcome.FITS, IdentifierOutcome.DOUBTFUL, IdentifierOutcome.REFUSED
_WORST_LAST = (_FITS, _DOUBTFUL, _REFUSED)


def checked_identifier(rule: IdentifierRule, text: str) -> str:
    """Return the normalised value of an identifier: capital letters and digits without separators.

    text: as a person writes it; spaces, hyphens and full stops between the parts are accepted.
    Raises IdentifierInvalid if the check of the number refuses it; a doubt is no refusal.
    """
    value, check = _judged(rule, text)
    for reason in check.reasons:
        if reason.value == _REFUSED.value:
            raise IdentifierInvalid(kind=rule.name.en, rule=reason.text)
    return value


def identifier_check(rule: IdentifierRule, text: str) -> IdentifierCheck:
    """Return whether a number looks as its kind does, with a reason for each thing that was looked at.

    The reasons stand as sure as the rule is. Source: pattern and check in the rule file.
    """
    return _judged(rule, text)[1]


def _judged(rule: IdentifierRule, text: str) -> tuple[str, IdentifierCheck]:
    """The normalised value, empty if the text cannot be read, and what is to be said of it."""
    number = CHECKS[rule.check] if rule.check else NO_CHECK
    try:
        value = _compact(number, text)
    except ValidationError as refused:
        unreadable = _reason(rule, "form", _sentence(refused), _REFUSED)
        return "", IdentifierCheck(outcome=_REFUSED, reasons=(unreadable,))
    reasons = tuple(_reasons(rule, number, value))
    outcome = max((IdentifierOutcome(reason.value) for reason in reasons), key=_WORST_LAST.index)
    return value, IdentifierCheck(outcome=outcome, reasons=reasons)


def _compact(number: NumberCheck, text: str) -> str:
    if len(text) > TEXT_LIMIT_CHARACTERS:
        raise ValidationError(f"it has more than {TEXT_LIMIT_CHARACTERS} characters")
    value = number.compact(text)
    if not value or not value.isprintable():
        raise ValidationError("it is empty or holds a control character")
    return value


def _reasons(rule: IdentifierRule, number: NumberCheck, value: str) -> Iterator[Reason]:
    if rule.pattern is None:
        yield _reason(rule, "pattern", rule.rule, _DOUBTFUL)
    elif re.fullmatch(rule.pattern, value):
        yield _reason(rule, "pattern", rule.rule, _FITS)
    else:
        yield _reason(rule, "pattern", rule.rule, _REFUSED if rule.strength is Strength.HARD else _DOUBTFUL)
    if rule.check:
        yield _reason(rule, f"check {rule.check}", *_checked(number, value))


def _checked(number: NumberCheck, value: str) -> tuple[str, IdentifierOutcome]:
    try:
        number.validate(value)
    except InvalidComponent as unlikely:
        return _sentence(unlikely), _DOUBTFUL
    except ValidationError as impossible:
        return _sentence(impossible), _REFUSED
    return "what stands inside it is possible", _FITS


def _sentence(error: ValidationError) -> str:
    """The words of the check; those of python-stdnum are whole sentences and become part of ours."""
    words = str(error).rstrip(".")
    return words[:1].lower() + words[1:]


def _reason(rule: IdentifierRule, step: str, text: str, outcome: IdentifierOutcome) -> Reason:
    return Reason(
        rule=f"{rule.member_state.value}.{rule.kind}.{step}",
        text=text,
        value=outcome.value,
        since=None,
        source_ids=rule.source_ids,
        standing=rule.standing,
    )
