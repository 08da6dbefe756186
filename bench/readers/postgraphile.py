"""The Node server beside us: PostGraphile 5 over views of the same tables (`node/peer.sql`).

Its contract is made from the database, so that names and shapes differ: each question is asked in its own words, and
the answers are compared value by value after both are brought into one form. It is given what helps it: the blind
index instead of the passport, reasons as one JSON value, a function where a fact is computed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from adapters.identity.sealing import Sealer
from adapters.postgres.workers import blind_index_of
from bench.readers.data import passport

NAME = "postgraphile"
_FILES = Path(__file__).parent / "node"

_COVER = "branch schemeId institutionId extent state fundId firstDay coveredUntil"
_DOCUMENTS = {
    "point": f"""query($blind: String!, $on: Date!) {{
        coversOf(blind: $blind, onDay: $on) {{ nodes {{ {_COVER} funderKind reasons }} }} }}""",
    "list": f"""query($first: Int!, $after: Cursor, $on: Date!) {{
        allWorkers(first: $first, after: $after) {{
          edges {{ cursor node {{ id: rowId homeState nationality sector covers(onDay: $on) {{ nodes {{ {_COVER} }} }}
            enrolments {{ nodes {{ schemeId segmentId institutionId firstDay lastDay funderKind reference }} }} }} }}
          pageInfo {{ hasNextPage endCursor }} }} }}""",
    "roll-up": """query($id: UUID!) {
        donationByRowId(rowId: $id) { receivedOn amount currency
          statement { received available reserved sent refunded covered promised }
          months { nodes { month workersRounded } } } }""",
}


def installed(folder: Path) -> str | None:
    """Install the server into a folder, once for each lock file; why not, or None."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "node and npm are not installed"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = hashlib.sha256((_FILES / "package-lock.json").read_bytes()).hexdigest()
    mark = folder / "installed"
    for name in ("package.json", "package-lock.json", "postgraphile.mjs"):
        shutil.copy(_FILES / name, folder / name)
    if mark.exists() and mark.read_text() == wanted:
        return None
    done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, capture_output=True, check=False)
    if done.returncode:
        return f"npm ci ended with {done.returncode}"
    mark.write_text(wanted)
    return None


def prepare(address: str) -> None:
    """Make the views that the server shows; address: as psycopg takes it."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS peer CASCADE")
        connection.execute((_FILES / "peer.sql").read_bytes())


def command(folder: Path, port: int, url: str, pool: int) -> tuple[list[str], dict[str, str]]:
    """The command of the server and its environment."""
    socket = str(make_url(url).query["host"])
    given = ["node", str(folder / "postgraphile.mjs"), str(port), socket, str(pool)]
    return given, {**os.environ, "NODE_ENV": "production", "GRAPHILE_ENV": "production"}


def requests(name: str, lines: list[dict[str, Any]], port: int, sealer: Sealer) -> list[dict[str, Any]]:
    """The same requests in this server's words. port: where it answers, as only it knows how its cursors begin."""
    begin = _begin_of_cursors(port) if name == "list" else ""
    document = _DOCUMENTS[name]
    return [{"query": document, "variables": _variables(name, line, begin, sealer)} for line in lines]


def _variables(name: str, line: dict[str, Any], begin: str, sealer: Sealer) -> dict[str, Any]:
    given = line["variables"]
    if name == "point":
        blind = blind_index_of(sealer, passport(int(given["value"][1:])))
        return {"blind": blind.hex(), "on": given["on"]}
    if name == "list":
        after = base64.b64encode(json.dumps([begin, line["at"]], separators=(",", ":")).encode()).decode()
        return {"first": given["first"], "after": after, "on": given["on"]}
    return {"id": line["at"]}


def _begin_of_cursors(port: int) -> str:
    body = json.dumps({"query": "{ allWorkers(first: 1) { edges { cursor } } }"}).encode()
    head = {"content-type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/graphql", body, head)) as answer:
        cursor = json.loads(answer.read())["data"]["allWorkers"]["edges"][0]["cursor"]
    return str(json.loads(base64.b64decode(cursor))[0])


def values_of(name: str, answer: Any) -> Any:
    """What an answer of ours or of this server's says, in one form."""
    found = answer["data"]
    if name == "point":
        covers = found["coverageOn"]["covers"] if "coverageOn" in found else found["coversOf"]["nodes"]
        return [_cover(cover) for cover in covers]
    if name == "list":
        page = found["workers"] if "workers" in found else found["allWorkers"]
        return [_worker(edge["node"]) for edge in page["edges"]], page["pageInfo"]["hasNextPage"]
    return _donation(found["donation"]) if "donation" in found else _donation_of_theirs(found["donationByRowId"])


def _cover(cover: Mapping[str, Any]) -> dict[str, Any]:
    reasons = [{**_words(one), "sourceIds": one.get("sourceIds", one.get("source_ids"))} for one in cover["reasons"]]
    for one in reasons:
        one.pop("source_ids", None)
    return {**_words(cover), "reasons": reasons}


def _worker(worker: Mapping[str, Any]) -> dict[str, Any]:
    theirs = "covers" in worker
    covers = worker["covers"]["nodes"] if theirs else worker["coverageOn"]["covers"]
    enrolments = worker["enrolments"]["nodes"] if theirs else worker["enrolments"]
    return {
        "worker": _words({name: worker[name] for name in ("id", "homeState", "nationality", "sector")}),
        "covers": [_words(one) for one in covers],
        "enrolments": sorted((_words(one) for one in enrolments), key=str),
    }


def _words(given: Mapping[str, Any]) -> dict[str, Any]:
    """Words of vocabularies in capitals, ids as they are in the tables."""
    capital = ("branch", "extent", "state", "funderKind", "standing", "sector")
    return {
        name: value.upper() if name in capital and value else _plain(value) if name in ("id", "fundId") else value
        for name, value in given.items()
        if name != "reasons"
    }


def _plain(value: str | None) -> str | None:
    if value is None or value.count("-") == 4:
        return value
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).decode().partition(":")[2]


_PARTS = ("received", "available", "reserved", "sent", "refunded")


def _donation(donation: Mapping[str, Any]) -> list[Any]:
    given = donation["statement"]
    counted = [given["personMonthsCovered"], given["personMonthsReserved"]]
    sums = [given[name]["amount"] for name in _PARTS]
    return [donation["receivedOn"], donation["amount"]["amount"], *sums, *counted, donation["months"]]


def _donation_of_theirs(donation: Mapping[str, Any]) -> list[Any]:
    given = donation["statement"]
    counted = [int(given["covered"]), int(given["promised"])]
    sums = [given[name] for name in _PARTS]
    return [donation["receivedOn"], donation["amount"], *sums, *counted, donation["months"]["nodes"]]
