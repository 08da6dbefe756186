"""The file of issuers: what is taken, what stops the start, and that an issuer speaks only for its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest

from adapters.identity.development_issuer import DevelopmentIssuer
from adapters.identity.issuers import Binding, IssuersInvalid, read_issuers
from adapters.identity.token_faults import TokenFault, TokenRefused
from adapters.identity.trusted_keys import KeySetInvalid
from domain.actors import Actor, ActorKind
from domain.countries import MemberState
from tests.identity.conftest import AUDIENCE, ISSUER, NOW, read, reader_of, trusted

CLIENT = httpx2.AsyncClient()
OFFICERS: dict[str, Any] = {
    "name": "socso",
    "issuer": "https://id.socso.example",
    "jwks_uri": "https://id.socso.example/jwks.json",
    "kinds": ["officer"],
    "state": "MY",
    "institutions": ["MY.SOCSO"],
    "lifetime_seconds": 900,
    "binding": "dpop",
}
PEOPLE: dict[str, Any] = {
    "name": "people",
    "issuer": "https://id.lingkar.example",
    "keys_file": "keys.json",
    "kinds": ["donor", "worker"],
}


def written(folder: Path, *issuers: dict[str, Any], **top: Any) -> Path:
    """A file of issuers; JSON is YAML."""
    path = folder / "issuers.yaml"
    path.write_text(json.dumps({"issuers": issuers, **top}))
    return path


@pytest.fixture
def folder(tmp_path: Path, issuer: DevelopmentIssuer) -> Path:
    (tmp_path / "keys.json").write_text(json.dumps(issuer.public_keys()))
    return tmp_path


def test_each_issuer_comes_with_its_bounds(folder: Path) -> None:
    socso, people = read_issuers(written(folder, OFFICERS, PEOPLE), CLIENT, development=False)

    assert (socso.name, socso.kinds, socso.state) == ("socso", {ActorKind.OFFICER}, MemberState("MY"))
    assert (socso.institutions, socso.lifetime_seconds, socso.binding) == ({"MY.SOCSO"}, 900, Binding.DPOP)
    assert (people.kinds, people.state, people.lifetime_seconds) == ({ActorKind.DONOR, ActorKind.WORKER}, None, 3600)


def test_the_file_that_the_settings_page_shows_is_taken_outside_development(folder: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "settings.md").read_text()
    shown = page.split("```yaml\n")[1].split("```")[0]
    (folder / "keys.json").rename(folder / "people.jwks.json")
    (folder / "issuers.yaml").write_text(shown)

    issuers = read_issuers(folder / "issuers.yaml", CLIENT, development=False)

    assert [issuer.name for issuer in issuers] == ["socso", "people"]


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "two sources of keys": ({"keys_file": "keys.json"}, "either jwks_uri or keys_file"),
    "no source of keys": ({"jwks_uri": None}, "either jwks_uri or keys_file"),
    "plain http": ({"jwks_uri": "http://id.socso.example/jwks.json"}, "https"),
    "a file address": ({"jwks_uri": "file:///etc/keys.json"}, "https"),
    "a password in the address": ({"jwks_uri": "https://a:b@id.socso.example/"}, "https"),
    "officers of everywhere": ({"state": None, "institutions": []}, "state or institutions"),
    "donors of a state": ({"kinds": ["donor"]}, "state or institutions"),
    "an institution elsewhere": ({"institutions": ["ID.BPJSTK"]}, "begins with the state"),
    "an unknown state": ({"state": "XX"}, "state"),
    "an unknown kind": ({"kinds": ["admin"]}, "kinds"),
    "no kind": ({"kinds": []}, "kinds"),
    "an unknown key": ({"audience": "all"}, "audience"),
    "tokens of two hours": ({"lifetime_seconds": 7200}, "lifetime_cap_seconds"),
    "officers without binding": ({"binding": "none"}, "dpop, mtls or any"),
    "an unknown binding": ({"binding": "password"}, "binding"),
    "a name with a slash": ({"name": "so/cso"}, "name"),
}


@pytest.mark.parametrize(("changed", "said"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_in_the_file_stops_the_start_and_is_named(
    changed: dict[str, Any], said: str, folder: Path
) -> None:
    entry = {name: value for name, value in (OFFICERS | changed).items() if value is not None}

    with pytest.raises(IssuersInvalid, match=said):
        read_issuers(written(folder, entry), CLIENT, development=False)


@pytest.mark.parametrize("changed", [{"jwks_uri": "http://127.0.0.1:8090/jwks.json"}, {"binding": "none"}])
def test_development_takes_plain_http_and_officers_without_binding(changed: dict[str, Any], folder: Path) -> None:
    assert read_issuers(written(folder, OFFICERS | changed), CLIENT, development=True)


@pytest.mark.parametrize("same", ["name", "issuer"])
def test_two_issuers_of_one_name_stop_the_start(same: str, folder: Path) -> None:
    second = PEOPLE | {same: OFFICERS[same]}

    with pytest.raises(IssuersInvalid, match="same"):
        read_issuers(written(folder, OFFICERS, second), CLIENT, development=False)


def test_a_cap_of_more_than_a_day_stops_the_start(folder: Path) -> None:
    with pytest.raises(IssuersInvalid, match="lifetime_cap_seconds"):
        read_issuers(written(folder, OFFICERS, lifetime_cap_seconds=86_401), CLIENT, development=False)


TEXTS: dict[str, str] = {
    "nothing": "",
    "a list": "[]",
    "no issuers": "issuers: []",
    "not YAML": "issuers: [",
    "an object of Python": "!!python/object/apply:os.getcwd []",
    "a key twice": "lifetime_cap_seconds: 3600\nlifetime_cap_seconds: 7200\nissuers: []",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_a_file_that_says_nothing_clear_stops_the_start(text: str, tmp_path: Path) -> None:
    path = tmp_path / "issuers.yaml"
    path.write_text(text)

    with pytest.raises(IssuersInvalid, match=r"issuers\.yaml"):
        read_issuers(path, CLIENT, development=False)


def test_a_file_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(IssuersInvalid, match=r"nowhere\.yaml"):
        read_issuers(tmp_path / "nowhere.yaml", CLIENT, development=False)


def test_keys_in_a_file_that_cannot_be_believed_stop_the_start(folder: Path) -> None:
    (folder / "keys.json").write_text('{"keys": []}')

    with pytest.raises(KeySetInvalid):
        read_issuers(written(folder, PEOPLE), CLIENT, development=False)


OFFICER_MY = Actor(id="a", kind=ActorKind.OFFICER, member_state=MemberState("MY"), institution_id="MY.SOCSO")
OTHER_MY = Actor(id="a", kind=ActorKind.OFFICER, member_state=MemberState("MY"), institution_id="MY.EPF")
OFFICER_ID = Actor(id="a", kind=ActorKind.OFFICER, member_state=MemberState("ID"), institution_id="ID.BPJSTK")
DONOR = Actor(id="a", kind=ActorKind.DONOR, subject_id=UUID("018f0000-0000-7000-8000-000000000001"))
OPERATOR = Actor(id="a", kind=ActorKind.OPERATOR)
ONE_STATE: dict[str, Any] = {"kinds": frozenset({ActorKind.OFFICER}), "state": MemberState("MY")}
ONE_INSTITUTION: dict[str, Any] = {"kinds": frozenset({ActorKind.OFFICER}), "institutions": frozenset({"MY.SOCSO"})}
ONLY_DONORS: dict[str, Any] = {"kinds": frozenset({ActorKind.DONOR})}
BOUNDS: dict[str, tuple[dict[str, Any], Actor, bool]] = {
    "an officer of the state": (ONE_STATE, OTHER_MY, True),
    "an officer of another state": (ONE_STATE, OFFICER_ID, False),
    "an officer of the institution": (ONE_INSTITUTION, OFFICER_MY, True),
    "an officer of another institution": (ONE_INSTITUTION, OTHER_MY, False),
    "a donor of an institution's issuer": (ONE_INSTITUTION, DONOR, False),
    "an operator of an institution's issuer": (ONE_STATE, OPERATOR, False),
    "a donor of the people's issuer": (ONLY_DONORS, DONOR, True),
    "an officer of the people's issuer": (ONLY_DONORS, OFFICER_MY, False),
}


@pytest.mark.parametrize(("bounds", "actor", "accepted"), BOUNDS.values(), ids=BOUNDS.keys())
def test_an_issuer_speaks_for_its_own_and_for_nobody_else(
    bounds: dict[str, Any], actor: Actor, accepted: bool, issuer: DevelopmentIssuer
) -> None:
    reader = reader_of(trusted(issuer.public_keys(), **bounds))
    token = issuer.issue(actor, now=NOW, lifetime_seconds=60, audience=AUDIENCE, issuer=ISSUER)

    if accepted:
        assert read(reader, f"Bearer {token}").kind is actor.kind
    else:
        with pytest.raises(TokenRefused) as refused:
            read(reader, f"Bearer {token}")
        assert refused.value.fault is TokenFault.BEYOND_ISSUER


def test_the_same_subject_of_two_issuers_is_two_actors(tmp_path: Path) -> None:
    one, two = (DevelopmentIssuer(tmp_path / name, environment="development") for name in ("one", "two"))
    reader = reader_of(
        trusted(one.public_keys(), "https://one.example", name="one"),
        trusted(two.public_keys(), "https://two.example", name="two"),
    )
    issue: Callable[[DevelopmentIssuer, str], str] = lambda by, name: by.issue(  # noqa: E731
        OPERATOR, now=NOW, lifetime_seconds=60, audience=AUDIENCE, issuer=name
    )

    ids = {
        read(reader, f"Bearer {issue(one, 'https://one.example')}").id,
        read(reader, f"Bearer {issue(two, 'https://two.example')}").id,
    }

    assert ids == {"one/a", "two/a"}


def test_a_key_id_of_another_issuer_takes_nothing_away_from_ours(tmp_path: Path) -> None:
    ours = DevelopmentIssuer(tmp_path / "ours", environment="development")
    other = DevelopmentIssuer(tmp_path / "other", environment="development")
    [stolen] = other.public_keys()["keys"]
    published = {"keys": [{**stolen, "kid": ours.public_keys()["keys"][0]["kid"]}]}
    reader = reader_of(trusted(ours.public_keys()), trusted(published, "https://other.example", name="other"))
    token = ours.issue(OPERATOR, now=NOW, lifetime_seconds=60, audience=AUDIENCE, issuer=ISSUER)

    assert read(reader, f"Bearer {token}").kind is ActorKind.OPERATOR


def test_a_token_lives_no_longer_than_its_issuer_may_let_it(issuer: DevelopmentIssuer) -> None:
    reader = reader_of(trusted(issuer.public_keys(), lifetime_seconds=900))
    short, long = (
        issuer.issue(OPERATOR, now=NOW, lifetime_seconds=seconds, audience=AUDIENCE, issuer=ISSUER)
        for seconds in (900, 901)
    )

    assert read(reader, f"Bearer {short}").kind is ActorKind.OPERATOR
    with pytest.raises(TokenRefused) as refused:
        read(reader, f"Bearer {long}")
    assert refused.value.fault is TokenFault.LIFETIME
