"""The country adapters, listed by hand: one line per member state that has one."""

from __future__ import annotations

from adapters.countries.indonesia import Indonesia
from adapters.countries.malaysia import Malaysia
from domain.countries import MemberState
from domain.ports import CountryAdapter

ADAPTERS: dict[MemberState, CountryAdapter] = {
    MemberState.ID: Indonesia(),
    MemberState.MY: Malaysia(),
}
