"""Counts the SQL statements that reach a database; who asks is said with BEGIN and is none of them."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from sqlalchemy import Engine, event

from adapters.postgres.planner.wire import Wire

_UNCOUNTED = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT", "INSERT INTO BUDGETS")


class StatementCounter:
    """Keeps the statements that engines send while the counter is open, and those of plans; savepoints are none, nor
    are leases of budgets, of which one lasts for many requests."""

    def __init__(self, *engines: Engine) -> None:
        self._engines = engines
        self.statements: list[str] = []

    def __len__(self) -> int:
        return len(self.statements)

    def __enter__(self) -> Self:
        for engine in self._engines:
            event.listen(engine, "before_cursor_execute", self._keep)
        self._planned = Wire.value
        counter, run = self, self._planned

        async def counted(wire: Wire, query: str, values: Any, settings: Any = None) -> bytes | None:
            counter.statements.append(query)
            return await run(wire, query, values, settings)

        Wire.value = counted  # type: ignore[assignment, method-assign]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        Wire.value = self._planned  # type: ignore[method-assign]
        for engine in self._engines:
            event.remove(engine, "before_cursor_execute", self._keep)

    def _keep(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.upper().startswith(_UNCOUNTED):
            self.statements.append(" ".join(statement.split()))
