"""How long the API takes from nothing to its first answer, beside an empty application, and its memory after some more.

`make bench-start`, or with `ARGS="--keep FOLDER"` on the data of `make bench-reads`, for example of a million workers.
Both are started in turns on a database that is already running; the first answer of ours is a page of workers, read by
a plan. The last line is the ratio of the medians.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from adapters.postgres.embedded import start
from adapters.postgres.migrate import migrate
from adapters.postgres.roles import APP, OWNER
from adapters.processes import free_port
from bench.readers.actors import ACTORS
from bench.readers.running import token_of

_EMPTY = """
import sys, uvicorn
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"{}"})
uvicorn.run(app, port=int(sys.argv[1]), log_level="warning")
"""
_BODY = json.dumps({"query": "{ workers(first: 20) { edges { node { id enrolments { schemeId } } } } }"}).encode()
_ANSWERS = 300
"""How many answers are given before the memory is looked at."""


def main() -> None:
    """Measure in alternating rounds and print the ratio."""
    wanted = _wanted()
    os.environ["LINGKAR_ENVIRONMENT"] = "development"
    with tempfile.TemporaryDirectory() as name:
        folder = wanted.keep or Path(name)
        with start(folder / "postgres", fast=True) as cluster:
            cluster.ensure_database("bench")
            migrate(cluster.url("bench", OWNER))
            surroundings = _surroundings(folder, cluster.url("bench", APP))
            headers = {
                "authorization": f"Bearer {token_of(ACTORS['operator'], folder)}",
                "content-type": "application/json",
            }
            ours, empty, memory = [], [], 0.0
            for number in range(wanted.rounds):
                empty.append(_seconds([sys.executable, "-c", _EMPTY, "{port}"], surroundings, {})[0])
                took, memory = _seconds([sys.executable, "-m", "lingkar", "serve"], surroundings, headers)
                ours.append(took)
                print(f"round {number + 1}: ours {took:.2f} s, an empty application {empty[-1]:.2f} s", flush=True)
    print(f"the API has {memory:.0f} MiB after {_ANSWERS} answers; the load of the machine is {os.getloadavg()[0]:.1f}")
    ratio = statistics.median(mine / theirs for mine, theirs in zip(ours, empty, strict=True))
    print(f"start ratio {ratio:.2f} of an empty uvicorn application")


def _wanted() -> argparse.Namespace:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--keep", type=Path, help="a folder of `make bench-reads --keep`")
    given.add_argument("--rounds", type=int, default=5)
    return given.parse_args()


def _surroundings(folder: Path, url: str) -> dict[str, str]:
    return {
        **os.environ,
        "LINGKAR_DATABASE_URL": url,
        "LINGKAR_VAR_FOLDER": str(folder),
    }


def _seconds(command: list[str], surroundings: dict[str, str], headers: dict[str, str]) -> tuple[float, float]:
    """Seconds to the first answer, and MiB of memory after some more."""
    port = free_port(0)
    given = [part.format(port=port) if part == "{port}" else part for part in command]
    process = subprocess.Popen(
        given, env={**surroundings, "LINGKAR_PORT": str(port)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    began = time.perf_counter()
    try:
        while not _answered(port, headers):
            if process.poll() is not None or time.perf_counter() - began > 60:
                raise SystemExit("A server did not start.")
            time.sleep(0.005)
        took = time.perf_counter() - began
        if not headers:
            return took, 0.0
        assert all(_answered(port, headers) for _ in range(_ANSWERS))
        return took, _memory(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _answered(port: int, headers: dict[str, str]) -> bool:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/graphql", _BODY, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return b'"errors"' not in answer.read()[:20]
    except urllib.error.HTTPError as failed:
        raise SystemExit(f"The first answer was a refusal: {failed.read()[:300]!r}") from None
    except OSError:
        return False


def _memory(process: int) -> float:
    """MiB of a process, as the system counts it."""
    told = Path(f"/proc/{process}/status")
    if not told.exists():
        return float("nan")
    return next(int(line.split()[1]) / 1024 for line in told.read_text().splitlines() if line.startswith("VmRSS"))


if __name__ == "__main__":
    main()
