"""Loads the law: `domain/rules/` becomes one frozen Rulebook, or the first wrong line is refused.

The shape of the files is described in docs/reference/rule-files.md. They are read once, at start; the
rulebook that results is shared and never changes.
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from adapters import rulebook_keys as keys
from adapters.rulebook_identifiers import read_identifiers
from adapters.rulebook_parameters import read_parameters, read_source_ids, read_sources
from adapters.rulebook_quality import read_exemptions, read_left_out
from adapters.rulebook_schemes import read_institutions, read_schemes, read_text
from adapters.rulebook_yaml import Entry, RuleFileRefused, optional_rows, read_rule_file
from domain.countries import MemberState
from domain.legislation import Agreement, Legislation, Relief, Rulebook, Source, Standing
from domain.money import Currency
from domain.schemes import FunderKind, Scheme, Sector

__all__ = ["AGREEMENTS_FILE", "RULES_FOLDER", "RuleFileRefused", "load_rulebook"]

RULES_FOLDER = Path(__file__).resolve().parent.parent / "domain" / "rules"
AGREEMENTS_FILE = "agreements.yaml"

_STATE_OF_FILE = {f"{state.slug}.yaml": state for state in MemberState}


def load_rulebook(folder: Path | None = None) -> Rulebook:
    """Return the law of all member states that have a rule file, and the agreements between states.

    folder: where the rule files are, `domain/rules/` if None. Every file ending in .yaml is read.
    Raises RuleFileRefused, with file, line and key, at the first entry that cannot be taken as law.
    """
    place = folder if folder is not None else RULES_FOLDER
    with _garbage_not_looked_for():
        return _read(place)


@contextmanager
def _garbage_not_looked_for() -> Iterator[None]:
    """What is read stays: looking for garbage among it again and again would take a fifth of the time."""
    looked_for = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looked_for:
            gc.enable()


def _read(place: Path) -> Rulebook:
    states: dict[MemberState, Legislation] = {}
    agreements: tuple[Agreement, ...] = ()
    agreement_sources: Mapping[str, Source] = MappingProxyType({})
    for path in sorted(place.glob("*.yaml")):
        content = path.read_bytes()
        if path.name == AGREEMENTS_FILE:
            agreements, agreement_sources = _agreements(read_rule_file(path, content))
        else:
            state = _state_of(path)
            states[state] = _legislation(read_rule_file(path, content), state, content)
    _refuse_absent(place, states, AGREEMENTS_FILE if (place / AGREEMENTS_FILE).exists() else None)
    ordered = {state: states[state] for state in MemberState if state in states}
    return Rulebook(states=MappingProxyType(ordered), agreements=agreements, agreement_sources=agreement_sources)


def _state_of(path: Path) -> MemberState:
    if path.name not in _STATE_OF_FILE:
        raise RuleFileRefused(
            file=path.name,
            line=1,
            key="the file",
            what="its name is that of no member state",
            what_to_do=f"Name it {AGREEMENTS_FILE} or one of: {', '.join(_STATE_OF_FILE)}",
        )
    return _STATE_OF_FILE[path.name]


def _refuse_absent(place: Path, states: Mapping[MemberState, Legislation], agreements: str | None) -> None:
    """A folder without states or without agreements is a wrong path, not a world without law."""
    for present, missing in ((bool(states), "rule file of a member state"), (agreements, AGREEMENTS_FILE)):
        if not present:
            raise RuleFileRefused(
                file=place.name,
                line=1,
                key="the folder",
                what=f"it holds no {missing}",
                what_to_do="Point to the folder with the rule files or add the file",
            )


def _legislation(entry: Entry, state: MemberState, content: bytes) -> Legislation:
    fields = entry.fields(*keys.LEGISLATION)
    if fields["state"].word(MemberState) is not state:
        raise fields["state"].refused(
            f"the file is named after {state.value}", "Correct the state or the name of the file"
        )
    sources = read_sources(fields["sources"])
    institutions = read_institutions(fields["institutions"], state)
    parameters = read_parameters(fields["parameters"], sources)
    schemes = read_schemes(fields["schemes"], state, institutions, parameters, sources)
    return Legislation(
        member_state=state,
        name=read_text(fields["name"]),
        currency=fields["currency"].word(Currency),
        institutions=institutions,
        schemes=schemes,
        parameters=parameters,
        reliefs=_reliefs(fields["reliefs"], schemes, sources),
        identifiers=read_identifiers(fields["identifiers"], state, sources),
        sources=sources,
        left_out=tuple(read_left_out(row) for row in fields["left_out"].rows()),
        exemptions=read_exemptions(fields["quality"]),
        content_hash=hashlib.sha256(content).hexdigest(),
    )


def _reliefs(entry: Entry, schemes: Mapping[str, Scheme], sources: Mapping[str, Source]) -> tuple[Relief, ...]:
    reliefs: dict[str, Relief] = {}
    for row in entry.rows():
        relief = _relief(row, schemes, sources)
        if relief.id in reliefs:
            raise row.refused(f"the id {relief.id} comes twice", "Give each relief its own id")
        reliefs[relief.id] = relief
    return tuple(reliefs.values())


def _relief(entry: Entry, schemes: Mapping[str, Scheme], sources: Mapping[str, Source]) -> Relief:
    fields = entry.fields(*keys.RELIEF)
    scheme_ids = tuple(_known(row, schemes, "scheme") for row in fields["schemes"].filled_rows())
    segments = {name: name for scheme_id in scheme_ids for name in schemes[scheme_id].segments}
    segment_ids = tuple(_known(row, segments, "segment") for row in optional_rows(fields, "segments"))
    first_day, last_day = fields["first_day"].day(), fields["last_day"].day()
    if last_day < first_day:
        raise fields["last_day"].refused(f"{last_day} is before {first_day}", "Correct one of the two days")
    return Relief(
        id=fields["id"].text(),
        scheme_ids=scheme_ids,
        segment_ids=segment_ids,
        sectors=tuple(row.word(Sector) for row in optional_rows(fields, "sectors")),
        excluded_funders=tuple(row.word(FunderKind).value for row in optional_rows(fields, "excluded_funders")),
        first_day=first_day,
        last_day=last_day,
        factor=fields["factor"].decimal(),
        standing=fields["standing"].word(Standing),
        source_ids=read_source_ids(fields["sources"], sources),
    )


def _known(entry: Entry, known: Mapping[str, object], kind: str) -> str:
    if entry.text() not in known:
        raise entry.refused(f"the {kind} {entry.text()} is not known here", "Add it or correct the id")
    return entry.text()


def _agreements(entry: Entry) -> tuple[tuple[Agreement, ...], Mapping[str, Source]]:
    fields = entry.fields(*keys.AGREEMENTS)
    sources = read_sources(fields["sources"])
    agreements: dict[str, Agreement] = {}
    for row in fields["agreements"].rows():
        agreement = _agreement(row, sources)
        if agreement.id in agreements:
            raise row.refused(f"the id {agreement.id} comes twice", "Give each agreement its own id")
        agreements[agreement.id] = agreement
    return tuple(agreements.values()), sources


def _agreement(entry: Entry, sources: Mapping[str, Source]) -> Agreement:
    fields = entry.fields(*keys.AGREEMENT)
    return Agreement(
        id=fields["id"].text(),
        parties=tuple(row.text() for row in fields["parties"].filled_rows()),
        kind=fields["kind"].text(),
        first_day=fields["first_day"].day() if "first_day" in fields else None,
        totalization=fields["totalization"].truth(),
        standing=fields["standing"].word(Standing),
        source_ids=read_source_ids(fields["sources"], sources),
    )
