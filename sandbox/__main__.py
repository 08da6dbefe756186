"""Run one simulated institution: `python -m sandbox --state ID --port 8101 --data FOLDER --keys FOLDER`."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

import uvicorn

from adapters.countries.signatures import create_development_keys
from sandbox.desk import Desk
from sandbox.institution import Institution
from sandbox.institutions import INSTITUTIONS
from sandbox.store import Store

PARTNER = "lingkar"


def main() -> None:
    """Read the command line and serve until stopped."""
    options = _options()
    rules = INSTITUTIONS[options.state]()
    keyring = create_development_keys(options.keys, [rules.institution_id, PARTNER])
    desk = Desk(
        rules=rules,
        store=Store(options.data / f"{rules.institution_id}.sqlite", rules.tables),
        signer=keyring.signer(rules.institution_id),
        partners={PARTNER: keyring.public_key(PARTNER)},
    )
    config = uvicorn.Config(
        Institution(desk),
        host=options.host,
        port=options.port,
        http="h11",
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
        limit_concurrency=100,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=2,
    )
    print(f"{rules.institution_id}, simulated, on {options.host}:{options.port}", flush=True)
    asyncio.run(_serve(uvicorn.Server(config), options.stop_after_seconds))


async def _serve(server: uvicorn.Server, stop_after_seconds: float | None) -> None:
    """Serve until a signal comes, or until the time is over that the process was given."""
    if stop_after_seconds is not None:
        loop = asyncio.get_running_loop()
        loop.call_later(stop_after_seconds, setattr, server, "should_exit", True)
    await server.serve()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Run one simulated institution.")
    parser.add_argument("--state", choices=sorted(INSTITUTIONS), required=True, help="member state")
    parser.add_argument("--port", type=int, required=True, help="port to listen on")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; this machine only")
    parser.add_argument("--data", type=Path, required=True, help="folder of the institution's own records")
    parser.add_argument("--keys", type=Path, required=True, help="folder of keys; missing ones are created")
    parser.add_argument("--stop-after-seconds", type=float, default=None, help="stop by itself after so long")
    return parser.parse_args()


if __name__ == "__main__":
    main()
