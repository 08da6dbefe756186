"""How a simulated institution misbehaves when told to, so that every fault can be seen on one machine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum


class Behaviour(Enum):
    """What happens to the messages that come next."""

    NORMAL = "normal"
    SLOW = "slow"
    REFUSE = "refuse"
    ANSWER_TWICE = "answer_twice"
    GARBAGE = "garbage"
    PENDING = "pending"
    UNREACHABLE_500 = "unreachable_500"
    TOO_MANY = "too_many"
    DROP_AFTER_EFFECT = "drop_after_effect"
    WRONG_SIGNATURE = "wrong_signature"


BEFORE_ANY_EFFECT = frozenset({Behaviour.GARBAGE, Behaviour.UNREACHABLE_500, Behaviour.TOO_MANY})
"""These never read the message; the others take it in and then differ in how they answer."""

_SECONDS_MAX = 3600.0


class OrderRefused(Exception):
    """A control order that cannot be followed, with what is wrong about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A behaviour, its seconds (of slow, pending, too_many), for so many messages (None: all), of a kind."""

    behaviour: Behaviour
    seconds: float
    times: int | None
    kind: str | None

    def concerns(self, action: str) -> bool:
        """Whether a message of this kind falls under the order."""
        return self.kind is None or self.kind == action


NORMAL = Order(behaviour=Behaviour.NORMAL, seconds=0.0, times=None, kind=None)


def read_order(raw: bytes, kinds: frozenset[str]) -> Order:
    """The order that a control body gives; raises OrderRefused. kinds: those the institution takes."""
    try:
        fields = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise OrderRefused("The order is not JSON. Send an object with a behaviour.") from error
    if not isinstance(fields, dict) or not fields.keys() <= {"behaviour", "seconds", "times", "kind"}:
        raise OrderRefused("An order has behaviour, seconds, times and kind. Leave the rest out.")
    seconds, times, kind = fields.get("seconds", 0), fields.get("times"), fields.get("kind")
    try:
        behaviour = Behaviour(fields.get("behaviour"))
    except ValueError as error:
        known = ", ".join(one.value for one in Behaviour)
        raise OrderRefused(f"No such behaviour is known. Choose one of {known}.") from error
    if type(seconds) not in (int, float) or not 0 <= seconds <= _SECONDS_MAX:
        raise OrderRefused(f"The seconds are not between 0 and {_SECONDS_MAX:.0f}. Give such a number.")
    if times is not None and (type(times) is not int or not 1 <= times <= 1_000_000):
        raise OrderRefused("The times are not a count from 1. Give one, or null for every message.")
    if kind is not None and kind not in kinds:
        raise OrderRefused(f"This institution takes no such kind. Choose one of {', '.join(sorted(kinds))}.")
    return Order(behaviour=behaviour, seconds=float(seconds), times=times, kind=kind)
