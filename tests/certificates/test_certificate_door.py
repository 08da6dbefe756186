"""The bodies over HTTP: who is given one, what of a person is in it, what trace it leaves; and what is public."""

from __future__ import annotations

import json

import httpx2
import pytest
from joserfc.jwk import ECKey

from adapters.certificates.claims import facts_of
from adapters.certificates.extraction import text_in
from adapters.certificates.keys import believed_keys
from adapters.certificates.sd_jwt import disclosed
from adapters.certificates.status_list import is_withdrawn
from adapters.certificates.verification import verify
from domain.actors import Actor, ActorKind
from domain.certificates import BodyKind, CertificateFacts, DisclosedPerson, StatusPlace, Verdict
from tests.support.api import Api
from tests.support.asked import World, actors, lived
from tests.support.scene import OFFICER_ID, OFFICER_MY, OFFICER_TH, OPERATOR, Scene, worker_actor

KEYS = "/.well-known/certificate-keys.json"
EVERYTHING = "with=name,birth_date,identifiers"


async def body(api: Api, actor: Actor, world: World, kind: BodyKind, query: str = "") -> httpx2.Response:
    headers = {"authorization": f"Bearer {api.token(actor)}"}
    purpose = "purpose=claim&" if actor.kind is ActorKind.OFFICER else ""
    return await api.client.get(f"{kind.path(world.certificate)}?{purpose}{query}", headers=headers)


async def facts_in(api: Api, token: str) -> CertificateFacts:
    published = (await api.client.get(KEYS)).json()
    return facts_of(disclosed(token, believed_keys(published).keys)[0])


async def name_of(scene: Scene, world: World) -> str:
    async with scene.context(worker_actor(world.worker_id)).reading() as work:
        return (await work.workers.person(world.worker_id, scene.clock.now())).name


def code(answer: httpx2.Response) -> str:
    return str(answer.json()["errors"][0]["extensions"]["code"])


async def test_each_body_is_given_to_the_worker_and_to_officers_who_may_see_them_and_to_nobody_else(
    scene: Scene, api: Api
) -> None:
    world = await lived(scene)
    asking = await actors(scene, world)
    expected = {"operator": 403, "officer": 200, "officer elsewhere": 404, "donor": 403, "other donor": 403,
                "worker": 200, "other worker": 404, "system": 403}  # fmt: skip

    for kind in BodyKind:
        found = {name: (await body(api, actor, world, kind)).status_code for name, actor in asking.items()}
        assert found == expected, kind


async def test_without_a_token_there_is_no_body(scene: Scene, api: Api) -> None:
    world = await lived(scene)

    answer = await api.client.get(BodyKind.PDF.path(world.certificate))

    assert (answer.status_code, code(answer)) == (401, "UNAUTHENTICATED")


async def test_a_hidden_certificate_is_answered_like_one_that_does_not_exist(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    token = {"authorization": f"Bearer {api.token(OFFICER_TH)}"}

    hidden = await api.client.get(BodyKind.JSON.path(world.certificate) + "?purpose=claim", headers=token)
    absent = await api.client.get(BodyKind.JSON.path("MY-0-0") + "?purpose=claim", headers=token)

    assert hidden.status_code == absent.status_code == 404
    assert hidden.json()["errors"][0]["message"] == absent.json()["errors"][0]["message"]


async def test_all_bodies_of_one_certificate_say_the_same(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    me = worker_actor(world.worker_id)
    believed = believed_keys((await api.client.get(KEYS)).json())
    now = api.clock.now()

    for kind in (BodyKind.JSON, BodyKind.SD_JWT, BodyKind.QR_TEXT, BodyKind.QR_PNG, BodyKind.PDF):
        answer = await body(api, me, world, kind)
        found = await verify(text_in(answer.content), believed, _standing, now)
        assert found.verdict is Verdict.VALID, kind
        assert found.facts is not None
        assert found.facts.number == world.certificate
        assert found.facts.simulated
        assert {cover.scheme_id for cover in found.facts.covers} == {"MY.SOCSO.CAT1", "ID.PMI"}
        assert found.facts.person == DisclosedPerson()


async def test_workers_have_themselves_named_and_nobody_else_is(scene: Scene, api: Api) -> None:
    world, other = await lived(scene), await lived(scene)
    name, other_name = await name_of(scene, world), await name_of(scene, other)

    answer = await body(api, worker_actor(world.worker_id), world, BodyKind.SD_JWT, EVERYTHING)

    person = (await facts_in(api, answer.text)).person
    assert person.name == name
    assert person.birth_date is not None
    assert ("passport", world.passport.value) in person.identifiers
    for kind in BodyKind:
        content = (await body(api, worker_actor(world.worker_id), world, kind, EVERYTHING)).content
        read = content.decode("latin-1") + text_in(content)
        assert other_name not in read
        assert other.passport.value not in read


async def test_what_of_the_person_is_written_is_what_the_worker_asked_for(scene: Scene, api: Api) -> None:
    world = await lived(scene)

    answer = await body(api, worker_actor(world.worker_id), world, BodyKind.JSON, "with=birth_date")

    assert set(answer.json()["certificate"]["person"]) == {"birthDate"}


@pytest.mark.parametrize("kind", BodyKind)
async def test_an_officer_is_given_no_name_even_on_request(scene: Scene, api: Api, kind: BodyKind) -> None:
    world = await lived(scene)
    name = await name_of(scene, world)

    asked = await body(api, OFFICER_MY, world, kind, "with=name")
    given = await body(api, OFFICER_MY, world, kind)

    assert (asked.status_code, code(asked)) == (403, "FORBIDDEN")
    for personal in (name, world.passport.value):
        assert personal not in given.content.decode("latin-1") + text_in(given.content)


async def test_an_officers_download_leaves_a_trace_as_the_query_does_and_the_workers_own_leaves_none(
    scene: Scene, api: Api
) -> None:
    world = await lived(scene)
    traces = """SELECT institution_id, fields FROM access_records
                WHERE worker_id = :id AND fields[1] IN ('certificate', 'certificate.number') ORDER BY id"""

    before = len(await scene.rows(traces, id=world.worker_id))
    await body(api, worker_actor(world.worker_id), world, BodyKind.PDF, "with=name")
    own = len(await scene.rows(traces, id=world.worker_id))
    await body(api, OFFICER_ID, world, BodyKind.PDF)
    await api.data(OFFICER_ID, f'{{ certificate(number: "{world.certificate}", purpose: CLAIM) {{ number }} }}')
    rows = await scene.rows(traces, id=world.worker_id)

    assert own == before
    assert [tuple(row) for row in rows[before:]] == [
        ("ID.BPJSTK", ["certificate"]),
        ("ID.BPJSTK", ["certificate.number"]),
    ]


async def test_a_look_at_a_withdrawn_certificate_leaves_its_trace_too(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    await scene.withdraw(world.worker_id)
    traces = "SELECT 1 FROM access_records WHERE worker_id = :id AND institution_id = 'ID.BPJSTK' AND fields = :fields"
    before = len(await scene.rows(traces, id=world.worker_id, fields=["certificate"]))

    answer = await body(api, OFFICER_ID, world, BodyKind.PDF)

    assert answer.status_code == 409
    assert len(await scene.rows(traces, id=world.worker_id, fields=["certificate"])) == before + 1


async def test_the_contract_says_where_the_bodies_are(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    me = worker_actor(world.worker_id)
    query = "{ me { certificates { bodies { json sdJwt qrText qrPng qrSvg pdf } withdrawal { reason } } } }"

    (told,) = (await api.data(me, query))["me"]["certificates"]

    assert told["withdrawal"] is None
    kinds = {}
    for name, path in told["bodies"].items():
        answer = await api.client.get(path, headers={"authorization": f"Bearer {api.token(me)}"})
        kinds[name] = answer.headers["content-type"].split(";")[0]
        assert answer.headers["cache-control"] == "no-store"
    assert kinds == {"json": "application/json", "sdJwt": "application/dc+sd-jwt", "qrText": "text/plain",
                     "qrPng": "image/png", "qrSvg": "image/svg+xml", "pdf": "application/pdf"}  # fmt: skip


@pytest.mark.parametrize("query", ["with=everything", "language=xx", "holderKey={}", "holderKey=x", "with=name,,x"])
async def test_a_wrong_wish_is_refused_before_anybody_is_looked_up(scene: Scene, api: Api, query: str) -> None:
    world = await lived(scene)
    before = await scene.counts()

    answer = await body(api, OFFICER_ID, world, BodyKind.PDF, query)

    assert (answer.status_code, code(answer)) == (400, "BAD_USER_INPUT")
    assert await scene.counts() == before


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        ("", (422, "VALUE_MISSING")),
        ("purpose=statistics", (403, "PURPOSE_NOT_OPEN")),
        ("purpose=?", (400, "BAD_USER_INPUT")),
    ],
)
async def test_an_officer_says_for_what_a_body_is_asked(
    scene: Scene, api: Api, query: str, refusal: tuple[int, str]
) -> None:
    world = await lived(scene)
    headers = {"authorization": f"Bearer {api.token(OFFICER_ID)}"}
    before = await scene.counts()

    answer = await api.client.get(f"{BodyKind.PDF.path(world.certificate)}?{query}", headers=headers)

    assert (answer.status_code, code(answer)) == refusal
    assert await scene.counts() == before


async def test_a_body_of_no_kind_is_not_found(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    headers = {"authorization": f"Bearer {api.token(OFFICER_ID)}"}

    answer = await api.client.get(f"/certificates/{world.certificate}/docx", headers=headers)

    assert (answer.status_code, code(answer)) == (404, "NOT_FOUND")


async def test_a_holders_key_is_in_the_token(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    key = ECKey.generate_key("P-256").as_dict(private=False)
    me = worker_actor(world.worker_id)

    answer = await body(api, me, world, BodyKind.SD_JWT, str(httpx2.QueryParams({"holderKey": json.dumps(key)})))

    published = believed_keys((await api.client.get(KEYS)).json())
    claims, _ = disclosed(answer.text, published.keys)
    assert claims["cnf"]["jwk"]["x"] == key["x"]


async def test_a_certificate_whose_covers_have_ended_has_no_bodies_any_more(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    api.clock.advance(days=1_200)

    answer = await body(api, worker_actor(world.worker_id), world, BodyKind.QR_TEXT)

    assert (answer.status_code, code(answer)) == (409, "STATE_CONFLICT")


async def test_a_withdrawn_certificate_has_no_bodies_and_its_bit_is_set(scene: Scene, api: Api) -> None:
    world, other = await lived(scene), await lived(scene)
    me = worker_actor(world.worker_id)
    mine = await facts_in(api, (await body(api, me, world, BodyKind.SD_JWT)).text)
    theirs = await facts_in(api, (await body(api, worker_actor(other.worker_id), other, BodyKind.SD_JWT)).text)

    await scene.withdraw(world.worker_id)
    api.clock.advance(seconds=60)

    answer = await body(api, me, world, BodyKind.PDF)
    assert (answer.status_code, code(answer)) == (409, "STATE_CONFLICT")
    assert await _listed(api, mine)
    assert not await _listed(api, theirs)


async def test_a_list_is_signed_anew_within_a_minute_and_says_how_long_it_may_be_kept(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    mine = await facts_in(api, (await body(api, worker_actor(world.worker_id), world, BodyKind.SD_JWT)).text)
    assert not await _listed(api, mine)

    await scene.withdraw(world.worker_id)
    answer = await api.client.get(f"/status/{mine.status.list_number}")

    kept = int(answer.headers["cache-control"].removeprefix("public, max-age="))
    assert 0 < kept < 60
    api.clock.advance(seconds=60 - kept)
    assert await _listed(api, mine)


@pytest.mark.parametrize("number", ["0", "2", "999999", "99999999999999999999", "-1", "x", "1.0"])
async def test_a_list_that_does_not_exist_is_not_found(scene: Scene, api: Api, number: str) -> None:
    await lived(scene)

    answer = await api.client.get(f"/status/{number}")

    assert answer.status_code == 404


async def test_keys_and_metadata_are_public_and_agree(api: Api) -> None:
    keys = (await api.client.get(KEYS)).json()
    metadata = (await api.client.get("/.well-known/jwt-vc-issuer")).json()

    assert metadata == {"issuer": keys["issuer"], "jwks_uri": keys["issuer"] + KEYS}
    assert keys["keys"][0]["alg"] == "ES256"
    assert "d" not in keys["keys"][0]


async def test_the_keys_of_tokens_and_of_certificates_are_not_the_same(api: Api) -> None:
    tokens = api.issuer.public_keys()
    certificates = (await api.client.get(KEYS)).json()

    assert {key["x"] for key in tokens["keys"]}.isdisjoint(key["x"] for key in certificates["keys"])


async def test_an_operator_sees_that_a_certificate_stands_and_no_body(scene: Scene, api: Api) -> None:
    world = await lived(scene)

    seen = await api.data(OPERATOR, f'{{ certificate(number: "{world.certificate}") {{ withdrawal {{ reason }} }} }}')
    answer = await body(api, OPERATOR, world, BodyKind.JSON)

    assert seen == {"certificate": {"withdrawal": None}}
    assert (answer.status_code, code(answer)) == (403, "FORBIDDEN")


async def _standing(_: StatusPlace) -> bool | None:
    return False


async def _listed(api: Api, told: CertificateFacts) -> bool:
    """Whether the published list says that it is withdrawn."""
    published = believed_keys((await api.client.get(KEYS)).json())
    address = f"{published.issuer}/status/{told.status.list_number}"
    answer = await api.client.get(address.removeprefix(published.issuer))
    assert answer.headers["content-type"] == "application/statuslist+jwt"
    return is_withdrawn(answer.text, address, told.status.index, published.keys, api.clock.now())
