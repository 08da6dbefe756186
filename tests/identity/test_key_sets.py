"""Keys while they rotate: who asks the issuer when, what is kept, and that no valid token is refused meanwhile."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from adapters.identity.development_issuer import DevelopmentIssuer
from adapters.identity.key_sets import (
    BYTES_AT_MOST,
    COOLDOWN_SECONDS,
    FRESH_SECONDS,
    KEEP_SECONDS,
    READ_SECONDS,
    SEEN_SECONDS,
    KeySet,
    from_address,
    from_file,
)
from adapters.identity.presented import Presented
from adapters.identity.token_faults import TokenFault, TokenRefused
from adapters.identity.tokens import TokenReader
from domain.actors import Actor, ActorKind
from tests.identity.conftest import AUDIENCE, ISSUER, NOW, ProofsInMemory, reader_of, trusted

OPERATOR = Actor(id="olivia", kind=ActorKind.OPERATOR)


@dataclass
class Publisher:
    """What an issuer publishes, and how often it was asked; `seconds` is the clock of the key set."""

    published: dict[str, Any]
    seconds: float = 1_000.0
    asked: int = 0
    broken: bool = False
    hold: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.hold.set()

    async def read(self) -> bytes:
        self.asked += 1
        await self.hold.wait()
        if self.broken:
            raise OSError("nobody answers")
        return json.dumps(self.published).encode()

    def keys(self) -> KeySet:
        return KeySet(ISSUER, self.read, ticks=lambda: self.seconds)


@pytest.fixture
def publisher(issuer: DevelopmentIssuer) -> Publisher:
    return Publisher(issuer.public_keys())


def kid_of(issuer: DevelopmentIssuer) -> str:
    return str(issuer.public_keys()["keys"][0]["kid"])


async def test_keys_are_read_at_the_first_token_and_not_again_while_they_are_fresh(
    publisher: Publisher, issuer: DevelopmentIssuer
) -> None:
    keys = publisher.keys()

    for _ in range(5):
        assert await keys.key(kid_of(issuer)) is not None
    publisher.seconds += FRESH_SECONDS
    assert await keys.key(kid_of(issuer)) is not None

    assert publisher.asked == 1


async def test_many_tokens_at_once_wait_for_one_reading(publisher: Publisher, issuer: DevelopmentIssuer) -> None:
    keys = publisher.keys()
    publisher.hold.clear()
    waiting = [asyncio.create_task(keys.key(kid_of(issuer))) for _ in range(50)]
    await asyncio.sleep(0)
    publisher.hold.set()

    assert None not in await asyncio.gather(*waiting)
    assert publisher.asked == 1


async def test_one_who_gives_up_waiting_does_not_end_the_reading_of_the_others(
    publisher: Publisher, issuer: DevelopmentIssuer
) -> None:
    keys = publisher.keys()
    publisher.hold.clear()
    first, second = (asyncio.create_task(keys.key(kid_of(issuer))) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    publisher.hold.set()

    assert await second is not None


async def test_ageing_keys_are_read_behind_the_back_of_the_token(
    publisher: Publisher, issuer: DevelopmentIssuer
) -> None:
    keys = publisher.keys()
    await keys.key(kid_of(issuer))
    publisher.seconds += FRESH_SECONDS + 1
    publisher.hold.clear()

    assert await keys.key(kid_of(issuer)) is not None, "it did not wait"

    publisher.hold.set()
    await asyncio.sleep(0)
    assert publisher.asked == 2


async def test_made_up_key_ids_have_the_issuer_asked_once_in_a_cooldown(publisher: Publisher) -> None:
    keys = publisher.keys()
    await keys.key("made-up-0")
    publisher.seconds += 1

    for number in range(100):
        assert await keys.key(f"made-up-{number}") is None
    assert publisher.asked == 2

    publisher.seconds += COOLDOWN_SECONDS
    await keys.key("made-up-1")
    assert publisher.asked == 3


async def test_a_new_key_is_known_at_once_although_the_set_is_fresh(
    publisher: Publisher, issuer: DevelopmentIssuer
) -> None:
    keys = publisher.keys()
    await keys.key(kid_of(issuer))
    issuer.rotate()
    publisher.published = issuer.public_keys()

    assert await keys.key(kid_of(issuer)) is not None


async def test_a_key_that_was_taken_out_is_believed_for_less_than_a_minute(
    publisher: Publisher, issuer: DevelopmentIssuer
) -> None:
    keys, old = publisher.keys(), kid_of(issuer)
    await keys.key(old)
    issuer.rotate()
    issuer.revoke_older()
    publisher.published = issuer.public_keys()

    publisher.seconds += SEEN_SECONDS + 0.1

    assert await keys.key(old) is None
    assert SEEN_SECONDS + READ_SECONDS < 60


async def test_while_the_issuer_is_silent_its_keys_are_kept_for_a_while_and_not_for_ever(
    publisher: Publisher, issuer: DevelopmentIssuer
) -> None:
    keys = publisher.keys()
    await keys.key(kid_of(issuer))
    publisher.broken = True

    publisher.seconds += KEEP_SECONDS - 1
    assert await keys.key(kid_of(issuer)) is not None
    publisher.seconds += 2
    assert await keys.key(kid_of(issuer)) is None


async def test_a_silent_issuer_is_not_asked_by_every_token(publisher: Publisher, issuer: DevelopmentIssuer) -> None:
    publisher.broken = True
    keys = publisher.keys()

    for _ in range(20):
        assert await keys.key(kid_of(issuer)) is None
    assert publisher.asked == 1

    publisher.broken = False
    publisher.seconds += COOLDOWN_SECONDS
    assert await keys.key(kid_of(issuer)) is not None


@pytest.mark.parametrize(
    "published",
    [{}, {"keys": []}, {"keys": [{"kty": "oct", "k": "AAAA", "kid": "k"}]}, [], {"keys": [{}] * 51}],
    ids=["empty", "no keys", "a secret", "a list", "51 keys"],
)
async def test_a_set_that_cannot_be_believed_leaves_the_former_one(
    published: Any, publisher: Publisher, issuer: DevelopmentIssuer
) -> None:
    keys = publisher.keys()
    await keys.key(kid_of(issuer))
    publisher.published = published
    publisher.seconds += SEEN_SECONDS + 1

    assert await keys.key(kid_of(issuer)) is not None
    assert publisher.asked == 2


async def test_keys_for_other_uses_beside_ours_are_left_out(publisher: Publisher, issuer: DevelopmentIssuer) -> None:
    [ours] = publisher.published["keys"]
    publisher.published = {
        "keys": [{**ours, "kid": "enc", "use": "enc"}, {"kty": "RSA", "kid": "rs", "alg": "RS256"}, ours]
    }
    keys = publisher.keys()

    assert await keys.key(kid_of(issuer)) is not None
    assert await keys.key("enc") is None
    assert await keys.key("rs") is None


async def test_a_file_of_keys_may_be_replaced_while_the_platform_runs(
    tmp_path: Path, issuer: DevelopmentIssuer
) -> None:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps(issuer.public_keys()))
    keys = KeySet(ISSUER, from_file(path))
    old = kid_of(issuer)
    await keys.key(old)
    issuer.rotate()
    path.write_text(json.dumps(issuer.public_keys()))

    assert await keys.key(kid_of(issuer)) is not None
    assert await keys.key(old) is not None


def answering(status: int, content: bytes, **headers: str) -> KeySet:
    """A key set at an address that gives this answer; whoever follows a redirect finds the keys, too."""

    async def pieces() -> AsyncIterator[bytes]:
        yield content

    def answer(request: httpx2.Request) -> httpx2.Response:
        there = request.url.host == "id.example"
        return httpx2.Response(status if there else 200, content=pieces(), headers=headers if there else {})

    client = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
    return KeySet(ISSUER, from_address("https://id.example/jwks.json", client))


async def test_keys_come_from_the_address_of_the_settings(issuer: DevelopmentIssuer) -> None:
    published = json.dumps(issuer.public_keys()).encode()

    assert await answering(200, published).key(kid_of(issuer)) is not None


async def test_an_answer_that_is_no_plain_key_set_is_not_taken(issuer: DevelopmentIssuer) -> None:
    published = json.dumps(issuer.public_keys()).encode()
    answers = {
        "a redirect": answering(302, published, location="https://evil.example/keys"),
        "a failure": answering(500, published),
        "too long": answering(200, published + b" " * BYTES_AT_MOST),
        "compressed": answering(200, published, **{"content-encoding": "gzip"}),
        "no JSON": answering(200, b"<html>"),
        "no UTF-8": answering(200, b"\xff\xfe"),
    }

    for name, keys in answers.items():
        assert await keys.key(kid_of(issuer)) is None, name


async def test_rotation_under_load_refuses_no_valid_token_and_revocation_ends_the_old_ones(
    publisher: Publisher, issuer: DevelopmentIssuer
) -> None:
    reader = reader_of(trusted(issuer.public_keys(), keys=publisher.keys()))
    asking = True

    async def ask() -> int:
        """Get a token and use it, as a client does, until told to stop; returns how often."""
        answered = 0
        while asking:
            token = issuer.issue(OPERATOR, now=NOW, lifetime_seconds=60, audience=AUDIENCE, issuer=ISSUER)
            await asyncio.sleep(0)
            actor = await reader.read(Presented(authorization=(f"Bearer {token}",)), now=NOW)
            assert actor.kind is ActorKind.OPERATOR
            answered += 1
            await asyncio.sleep(0)
        return answered

    old = issuer.issue(OPERATOR, now=NOW, lifetime_seconds=60, audience=AUDIENCE, issuer=ISSUER)
    clients = [asyncio.create_task(ask()) for _ in range(5)]
    for _ in range(3):
        await asyncio.sleep(0.02)
        # What is published stands before anything is signed by the new key.
        issuer.rotate()
        publisher.published = issuer.public_keys()
        publisher.seconds += COOLDOWN_SECONDS
    await asyncio.sleep(0.02)
    asking = False
    answered = await asyncio.gather(*clients)

    assert min(answered) > 0
    issuer.revoke_older()
    publisher.published = issuer.public_keys()
    publisher.seconds += SEEN_SECONDS + 1
    assert await fault_of(reader, old) is TokenFault.KEY


async def test_a_remembered_token_ends_with_its_key(publisher: Publisher, issuer: DevelopmentIssuer) -> None:
    reader = reader_of(trusted(issuer.public_keys(), keys=publisher.keys()))
    token = issuer.issue(OPERATOR, now=NOW, lifetime_seconds=60, audience=AUDIENCE, issuer=ISSUER)
    assert await fault_of(reader, token) is None
    issuer.rotate()
    issuer.revoke_older()
    publisher.published = issuer.public_keys()

    publisher.seconds += SEEN_SECONDS + 1

    assert await fault_of(reader, token) is TokenFault.KEY


async def test_a_token_of_a_stranger_has_nobody_asked(publisher: Publisher, issuer: DevelopmentIssuer) -> None:
    reader = TokenReader(
        [trusted(issuer.public_keys(), keys=publisher.keys())], audience=AUDIENCE, proofs=ProofsInMemory()
    )
    token = issuer.issue(OPERATOR, now=NOW, lifetime_seconds=60, audience=AUDIENCE, issuer="https://evil.example")

    assert await fault_of(reader, token) is TokenFault.ISSUER
    assert publisher.asked == 0


async def fault_of(reader: TokenReader, token: str) -> TokenFault | None:
    try:
        await reader.read(Presented(authorization=(f"Bearer {token}",)), now=NOW)
    except TokenRefused as refused:
        return refused.fault
    return None
