"""What a rule file says of its values, kinds of number, sources and limits, as tables of a page."""

from __future__ import annotations

from collections.abc import Iterator

from adapters.country_cells import code, described, plain, table, titled
from domain.legislation import DatedValue, Legislation, Parameter
from domain.quality import QualityRule
from domain.standing import Standing
from domain.wording import spoken, standing_in_words

_HEAD = ("parameter", "since", "value", "standing", "sources")
_DONE = "done"


def parameters(law: Legislation) -> list[str]:
    """Every parameter with its values through time; a row of a table is a row here. Notes stand below."""
    rows = [row for parameter in law.parameters.values() for row in _parameter(parameter)]
    notes = list(_notes(law))
    return [
        *("## Values through time", "", *table(_HEAD, rows)),
        *(("", "Notes on these values:", "", *notes) if notes else ()),
    ]


def identifiers(law: Legislation) -> list[str]:
    """Every kind of number by which persons are known."""
    lines = ["## Kinds of number"]
    for rule in law.identifiers.values():
        about = (
            ("pattern", code(rule.pattern) if rule.pattern is not None else "none is published"),
            ("rule", plain(rule.rule)),
            ("what does not fit", {"hard": "is refused", "soft": "is doubted"}[rule.strength.value]),
            ("check", code(rule.check) if rule.check else ""),
            ("standing", standing_in_words(rule.standing, rule.source_ids)),
            ("note", plain(rule.note)),
        )
        lines += ["", *described((code(rule.kind), titled(rule.name)), about)]
    return lines


def left_out(law: Legislation) -> list[str]:
    """What of the law the file leaves out on purpose."""
    rows = [(plain(row.what), plain(row.why)) for row in law.left_out]
    return ["## Left out", "", *(table(("what", "why"), rows) if rows else ["Nothing."])]


def quality(law: Legislation) -> list[str]:
    """Which rules of quality are done. Those that are not have a row in the file, which a test holds."""
    rows = []
    for rule in QualityRule:
        row = law.exemptions.get(rule)
        state = (_DONE, "") if row is None else (row.state.value, plain(row.reason))
        rows.append((spoken(rule.value), *state))
    return ["## What is done", "", *table(("rule", "state", "reason"), rows)]


def sources(law: Legislation) -> list[str]:
    """Every source with its places and the day on which it was read."""
    rows = [
        (code(source.id), f"{plain(source.title)}<br>{'<br>'.join(_places(source.place))}", str(source.read_on))
        for source in law.sources.values()
    ]
    return ["## Sources", "", *table(("source", "title and place", "read on"), rows)]


def _parameter(parameter: Parameter) -> Iterator[tuple[str, ...]]:
    named = f"{code(parameter.name)}<br>{plain(parameter.unit)}"
    for value in parameter.values:
        yield from _value(value, named)
        named = ""


def _value(value: DatedValue, named: str) -> Iterator[tuple[str, ...]]:
    since, standing, cited = str(value.first_day), value.standing, value.source_ids
    if not value.brackets:
        number = "ended" if value.number is None else f"{value.number:,}"
        yield named, since, number, standing.value, ", ".join(cited)
    for bracket in value.brackets:
        row = f"from {bracket.from_amount:,}: {bracket.value:,}"
        yield named, since, row, bracket.standing.value, ", ".join(bracket.source_ids)
        named, since = "", ""


def _notes(law: Legislation) -> Iterator[str]:
    """Each note once, with the values that it is about."""
    about: dict[tuple[str, Standing], dict[str, list[str]]] = {}
    for parameter in law.parameters.values():
        for value in parameter.values:
            if value.note:
                days = about.setdefault((value.note, value.standing), {}).setdefault(parameter.name, [])
                days.append(str(value.first_day))
    for (note, standing), names in about.items():
        values = "; ".join(f"{code(name)} {', '.join(days)}" for name, days in names.items())
        yield f"- {values} ({standing.value}): {plain(note)}"


def _places(place: str) -> list[str]:
    """The places of a source; addresses become links."""
    return [f"<{part}>" if part.startswith("http") and " " not in part else plain(part) for part in place.split(" ; ")]
