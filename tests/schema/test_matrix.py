"""Every operation, door and page, every kind of actor, own and foreign: as the access policy says, and no other way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import httpx2
import pytest
from starlette.routing import Route, WebSocketRoute

import app
from adapters.postgres.roles import APP, url_as
from adapters.settings import Settings
from domain.access_rules import Asker
from domain.actors import Actor, ActorKind
from domain.certificates import BodyKind
from domain.countries import MemberState
from domain.people import Identifier
from schema.ids import opaque_id, opaque_number
from tests.schema.test_visibility import ACTORS, MUTATIONS, QUERIES, F
from tests.support.api import Api, without_what_is_left
from tests.support.asked import PROBLEM, World, actors, lived, mutations, outcome, queries
from tests.support.databases import Databases
from tests.support.scene import ACCESS, OFFICER_ID, OFFICER_MY, Scene, covered_worker

KIND_OF = {
    "operator": ActorKind.OPERATOR,
    "officer": ActorKind.OFFICER,
    "officer elsewhere": ActorKind.OFFICER,
    "donor": ActorKind.DONOR,
    "other donor": ActorKind.DONOR,
    "worker": ActorKind.WORKER,
    "other worker": ActorKind.WORKER,
    "system": ActorKind.SYSTEM,
}
STRANGERS = ("officer elsewhere", "other donor", "other worker")
ALSO_FORBIDDEN = {("identifierRecord", "officer elsewhere"), ("certificateWithdraw", "officer")}
"""What @further of the policy says: documents of the own state only, and proofs of the own legislation."""
_REQUEST_ID = re.compile(rb'"requestId":"[0-9a-f]{16}"')
KEPT_OF_REFUSALS = {"idempotency_keys", "audit_entries", "access_records", "reasons"}
"""What a refused question or act may leave: its key with the refusal, and traces."""
NESTED = {
    "worker.coverageOn": 'coverageOn(on: "2025-10-16") { outcome }',
    "worker.accessRecords": "accessRecords(first: 1) { edges { node { id } } }",
    "worker.consents": "consents { id }",
}


DOORS = {
    ("GET", "/livez"): "health",
    ("GET", "/readyz"): "health",
    ("GET", "/graphql"): "graphiql",
    ("GET", "/graphql/graphiql/{name}"): "graphiql",
    ("GET", "/verify"): "verify",
    ("POST", "/verify"): "verify",
    ("GET", "/verify/page.css"): "verify",
    ("GET", "/status/{number:int}"): "statusList",
    ("GET", "/.well-known/jwt-vc-issuer"): "issuerKeys",
    ("GET", "/.well-known/certificate-keys.json"): "issuerKeys",
    ("GET", "/certificates/{number}/{body}"): "certificateBodies",
    ("POST", "/nominations"): "nominationSubmit",
    ("GET", "/exports/coverage"): "exports",
    ("GET", "/me/export"): "meExport",
    ("GET", "/audit/heads/{chain}"): "auditHeads",
    ("GET", "/.well-known/audit-keys.json"): "auditHeads",
    ("GET", "/.well-known/openid-credential-issuer"): "walletDoor",
    ("GET", "/.well-known/oauth-authorization-server"): "walletDoor",
    ("GET", "/types/certificate-of-coverage/1"): "walletDoor",
    ("GET", "/types/certificate-of-coverage-pda1-ebsi/1"): "walletDoor",
    ("GET", "/types/certificate-of-coverage-pda1-eudi/1"): "walletDoor",
    ("POST", "/wallet/token"): "walletDoor",
    ("POST", "/wallet/nonce"): "walletDoor",
}
"""Each route, and the operation that it is; questions to `POST /graphql` have one for each field."""


@pytest.fixture(scope="module")
def database_url(databases: Databases) -> Iterator[str]:
    with databases.copy() as url:
        yield url


def nobody(scene: Scene, world: World) -> World:
    """A world of the same shape in which nothing exists but the fund, which is everybody's to see."""

    def absent(kind: str) -> str:
        return opaque_id(kind, scene.context().new_id())

    return replace(
        world,
        worker=absent("Worker"),
        passport=Identifier(kind="passport", value="X9999999", state=world.passport.state),
        donor=absent("Donor"),
        donation=absent("Donation"),
        allocation=absent("Allocation"),
        nomination=absent("Nomination"),
        move=absent("Move"),
        certificate="MY-0-0",
        access_record=opaque_number("AccessRecord", 2**40),
        review=absent("Review"),
        consent=absent("Consent"),
    )


def of_nobody(scene: Scene) -> World:
    """A world nobody has lived: for requests that are refused before anything is looked up."""
    new_id = scene.context().new_id
    texts = dict.fromkeys(
        ("worker", "donor", "fund", "donation", "allocation", "nomination", "move", "certificate", "access_record",
         "review", "consent"), ""
    )  # fmt: skip
    passport = Identifier(kind="passport", value="X9999999", state=MemberState.ID)
    return World(worker_id=new_id(), donor_id=new_id(), passport=passport, **texts)


@pytest.mark.parametrize("field", [*QUERIES, *MUTATIONS])
def test_a_root_field_is_forbidden_to_exactly_the_kinds_that_the_policy_refuses(field: str) -> None:
    row = {**QUERIES, **MUTATIONS}[field]
    # node answers for three kinds of thing, each under its own operation.
    operation = "worker" if field == "node" else field

    forbidden = {name for name, cell in zip(ACTORS, row, strict=True) if cell == F}

    refused = {name for name in ACTORS if not ACCESS.decisions.may_call(KIND_OF[name], operation)}
    assert forbidden == refused | {name for asked, name in ALSO_FORBIDDEN if asked == field}


async def test_without_a_token_no_field_is_answered_and_each_refusal_is_the_same(scene: Scene, api: Api) -> None:
    world = nobody(scene, of_nobody(scene))
    texts = {field: f"{{ {text} }}" for field, text in queries(world).items()}
    texts |= {field: f"mutation {{ {text} }}" for field, text in mutations(world, "k").items()}
    assert not {field for field in texts if ACCESS.decisions.may_call(None, field)}

    found = set()
    for text in texts.values():
        answer = await api.client.post("/graphql", json={"query": text}, headers={"accept": "application/json"})
        found.add((answer.status_code, said_in(answer)))

    ((status, said),) = found
    assert status == 401
    assert b"UNAUTHENTICATED" in said


async def test_each_part_of_a_worker_in_sight_is_forbidden_to_whom_the_policy_refuses(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    asking = await actors(scene, world)

    for operation, part in NESTED.items():
        for name in ("operator", "officer", "worker"):
            text = f'{{ worker(id: "{world.worker}", purpose: ADMINISTRATION) {{ {part} }} }}'
            found = await outcome(api, asking[name], text, "worker")
            assert (found != F) is ACCESS.decisions.may_call(KIND_OF[name], operation), (operation, name)


async def test_each_door_and_page_opens_to_exactly_whom_the_policy_lets_in(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    asking: dict[str, Actor | None] = {"anonymous": None, **await actors(scene, world)}
    addressed = {
        "/graphql/graphiql/{name}": "/graphql/graphiql/page.js",
        "/status/{number:int}": "/status/1",
        "/certificates/{number}/{body}": BodyKind.JSON.path(world.certificate),
        "/exports/coverage": "/exports/coverage?on=2025-08-15&purpose=administration",
        "/audit/heads/{chain}": "/audit/heads/MY.SOCSO",
        "/nominations": f"/nominations?fund={world.fund}&scheme=ID.JKK&segment=bpu&on=2025-07-01",
    }

    for (method, path), operation in DOORS.items():
        door = f"{method} {addressed.get(path, path)}"
        for name, actor in asking.items():
            answer = await knocked(api, actor, door, f"{name}-{operation}".replace(" ", "-"))
            asker: Asker = None if actor is None else actor.kind
            let_in = answer.status_code not in (401, 403)
            assert let_in is ACCESS.decisions.may_call(asker, operation), (door, name, answer.status_code)


def test_every_route_of_the_application_has_a_row_among_the_doors(settings: Settings, database_url: str) -> None:
    routes = app.build_api(settings, url_as(APP, database_url)).routes

    paths = {route.path for route in routes if isinstance(route, Route)}

    others = [route for route in routes if not isinstance(route, Route)]
    assert [type(route) for route in others] == [WebSocketRoute], "who may follow what is a question of its own fields"
    assert paths == {path for _, path in DOORS} | {"/wallet/credential"}, "the last takes no token but an offer's"


async def knocked(api: Api, actor: Actor | None, door: str, key: str) -> httpx2.Response:
    method, path = door.split(" ")
    headers = {"accept": "text/html, application/json", "idempotency-key": key}
    if actor is not None:
        headers["authorization"] = f"Bearer {api.token(actor)}"
    content = b"name,birth_date\n" if path.startswith("/nominations") else b""
    if content:
        headers["content-type"] = "text/csv"
    return await api.client.request(method, path, content=content, headers=headers)


async def test_what_is_hidden_is_byte_for_byte_what_does_not_exist_for_every_root_field(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    absent = nobody(scene, world)
    asking = await actors(scene, world)

    differing = []
    for field in queries(world):
        for name in STRANGERS:
            pair = [await api.post(asking[name], f"{{ {queries(one)[field]} }}") for one in (world, absent)]
            if answered_differently(*pair):
                differing.append((field, name))

    assert differing == []


async def test_an_act_on_what_is_hidden_is_refused_byte_for_byte_like_one_on_nothing_and_changes_nothing(
    scene: Scene, api: Api
) -> None:
    world = await lived(scene)
    absent = nobody(scene, world)
    asking = await actors(scene, world)
    before = await scene.counts()

    differing = []
    for field, row in MUTATIONS.items():
        cells = dict(zip(ACTORS, row, strict=True))
        # What a stranger may do anyway (an own consent, an emergency) is no refusal to compare.
        for name in (one for one in STRANGERS if cells[one] not in ("answered", "LANDING_NOT_POSSIBLE")):
            pair = [
                await api.post(
                    asking[name], f"mutation {{ {mutations(one, f'{name}-{at}'.replace(' ', '-'))[field]} }}"
                )
                for at, one in enumerate((world, absent))
            ]
            if answered_differently(*pair):
                differing.append((field, name, [one.text for one in pair]))

    assert differing == []
    after = await scene.counts()
    assert {table for table in after if after[table] != before[table]} <= KEPT_OF_REFUSALS


def answered_differently(hidden: httpx2.Response, absent: httpx2.Response) -> bool:
    one, other = ((answer.status_code, said_in(answer), sorted(answer.headers)) for answer in (hidden, absent))
    return one != other


def said_in(answer: httpx2.Response) -> bytes:
    """What an answer says, without the number of the request, which is random and as long for each, and without what is
    left of the budget, which falls with each question whatever was asked about."""
    return _REQUEST_ID.sub(b"", without_what_is_left(answer))


class TestOnePooledConnection:
    """A pool of one: what one institution said of itself must be gone when the next one asks."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"database_pool": 1})

    async def test_two_hundred_requests_of_two_institutions_in_turn_never_see_one_another(
        self, scene: Scene, api: Api
    ) -> None:
        worker = opaque_id("Worker", (await covered_worker(scene)).id)
        text = (
            f'{{ worker(id: "{worker}", purpose: ADMINISTRATION) {{ id coverageOn(on: "2025-09-01") {{ outcome }} }} }}'
        )

        for turn in range(200):
            actor, sees = ((OFFICER_ID, True), (OFFICER_MY, False))[turn % 2]
            seen = (await api.data(actor, text))["worker"]
            assert (seen is not None) is sees, turn


async def test_a_key_that_another_institution_used_tells_nothing_of_what_it_did(scene: Scene, api: Api) -> None:
    own, key = await covered_worker(scene), scene.key()
    first = await api.post(OFFICER_ID, recording(own.id, "X1234567", key))
    acts = [recording(worker_id, "X1234567", key) for worker_id in (own.id, scene.context().new_id())]
    stranger = replace(OFFICER_ID, id="officer-elsewhere", institution_id="ID.ELSEWHERE")

    used = await api.post(stranger, acts[0])
    fresh = await api.post(replace(stranger, id="officer-other"), acts[1])

    assert b"NOT_FOUND" not in first.content
    assert said_in(used) == said_in(fresh)
    assert b"NOT_FOUND" in used.content


def recording(worker_id: UUID, value: str, key: str) -> str:
    number = f'{{kind: "passport", issuingState: ID, value: "{value}"}}'
    asked = f'idempotencyKey: "{key}", workerId: "{opaque_id("Worker", worker_id)}", identifier: {number}'
    return f"mutation {{ identifierRecord({asked}) {{ {PROBLEM} }} }}"
