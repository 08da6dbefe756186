"""Frozen records to plain JSON values and back, exactly.

Used where a record is kept as a document: reasons, plans, answers and the outcomes of idempotent calls.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import types
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from domain.money import Currency, Money
from domain.periods import Month

R = TypeVar("R")


def to_plain(value: Any) -> Any:
    """Return the JSON value of a record, or of anything a record may hold."""
    if isinstance(value, Money):
        return {"minor_units": value.minor_units, "currency": value.currency.value}
    if isinstance(value, Month | UUID | Decimal):
        return str(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, tuple | list | frozenset):
        return [to_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: to_plain(item) for key, item in value.items()}
    return value


def from_plain(kind: type[R], value: Any) -> R:
    """Return the record of a kind that `to_plain` wrote."""
    result: R = _read(kind, value)
    return result


def _read(kind: Any, value: Any) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        if value is None:
            return None
        (only,) = (arg for arg in get_args(kind) if arg is not type(None))
        return _read(only, value)
    if origin is tuple:
        return _read_tuple(get_args(kind), value)
    if kind is Money:
        return Money(value["minor_units"], Currency(value["currency"]))
    if kind is Month:
        return Month.parse(value)
    if kind in (dt.date, dt.datetime):
        return kind.fromisoformat(value)
    if isinstance(kind, type) and issubclass(kind, Enum | UUID | Decimal):
        return kind(value)
    if dataclasses.is_dataclass(kind):
        record: Any = kind
        hints = _hints(record)
        return record(**{f.name: _read(hints[f.name], value[f.name]) for f in dataclasses.fields(kind) if f.init})
    return value


def _read_tuple(args: tuple[Any, ...], value: list[Any]) -> tuple[Any, ...]:
    if len(args) == 2 and args[1] is Ellipsis:
        return tuple(_read(args[0], item) for item in value)
    return tuple(_read(arg, item) for arg, item in zip(args, value, strict=True))


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)
