"""How fast reads are, beside what PostgreSQL and the wire can do and beside a plain server.

`make bench-reads`, or with `WORKERS=1000000` or `ARGS="--seconds 5 --rounds 7"`. Builds the data, and the same for a
tenth of the workers; starts each server in a process of its own on one core, with PostgreSQL and the client on another;
checks that they answer alike; asks each question of each server in alternating rounds. `limit` is SQL written by hand
behind a bare ASGI application. The last line is the geometric mean, over the three questions, of the medians of the
planned path to those of the limit.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from adapters.identity.sealing import Sealer, create_development_keys
from adapters.postgres.embedded import start
from bench.readers import postgraphile
from bench.readers.hand_written import DRIVER
from bench.readers.questions import QUESTIONS
from bench.readers.running import (
    CONNECTIONS,
    NODE,
    Lines,
    answer_of,
    build_data,
    data_folder,
    headers_of,
    lines_of,
    load,
    pin,
    plain,
    served,
)

TENTH = "planned, a tenth"
"""The planned path, bare, on a database with a tenth of the workers."""
SERVERS = ("limit", "planned", TENTH, "planned, trust on", "strawberry", postgraphile.NAME)
"""What is measured unless asked otherwise; `ordinary` and `ordinary, trust on` are our own executor."""
_ALONE = ("limit", "planned", "planned, trust on")
"""Servers whose latency is measured with one connection."""


def main() -> None:
    """Measure and print a line for each question, and the ratio last."""
    wanted = _wanted()
    os.environ["LINGKAR_ENVIRONMENT"] = "development"
    with data_folder(wanted.keep) as folder, start(folder / "postgres", fast=True) as cluster, ExitStack() as running:
        pin(int(next((folder / "postgres").rglob("postmaster.pid")).read_text().split()[0]), 1)
        peers = _peers(wanted.servers.split(";"))
        urls = {name: cluster.url("bench_tenth" if name == TENTH else "bench") for name in peers}
        for url in dict.fromkeys(urls.values()):
            cluster.ensure_database(make_url(url).database or "")
            tenth = url.partition("?")[0].endswith("_tenth")
            build_data(url, folder, wanted.workers // 10 if tenth else wanted.workers)
        print(f"the limit's driver is {DRIVER}; the load of the machine is {os.getloadavg()[0]:.1f}", flush=True)
        lines = {url: lines_of(plain(url)) for url in dict.fromkeys(urls.values())}
        ports = {name: running.enter_context(served(name, folder, url)) for name, url in urls.items()}
        asked = {name: _in_words_of(name, lines[urls[name]], port, folder) for name, port in ports.items()}
        _check_alike(ports, asked, folder)
        _report(_measured(ports, asked, folder, wanted), _alone(ports, asked, folder), wanted)


def _peers(servers: list[str]) -> list[str]:
    """The servers without PostGraphile where it cannot be installed, which is said."""
    why = postgraphile.installed(NODE) if postgraphile.NAME in servers else None
    if why:
        print(f"{postgraphile.NAME} is left out: {why}", flush=True)
    return [name for name in servers if not (why and name == postgraphile.NAME)]


def _in_words_of(name: str, lines: Lines, port: int, folder: Path) -> Lines:
    if name != postgraphile.NAME:
        return lines
    sealer = Sealer(create_development_keys(folder / "keys"))
    return {question: postgraphile.requests(question, asked, port, sealer) for question, asked in lines.items()}


def _wanted() -> argparse.Namespace:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--workers", type=int, default=100_000)
    given.add_argument("--seconds", type=float, default=2.0, help="of each question, server and round")
    given.add_argument("--rounds", type=int, default=5)
    given.add_argument("--connections", type=int, default=CONNECTIONS)
    given.add_argument("--keep", type=Path, help="a folder whose data is built once and used again")
    given.add_argument("--servers", default=";".join(SERVERS), help="names, with semicolons between them")
    return given.parse_args()


def _check_alike(ports: dict[str, int], lines: dict[str, Lines], folder: Path) -> None:
    """Every server of the same data must give the same answer to some of each question."""
    alike = [name for name in ports if name != TENTH]
    for asked in QUESTIONS:
        for number in range(10):
            answers = {
                name: answer_of(ports[name], lines[name][asked.name][number], headers_of(name, asked, folder))
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


Rates = dict[tuple[str, str], list[float]]


def _measured(ports: dict[str, int], lines: dict[str, Lines], folder: Path, wanted: argparse.Namespace) -> Rates:
    rates: Rates = defaultdict(list)
    for number in range(-1, wanted.rounds):
        for asked in QUESTIONS:
            for server, port in ports.items():
                seconds = wanted.seconds if number >= 0 else 1.0
                headers = headers_of(server, asked, folder)
                told = load(port, wanted.connections, seconds, lines[server][asked.name], headers)
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
                told = load(ports[server], 1, 0.7, lines[server][asked.name], headers_of(server, asked, folder))
                found[asked.name, server].append(told["median_ms"])
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
