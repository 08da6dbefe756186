"""What an operation cost and what is left of the budget, in every answer: `extensions.cost`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from domain.budgets import Spent

__all__ = ["Charge", "cost_of", "with_cost"]

Charge = Callable[[object, int], Awaitable[Spent]]
"""Takes the cost of an operation from the budget of whoever asks, by the context of the request.

Raises BudgetSpent if it does not reach, TryAgain if nobody can be asked.
"""


def cost_of(spent: Spent) -> dict[str, Any]:
    """What stands in `extensions` of an answer."""
    return {"cost": {"asked": spent.asked, "left": spent.left, "resets": _instant(spent)}}


def with_cost(body: bytes, spent: Spent | None) -> bytes:
    """Append the cost to a finished JSON object, written as `cost_of` would be, without reading the object."""
    if spent is None:
        return body
    said = f'"asked":{spent.asked},"left":{spent.left},"resets":"{_instant(spent)}"'
    return body[:-1] + b',"extensions":{"cost":{' + said.encode() + b"}}}"


def _instant(spent: Spent) -> str:
    return f"{spent.resets:%Y-%m-%dT%H:%M:%SZ}"
