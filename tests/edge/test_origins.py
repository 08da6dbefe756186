"""Pages of other sites cannot make a browser act here, and the server answers for its own names only."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.settings import Settings
from tests.edge.small_door import small_door

HELLO = {"query": "{hello}"}
PORTAL = frozenset({"https://portal.example"})


@pytest.mark.parametrize(
    "origins",
    [
        ["https://evil.example"],
        ["null"],
        [""],
        ["lingkar.test"],
        ["https://lingkar.test.evil.example"],
        ["https://evil.example/lingkar.test"],
        ["https://lingkar.test:8443"],
        ["file://lingkar.test"],
        ["http://lingkar.test", "https://evil.example"],
        ["https://portal.example.evil.example"],
    ],
)
async def test_an_operation_for_the_page_of_another_site_is_refused_and_does_nothing(origins: list[str]) -> None:
    door = small_door(origins=PORTAL)
    mutation = {"query": "mutation { donate(donation: {minorUnits: 1}) }"}

    answer = await door.post(mutation, headers=[("origin", origin) for origin in origins])

    assert (answer.status, answer.codes) == (403, ["CSRF_BLOCKED"])
    assert (door.seen.donated, answer.bytes_read) == (0, 0)


@pytest.mark.parametrize("origin", ["http://lingkar.test", "https://LINGKAR.test", "https://portal.example", None])
async def test_our_own_page_a_named_one_and_a_client_without_a_page_are_answered(origin: str | None) -> None:
    answer = await small_door(origins=PORTAL).post(HELLO, headers=[("origin", origin)] if origin else [])

    assert answer.json == {"data": {"hello": "hello"}}


@pytest.mark.parametrize(
    "host", ["evil.example", "lingkar.test.evil.example", "evil.example:80", "[", "lingkar.test@evil"]
)
async def test_a_host_that_is_not_ours_is_refused(host: str) -> None:
    door = small_door(hosts={"lingkar.test", "::1"})

    answer = await door.call("GET", "/livez", headers=[("host", host)], bare=True)

    assert (answer.status, answer.codes) == (400, ["BAD_REQUEST"])


@pytest.mark.parametrize("host", ["lingkar.test", "LINGKAR.TEST", "lingkar.test:8443", "[::1]:8000"])
async def test_a_host_of_ours_is_answered_whatever_its_port(host: str) -> None:
    door = small_door(hosts={"lingkar.test", "::1"})

    answer = await door.call("GET", "/livez", headers=[("host", host)], bare=True)

    assert answer.status == 200


def settings(**given: Any) -> Settings:
    production = {"database_url": "postgresql+psycopg://x", "issuers_file": "issuers.yaml"}
    return Settings(**{**production, "public_url": "https://Api.Lingkar.example:8443/", **given})


def test_outside_development_the_hosts_are_those_of_the_public_address_and_this_machine() -> None:
    assert settings().hosts == {"api.lingkar.example", "localhost", "127.0.0.1", "::1"}


def test_named_hosts_are_the_only_ones() -> None:
    assert settings(allowed_hosts=frozenset({"Lingkar.example"})).hosts == {"lingkar.example"}


def test_in_development_every_host_is_taken() -> None:
    assert Settings(environment="development").hosts is None
