"""The country adapters: a module that is named after a member state holds the state's `ADAPTER`."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from domain.countries import MemberState
from domain.ports import CountryAdapter


def _adapter_of(state: MemberState) -> CountryAdapter:
    adapter: CountryAdapter = import_module(f"{__name__}.{state.slug}").ADAPTER
    assert adapter.member_state is state, f"{state.slug}.py holds the adapter of another state"
    return adapter


ADAPTERS: dict[MemberState, CountryAdapter] = {
    state: _adapter_of(state) for state in MemberState if find_spec(f"{__name__}.{state.slug}")
}
