"""One server of the measurement in a process of its own.

`python -m bench.readers.serve NAME PORT FOLDER ADDRESS POOL`; NAME is one of SERVERS. FOLDER holds the keys, ADDRESS is
the database. The bare ones of ours are the door alone: no token, no visibility, no trace, no edge, no log.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
import uvicorn
from sqlalchemy import make_url
from starlette.requests import Request as HttpRequest

import app
import schema
from adapters.http.edge import server_settings
from adapters.http.graphql_door import DoorLimits, GraphQLDoor
from adapters.http.quiet_schema import QuietSchema
from adapters.identity.sealing import Sealer, create_development_keys
from adapters.logs import configure_logs
from adapters.postgres import planner, workers
from adapters.postgres.planner import roots
from adapters.postgres.roles import APP, url_as
from adapters.settings import Settings
from bench.readers import hand_written, plain_strawberry
from bench.readers.actors import ACTORS
from schema.limits import DocumentLimits, document_limits, variables_limits
from schema.planning import PlannedReads


def _limit(folder: Path, url: str, pool: int) -> Any:
    return hand_written.application(_plain(url), _sealer(folder), pool)


def _plain_strawberry(folder: Path, url: str, pool: int) -> Any:
    return plain_strawberry.application(_plain(url), _sealer(folder), pool)


def _whole(planned: bool) -> Callable[[Path, str, int], Any]:
    def build(folder: Path, url: str, pool: int) -> Any:
        configure_logs(as_json=True)
        return app.build_api(_settings(folder, pool, planned), url_as(APP, url))

    return build


def _without_receipts(folder: Path, url: str, pool: int) -> Any:
    """The whole application, but that a look at a person leaves no record."""
    roots.leave_traces = lambda *_: None  # type: ignore[attr-defined]
    roots.leave_answer = lambda *_: None  # type: ignore[attr-defined]
    return _whole(True)(folder, url, pool)


def _bare(planned: bool) -> Callable[[Path, str, int], Any]:
    def build(folder: Path, url: str, pool: int) -> Any:
        _without_trust()
        structlog.configure(processors=[_drop])
        services = app.build_services(_settings(folder, pool, planned), url)

        async def context(request: HttpRequest) -> schema.Request:
            return schema.Request(services.context(ACTORS[request.headers["authorization"]]))

        built, bounds = schema.build(QuietSchema), DocumentLimits()
        limits = DoorLimits(
            document_rules=(document_limits(bounds),), variables_rule=variables_limits(bounds), introspection=False
        )
        shortcut = app.planned_shortcut(PlannedReads(built.core, services.database.reads)) if planned else None
        return GraphQLDoor(built, context=context, limits=limits, graphiql=False, shortcut=shortcut)

    return build


def _without_trust() -> None:
    """Leave out who sees what and the traces, on both paths."""

    async def nothing(*_: Any, **__: Any) -> None:
        return None

    workers.PostgresWorkers.record_access = nothing  # type: ignore[method-assign]
    workers.PostgresWorkers.record_page = nothing  # type: ignore[method-assign]
    roots.visible_worker = lambda worker: "true"  # type: ignore[attr-defined]
    roots.visible_page = (  # type: ignore[attr-defined]
        lambda after, limit: f"SELECT w.* FROM workers w WHERE w.id > {after} ORDER BY w.id LIMIT {limit}"
    )
    roots.leave_traces = lambda *_: None  # type: ignore[attr-defined]
    roots.leave_answer = lambda *_: None  # type: ignore[attr-defined]
    planner.actor_settings = lambda question: {}  # type: ignore[attr-defined]


def _drop(*_: Any) -> Any:
    raise structlog.DropEvent


def _settings(folder: Path, pool: int, planned: bool) -> Settings:
    return Settings().model_copy(
        update={
            "environment": "development",
            "var_folder": folder,
            "database_pool": pool,
            "planned_reads": planned,
            "budget_officer": 1_000_000_000,
            "budget_operator": 1_000_000_000,
            "budget_donor": 1_000_000_000,
        }
    )


def _sealer(folder: Path) -> Sealer:
    return Sealer(create_development_keys(folder / "keys"))


def _plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


SERVERS: dict[str, Callable[[Path, str, int], Any]] = {
    "limit": _limit,
    "planned": _bare(True),
    "planned, a tenth": _bare(True),
    "ordinary": _bare(False),
    "strawberry": _plain_strawberry,
    "planned, trust on": _whole(True),
    "ordinary, trust on": _whole(False),
    "without receipts, trust on": _without_receipts,
}


def main() -> None:
    """Serve until stopped."""
    name, port, folder, url, pool = sys.argv[1:]
    application = SERVERS[name](Path(folder), url, int(pool))
    ours = server_settings() if "trust on" in name else {"access_log": False}
    uvicorn.run(application, host="127.0.0.1", port=int(port), log_level="warning", **ours)


if __name__ == "__main__":
    main()
