"""Counters of the edge for Prometheus, on a port of their own. No label names a person, an institution or a value."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, start_http_server
from starlette.types import Scope

from adapters.http.graphql_door import CODES_KEY, COST_KEY, PATH_KEY

__all__ = ["Metrics"]

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_COSTS: Final = (1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 20_000)
_REFUSED: Final = "refused"
_REASONS_MAX: Final = 500


class Metrics:
    """What one process counted since its start. Each application has its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._answers = Counter(
            "lingkar_answers",
            "Answers, by outcome and by the way they took.",
            ["code", "path"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "lingkar_answer_seconds",
            "Time to the end of the answer.",
            ["path"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._cost = Histogram(
            "lingkar_operation_cost", "What operations cost.", buckets=_COSTS, registry=self._registry
        )
        self._not_planned = Counter(
            "lingkar_reads_not_planned", "Queries left to the executor.", ["reason"], registry=self._registry
        )
        self._alarms = Counter("lingkar_alarms", "Alarms, by kind.", ["kind"], registry=self._registry)
        self._reasons: set[str] = set()

    def seen(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one answer, as the middleware saw it."""
        codes = scope.get(CODES_KEY)
        path = scope.get(PATH_KEY) or (_REFUSED if codes else "other")
        code = codes[0] if codes else "OK" if status < 400 else f"HTTP_{status}"
        self._answers.labels(code, path).inc()
        self._seconds.labels(path).observe(seconds)
        if COST_KEY in scope:
            self._cost.observe(scope[COST_KEY])

    def not_planned(self, reason: str) -> None:
        """Count a query that had no plan. Reasons are words of the contract; there are not many of them."""
        if reason not in self._reasons and len(self._reasons) >= _REASONS_MAX:
            reason = "another"
        self._reasons.add(reason)
        self._not_planned.labels(reason).inc()

    def alarm(self, kind: str) -> None:
        """Count an alarm, such as an institution that tries out numbers."""
        self._alarms.labels(kind).inc()

    def text(self) -> str:
        """Everything counted, as Prometheus reads it."""
        return generate_latest(self._registry).decode()

    def serve(self, host: str, port: int) -> _Listener:
        """Answer /metrics on a port of its own until stopped."""
        return _Listener(self._registry, host, port)


class _Listener:
    """A thread that answers whoever may reach the port."""

    def __init__(self, registry: CollectorRegistry, host: str, port: int) -> None:
        self._server, self._thread = start_http_server(port, addr=host, registry=registry)

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
