"""The development issuer over HTTP: machines with their keys, people who sign in, and what neither gets."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import uvicorn
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp
from typer.testing import CliRunner

import lingkar
from adapters.clock import SystemClock
from adapters.http.plain_door import refusing
from adapters.http.presenting import Presenting, known_or_refused
from adapters.identity.development_issuer import DevelopmentIssuer
from adapters.identity.issuers import read_issuers
from adapters.identity.presented import Presented
from adapters.identity.tokens import TokenReader
from domain.actors import Actor, ActorKind
from domain.countries import MemberState
from sandbox.issuer import ASSERTION_SECONDS, IssuerDesk, challenge_of
from sandbox.issuer_clients import Client, Clients
from sandbox.issuer_routes import issuer_application
from tests.identity.conftest import ProofsInMemory
from tests.support.proofs import proof, signed

ROOT = Path(__file__).parents[2]
ADDRESS = "http://issuer.test"
BACK = "http://portal.test/sign-in/back"
VERIFIER = "v" * 43
NOW = dt.datetime(2025, 7, 1, 3, 0, tzinfo=dt.UTC)
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MACHINE = Client(name="socso-batch", kind=ActorKind.OFFICER, state=MemberState("MY"), institution="MY.SOCSO")
PORTAL = Client(name="portal", redirect_uris=(BACK,))


@dataclass(kw_only=True)
class Place:
    """The issuer, its clients, and a clock that can be set."""

    issuer: DevelopmentIssuer
    clients: Clients
    key: ECKey
    http: httpx2.AsyncClient
    now: dt.datetime = NOW

    async def token(self, sent: dict[str, str], **headers: str) -> httpx2.Response:
        return await self.http.post("/token", data=sent, headers=headers)

    async def machine(self, key: ECKey | None = None, *, proof_of: str = "", **changed: Any) -> httpx2.Response:
        """Ask for a token of the machine; `changed` replaces claims of the assertion, None takes them out."""
        seconds = int(self.now.timestamp())
        claims = {"iss": MACHINE.name, "sub": MACHINE.name, "aud": ADDRESS, "exp": seconds + 60, "jti": "j"} | changed
        assertion = signed({"alg": "ES256"}, {k: v for k, v in claims.items() if v is not None}, key or self.key)
        sent = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION,
            "client_assertion": assertion,
        }
        return await self.token(sent, **({"dpop": proof_of} if proof_of else {}))

    async def signed_in(self, person: str = "rina", **changed: str) -> httpx2.Response:
        return await self.http.post("/authorize", data=asked(**changed) | {"person": person})

    async def code(self) -> str:
        where = (await self.signed_in()).headers["location"]
        return parse_qs(urlsplit(where).query)["code"][0]

    async def exchange(self, code: str, **changed: str) -> httpx2.Response:
        sent = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": "portal",
            "redirect_uri": BACK,
            "code_verifier": VERIFIER,
        }
        return await self.token(sent | changed)

    async def actor(self, answer: httpx2.Response, *proofs: str) -> Actor:
        """Whom a token that was given names, as the API reads it."""
        given = answer.json()
        reader = TokenReader([self.issuer.trusted(ADDRESS)], audience="lingkar", proofs=ProofsInMemory())
        presented = Presented(
            authorization=(f"{given['token_type']} {given['access_token']}",), proofs=proofs, address="http://api.test/"
        )
        return await reader.read(presented, now=self.now)


def asked(**changed: str) -> dict[str, str]:
    """What a portal asks to have a person sign in."""
    return {
        "client_id": "portal",
        "redirect_uri": BACK,
        "response_type": "code",
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
        "state": "s-1",
    } | changed


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    issuer = DevelopmentIssuer(tmp_path, environment="development")
    clients = Clients(tmp_path / "clients")
    key = ECKey.import_key(json.loads(clients.add(MACHINE, with_key=True).read_bytes()))
    clients.add(PORTAL, with_key=False)
    desk = IssuerDesk(issuer, clients, address=ADDRESS, audience="lingkar", now=lambda: made.now)
    transport = httpx2.ASGITransport(app=issuer_application(desk))
    async with httpx2.AsyncClient(transport=transport, base_url=ADDRESS) as http:
        made = Place(issuer=issuer, clients=clients, key=key, http=http)
        yield made


async def test_the_discovery_document_leads_to_the_keys_and_the_endpoints(place: Place) -> None:
    told = (await place.http.get("/.well-known/openid-configuration")).json()
    keys = (await place.http.get(urlsplit(told["jwks_uri"]).path)).json()

    assert told["issuer"] == ADDRESS
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert keys == place.issuer.public_keys()
    assert all("d" not in key for key in keys["keys"])


async def test_a_machine_gets_a_token_of_its_actor_by_its_key(place: Place) -> None:
    answer = await place.machine()

    actor = await place.actor(answer)
    assert (actor.kind, actor.institution_id) == (ActorKind.OFFICER, "MY.SOCSO")
    assert answer.headers["cache-control"] == "no-store"


async def test_a_token_is_bound_to_the_key_of_the_proof_that_came_with_the_request(place: Place) -> None:
    key = ECKey.generate_key("P-256")

    answer = await place.machine(proof_of=proof(key, address=f"{ADDRESS}/token", now=NOW))

    assert answer.json()["token_type"] == "DPoP"
    shown = proof(key, address="http://api.test/", now=NOW, token=answer.json()["access_token"])
    assert (await place.actor(answer, shown)).institution_id == "MY.SOCSO"


async def test_a_proof_of_another_address_or_used_before_gives_no_token(place: Place) -> None:
    key = ECKey.generate_key("P-256")
    good = proof(key, address=f"{ADDRESS}/token", now=NOW)

    elsewhere = await place.machine(proof_of=proof(key, address="http://api.test/", now=NOW), jti="1")
    first = await place.machine(proof_of=good, jti="2")
    second = await place.machine(proof_of=good, jti="3")

    assert (elsewhere.status_code, elsewhere.json()) == (400, {"error": "invalid_dpop_proof"})
    assert first.status_code == 200
    assert (second.status_code, second.json()) == (400, {"error": "invalid_dpop_proof"})


SECONDS = int(NOW.timestamp())
ASSERTIONS: dict[str, dict[str, Any]] = {
    "for somebody else": {"aud": "https://other.example"},
    "by somebody else": {"iss": "another"},
    "of an unknown client": {"iss": "nobody", "sub": "nobody"},
    "of a client without key": {"iss": "portal", "sub": "portal"},
    "of a path": {"iss": "../issuer-1", "sub": "../issuer-1"},
    "over": {"exp": SECONDS},
    "without end": {"exp": None},
    "with an end far ahead": {"exp": SECONDS + ASSERTION_SECONDS + 1},
    "without name": {"jti": None},
    "with a long name": {"jti": "x" * 129},
    "signed by another key": {"key": ECKey.generate_key("P-256")},
}


@pytest.mark.parametrize("changed", ASSERTIONS.values(), ids=ASSERTIONS.keys())
async def test_an_assertion_that_is_not_the_clients_own_gives_no_token(changed: dict[str, Any], place: Place) -> None:
    answer = await place.machine(**changed)

    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


async def test_an_assertion_is_used_once(place: Place) -> None:
    first, second = await place.machine(jti="once"), await place.machine(jti="once")

    assert (first.status_code, second.status_code) == (200, 401)


async def test_a_secret_or_nothing_is_no_way_to_be_a_client(place: Place) -> None:
    sent = {"grant_type": "client_credentials", "client_id": MACHINE.name, "client_secret": "guess"}

    assert (await place.token(sent)).status_code == 401


async def test_a_person_signs_in_and_the_portal_gets_a_token_of_theirs(place: Place) -> None:
    page = await place.http.get("/authorize", params=asked())
    back = await place.signed_in()
    returned = parse_qs(urlsplit(back.headers["location"]).query)

    answer = await place.exchange(returned["code"][0])

    assert "rina" in page.text
    assert back.status_code == 303
    assert back.headers["location"].startswith(f"{BACK}?")
    assert (returned["state"], returned["iss"]) == (["s-1"], [ADDRESS])
    assert (await place.actor(answer)).institution_id == "ID.BPJSTK"


async def test_a_worker_signs_in_by_the_id_that_the_api_gave_them(place: Place) -> None:
    subject = "018f0000-0000-7000-8000-000000000001"
    back = await place.http.post("/authorize", data=asked() | {"person": "worker", "subject": subject})

    answer = await place.exchange(parse_qs(urlsplit(back.headers["location"]).query)["code"][0])

    assert str((await place.actor(answer)).subject_id) == subject


REQUESTS: dict[str, dict[str, str]] = {
    "another address": {"redirect_uri": "https://evil.example/"},
    "a longer address": {"redirect_uri": BACK + "/more"},
    "an address with a query": {"redirect_uri": BACK + "?a=1"},
    "the plain method": {"code_challenge_method": "plain"},
    "no challenge": {"code_challenge": ""},
    "a short challenge": {"code_challenge": "abc"},
    "the implicit flow": {"response_type": "token"},
    "an unknown client": {"client_id": "nobody"},
}


@pytest.mark.parametrize("changed", REQUESTS.values(), ids=REQUESTS.keys())
async def test_a_request_to_sign_in_that_is_not_right_goes_nowhere(changed: dict[str, str], place: Place) -> None:
    page = await place.http.get("/authorize", params=asked(**changed))
    back = await place.signed_in(**changed)

    assert (page.status_code, back.status_code) == (400, 400)
    assert "location" not in back.headers


@pytest.mark.parametrize("person", ["", "nobody", "operator", "officer", "worker"])
async def test_only_invented_people_and_ids_sign_in(person: str, place: Place) -> None:
    assert (await place.signed_in(person)).status_code == 400


EXCHANGES: dict[str, dict[str, str]] = {
    "another verifier": {"code_verifier": "w" * 43},
    "no verifier": {"code_verifier": ""},
    "the challenge as verifier": {"code_verifier": challenge_of(VERIFIER)},
    "another address": {"redirect_uri": "https://evil.example/"},
    "another client": {"client_id": "second"},
    "an unknown client": {"client_id": "nobody"},
}


@pytest.mark.parametrize("changed", EXCHANGES.values(), ids=EXCHANGES.keys())
async def test_a_stolen_code_is_worth_nothing_and_ends_by_the_attempt(changed: dict[str, str], place: Place) -> None:
    place.clients.add(Client(name="second", redirect_uris=(BACK,)), with_key=False)
    code = await place.code()

    wrong, right = await place.exchange(code, **changed), await place.exchange(code)

    assert (wrong.status_code, wrong.json()) == (400, {"error": "invalid_grant"})
    assert (right.status_code, right.json()) == (400, {"error": "invalid_grant"})


async def test_a_code_is_used_once_and_within_a_minute(place: Place) -> None:
    code, late = await place.code(), await place.code()

    first, second = await place.exchange(code), await place.exchange(code)
    place.now += dt.timedelta(seconds=60)
    third = await place.exchange(late)

    assert [first.status_code, second.status_code, third.status_code] == [200, 400, 400]


async def test_a_request_that_names_something_twice_is_refused(place: Place) -> None:
    body = b"grant_type=client_credentials&grant_type=authorization_code"
    headers = {"content-type": "application/x-www-form-urlencoded"}

    assert (await place.http.post("/token", content=body, headers=headers)).json() == {"error": "invalid_request"}


@pytest.mark.parametrize("arguments", [["issuer"], ["issuer", "rotate"], ["issuer", "client", "x"]], ids=" ".join)
def test_the_issuer_refuses_to_start_outside_development(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        ("ENVIRONMENT", "production"),
        ("DATABASE_URL", "postgresql+psycopg://nowhere/none"),
        ("ISSUERS_FILE", str(tmp_path / "issuers.yaml")),
        ("PUBLIC_URL", "https://lingkar.example"),
        ("VAR_FOLDER", str(tmp_path / "var")),
    ):
        monkeypatch.setenv(f"LINGKAR_{name}", value)

    # The log would be set to write where the runner listens, also for the tests after this one.
    monkeypatch.setattr(lingkar, "configure_logs", lambda **_: None)

    said = CliRunner().invoke(lingkar.cli, arguments)

    assert said.exit_code == 1
    assert "not issued in the environment production" in said.output
    assert not (tmp_path / "var").exists()


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[str]:
    """Serve on a free port of this machine."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, lifespan="off", log_config=None))
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await running


class Late:
    """An application that is put in place after its address is known."""

    app: ASGIApp

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


async def test_the_example_of_a_partner_runs_as_it_is_documented(tmp_path: Path) -> None:
    issuer, clients = DevelopmentIssuer(tmp_path, environment="development"), Clients(tmp_path / "clients")
    key = clients.add(MACHINE, with_key=True)
    at, api, clock = Late(), Late(), SystemClock()
    async with served(at) as issuer_address, served(api) as api_address, httpx2.AsyncClient() as outside:
        at.app = issuer_application(
            IssuerDesk(issuer, clients, address=issuer_address, audience="lingkar", now=clock.now)
        )
        file = tmp_path / "issuers.yaml"
        entry = {"name": "socso", "issuer": issuer_address, "jwks_uri": f"{issuer_address}/jwks.json"}
        bounds = {"kinds": ["officer"], "institutions": ["MY.SOCSO"], "binding": "dpop"}
        file.write_text(json.dumps({"issuers": [entry | bounds]}))
        reader = TokenReader(read_issuers(file, outside, development=True), audience="lingkar", proofs=ProofsInMemory())
        presenting = Presenting(api_address, certificate_header="", proxies=())

        async def answer(request: Request) -> Response:
            async def read() -> Actor:
                return await reader.read(presenting(request), now=clock.now())

            return JSONResponse({"asked_by": (await known_or_refused(read)).id})

        api.app = Starlette(routes=[Route("/graphql", refusing("failed", answer), methods=["POST"])])
        arguments = [MACHINE.name, str(key), issuer_address, api_address]
        example = ROOT / "docs" / "reference" / "examples" / "partner.py"
        running = await asyncio.create_subprocess_exec(
            sys.executable, str(example), *arguments, env=dict(os.environ), stdout=asyncio.subprocess.PIPE
        )
        said, _ = await asyncio.wait_for(running.communicate(), 60)

    assert json.loads(said) == {"asked_by": "socso/socso-batch"}
