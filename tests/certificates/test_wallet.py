"""A wallet of somebody else takes up a worker's offer: what it is given, and how each wrong step is answered.

The wallet here is written from OpenID4VCI 1.0 alone; the reader of offers, metadata, proofs and types is openvc.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import json
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import typst
import zxingcpp
from joserfc import jws
from joserfc.jwk import ECKey
from openvc.keys import signing_key_from_jwk
from openvc.openid4vci import (
    parse_credential_issuer_metadata,
    parse_credential_offer,
    verify_credential_request_proofs,
)
from openvc.proof.sd_jwt import SdJwtVcProofSuite
from openvc.type_metadata import validate_type_metadata
from PIL import Image

from adapters.certificates.keys import BelievedKeys, believed_keys
from adapters.certificates.sd_jwt import disclosed
from adapters.certificates.verification import Verification, verify
from adapters.certificates.wallet_metadata import GRANT_TYPE
from domain.actors import Actor
from domain.certificates import StatusPlace, Verdict
from domain.wallet import NONCE_LIFE, OFFER_LIFE, TOKEN_LIFE, WRONG_TRIES_AT_MOST, WalletCredential
from schema.ids import opaque_id
from tests.support.api import Api
from tests.support.asked import World, actors, lived
from tests.support.scene import Scene, worker_actor

PLAIN = WalletCredential.CERTIFICATE_OF_COVERAGE
A_SECOND = dt.timedelta(seconds=1)


class Wallet:
    """A wallet with a key of its own."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.key = ECKey.generate_key("P-256")
        self.issuer = ""

    async def metadata(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.api.client.get("/.well-known/openid-credential-issuer")).json()
        self.issuer = found["credential_issuer"]
        return found

    def path(self, address: str) -> str:
        return address.removeprefix(self.issuer)

    async def token(self, offer: Mapping[str, Any], **changes: str | None) -> httpx2.Response:
        server = (await self.api.client.get("/.well-known/oauth-authorization-server")).json()
        form = {"grant_type": GRANT_TYPE, "pre-authorized_code": offer["code"], "tx_code": offer["tx_code"], **changes}
        sent = {name: value for name, value in form.items() if value is not None}
        return await self.api.client.post(self.path(server["token_endpoint"]), data=sent)

    async def nonce(self) -> str:
        answer = await self.api.client.post(self.path((await self.metadata())["nonce_endpoint"]))
        assert answer.headers["cache-control"] == "no-store"
        return str(answer.json()["c_nonce"])

    def proof(self, nonce: str | None, /, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
        head = {"typ": "openid4vci-proof+jwt", "alg": "ES256", "jwk": self.key.as_dict(private=False)}
        told = {"aud": self.issuer, "iat": int(self.api.clock.now().timestamp()), "nonce": nonce, **claims}
        content = json.dumps({name: value for name, value in told.items() if value is not None}).encode()
        head |= header or {}
        return jws.serialize_compact({k: v for k, v in head.items() if v is not None}, content, self.key)

    async def ask(self, token: str, request: Any) -> httpx2.Response:
        headers = {"authorization": f"Bearer {token}"}
        return await self.api.client.post("/wallet/credential", json=request, headers=headers)

    async def credential(self, token: str, proof: str, credential: str = PLAIN.value) -> httpx2.Response:
        return await self.ask(token, {"credential_configuration_id": credential, "proofs": {"jwt": [proof]}})

    async def taken(self, offer: Mapping[str, Any], credential: WalletCredential = PLAIN) -> str:
        """The whole way from an offer to the credential."""
        token = (await self.token(offer)).json()["access_token"]
        answer = await self.credential(token, self.proof(await self.nonce()), credential.value)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["credentials"][0]["credential"])


async def offered(
    api: Api, world: World, credential: WalletCredential = PLAIN, disclosures: str = "", actor: Actor | None = None
) -> dict[str, Any]:
    """An offer as the worker's app is given it, with its code taken out of the address."""
    told = await api.data(
        actor or worker_actor(world.worker_id),
        f'mutation {{ certificateOffer(number: "{world.certificate}", credential: {credential.name}, '
        f"disclosures: [{disclosures}]) {{ ... on CertificateOfferPayload "
        "{ uri qrSvg transactionCode expiresAt } ... on Problem { code } } }",
    )
    offer: dict[str, Any] = told["certificateOffer"]
    content = json.loads(parse_qs(urlsplit(offer["uri"]).query)["credential_offer"][0])
    code = content["grants"][GRANT_TYPE]["pre-authorized_code"]
    return {**offer, "content": content, "code": code, "tx_code": offer["transactionCode"]}


def error(answer: httpx2.Response) -> tuple[int, str, str]:
    told = answer.json()
    return answer.status_code, told["error"], told["error_description"].split(".")[0]


async def checked(text: str, believed: BelievedKeys, api: Api) -> Verification:
    async def standing(_: StatusPlace) -> bool | None:
        return False

    return await verify(text, believed, standing, api.clock.now())


async def wallet_with_token(scene: Scene, api: Api) -> tuple[Wallet, str]:
    wallet = Wallet(api)
    await wallet.metadata()
    token = (await wallet.token(await offered(api, await lived(scene)))).json()["access_token"]
    return wallet, token


async def test_a_wallet_takes_up_an_offer_and_its_credential_is_bound_to_its_key(scene: Scene, api: Api) -> None:
    world, wallet = await lived(scene), Wallet(api)

    credential = await wallet.taken(await offered(api, world))

    published = (await api.client.get("/.well-known/certificate-keys.json")).json()
    claims, holder_signed = disclosed(credential, believed_keys(published).keys)
    assert claims["cnf"]["jwk"] == {k: v for k, v in wallet.key.as_dict(private=False).items() if k in "kty crv x y"}
    assert claims["certificate_number"] == world.certificate
    assert not holder_signed
    assert {"name", "birthdate", "identifiers"}.isdisjoint(claims)


async def test_what_the_worker_wanted_named_is_in_the_credential_and_can_be_hidden(scene: Scene, api: Api) -> None:
    world, wallet = await lived(scene), Wallet(api)

    credential = await wallet.taken(await offered(api, world, disclosures="NAME, BIRTH_DATE"))

    believed = believed_keys((await api.client.get("/.well-known/certificate-keys.json")).json())
    claims, _ = disclosed(credential, believed.keys)
    hidden, _ = disclosed(credential.split("~")[0] + "~", believed.keys)
    assert {"name", "birthdate"} <= claims.keys()
    assert "identifiers" not in claims
    assert {"name", "birthdate"}.isdisjoint(hidden)
    assert hidden["covers"] == []


async def test_openvc_reads_offer_metadata_proof_credential_and_type(scene: Scene, api: Api) -> None:
    world, wallet = await lived(scene), Wallet(api)
    offer = await offered(api, world)
    metadata = await wallet.metadata()
    configuration = metadata["credential_configurations_supported"][PLAIN.value]

    # openvc takes https alone; the address of a test has none.
    read_offer = parse_credential_offer(json.dumps(offer["content"]).replace("http://", "https://"))
    read = parse_credential_issuer_metadata(json.dumps(metadata).replace("http://", "https://"))
    proof, nonce = wallet.proof("n"), []
    request = {"credential_configuration_id": PLAIN.value, "proofs": {"jwt": [proof]}}
    (proven,) = verify_credential_request_proofs(
        request, credential_issuer=wallet.issuer, check_nonce=lambda n: not nonce.append(n), now=api.clock.now()
    )
    credential = await wallet.taken(offer)

    believed = believed_keys((await api.client.get("/.well-known/certificate-keys.json")).json())
    assert read_offer.credential_configuration_ids == (PLAIN.value,)
    assert read.credential_endpoint.endswith("/wallet/credential")
    assert (nonce, proven.public_jwk["x"]) == (["n"], wallet.key.as_dict(private=False)["x"])
    claims, _ = disclosed(credential, believed.keys)
    described = (await api.client.get(wallet.path(configuration["vct"]))).content
    assert claims["vct"] == configuration["vct"]
    assert validate_type_metadata(claims, vct=claims["vct"], resolve=lambda _: described).vct == claims["vct"]


async def test_openvc_shows_the_credential_to_a_counter_and_ours_sees_its_holder(scene: Scene, api: Api) -> None:
    world, wallet = await lived(scene), Wallet(api)
    credential = await wallet.taken(await offered(api, world))
    believed = believed_keys((await api.client.get("/.well-known/certificate-keys.json")).json())
    holder = signing_key_from_jwk(dict(wallet.key.as_dict(private=True)), kid="holder")

    shown = SdJwtVcProofSuite().create_presentation(credential, holder_key=holder, audience="a-counter", nonce="n-1")
    stolen = credential + shown.rsplit("~", 1)[1][:-4] + "AAAA"

    found = await checked(shown, believed, api)
    assert (found.verdict, found.holder_signed) == (Verdict.VALID, True)
    assert (await checked(stolen, believed, api)).verdict is Verdict.CHANGED


@pytest.mark.parametrize("credential", list(WalletCredential))
async def test_each_type_is_valid_here_and_described_at_its_address(
    scene: Scene, api: Api, credential: WalletCredential
) -> None:
    world, wallet = await lived(scene), Wallet(api)

    taken = await wallet.taken(await offered(api, world, credential, "BIRTH_DATE"), credential)

    believed = believed_keys((await api.client.get("/.well-known/certificate-keys.json")).json())
    claims, _ = disclosed(taken, believed.keys)
    answer = await api.client.get(wallet.path(claims["vct"]))
    assert (await checked(taken, believed, api)).verdict is Verdict.VALID
    assert answer.json()["vct"] == claims["vct"]
    assert validate_type_metadata(claims, vct=claims["vct"], resolve=lambda _: answer.content).vct == claims["vct"]


async def test_an_offer_belongs_to_its_worker_alone(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    asking = await actors(scene, world)
    query = (
        f'mutation {{ certificateOffer(number: "{world.certificate}", credential: CERTIFICATE_OF_COVERAGE, '
        "disclosures: []) { __typename } }"
    )

    found = {name: await api.ask(actor, query) for name, actor in asking.items()}

    given = {name for name, answer in found.items() if "CertificateOfferPayload" in str(answer)}
    assert given == {"worker"}
    assert "NotFoundProblem" in str(found["other worker"])


async def test_a_withdrawn_certificate_is_not_offered_and_not_given(scene: Scene, api: Api) -> None:
    world, wallet = await lived(scene), Wallet(api)
    offer = await offered(api, world)
    token = (await wallet.token(offer)).json()["access_token"]
    await scene.withdraw(world.worker_id)

    refused = await wallet.credential(token, wallet.proof(await wallet.nonce()))

    assert error(refused) == (400, "credential_request_denied", "The certificate does not stand any more")
    told = await api.ask(
        worker_actor(world.worker_id),
        f'mutation {{ certificateOffer(number: "{world.certificate}", credential: CERTIFICATE_OF_COVERAGE, '
        "disclosures: []) { ... on Problem { code } } }",
    )
    assert told["data"]["certificateOffer"]["code"] == "STATE_CONFLICT"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [({"pre-authorized_code": "x"}, ("invalid_grant", "The code is not one of an offer made here")),
     ({"tx_code": None}, ("invalid_request", "The offer needs the code that the worker's app shows")),
     ({"tx_code": "wrong"}, ("invalid_grant", "The code that the worker typed is wrong")),
     ({"grant_type": "authorization_code"}, ("unsupported_grant_type", "Only the pre-authorized code flow is offered "
                                             "here")),
     ({"authorization_details": "[]"}, ("invalid_authorization_details", "The offer says what is issued")),
     ({"pre-authorized_code": None}, ("invalid_request", "The request is not of the form of a token request"))],
    ids=["unknown code", "no typed code", "wrong typed code", "another grant", "details", "no code"],
)  # fmt: skip
async def test_each_wrong_token_request_has_its_own_answer_and_the_offer_stays(
    scene: Scene, api: Api, changes: dict[str, str | None], expected: tuple[str, str]
) -> None:
    offer, wallet = await offered(api, await lived(scene)), Wallet(api)

    refused = await wallet.token(offer, **changes)

    assert error(refused) == (400, *expected)
    assert (await wallet.token(offer)).status_code == 200


async def test_a_code_works_once_and_not_after_its_end(scene: Scene, api: Api) -> None:
    world, wallet = await lived(scene), Wallet(api)
    used, late = await offered(api, world), await offered(api, world)
    await wallet.token(used)

    again = await wallet.token(used)
    api.clock.advance(seconds=OFFER_LIFE.total_seconds())
    after = await wallet.token(late)

    assert error(again) == (400, "invalid_grant", "The code was used already")
    assert error(after) == (400, "invalid_grant", "The offer is over")


async def test_after_some_wrong_codes_the_right_one_is_refused_too(scene: Scene, api: Api) -> None:
    offer, wallet = await offered(api, await lived(scene)), Wallet(api)

    for _ in range(WRONG_TRIES_AT_MOST):
        await wallet.token(offer, tx_code="wrong")

    assert error(await wallet.token(offer)) == (400, "invalid_grant", "Too many wrong codes were typed; the offer is "
                                                "over")  # fmt: skip


@pytest.mark.parametrize(
    ("header", "claims", "expected"),
    [({}, {"aud": "https://elsewhere.example"}, ("invalid_proof", "The proof is meant for another issuer")),
     ({}, {"iat": 1}, ("invalid_proof", "The proof was not made just now")),
     ({}, {"iat": "now"}, ("invalid_proof", "The proof is not signed by the key it names, or is not of the form of "
                           "one")),
     ({"typ": "JWT"}, {}, ("invalid_proof", "The proof is not signed by the key it names, or is not of the form of "
                           "one")),
     ({"jwk": ECKey.generate_key("P-256").as_dict(private=False)}, {},
      ("invalid_proof", "The proof is not signed by the key it names, or is not of the form of one")),
     ({"jwk": ECKey.generate_key("P-256").as_dict(private=True)}, {},
      ("invalid_proof", "The proof is not signed by the key it names, or is not of the form of one")),
     ({"jwk": None}, {}, ("invalid_proof", "The proof is not signed by the key it names, or is not of the form of "
                          "one")),
     ({"kid": "k"}, {}, ("invalid_proof", "The proof is not signed by the key it names, or is not of the form of "
                         "one")),
     ({}, {"nonce": None}, ("invalid_nonce", "The proof has no nonce that was given here")),
     ({}, {"nonce": "x"}, ("invalid_nonce", "The proof has no nonce that was given here")),
     ({}, {"nonce": "A" * 54}, ("invalid_nonce", "The proof has no nonce that was given here"))],
    ids=["another issuer", "old", "no time", "another type", "another key", "a private key", "no key", "two keys",
         "no nonce", "no nonce of ours", "a nonce with a wrong mark"],
)  # fmt: skip
async def test_each_wrong_proof_has_its_own_answer_and_the_token_stays(
    scene: Scene, api: Api, header: dict[str, Any], claims: dict[str, Any], expected: tuple[str, str]
) -> None:
    wallet, token = await wallet_with_token(scene, api)

    refused = await wallet.credential(token, wallet.proof(await wallet.nonce(), header, **claims))

    assert error(refused) == (400, *expected)
    assert (await wallet.credential(token, wallet.proof(await wallet.nonce()))).status_code == 200


async def test_a_nonce_that_is_over_and_one_that_was_used_are_told_apart(scene: Scene, api: Api) -> None:
    wallet, token = await wallet_with_token(scene, api)
    used = wallet.proof(await wallet.nonce())
    assert (await wallet.credential(token, used)).status_code == 200
    old = await wallet.nonce()
    other = (await wallet.token(await offered(api, await lived(scene)))).json()["access_token"]

    replayed = await wallet.credential(other, used)
    api.clock.advance(seconds=(NONCE_LIFE - A_SECOND).total_seconds())
    in_time = await wallet.nonce()
    api.clock.advance(seconds=1)
    third = (await wallet.token(await offered(api, await lived(scene)))).json()["access_token"]
    late = await wallet.credential(third, wallet.proof(old))

    assert error(replayed) == (400, "invalid_nonce", "The nonce was used already")
    assert error(late) == (400, "invalid_nonce", "The nonce is over")
    assert (await wallet.credential(third, wallet.proof(in_time))).status_code == 200


async def test_an_offer_gives_one_credential(scene: Scene, api: Api) -> None:
    wallet, token = await wallet_with_token(scene, api)
    assert (await wallet.credential(token, wallet.proof(await wallet.nonce()))).status_code == 200

    again = await wallet.credential(token, wallet.proof(await wallet.nonce()))

    assert error(again) == (400, "credential_request_denied", "The credential of this offer was given already")


async def test_a_token_that_is_unknown_or_over_is_refused_by_its_header_too(scene: Scene, api: Api) -> None:
    wallet, token = await wallet_with_token(scene, api)
    proof = wallet.proof(await wallet.nonce())

    unknown, none = await wallet.credential("x", proof), await api.client.post("/wallet/credential", json={})
    api.clock.advance(seconds=TOKEN_LIFE.total_seconds())
    over = await wallet.credential(token, proof)

    assert error(unknown) == error(none) == (401, "invalid_token", "The access token is not one that was given here")
    assert error(over) == (401, "invalid_token", "The access token is over")
    assert over.headers["www-authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize(
    ("request_body", "code"),
    [([], "invalid_credential_request"), ({}, "invalid_credential_request"),
     ({"credential_configuration_id": "else"}, "unknown_credential_configuration"),
     ({"credential_identifier": "else"}, "unknown_credential_identifier"),
     ({"credential_configuration_id": WalletCredential.PDA1_SHAPE_EUDI.value}, "credential_request_denied"),
     ({"credential_configuration_id": PLAIN.value, "credential_response_encryption": {}},
      "invalid_encryption_parameters"),
     ({"credential_configuration_id": PLAIN.value}, "invalid_proof"),
     ({"credential_configuration_id": PLAIN.value, "proofs": {"jwt": []}}, "invalid_proof"),
     ({"credential_configuration_id": PLAIN.value, "proofs": {"jwt": ["x"], "di_vp": ["x"]}}, "invalid_proof"),
     ({"credential_configuration_id": PLAIN.value, "proofs": {"jwt": ["x.y.z"]}}, "invalid_proof")],
)  # fmt: skip
async def test_each_wrong_credential_request_is_answered_by_its_code(
    scene: Scene, api: Api, request_body: Any, code: str
) -> None:
    wallet, token = await wallet_with_token(scene, api)

    refused = await wallet.ask(token, request_body)

    assert (refused.status_code, refused.json()["error"]) == (400, code)


async def test_neither_codes_nor_tokens_nor_nonces_are_stored(scene: Scene, api: Api) -> None:
    world, wallet = await lived(scene), Wallet(api)
    offer = await offered(api, world)
    token = (await wallet.token(offer)).json()["access_token"]
    nonce = await wallet.nonce()
    await wallet.credential(token, wallet.proof(nonce))

    stored = ""
    for table in ("wallet_offers", "wallet_tokens", "wallet_credentials", "audit_entries"):
        stored += str([tuple(row) for row in await scene.rows(f"SELECT * FROM {table}")])

    assert opaque_id("Worker", world.worker_id) not in stored
    for secret in (offer["code"], token, nonce):
        assert secret not in stored


async def test_of_many_wallets_with_one_code_and_one_token_one_is_served(scene: Scene, api: Api) -> None:
    offer, wallet = await offered(api, await lived(scene)), Wallet(api)
    await wallet.metadata()

    tokens = await asyncio.gather(*(wallet.token(offer) for _ in range(6)))
    (token,) = [answer.json()["access_token"] for answer in tokens if answer.status_code == 200]
    proofs = [wallet.proof(await wallet.nonce()) for _ in range(6)]
    given = await asyncio.gather(*(wallet.credential(token, proof) for proof in proofs))

    assert {error(answer)[2] for answer in tokens if answer.status_code != 200} == {"The code was used already"}
    assert sorted(answer.status_code for answer in given) == [200, 400, 400, 400, 400, 400]


@pytest.mark.parametrize(
    ("path", "content", "content_type", "code"),
    [("token", b"x" * 40_000, "application/x-www-form-urlencoded", "invalid_request"),
     ("token", b"{}", "application/json", "invalid_request"),
     ("token", b"grant_type=a&grant_type=b", "application/x-www-form-urlencoded", "invalid_request"),
     ("token", b"\xff", "application/x-www-form-urlencoded", "invalid_request"),
     ("credential", b"x" * 40_000, "application/json", "invalid_credential_request"),
     ("credential", b'{"a": 1, "a": 2}', "application/json", "invalid_credential_request"),
     ("credential", b"[" * 9_000, "application/json", "invalid_credential_request")],
)  # fmt: skip
async def test_what_is_no_request_at_all_is_refused_in_the_form_of_oauth(
    scene: Scene, api: Api, path: str, content: bytes, content_type: str, code: str
) -> None:
    _, token = await wallet_with_token(scene, api)
    headers = {"content-type": content_type, "authorization": f"Bearer {token}"}

    refused = await api.client.post(f"/wallet/{path}", content=content, headers=headers)

    assert (refused.status_code, refused.json()["error"]) == (400, code)
    assert refused.headers["cache-control"] == "no-store"


async def test_the_qr_code_of_an_offer_is_read_from_a_picture_of_it(scene: Scene, api: Api, tmp_path: Path) -> None:
    offer = await offered(api, await lived(scene))
    (tmp_path / "offer.svg").write_text(offer["qrSvg"])
    page = tmp_path / "page.typ"
    page.write_text('#set page(width: 9cm, height: 9cm, margin: 1cm)\n#image("offer.svg", width: 7cm)')

    picture = typst.compile(str(page), format="png", ppi=200)

    assert isinstance(picture, bytes)
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)))
    assert found.text == offer["uri"]


async def test_the_qr_code_of_an_offer_is_a_drawing_and_says_when_it_ends(scene: Scene, api: Api) -> None:
    world, began = await lived(scene), api.clock.now()

    offer = await offered(api, world)

    drawing = ET.fromstring(offer["qrSvg"])

    assert drawing.tag.endswith("svg")
    ends = dt.datetime.fromisoformat(offer["expiresAt"])
    assert began + OFFER_LIFE <= ends <= api.clock.now() + OFFER_LIFE
    assert len(offer["transactionCode"]) == 6
    assert offer["uri"].startswith("openid-credential-offer://?credential_offer=")
