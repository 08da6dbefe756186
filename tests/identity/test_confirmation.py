"""Tokens that are bound: to a key that signs each request, or to a client's certificate."""

from __future__ import annotations

from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from adapters.identity.confirmation import certificate_thumbprint
from adapters.identity.development_issuer import DevelopmentIssuer
from adapters.identity.issuers import Binding
from adapters.identity.presented import Presented
from adapters.identity.token_faults import TokenFault, TokenRefused
from adapters.identity.tokens import TokenReader
from domain.actors import Actor, ActorKind
from tests.identity.conftest import AUDIENCE, ISSUER, NOW, reader_of, trusted
from tests.support.proofs import hash_of, proof

OPERATOR = Actor(id="olivia", kind=ActorKind.OPERATOR)
ADDRESS = "https://lingkar.example/graphql"
KEY = ECKey.generate_key("P-256")
OTHER_KEY = ECKey.generate_key("P-256")
RSA_KEY = RSAKey.generate_key(2048)
ED_KEY = OKPKey.generate_key("Ed25519")
OURS, THEIRS = certificate_thumbprint(b"ours"), certificate_thumbprint(b"theirs")
FAULTS = {TokenFault.NOT_BOUND, TokenFault.PROOF, TokenFault.PROOF_REPLAYED, TokenFault.CERTIFICATE}


@pytest.fixture
def reader(issuer: DevelopmentIssuer) -> TokenReader:
    return reader_of(trusted(issuer.public_keys()))


def issued(issuer: DevelopmentIssuer, bound_to: dict[str, str] | None = None) -> str:
    return issuer.issue(OPERATOR, now=NOW, lifetime_seconds=600, audience=AUDIENCE, issuer=ISSUER, bound_to=bound_to)


def bound(issuer: DevelopmentIssuer, key: ECKey | RSAKey | OKPKey = KEY) -> str:
    return issued(issuer, {"jkt": key.thumbprint()})


async def fault(reader: TokenReader, scheme: str, token: str, *proofs: str, **changed: Any) -> TokenFault | None:
    """Why a request is refused, or None if it is not."""
    presented: dict[str, Any] = {"proofs": proofs, "method": "POST", "address": ADDRESS} | changed
    try:
        await reader.read(Presented(authorization=(f"{scheme} {token}",), **presented), now=NOW)
    except TokenRefused as refused:
        return refused.fault
    return None


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [(KEY, "ES256"), (RSA_KEY, "PS256"), (ED_KEY, "Ed25519"), (ED_KEY, "EdDSA")],
    ids=["ES256", "PS256", "Ed25519", "EdDSA"],
)
async def test_a_bound_token_with_its_proof_is_read(
    key: ECKey | RSAKey | OKPKey, algorithm: str, issuer: DevelopmentIssuer, reader: TokenReader
) -> None:
    token = bound(issuer, key)

    assert (
        await fault(reader, "DPoP", token, proof(key, address=ADDRESS, now=NOW, token=token, algorithm=algorithm))
        is None
    )


async def test_each_request_has_a_proof_of_its_own(issuer: DevelopmentIssuer, reader: TokenReader) -> None:
    token = bound(issuer)
    first, second = (proof(KEY, address=ADDRESS, now=NOW, token=token) for _ in range(2))

    assert await fault(reader, "DPoP", token, first) is None
    assert await fault(reader, "DPoP", token, first) is TokenFault.PROOF_REPLAYED
    assert await fault(reader, "DPoP", token, second) is None


async def test_the_same_name_of_another_key_is_another_proof(issuer: DevelopmentIssuer, reader: TokenReader) -> None:
    for key in (KEY, OTHER_KEY):
        token = bound(issuer, key)
        assert await fault(reader, "DPoP", token, proof(key, address=ADDRESS, now=NOW, token=token, jti="one")) is None


@pytest.mark.parametrize(
    "address",
    ["https://LINGKAR.example/graphql", "https://lingkar.example:443/graphql", "https://lingkar.example/graphql?a=1#b"],
)
async def test_the_same_address_written_otherwise_is_the_same(
    address: str, issuer: DevelopmentIssuer, reader: TokenReader
) -> None:
    token = bound(issuer)

    assert await fault(reader, "DPoP", token, proof(KEY, address=address, now=NOW, token=token)) is None


@pytest.mark.parametrize(("age", "accepted"), [(60, True), (61, False), (-30, True), (-31, False)])
async def test_a_proof_is_good_for_a_minute(
    age: int, accepted: bool, issuer: DevelopmentIssuer, reader: TokenReader
) -> None:
    token = bound(issuer)
    made = proof(KEY, address=ADDRESS, now=NOW, token=token, iat=int(NOW.timestamp()) - age)

    assert await fault(reader, "DPoP", token, made) is (None if accepted else TokenFault.PROOF)


PROOFS: dict[str, dict[str, Any]] = {
    "for another method": {"htm": "GET"},
    "for a method in small letters": {"htm": "post"},
    "for another path": {"htu": "https://lingkar.example/nominations"},
    "for another host": {"htu": "https://evil.example/graphql"},
    "over plain http": {"htu": "http://lingkar.example/graphql"},
    "for an address with a password": {"htu": "https://a@lingkar.example/graphql"},
    "for a broken address": {"htu": "https://[lingkar/graphql"},
    "for no address": {"htu": None},
    "for another token": {"ath": hash_of("another")},
    "for no token": {"ath": None},
    "with a number for the token": {"ath": 1},
    "without name": {"jti": None},
    "with an empty name": {"jti": ""},
    "with a long name": {"jti": "x" * 129},
    "with a number for a name": {"jti": 7},
    "without time": {"iat": None},
    "with text for a time": {"iat": "now"},
    "with a time of years": {"iat": 10**400},
    "of another type": {"header": {"typ": "JWT"}},
    "without type": {"header": {"typ": None}},
    "without key": {"header": {"jwk": None}},
    "with a private key inside": {"header": {"jwk": dict(KEY.as_dict(private=True))}},
    "with a secret for a key": {"header": {"jwk": dict(OctKey.generate_key(256).as_dict(private=True))}},
    "with another's key": {"header": {"jwk": dict(OTHER_KEY.as_dict(private=False))}},
    "with a word for a key": {"header": {"jwk": "key"}},
    "with an address for a key": {"header": {"jwk": None, "jku": "https://evil.example"}},
    "with an unknown demand": {"header": {"crit": ["b64"]}},
    "with a key id": {"header": {"kid": "../../etc/passwd"}},
    "too long": {"filling": "x" * 5_000},
}


@pytest.mark.parametrize("changed", PROOFS.values(), ids=PROOFS.keys())
async def test_a_proof_that_is_not_for_this_request_is_refused(
    changed: dict[str, Any], issuer: DevelopmentIssuer, reader: TokenReader
) -> None:
    token = bound(issuer)

    assert (
        await fault(reader, "DPoP", token, proof(KEY, address=ADDRESS, now=NOW, token=token, **changed))
        is TokenFault.PROOF
    )


@pytest.mark.parametrize(
    "text", ["", "x", "a.b.c", "e30.e30.e30", "é"], ids=["empty", "word", "parts", "bare", "accent"]
)
async def test_a_proof_that_is_none_is_refused(text: str, issuer: DevelopmentIssuer, reader: TokenReader) -> None:
    assert await fault(reader, "DPoP", bound(issuer), text) is TokenFault.PROOF


async def test_a_stolen_bound_token_is_worth_nothing(issuer: DevelopmentIssuer, reader: TokenReader) -> None:
    token = bound(issuer)
    mine = proof(OTHER_KEY, address=ADDRESS, now=NOW, token=token)
    seen = proof(KEY, address=ADDRESS, now=NOW, token=token)

    assert await fault(reader, "Bearer", token) is TokenFault.PROOF
    assert await fault(reader, "Bearer", token, seen) is TokenFault.PROOF
    assert await fault(reader, "DPoP", token) is TokenFault.PROOF
    assert await fault(reader, "DPoP", token, mine) is TokenFault.PROOF
    assert await fault(reader, "DPoP", token, seen, mine) is TokenFault.PROOF


async def test_a_proof_beside_a_token_that_is_not_bound_is_refused(
    issuer: DevelopmentIssuer, reader: TokenReader
) -> None:
    token = issued(issuer)
    made = proof(KEY, address=ADDRESS, now=NOW, token=token)

    assert await fault(reader, "DPoP", token, made) is TokenFault.PROOF
    assert await fault(reader, "Bearer", token, made) is TokenFault.PROOF


async def test_a_proof_of_an_expired_token_is_not_written_down(issuer: DevelopmentIssuer, reader: TokenReader) -> None:
    token = issuer.issue(
        OPERATOR,
        now=NOW,
        lifetime_seconds=600,
        audience="another",
        issuer=ISSUER,
        bound_to={"jkt": KEY.thumbprint()},
    )
    made = proof(KEY, address=ADDRESS, now=NOW, token=token, jti="kept")

    assert await fault(reader, "DPoP", token, made) is TokenFault.CLAIM_INVALID
    good = bound(issuer)
    assert await fault(reader, "DPoP", good, proof(KEY, address=ADDRESS, now=NOW, token=good, jti="kept")) is None


async def test_a_token_of_a_certificate_is_read_with_that_certificate_alone(
    issuer: DevelopmentIssuer, reader: TokenReader
) -> None:
    token = issued(issuer, {"x5t#S256": OURS})

    assert await fault(reader, "Bearer", token, certificate=OURS) is None
    assert await fault(reader, "Bearer", token, certificate=THEIRS) is TokenFault.CERTIFICATE
    assert await fault(reader, "Bearer", token) is TokenFault.CERTIFICATE


async def test_a_token_that_is_bound_twice_needs_both(issuer: DevelopmentIssuer, reader: TokenReader) -> None:
    token = issued(issuer, {"jkt": KEY.thumbprint(), "x5t#S256": OURS})
    made = proof(KEY, address=ADDRESS, now=NOW, token=token)

    assert await fault(reader, "DPoP", token, made) is TokenFault.CERTIFICATE
    assert await fault(reader, "Bearer", token, certificate=OURS) is TokenFault.PROOF
    assert await fault(reader, "DPoP", token, made, certificate=OURS) is None


BINDINGS: dict[str, tuple[Binding, bool, bool, bool]] = {
    "none": (Binding.NONE, True, True, True),
    "dpop": (Binding.DPOP, False, True, False),
    "mtls": (Binding.MTLS, False, False, True),
    "any": (Binding.ANY, False, True, True),
}


@pytest.mark.parametrize(("binding", "free", "with_key", "with_certificate"), BINDINGS.values(), ids=BINDINGS.keys())
async def test_an_issuer_whose_tokens_must_be_bound_gives_no_others(
    binding: Binding, free: bool, with_key: bool, with_certificate: bool, issuer: DevelopmentIssuer
) -> None:
    reader = reader_of(trusted(issuer.public_keys(), binding=binding))
    token, mine = bound(issuer), issued(issuer, {"x5t#S256": OURS})
    made = proof(KEY, address=ADDRESS, now=NOW, token=token)

    assert (await fault(reader, "Bearer", issued(issuer)) is None) == free
    assert (await fault(reader, "DPoP", token, made) is None) == with_key
    assert (await fault(reader, "Bearer", mine, certificate=OURS) is None) == with_certificate


@pytest.mark.parametrize(
    "confirmation",
    [None, "jkt", [], {"jwk": {}}, {"x5t": "AAAA"}, {"jkt": 1}, {"jkt": ""}, {"x5t#S256": None}, {"kid": "k"}],
    ids=str,
)
async def test_a_token_bound_to_something_that_we_cannot_check_is_refused(
    confirmation: object, issuer: DevelopmentIssuer, reader: TokenReader
) -> None:
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "olivia",
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 60,
        "lingkar_kind": "operator",
        "cnf": confirmation,
    }

    assert await fault(reader, "Bearer", issuer.sign(claims), certificate=OURS) in FAULTS
