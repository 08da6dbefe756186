"""The simulated institutions: a module that is named after a member state holds the `RULES` of its institution."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

from domain.countries import MemberState
from sandbox.rules import Rules


def _rules_of(state: MemberState) -> Callable[[], Rules]:
    rules: Callable[[], Rules] = import_module(f"sandbox.{state.slug}").RULES
    return rules


INSTITUTIONS: dict[str, Callable[[], Rules]] = {
    state.value: _rules_of(state) for state in MemberState if find_spec(f"sandbox.{state.slug}")
}
"""By the code of the state; each call makes an institution that knows nothing yet."""
