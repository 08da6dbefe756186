"""What it costs that every coverage question leaves a receipt: the same questions with and without it.

`make bench-receipts`, or with `ARGS="--workers 100000"`. The whole application answers `coverageOn` with all its
checks, once as it is and once without the receipts, in alternating rounds over one database that flushes each commit
to the disk. The answers are compared before. The last line is how much longer a question takes with its receipt.
"""

from __future__ import annotations

import argparse
import os
import statistics
from contextlib import ExitStack
from pathlib import Path

from adapters.postgres.embedded import start
from bench.readers.questions import POINT
from bench.readers.running import (
    CONNECTIONS,
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

WITH, WITHOUT = "planned, trust on", "without receipts, trust on"
A_MINUTE = 10_000
"""Questions that one process has to answer in a minute, receipts included."""


def main() -> None:
    """Measure and print the ratio last."""
    wanted = _wanted()
    os.environ["LINGKAR_ENVIRONMENT"] = "development"
    with data_folder(wanted.keep) as folder, start(folder / "postgres") as cluster, ExitStack() as running:
        pin(int(next((folder / "postgres").rglob("postmaster.pid")).read_text().split()[0]), 1)
        cluster.ensure_database("bench")
        url = cluster.url("bench")
        build_data(url, folder, wanted.workers)
        lines = lines_of(plain(url))
        ports = {name: running.enter_context(served(name, folder, url)) for name in (WITH, WITHOUT)}
        headers = {name: headers_of(name, POINT, folder) for name in ports}
        for line in lines[POINT.name][:20]:
            first, other = (answer_of(ports[name], line, headers[name]) for name in ports)
            assert first == other, "both answer alike"
        _report(ports, lines, headers, wanted)


def _wanted() -> argparse.Namespace:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--workers", type=int, default=20_000)
    given.add_argument("--seconds", type=float, default=2.0, help="of each server and round")
    given.add_argument("--rounds", type=int, default=7)
    given.add_argument("--keep", type=Path, help="a folder whose data is built once and used again")
    return given.parse_args()


def _report(
    ports: dict[str, int], lines: Lines, headers: dict[str, dict[str, str]], wanted: argparse.Namespace
) -> None:
    rates: dict[str, list[float]] = {name: [] for name in ports}
    for number in range(-1, wanted.rounds):
        for name, port in ports.items():
            told = load(port, CONNECTIONS, wanted.seconds, lines[POINT.name], headers[name])
            assert not told["failures"], f"{name} failed {told['failures']} times"
            if number >= 0:
                rates[name].append(told["answers"] / told["seconds"])
    for name, found in rates.items():
        print(f"{name}: {statistics.median(found) * 60:,.0f} questions a minute, median of {wanted.rounds} rounds")
    print(f"{A_MINUTE:,} a minute are asked for; the load of the machine is {os.getloadavg()[0]:.1f}")
    ratio = statistics.median(without / given for given, without in zip(rates[WITH], rates[WITHOUT], strict=True))
    print(f"receipts ratio {ratio:.2f} of the same questions without receipts")


if __name__ == "__main__":
    main()
