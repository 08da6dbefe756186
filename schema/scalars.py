"""Scalars of the contract: each refuses what is not exactly its form, with a code and a hint."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from domain.periods import Month

AmountText = NewType("AmountText", str)
IdempotencyKey = NewType("IdempotencyKey", str)
BirthText = NewType("BirthText", str)
PercentText = NewType("PercentText", str)

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_BIRTH = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
_PERCENT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3})?")
_KEY = re.compile(r"[\x21-\x7e]{1,128}")
_THAI_YEARS = range(2400, 2700)


def _refused(code: str, message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": code})


def _day(value: Any) -> dt.date:
    if not isinstance(value, str) or not value.isascii() or not _DAY.fullmatch(value):
        raise _refused("DATE_INVALID", "A day is written YYYY-MM-DD in the Gregorian calendar.")
    _check_era(int(value[:4]))
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        raise _refused("DATE_INVALID", "This day is not in the calendar. Check month and day.") from None


def _instant(value: Any) -> dt.datetime:
    message = "An instant is written in RFC 3339 with its offset, for example 2025-10-16T08:00:00Z."
    if not isinstance(value, str) or not value.isascii() or "T" not in value:
        raise _refused("DATE_INVALID", message)
    try:
        instant = dt.datetime.fromisoformat(value)
    except ValueError:
        raise _refused("DATE_INVALID", message) from None
    if instant.tzinfo is None:
        raise _refused("DATE_INVALID", message)
    return instant


def _month(value: Any) -> Month:
    try:
        month = Month.parse(value)
    except (ValueError, TypeError):
        raise _refused("DATE_INVALID", "A month is written YYYY-MM, from 01 to 12.") from None
    _check_era(month.year)
    return month


def _check_era(year: int) -> None:
    if year in _THAI_YEARS:
        hint = "This looks like a year of the Buddhist era; subtract 543 and send the Gregorian year."
        raise _refused("DATE_INVALID", hint)


def _birth(value: Any) -> BirthText:
    if not isinstance(value, str) or not _BIRTH.fullmatch(value):
        raise _refused("DATE_INVALID", "A birth date is written YYYY-MM-DD, or YYYY-MM or YYYY if no more is known.")
    return BirthText(value)


def _amount(value: Any) -> AmountText:
    if not isinstance(value, str):
        message = 'An amount is text with its decimals, for example "705600000" or "1250.50"; numbers lose digits.'
        raise _refused("AMOUNT_INVALID", message)
    return AmountText(value)


def _percent(value: Any) -> PercentText:
    if not isinstance(value, str) or not value.isascii() or not _PERCENT.fullmatch(value):
        raise _refused(
            "PERCENT_INVALID", 'A percentage is text with at most three decimals, for example "35" or "12.5".'
        )
    return PercentText(value)


def _key(value: Any) -> IdempotencyKey:
    if not isinstance(value, str) or not _KEY.fullmatch(value):
        message = "An idempotency key has 1 to 128 visible ASCII characters. Make one per act and keep it for retries."
        raise _refused("IDEMPOTENCY_KEY_INVALID", message)
    return IdempotencyKey(value)


def _text_of_instant(value: dt.datetime) -> str:
    return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


SCALARS: dict[object, ScalarDefinition] = {
    dt.date: strawberry.scalar(
        name="Date",
        description="A calendar day, YYYY-MM-DD (ISO 8601, Gregorian). Periods include both of their days.",
        serialize=lambda day: day.isoformat(),
        parse_value=_day,
    ),
    BirthText: strawberry.scalar(
        name="BirthDate",
        description="A birth date as far as it is known, YYYY-MM-DD, YYYY-MM or YYYY, in the calendar named beside it.",
        serialize=str,
        parse_value=_birth,
    ),
    dt.datetime: strawberry.scalar(
        name="DateTime",
        description="An instant in UTC (RFC 3339).",
        serialize=_text_of_instant,
        parse_value=_instant,
    ),
    Month: strawberry.scalar(
        name="Month",
        description="A calendar month, YYYY-MM: the unit in which contributions are due.",
        serialize=str,
        parse_value=_month,
    ),
    AmountText: strawberry.scalar(
        name="Amount",
        description="An exact amount of money as decimal text in the currency's unit, never a number.",
        serialize=str,
        parse_value=_amount,
    ),
    PercentText: strawberry.scalar(
        name="Percent",
        description="A percentage as decimal text with at most three decimals, for example 12.5.",
        serialize=str,
        parse_value=_percent,
    ),
    IdempotencyKey: strawberry.scalar(
        name="IdempotencyKey",
        description="Made and saved by the caller before sending; the same key has one effect. 1 to 128 characters.",
        serialize=str,
        parse_value=_key,
    ),
}
