"""How fast reads are, beside what PostgreSQL and the wire can do and beside a plain server.

`make bench-reads`, or with `WORKERS=1000000` or `ARGS="--seconds 5 --rounds 7"`. Builds the data, and the same for a
tenth of the workers; starts each server in a process of its own on one core, with PostgreSQL and the client on another;
checks that they answer alike; asks each question of each server in alternating rounds. `limit` is SQL written by hand
behind a bare ASGI application. The last line is the geometric mean, over the three questions, of the medians of the
planned path to those of the limit.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import make_url

from adapters.identity.development_issuer import DevelopmentIssuer
from adapters.identity.sealing import Sealer, create_development_keys
from adapters.postgres.embedded import start
from adapters.postgres.migrate import migrate
from adapters.postgres.roles import OWNER, url_as
from adapters.processes import free_port
from adapters.settings import Settings
from bench.readers import postgraphile
from bench.readers.actors import ACTORS
from bench.readers.data import build, passport
from bench.readers.hand_written import DRIVER
from bench.readers.questions import LIST, ON, POINT, QUESTIONS, ROLL_UP, Asked
from schema.ids import cursor, opaque_id

TENTH = "planned, a tenth"
"""The planned path, bare, on a database with a tenth of the workers."""
SERVERS = ("limit", "planned", TENTH, "planned, trust on", "strawberry", postgraphile.NAME)
"""What is measured unless asked otherwise; `ordinary` and `ordinary, trust on` are our own executor."""
_ALONE = ("limit", "planned", "planned, trust on")
"""Servers whose latency is measured with one connection."""
_DIFFERENT = 200
"""How many different askings of each question there are; each server gets them in the same order."""
_CONNECTIONS = 8
_NODE = Path("var") / "bench-node"
"""Where the Node server is installed, once for each of its lock files."""

Lines = dict[str, list[dict[str, Any]]]
"""The requests of each question."""


def main() -> None:
    """Measure and print a line for each question, and the ratio last."""
    wanted = _wanted()
    os.environ["LINGKAR_ENVIRONMENT"] = "development"
    with _folder(wanted.keep) as folder, start(folder / "postgres", fast=True) as cluster, ExitStack() as running:
        _pin(int(next((folder / "postgres").rglob("postmaster.pid")).read_text().split()[0]), 1)
        peers = _peers(wanted.servers.split(";"))
        urls = {name: cluster.url("bench_tenth" if name == TENTH else "bench") for name in peers}
        for url in dict.fromkeys(urls.values()):
            cluster.ensure_database(make_url(url).database or "")
            _build(url, folder, wanted.workers // 10 if url.partition("?")[0].endswith("_tenth") else wanted.workers)
        print(f"the limit's driver is {DRIVER}; the load of the machine is {os.getloadavg()[0]:.1f}", flush=True)
        lines = {url: _lines(_plain(url)) for url in dict.fromkeys(urls.values())}
        ports = {name: running.enter_context(_served(name, folder, url)) for name, url in urls.items()}
        asked = {name: _in_words_of(name, lines[urls[name]], port, folder) for name, port in ports.items()}
        _check_alike(ports, asked, folder)
        _report(_measured(ports, asked, folder, wanted), _alone(ports, asked, folder), wanted)


def _peers(servers: list[str]) -> list[str]:
    """The servers without PostGraphile where it cannot be installed, which is said."""
    why = postgraphile.installed(_NODE) if postgraphile.NAME in servers else None
    if why:
        print(f"{postgraphile.NAME} is left out: {why}", flush=True)
    return [name for name in servers if not (why and name == postgraphile.NAME)]


def _plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _build(url: str, folder: Path, workers: int) -> None:
    mark = folder / f"built {make_url(url).database}"
    if not mark.exists():
        began = time.perf_counter()
        migrate(url_as(OWNER, url))
        build(_plain(url), Sealer(create_development_keys(folder / "keys")), workers)
        postgraphile.prepare(_plain(url))
        mark.touch()
        print(f"{workers:,} workers in {time.perf_counter() - began:.0f} s", flush=True)


def _in_words_of(name: str, lines: Lines, port: int, folder: Path) -> Lines:
    if name != postgraphile.NAME:
        return lines
    sealer = Sealer(create_development_keys(folder / "keys"))
    return {question: postgraphile.requests(question, asked, port, sealer) for question, asked in lines.items()}


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept
        return
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def _wanted() -> argparse.Namespace:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--workers", type=int, default=100_000)
    given.add_argument("--seconds", type=float, default=2.0, help="of each question, server and round")
    given.add_argument("--rounds", type=int, default=5)
    given.add_argument("--connections", type=int, default=_CONNECTIONS)
    given.add_argument("--keep", type=Path, help="a folder whose data is built once and used again")
    given.add_argument("--servers", default=";".join(SERVERS), help="names, with semicolons between them")
    return given.parse_args()


def _lines(address: str) -> Lines:
    """The requests, drawn with one seed: passports of workers, places in the list, donations by what they paid."""
    chance = Random(7)
    with psycopg.connect(address) as connection:
        ids = [row[0] for row in connection.execute("SELECT id FROM workers ORDER BY id OFFSET 1").fetchall()]
        # An officer asks about persons of the institution.
        own = "SELECT reference FROM enrolments WHERE institution_id = 'ID.BPJSTK' AND scheme_id = 'ID.JKK'"
        numbers = [int(row[0].partition("-")[2]) for row in connection.execute(own).fetchall()]
        donations = [row[0] for row in connection.execute("SELECT donation_id FROM allocations").fetchall()]
    point = [{"value": passport(number).value, "on": ON} for number in chance.sample(sorted(numbers), _DIFFERENT)]
    places = chance.sample(ids, _DIFFERENT)
    listed = [{"first": 50, "after": cursor("workers", at), "on": ON} for at in places]
    rolled = sorted(donations)
    return {
        POINT.name: [_body(POINT, one) for one in point],
        LIST.name: [_body(LIST, one, at) for one, at in zip(listed, places, strict=True)],
        ROLL_UP.name: [_body(ROLL_UP, {"id": opaque_id("Donation", at)}, at) for at in rolled],
    }


def _body(asked: Asked, variables: dict[str, Any], at: UUID | None = None) -> dict[str, Any]:
    """A request. `at` is for the limit, which reads no cursors; the others do not look at it."""
    return {"query": asked.document, "variables": variables, "at": str(at)}


@contextmanager
def _served(name: str, folder: Path, url: str) -> Iterator[int]:
    port = free_port(0)
    command = [sys.executable, "-m", "bench.readers.serve", name, str(port), str(folder), url, str(_CONNECTIONS)]
    surroundings = None
    if name == postgraphile.NAME:
        command, surroundings = postgraphile.command(_NODE, port, url, _CONNECTIONS)
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=surroundings)
    _pin(process.pid, 0)
    try:
        _wait(port, process, folder / f"{name}.log")
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _pin(process: int, core: int) -> None:
    """Give servers one core and the client the other, where the system can."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []
    if len(cores) > 1:
        os.sched_setaffinity(process, {cores[core]})


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < until:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/nowhere", timeout=5)
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"A server did not start:\n{log.read_text()[-2000:]}")


def _headers(server: str, asked: Asked, folder: Path) -> dict[str, str]:
    if "trust on" not in server:
        return {"authorization": asked.actor}
    settings = Settings()
    token = DevelopmentIssuer(folder / "keys", environment="development").issue(
        ACTORS[asked.actor],
        now=dt.datetime.now(dt.UTC),
        lifetime_seconds=36_000,
        audience=settings.token_audience,
        issuer=settings.development_issuer,
    )
    return {"authorization": f"Bearer {token}"}


def _check_alike(ports: dict[str, int], lines: dict[str, Lines], folder: Path) -> None:
    """Every server of the same data must give the same answer to some of each question."""
    alike = [name for name in ports if name != TENTH]
    for asked in QUESTIONS:
        for number in range(10):
            answers = {
                name: _asked(ports[name], lines[name][asked.name][number], _headers(name, asked, folder))
                for name in alike
            }
            first = answers[alike[0]]
            for name, answer in answers.items():
                if not _equal(asked.name, name, answer, first):
                    told = "\n".join((folder / f"{one}.log").read_text()[-1500:] for one in (name, alike[0]))
                    raise SystemExit(f"{name} answers {asked.name} otherwise:\n{answer}\n{first}\n{told}")
    print(f"all {len(alike)} servers of the same data answer alike", flush=True)


def _equal(question: str, name: str, answer: Any, first: Any) -> bool:
    if name != postgraphile.NAME or isinstance(answer, str):
        return bool(answer == first)
    return bool(postgraphile.values_of(question, answer) == postgraphile.values_of(question, first))


def _asked(port: int, line: dict[str, Any], headers: dict[str, str]) -> Any:
    head = {"content-type": "application/json", "accept": "application/json", **headers}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/graphql", json.dumps(line).encode(), head)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            told = json.loads(answer.read())
            # What is left of a budget differs from one answer to the next.
            told.pop("extensions", None)
            return told
    except urllib.error.HTTPError as failed:
        return f"status {failed.code}: {failed.read()!r}"


Rates = dict[tuple[str, str], list[float]]


def _measured(ports: dict[str, int], lines: dict[str, Lines], folder: Path, wanted: argparse.Namespace) -> Rates:
    rates: Rates = defaultdict(list)
    for number in range(-1, wanted.rounds):
        for asked in QUESTIONS:
            for server, port in ports.items():
                seconds = wanted.seconds if number >= 0 else 1.0
                headers = _headers(server, asked, folder)
                told = _load(port, wanted.connections, seconds, lines[server][asked.name], headers)
                if told["failures"]:
                    raise SystemExit(f"{server} failed {told['failures']} times at {asked.name}")
                if number >= 0:
                    rates[asked.name, server].append(told["answers"] / told["seconds"])
        print(f"round {number + 1} of {wanted.rounds}" if number >= 0 else "warm", flush=True)
    return rates


def _alone(ports: dict[str, int], lines: dict[str, Lines], folder: Path) -> Rates:
    """Median milliseconds of an answer with one connection, in three alternating rounds."""
    found: Rates = defaultdict(list)
    for _ in range(3):
        for asked in QUESTIONS:
            for server in (name for name in _ALONE if name in ports):
                told = _load(ports[server], 1, 0.7, lines[server][asked.name], _headers(server, asked, folder))
                found[asked.name, server].append(told["median_ms"])
    return found


def _load(
    port: int, connections: int, seconds: float, lines: Sequence[dict[str, Any]], headers: dict[str, str]
) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.readers.load", str(port), str(connections), str(seconds)]
    client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    _pin(client.pid, 1)
    written = "\n".join(json.dumps({"body": json.dumps(line), "headers": headers}) for line in lines)
    told, _ = client.communicate(written.encode())
    found: dict[str, float] = json.loads(told)
    return found


def _report(rates: Rates, alone: Rates, wanted: argparse.Namespace) -> None:
    print(f"\nanswers a second, and ratio to the limit; median of {wanted.rounds} rounds")
    _table(rates, "limit")
    if alone:
        print("\nmilliseconds with one connection, and ratio to the limit; median of 3 rounds")
        _table(alone, "limit")
    servers = {server for _, server in rates}
    if TENTH in servers:
        costs = "  ".join(f"{asked.name} {_ratio(rates, asked.name, TENTH, 'planned'):.2f}" for asked in QUESTIONS)
        print(f"\ncost with ten times the workers: {costs}")
    print(f"the load of the machine is {os.getloadavg()[0]:.1f}")
    if {"limit", "planned"} <= servers:
        means = (math.log(_ratio(rates, asked.name, "planned", "limit")) for asked in QUESTIONS)
        print(f"reads ratio {math.exp(statistics.fmean(means)):.2f} of hand-written SQL")


def _table(found: Rates, reference: str) -> None:
    servers = list(dict.fromkeys(server for _, server in found))
    width = max(map(len, servers))
    print(f"{'':{width}}  " + "  ".join(f"{asked.name:>20}" for asked in QUESTIONS))
    for server in servers:
        cells = [
            f"{statistics.median(found[asked.name, server]):>12,.2f} "
            f"{_ratio(found, asked.name, server, reference):>7.3f}"
            for asked in QUESTIONS
        ]
        print(f"{server:{width}}  " + "  ".join(cells))


def _ratio(found: Rates, question: str, server: str, reference: str) -> float:
    """The median over rounds of a server's figure to that of another in the same round."""
    pairs = zip(found[question, server], found.get((question, reference), found[question, server]), strict=True)
    return statistics.median(ours / theirs for ours, theirs in pairs)


if __name__ == "__main__":
    main()
