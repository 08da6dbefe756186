"""One statement in the making: its parameters, its common table expressions, and the joins it needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count

from adapters.postgres.planner.pieces import Form, Pieces, as_json, obj, opaque, optional
from domain.actors import ActorKind
from domain.reads import Constant, Known, Member, NotPlannable, Part, Value

_NAMED = re.compile(r"(?<!:):([a-z_]+)")


@dataclass(frozen=True, slots=True)
class Column:
    """A value of a record. expression: of the row `{r}`. needs: joins without which it cannot be read."""

    form: Form
    expression: str
    nullable: bool = False
    needs: tuple[str, ...] = ()

    def written(self, row: str, prefix: str | None) -> Pieces:
        expression = self.expression.format(r=row)
        form: Form = self.form if prefix is None else lambda column: opaque(column, prefix)
        return (optional(form) if self.nullable else form)(expression)


Writer = Callable[["Statement", Part, str], Pieces]


@dataclass(frozen=True, slots=True)
class Inner:
    """A part of a record. write: its JSON, for the row around it. needs: as of a column."""

    write: Writer
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What can be read of a kind of row. joins: further tables by name, joined only where something needs them."""

    values: Mapping[str, Column]
    parts: Mapping[str, Inner] = field(default_factory=dict)
    joins: Mapping[str, str] = field(default_factory=dict)

    def joined(self, members: Iterable[Member], row: str) -> str:
        """The joins that these members need, in the order in which they can be made."""
        needed = {name for member in members for name in self._needs(member)}
        return " ".join(join.format(r=row) for name, join in self.joins.items() if name in needed)

    def _needs(self, member: Member) -> tuple[str, ...]:
        if isinstance(member, Value):
            return self.values[member.name].needs if member.name in self.values else ()
        if isinstance(member, Part):
            return self.parts[member.name].needs if member.name in self.parts else ()
        return ()


@dataclass(frozen=True, slots=True)
class Parameter:
    """Where the value of a placeholder comes from: a slot's argument, or the question itself (slot None)."""

    slot: int | None
    name: str
    part: Part | None = None


class Statement:
    """Collects what the finished SQL needs."""

    def __init__(self, kind: ActorKind) -> None:
        self.kind = kind
        self.parameters: list[Parameter] = []
        self.ctes: list[tuple[str, str]] = []
        self.traces: list[str] = []
        self._numbers = count(1)

    def alias(self, word: str) -> str:
        """A name that nothing else in the statement has."""
        return f"{word}{next(self._numbers)}"

    def cte(self, word: str, query: str, *, kept: bool = False) -> str:
        """Put a query before the others; the name by which it is read. kept: it is run once and as it stands."""
        name = self.alias(word)
        self.ctes.append((name, f"AS {'MATERIALIZED ' if kept else ''}({query})"))
        return name

    def parameter(self, slot: int | None, name: str, kind: str, part: Part | None = None) -> str:
        """The placeholder of an argument, cast to a type of PostgreSQL."""
        wanted = Parameter(slot, name, part)
        if wanted not in self.parameters:
            self.parameters.append(wanted)
        return f"${self.parameters.index(wanted) + 1}::{kind}"

    def argument(self, part: Part, name: str, kind: str) -> str:
        """The placeholder of one of a part's own arguments."""
        return self.parameter(part.slot, name, kind)

    def numbered(self, condition: str, kinds: Mapping[str, str], slot: int | None = None) -> str:
        """A condition with `:names` of arguments, or of the question itself, with placeholders in their place."""
        return _NAMED.sub(lambda found: self.parameter(slot, found[1], kinds[found[1]]), condition)

    def object(self, record: Record, members: Iterable[Member], row: str) -> Pieces:
        """The JSON object of the wanted members of a row; raises NotPlannable for a name that is not known."""
        return obj((member.key, self._member(record, member, row)) for member in members)

    def _member(self, record: Record, member: Member, row: str) -> Pieces:
        if isinstance(member, Constant):
            return (as_json(member.text),)
        if isinstance(member, Known):
            each = ("".join(plain_object(member.members, known)) for known in member.records)
            return (f"[{','.join(each)}]",)
        known: Mapping[str, object] = record.values if isinstance(member, Value) else record.parts
        if member.name not in known:
            raise NotPlannable(f"no source for {member.name}")
        if isinstance(member, Value):
            return record.values[member.name].written(row, member.prefix)
        return record.parts[member.name].write(self, member, row)


def plain_object(members: tuple[Member, ...], record: object) -> Pieces:
    """The JSON object of a record that holds plain values only."""
    pairs: list[tuple[str, Pieces]] = []
    for member in members:
        if isinstance(member, Part | Known):
            raise NotPlannable("a part of a plain record")
        value = member.text if isinstance(member, Constant) else getattr(record, member.name)
        pairs.append((member.key, (as_json(value),)))
    return obj(pairs)
