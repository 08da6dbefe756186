"""What the measurements of reads share: the data, the servers in processes of their own, the requests and the load."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import make_url

from adapters.identity.development_issuer import DevelopmentIssuer
from adapters.identity.sealing import Sealer, create_development_keys
from adapters.postgres.migrate import migrate
from adapters.postgres.roles import OWNER, url_as
from adapters.processes import free_port
from adapters.settings import Settings
from bench.readers import postgraphile
from bench.readers.actors import ACTORS
from bench.readers.data import build, passport
from bench.readers.questions import LIST, ON, POINT, ROLL_UP, Asked
from domain.actors import Actor
from schema.ids import cursor, opaque_id

CONNECTIONS = 8
_DIFFERENT = 200
"""How many different askings of each question there are; each server gets them in the same order."""
NODE = Path("var") / "bench-node"
"""Where the Node server is installed, once for each of its lock files."""

Lines = dict[str, list[dict[str, Any]]]
"""The requests of each question."""


def build_data(url: str, folder: Path, workers: int) -> None:
    """Migrate a database and fill it, unless it was done before."""
    mark = folder / f"built {make_url(url).database}"
    if not mark.exists():
        began = time.perf_counter()
        migrate(url_as(OWNER, url))
        build(plain(url), Sealer(create_development_keys(folder / "keys")), workers)
        postgraphile.prepare(plain(url))
        mark.touch()
        print(f"{workers:,} workers in {time.perf_counter() - began:.0f} s", flush=True)


def lines_of(address: str) -> Lines:
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
def served(name: str, folder: Path, url: str) -> Iterator[int]:
    """A server of the measurement in a process of its own; gives its port."""
    with process_of(name, folder, url) as (port, _):
        yield port


@contextmanager
def process_of(name: str, folder: Path, url: str) -> Iterator[tuple[int, int]]:
    """The same, with the number of the process."""
    port = free_port(0)
    command = [sys.executable, "-m", "bench.readers.serve", name, str(port), str(folder), url, str(CONNECTIONS)]
    surroundings = None
    if name == postgraphile.NAME:
        command, surroundings = postgraphile.command(NODE, port, url, CONNECTIONS)
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=surroundings)
    pin(process.pid, 0)
    try:
        _wait(port, process, folder / f"{name}.log")
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(20)


def pin(process: int, core: int) -> None:
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


def headers_of(server: str, asked: Asked, folder: Path) -> dict[str, str]:
    """What says who asks: a token where the whole application answers, else the name of an actor."""
    if "trust on" not in server:
        return {"authorization": asked.actor}
    return {"authorization": f"Bearer {token_of(ACTORS[asked.actor], folder)}"}


def token_of(actor: Actor, folder: Path) -> str:
    """A token of an actor that lasts longer than any measurement."""
    settings = Settings()
    return DevelopmentIssuer(folder / "keys", environment="development").issue(
        actor,
        now=dt.datetime.now(dt.UTC),
        lifetime_seconds=36_000,
        audience=settings.token_audience,
        issuer=settings.development_issuer,
    )


def answer_of(port: int, line: dict[str, Any], headers: dict[str, str]) -> Any:
    """One answer, without what is left of the budget, which differs from one to the next."""
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


def load(
    port: int, connections: int, seconds: float, lines: Sequence[dict[str, Any]], headers: dict[str, str]
) -> dict[str, float]:
    """Ask for some seconds; gives answers, failures and the median of milliseconds."""
    command = [sys.executable, "-m", "bench.readers.load", str(port), str(connections), str(seconds)]
    client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    pin(client.pid, 1)
    written = "\n".join(json.dumps({"body": json.dumps(line), "headers": headers}) for line in lines)
    told, _ = client.communicate(written.encode())
    found: dict[str, float] = json.loads(told)
    return found


@contextmanager
def data_folder(kept: Path | None) -> Iterator[Path]:
    """The folder that is kept, or one for this time."""
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept
        return
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def plain(url: str) -> str:
    """The address as PostgreSQL's own clients read it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
