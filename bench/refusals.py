"""What refusing costs, and what an attack does to everyone else.

`make bench-refusals`, or with `ARGS="--seconds 5 --rounds 9"`. One process serves the whole application. Each attack of
the corpus (bodies, documents, heads, tokens) is sent many times and checked for its documented code, and the processor
time of the server process is divided by their number. Then a bystander asks an ordinary question again and again on one
connection, in alternating rounds with and without an attacker who sends the whole corpus on others as fast as it is
refused. The last line is the ratio of the two medians of the bystander's latency.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from adapters.identity.development_issuer import DevelopmentIssuer
from adapters.postgres.embedded import start
from adapters.postgres.migrate import migrate
from adapters.postgres.roles import OWNER
from bench.readers.running import pin, process_of, token_of
from bench.refusing.attacker import Caller
from bench.refusing.corpus import BODIES, CONTENTS, DOCUMENTS, Attack, token_attacks
from domain.actors import Actor, ActorKind
from domain.countries import MemberState

OFFICER = Actor(id="officer", kind=ActorKind.OFFICER, member_state=MemberState.MY, institution_id="MY.SOCSO")
QUESTION = "query($n: Int!) { workers(first: $n) { edges { node { id } } } }"
LIMIT_MILLISECONDS = 50
_TICK = 1000 / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure and print the dearest refusals, the medians, and the ratio last."""
    wanted = _wanted()
    os.environ["LINGKAR_ENVIRONMENT"] = "development"
    with tempfile.TemporaryDirectory() as name, start(Path(name) / "postgres", fast=True) as cluster:
        folder = Path(name)
        cluster.ensure_database("bench")
        url = cluster.url("bench")
        migrate(cluster.url("bench", OWNER))
        with process_of("planned, trust on", folder, url) as (port, process):
            token, key = _token(folder)
            attacks = (*BODIES, *DOCUMENTS, *CONTENTS, *token_attacks(token, key))
            requests = [_request(attack, token) for attack in attacks]
            _costs(port, process, attacks, requests, wanted.times)
            _bystander(port, requests, token, wanted)


def _wanted() -> argparse.Namespace:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--times", type=int, default=40, help="that each attack is sent for its processor time")
    given.add_argument("--seconds", type=float, default=3.0, help="of a round")
    given.add_argument("--rounds", type=int, default=7, help="with the attack, and as many without")
    given.add_argument("--attackers", type=int, default=1, help="connections that attack at once")
    return given.parse_args()


def _token(folder: Path) -> tuple[str, bytes]:
    """A good token, and the key by which it is checked."""
    keys = DevelopmentIssuer(folder / "keys", environment="development").public_keys()["keys"]
    return token_of(OFFICER, folder), json.dumps(keys[0]).encode()


def _request(attack: Attack, token: str) -> bytes:
    given = f"Bearer {token}" if attack.authorization is None else attack.authorization
    headers = {"host": "lingkar.test", "content-length": str(len(attack.body)), **attack.headers}
    if given:
        headers["authorization"] = given
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /graphql HTTP/1.1\r\n{head}\r\n".encode() + attack.body


def _costs(port: int, process: int, attacks: Sequence[Attack], requests: Sequence[bytes], times: int) -> None:
    """Print the median and the dearest; every answer must be the documented one."""
    found: list[tuple[float, str]] = []
    caller = Caller(port)
    for attack, request in zip(attacks, requests, strict=True):
        _check(attack, *caller.ask(request))
        began = _processor_milliseconds(process)
        for _ in range(times):
            caller.ask(request)
        found.append(((_processor_milliseconds(process) - began) / times, attack.name))
    caller.close()
    found.sort(reverse=True)
    print(f"{len(attacks)} attacks, each {times} times; processor time of the server for one refusal")
    for milliseconds, name in found[:5]:
        print(f"  {milliseconds:6.2f} ms  {name}")
    median, dearest = statistics.median(cost for cost, _ in found), found[0][0]
    print(f"  {median:6.2f} ms  median")
    if dearest >= LIMIT_MILLISECONDS:
        raise SystemExit(f"{found[0][1]} costs {dearest:.1f} ms; a refusal may cost {LIMIT_MILLISECONDS}.")


def _check(attack: Attack, status: int, body: bytes) -> None:
    code = json.loads(body)["errors"][0]["extensions"]["code"] if body else ""
    # Whoever sends too long a body may see the connection end before the answer.
    if (status, code) != (attack.status, attack.code) and not (attack.status == 413 and status == 0):
        raise SystemExit(f"{attack.name} was answered with {status} {code}, not with {attack.status} {attack.code}.")


def _processor_milliseconds(process: int) -> float:
    """What a process has used of the processor, in the system's ticks."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK


def _bystander(port: int, requests: Sequence[bytes], token: str, wanted: argparse.Namespace) -> None:
    body = json.dumps({"query": QUESTION, "variables": {"n": 20}}).encode()
    question = _request(Attack(name="", code="", body=body, headers={"content-type": "application/json"}), token)
    quiet, attacked, refused = [], [], 0
    _latencies(port, question, 1.0)
    for number in range(wanted.rounds):
        quiet.append(statistics.median(_latencies(port, question, wanted.seconds)))
        with _attack(port, requests, wanted) as told:
            attacked.append(statistics.median(_latencies(port, question, wanted.seconds)))
        refused += sum(one["answers"] for one in told)
        if any(one["through"] for one in told):
            raise SystemExit("An attack was answered as if it were none.")
        print(f"round {number + 1}: {quiet[-1] * 1000:.2f} ms alone, {attacked[-1] * 1000:.2f} ms beside the attack")
    print(f"{refused / (wanted.rounds * wanted.seconds):,.0f} refusals a second beside the bystander")
    ratio = statistics.median(beside / alone for beside, alone in zip(attacked, quiet, strict=True))
    print(f"refusals ratio {ratio:.2f} of the bystander's median latency without the attack")


def _latencies(port: int, question: bytes, seconds: float) -> list[float]:
    caller, found = Caller(port), []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.perf_counter()
        status, body = caller.ask(question)
        found.append(time.perf_counter() - began)
        if status != 200 or b'"errors"' in body:
            raise SystemExit(f"The bystander was answered with {status}: {body[:300]!r}")
    caller.close()
    return found


@contextmanager
def _attack(port: int, requests: Sequence[bytes], wanted: argparse.Namespace) -> Iterator[list[dict[str, int]]]:
    """Attackers, each in a process of its own, for as long as a round takes; then what they counted."""
    command = [sys.executable, "-m", "bench.refusing.attacker", str(port), str(wanted.seconds + 0.5)]
    lines = b"\n".join(base64.b64encode(request) for request in requests)
    told: list[dict[str, int]] = []
    clients = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(wanted.attackers)
    ]
    for client in clients:
        pin(client.pid, 1)
        assert client.stdin is not None
        client.stdin.write(lines)
        client.stdin.close()
        client.stdin = None
    time.sleep(0.5)
    yield told
    told += [json.loads(client.communicate()[0]) for client in clients]


if __name__ == "__main__":
    main()
