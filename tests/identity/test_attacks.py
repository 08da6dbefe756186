"""The list of attacks, through the door: each gets the same 401 to the byte, and has nobody asked for anything."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from joserfc.jwk import ECKey, RSAKey
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.http.edge import Edge
from adapters.http.plain_door import refusing
from adapters.http.presenting import Presenting, known_or_refused
from adapters.identity.confirmation import certificate_thumbprint
from adapters.identity.development_issuer import DevelopmentIssuer
from adapters.identity.issuers import Binding
from adapters.identity.tokens import TokenReader
from domain.actors import Actor, ActorKind
from domain.countries import MemberState
from tests.identity.conftest import AUDIENCE, ISSUER, NOW, ProofsInMemory, key_set, trusted, unpadded
from tests.support.proofs import proof, signed

ADDRESS = "https://lingkar.example"
PARTNER = "https://id.socso.example"
PROXY, STRANGER = "10.0.0.5", "10.0.0.6"
KEY, FORGER = ECKey.generate_key("P-256"), ECKey.generate_key("P-256")
RSA_KEY = RSAKey.generate_key(2048, auto_kid=True)
CERTIFICATE, OTHER_CERTIFICATE = b"a certificate of socso", b"a certificate of another partner"
SECONDS = int(NOW.timestamp())
OFFICER = Actor(id="amir", kind=ActorKind.OFFICER, member_state=MemberState("MY"), institution_id="MY.SOCSO")
UUID_TEXT = "018f0000-0000-7000-8000-000000000001"


def passed(der: bytes) -> str:
    """A certificate as RFC 9440 passes it."""
    return f":{base64.b64encode(der).decode()}:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One request: headers in their order, the query, and who is connected."""

    headers: tuple[tuple[str, str], ...] = ()
    query: str = ""
    peer: str = PROXY
    method: str = "POST"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forge:
    """Makes tokens with the real keys, and with others."""

    issuer: DevelopmentIssuer
    partner: DevelopmentIssuer
    secret: ECKey
    asked: list[str] = field(default_factory=list)

    def token(
        self, header: Mapping[str, Any] | None = None, key: Any = None, *, without: str = "", **changed: Any
    ) -> str:
        """A donor's token of the issuer; `header`, `changed` and `without` change what stands in it."""
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "donor-1",
            "iat": SECONDS,
            "exp": SECONDS + 600,
            "lingkar_kind": "donor",
            "lingkar_subject": UUID_TEXT,
        } | changed
        whole = {"alg": "ES256", "kid": self.secret.kid, "typ": "at+jwt"} | dict(header or {})
        return signed(whole, {name: claims[name] for name in claims if name != without}, key or self.secret)

    def unsigned(self, algorithm: str) -> str:
        header = unpadded(json.dumps({"alg": algorithm, "kid": self.secret.kid}).encode())
        return f"{header}.{self.token().split('.')[1]}."

    def by_secret(self, secret: bytes, kid: str, claims: str) -> str:
        """The public key used as if it were a shared secret."""
        text = f"{unpadded(json.dumps({'alg': 'HS256', 'kid': kid}).encode())}.{claims}"
        return f"{text}.{unpadded(hmac.digest(secret, text.encode(), hashlib.sha256))}"

    def officer(self, bound_to: dict[str, str] | None, actor: Actor = OFFICER) -> str:
        """A token of the partner's issuer, whose tokens must be bound."""
        return self.partner.issue(
            actor, now=NOW, lifetime_seconds=600, audience=AUDIENCE, issuer=PARTNER, bound_to=bound_to
        )

    def with_key(self) -> str:
        return self.officer({"jkt": KEY.thumbprint()})

    def with_certificate(self) -> str:
        return self.officer({"x5t#S256": certificate_thumbprint(CERTIFICATE)})


def bearer(token: str, **changed: Any) -> Sent:
    return Sent(headers=(("authorization", f"Bearer {token}"),), **changed)


def proven(forge: Forge, token: str | None = None, *, scheme: str = "DPoP", **changed: Any) -> Sent:
    """A bound token with a proof in which something is changed."""
    token = forge.with_key() if token is None else token
    made: dict[str, Any] = {"address": f"{ADDRESS}/graphql", "now": NOW, "token": token} | changed
    return Sent(headers=(("authorization", f"{scheme} {token}"), ("dpop", proof(made.pop("key", KEY), **made))))


def certified(forge: Forge, certificate: bytes | str, **changed: Any) -> Sent:
    text = passed(certificate) if isinstance(certificate, bytes) else certificate
    return Sent(headers=(("authorization", f"Bearer {forge.with_certificate()}"), ("client-cert", text)), **changed)


GOOD: dict[str, Callable[[Forge], Sent]] = {
    "a bearer token": lambda forge: bearer(forge.token()),
    "one of several audiences": lambda forge: bearer(forge.token(aud=["another", AUDIENCE])),
    "a bound token with its proof": proven,
    "a bound token and its certificate": lambda forge: certified(forge, CERTIFICATE),
    "the certificate as nginx passes it": lambda forge: certified(
        forge,
        quote(f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(CERTIFICATE).decode()}-----END CERTIFICATE-----\n"),
    ),
}

ATTACKS: dict[str, Callable[[Forge], Sent]] = {
    "no token": lambda forge: Sent(),
    "an empty header": lambda forge: Sent(headers=(("authorization", ""),)),
    "alg none": lambda forge: bearer(forge.unsigned("none")),
    "alg None": lambda forge: bearer(forge.unsigned("None")),
    "alg NONE": lambda forge: bearer(forge.unsigned("NONE")),
    "alg nOnE": lambda forge: bearer(forge.unsigned("nOnE") + "AAAA"),
    "an EC public key as secret": lambda forge: bearer(
        forge.by_secret(forge.secret.as_pem(private=False), str(forge.secret.kid), forge.token().split(".")[1])
    ),
    "an RSA public key as secret": lambda forge: bearer(
        forge.by_secret(RSA_KEY.as_pem(private=False), str(RSA_KEY.kid), forge.token().split(".")[1])
    ),
    "RS256 by the RSA key": lambda forge: bearer(forge.token({"alg": "RS256", "kid": RSA_KEY.kid}, RSA_KEY)),
    "kid a path": lambda forge: bearer(forge.token({"kid": "../../../../dev/null"})),
    "kid SQL": lambda forge: bearer(forge.token({"kid": "' UNION SELECT 'AAAA' --"})),
    "kid an address": lambda forge: bearer(forge.token({"kid": "https://evil.example/key"})),
    "kid an object": lambda forge: bearer(forge.token({"kid": {"$ne": ""}})),
    "kid a command": lambda forge: bearer(forge.token({"kid": "k|touch /tmp/owned"})),
    "kid with a line end": lambda forge: bearer(forge.token({"kid": "k\nx-header: 1"})),
    "kid of another issuer": lambda forge: bearer(
        forge.token({"kid": forge.partner.public_keys()["keys"][0]["kid"]}, FORGER)
    ),
    "jku": lambda forge: bearer(forge.token({"jku": "https://evil.example/keys"}, FORGER)),
    "x5u": lambda forge: bearer(forge.token({"x5u": "https://evil.example/chain"}, FORGER)),
    "an embedded key": lambda forge: bearer(forge.token({"jwk": dict(FORGER.as_dict(private=False))}, FORGER)),
    "an unknown crit": lambda forge: bearer(forge.token({"crit": ["exp"]})),
    "another's signature": lambda forge: bearer(forge.token(None, FORGER)),
    "a changed payload": lambda forge: bearer(
        ".".join([forge.token().split(".")[0], forge.token(sub="donor-2").split(".")[1], forge.token().split(".")[2]])
    ),
    "the signature cut": lambda forge: bearer(forge.token()[:-6]),
    "a signature of zeros": lambda forge: bearer(f"{forge.token().rpartition('.')[0]}.{unpadded(bytes(64))}"),
    "another audience": lambda forge: bearer(forge.token(aud="another")),
    "no audience": lambda forge: bearer(forge.token(without="aud")),
    "a list of others": lambda forge: bearer(forge.token(aud=["another", "third"])),
    "another issuer": lambda forge: bearer(forge.token(iss="https://evil.example")),
    "an issuer in the name of another": lambda forge: bearer(forge.token(iss=PARTNER)),
    "no issuer": lambda forge: bearer(forge.token(without="iss")),
    "an issuer beyond its kinds": lambda forge: bearer(forge.token(lingkar_kind="operator", without="lingkar_subject")),
    "an issuer beyond its institution": lambda forge: proven(
        forge,
        forge.officer(
            {"jkt": KEY.thumbprint()},
            Actor(id="x", kind=ActorKind.OFFICER, member_state=MemberState("ID"), institution_id="ID.BPJSTK"),
        ),
    ),
    "expired": lambda forge: bearer(forge.token(iat=SECONDS - 700, exp=SECONDS - 100)),
    "no exp": lambda forge: bearer(forge.token(without="exp")),
    "exp as text": lambda forge: bearer(forge.token(exp="tomorrow")),
    "exp in ten years": lambda forge: bearer(forge.token(exp=SECONDS + 315_360_000)),
    "longer than the issuer may": lambda forge: bearer(forge.token(exp=SECONDS + 3_601)),
    "nbf ahead": lambda forge: bearer(forge.token(nbf=SECONDS + 300)),
    "iat ahead": lambda forge: bearer(forge.token(iat=SECONDS + 300)),
    "no subject": lambda forge: bearer(forge.token(without="sub")),
    "Basic": lambda forge: Sent(headers=(("authorization", "Basic bGluZ2thcjpsaW5na2Fy"),)),
    "no scheme": lambda forge: Sent(headers=(("authorization", forge.token()),)),
    "two tokens in one header": lambda forge: bearer(f"{forge.token()}, Bearer {forge.token()}"),
    "two headers": lambda forge: Sent(headers=(("authorization", f"Bearer {forge.token()}"),) * 2),
    "junk after the token": lambda forge: bearer(f"{forge.token()} junk"),
    "junk alone": lambda forge: bearer("junk"),
    "a token of 10 kB": lambda forge: bearer(forge.token(filling="x" * 10_000)),
    "in the query string": lambda forge: Sent(query=f"access_token={forge.token()}"),
    "a bound token without proof": lambda forge: bearer(forge.with_key()),
    "a bound token under DPoP without proof": lambda forge: Sent(
        headers=(("authorization", f"DPoP {forge.with_key()}"),)
    ),
    "a partner's token that is not bound": lambda forge: bearer(forge.officer(None)),
    "a proof by the thief's key": lambda forge: proven(forge, key=FORGER),
    "a proof for another method": lambda forge: proven(forge, method="GET"),
    "a proof for another address": lambda forge: proven(forge, address=f"{ADDRESS}/nominations"),
    "a proof for the Host that was claimed": lambda forge: proven(forge, address="http://lingkar.test/graphql"),
    "a proof for a path that the Host brings": lambda forge: Sent(
        headers=(*proven(forge, address=f"{ADDRESS}/other").headers, ("host", "lingkar.test/other?"))
    ),
    "a proof for another token": lambda forge: proven(forge, ath=unpadded(bytes(32))),
    "an old proof": lambda forge: proven(forge, iat=SECONDS - 61),
    "a proof with a private key inside": lambda forge: proven(forge, header={"jwk": dict(KEY.as_dict(private=True))}),
    "a proof under Bearer": lambda forge: proven(forge, scheme="Bearer"),
    "two proofs": lambda forge: Sent(headers=(*proven(forge).headers, proven(forge).headers[1])),
    "the certificate of another partner": lambda forge: certified(forge, OTHER_CERTIFICATE),
    "no certificate": lambda forge: bearer(forge.with_certificate()),
    "the certificate from no proxy": lambda forge: certified(forge, CERTIFICATE, peer=STRANGER),
    "two certificates": lambda forge: Sent(
        headers=(*certified(forge, CERTIFICATE).headers, ("client-cert", passed(OTHER_CERTIFICATE)))
    ),
    "a certificate that is none": lambda forge: certified(forge, "CN=socso"),
    "a certificate beside a good token, from no proxy": lambda forge: Sent(
        headers=(*bearer(forge.token()).headers, ("client-cert", passed(CERTIFICATE))), peer=STRANGER
    ),
}


@pytest.fixture
def forge(issuer: DevelopmentIssuer, signing_key: ECKey, tmp_path: Any) -> Forge:
    partner = DevelopmentIssuer(tmp_path / "partner", environment="development")
    return Forge(issuer=issuer, partner=partner, secret=signing_key)


@pytest.fixture
def reader(forge: Forge) -> TokenReader:
    published = forge.issuer.public_keys()["keys"]
    rsa = dict(RSA_KEY.as_dict(private=False))
    return TokenReader(
        [
            trusted({"keys": [*published, rsa]}, kinds=frozenset({ActorKind.DONOR}), lifetime_seconds=3600),
            trusted(
                forge.partner.public_keys(),
                PARTNER,
                name="socso",
                kinds=frozenset({ActorKind.OFFICER}),
                institutions=frozenset({"MY.SOCSO"}),
                keys=key_set(forge.partner.public_keys(), PARTNER),
                binding=Binding.ANY,
            ),
        ],
        audience=AUDIENCE,
        proofs=ProofsInMemory(),
    )


@pytest.fixture
def ask(reader: TokenReader) -> Callable[[Sent], Any]:
    """Send a request to a door that says who asked."""
    presenting = Presenting(ADDRESS, certificate_header="client-cert", proxies=(ip_network(PROXY),))

    async def answer(request: Request) -> Response:
        async def read() -> Actor:
            return await reader.read(presenting(request), now=NOW)

        return JSONResponse({"kind": (await known_or_refused(read)).kind.value})

    app = Starlette(
        routes=[Route("/graphql", refusing("failed", answer), methods=["POST", "GET"])],
        middleware=[Middleware(Edge)],
    )

    async def sent(asked: Sent) -> httpx2.Response:
        transport = httpx2.ASGITransport(app=app, client=(asked.peer, 1))
        async with httpx2.AsyncClient(transport=transport, base_url="http://lingkar.test") as client:
            return await client.request(asked.method, f"/graphql?{asked.query}", headers=list(asked.headers))

    return sent


Ask = Callable[[Sent], Any]


def bytes_of(answer: httpx2.Response) -> tuple[int, bytes, list[tuple[str, str]]]:
    """Status, body and headers, without what is different in every answer."""
    body = re.sub(rb'"requestId":"[0-9a-f]{16}"', b"", answer.content)
    return answer.status_code, body, sorted((k, v) for k, v in answer.headers.items() if k != "x-request-id")


@pytest.mark.parametrize("send", GOOD.values(), ids=GOOD.keys())
async def test_what_is_right_in_every_way_is_let_in(send: Callable[[Forge], Sent], forge: Forge, ask: Ask) -> None:
    assert (await ask(send(forge))).status_code == 200


@pytest.mark.parametrize("send", ATTACKS.values(), ids=ATTACKS.keys())
async def test_each_attack_gets_the_same_401_to_the_byte(send: Callable[[Forge], Sent], forge: Forge, ask: Ask) -> None:
    nothing = bytes_of(await ask(Sent()))

    answer = bytes_of(await ask(send(forge)))

    assert answer == nothing
    assert answer[0] == 401


async def test_a_proof_that_was_used_gets_the_same_401(forge: Forge, ask: Ask) -> None:
    used = proven(forge)
    assert (await ask(used)).status_code == 200

    assert bytes_of(await ask(used)) == bytes_of(await ask(Sent()))


async def test_a_token_of_100_kb_ends_at_the_edge(forge: Forge, ask: Ask) -> None:
    assert (await ask(bearer("x" * 100_000))).status_code == 431


async def test_the_certificate_of_one_who_is_connected_is_not_that_of_whom_a_header_names(
    forge: Forge, ask: Ask
) -> None:
    asked = certified(forge, CERTIFICATE, peer=STRANGER)

    answer = await ask(Sent(headers=(*asked.headers, ("x-forwarded-for", PROXY)), peer=STRANGER))

    assert answer.status_code == 401


async def test_when_it_cannot_be_known_whether_a_proof_was_used_the_answer_says_so(
    forge: Forge, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any, until: dt.datetime) -> bool:
        raise OSError("no database")

    monkeypatch.setattr(ProofsInMemory, "first_time", away)

    assert (await ask(proven(forge))).status_code == 503
    assert (await ask(bearer(forge.token()))).status_code == 200
