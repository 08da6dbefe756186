"""Bad input at the API gets a code, never a server error, and nothing is written."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from domain.actors import Actor, ActorKind
from schema.ids import cursor, opaque_id
from tests.support.api import Api, codes
from tests.support.asked import World, lived, move_input, mutations, queries, rupiah_input
from tests.support.databases import Databases
from tests.support.scene import OFFICER_MY, OPERATOR, Scene, donor_actor

UNHARMED = {"INTERNAL_SERVER_ERROR"}


@pytest.fixture(scope="module")
def database_url(databases: Databases) -> Iterator[str]:
    with databases.copy() as url:
        yield url


@pytest.fixture
async def world(scene: Scene, database_url: str) -> World:
    """One life for all tests of this module: what is refused leaves it as it is."""
    if database_url not in _WORLDS:
        _WORLDS[database_url] = await lived(scene)
    return _WORLDS[database_url]


_WORLDS: dict[str, World] = {}


async def refused(scene: Scene, api: Api, operation: str, code: str, actor: Actor = OPERATOR) -> None:
    """The operation gets exactly this code, and no table has another row than the key that failed and stays so."""
    before = await scene.counts()

    answer = await api.ask(actor, operation)

    assert codes(answer) == {code}, answer
    after = await scene.counts()
    kept = {"idempotency_keys", "access_records"}
    assert {t: n for t, n in after.items() if t not in kept} == {t: n for t, n in before.items() if t not in kept}


def gift(world: World, amount: str) -> str:
    return (
        f'mutation {{ donationRecord(idempotencyKey: "k-{abs(hash(amount))}", input: {{donorId: "{world.donor}", '
        f'fundId: "{world.fund}", amount: {amount}, receivedOn: "2025-07-01"}}) '
        "{ __typename ... on Problem { code message } } }"
    )


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ('{amount: "-5", currency: IDR}', "AMOUNT_INVALID AMOUNT_OUT_OF_RANGE"),
        ('{amount: "0", currency: IDR}', "AMOUNT_OUT_OF_RANGE"),
        ('{amount: "0.5", currency: IDR}', "AMOUNT_PRECISION"),
        ('{amount: "NaN", currency: IDR}', "AMOUNT_INVALID"),
        ('{amount: "Infinity", currency: IDR}', "AMOUNT_INVALID"),
        ('{amount: "1e9", currency: IDR}', "AMOUNT_INVALID"),
        ('{amount: "1_000", currency: IDR}', "AMOUNT_INVALID"),
        ('{amount: " 5 ", currency: IDR}', "AMOUNT_INVALID"),
        ('{amount: "\\u0661\\u0662", currency: IDR}', "AMOUNT_INVALID"),
        ('{amount: "1.000,00", currency: IDR}', "AMOUNT_INVALID"),
        ('{amount: "", currency: IDR}', "AMOUNT_INVALID"),
        ('{amount: "0x10", currency: IDR}', "AMOUNT_INVALID"),
        ("{amount: 1000, currency: IDR}", "AMOUNT_INVALID"),
        ("{amount: 10.5, currency: IDR}", "AMOUNT_INVALID"),
        ('{amount: "1.005", currency: SGD}', "AMOUNT_PRECISION"),
        ('{amount: "5", currency: MYR}', "CURRENCY_MISMATCH"),
        ('{amount: "99999999999999999999999999999999", currency: IDR}', "AMOUNT_OUT_OF_RANGE AMOUNT_INVALID"),
    ],
)
async def test_money_that_is_no_amount_is_refused(scene: Scene, api: Api, world: World, amount: str, code: str) -> None:
    before = await scene.counts()

    answer = await api.ask(OPERATOR, gift(world, amount))

    assert codes(answer) <= set(code.split()), answer
    assert codes(answer)
    after = await scene.counts()
    assert after | {"idempotency_keys": 0} == before | {"idempotency_keys": 0}


@pytest.mark.parametrize("currency", ["sgd", "XXX", '"IDR"'])
async def test_a_currency_that_is_not_offered_is_refused(scene: Scene, api: Api, world: World, currency: str) -> None:
    await refused_validation(scene, api, gift(world, f'{{amount: "5", currency: {currency}}}'))


async def refused_validation(scene: Scene, api: Api, operation: str) -> None:
    before = await scene.counts()

    answer = await api.ask(OPERATOR, operation)

    assert answer.get("data") is None
    assert codes(answer)
    assert not codes(answer) & UNHARMED
    assert await scene.counts() == before


@pytest.mark.parametrize(
    "day", ["2025-02-30", "2025-02-29", "2025-13-01", "0000-00-00", "26-1-5", "05/01/2026", "2568-10-16", "20251016",
            "2025-10-16T00:00:00Z", "", "\u0662\u0660\u0662\u0665-10-16", "10000-01-01"],
)  # fmt: skip
async def test_a_day_that_is_no_day_of_our_calendar_is_refused(scene: Scene, api: Api, world: World, day: str) -> None:
    operation = queries(world)["coverageOn"].replace("2025-10-16", day)

    await refused(scene, api, f"{{ {operation} }}", "DATE_INVALID", OFFICER_MY)


async def test_a_year_of_the_buddhist_era_gets_a_hint(api: Api, world: World) -> None:
    answer = await api.ask(OFFICER_MY, f"{{ {queries(world)['coverageOn'].replace('2025-', '2568-')} }}")

    assert "543" in answer["errors"][0]["message"]


@pytest.mark.parametrize("month", ["2025-13", "2025-00", "2025-1", "25-01", "2025", "2568-07", "0000-01", ""])
async def test_a_month_that_is_no_month_is_refused(scene: Scene, api: Api, world: World, month: str) -> None:
    operation = mutations(world, f"m{month}")["donationAllocate"].replace("2026-05", month)

    await refused(scene, api, f"mutation {{ {operation} }}", "DATE_INVALID")


@pytest.mark.parametrize("instant", ["2025-10-16", "2025-10-16T08:00:00", "2025-10-16T08:00:00+25:00", "now"])
async def test_an_instant_without_its_offset_is_refused(scene: Scene, api: Api, world: World, instant: str) -> None:
    operation = queries(world)["coverageOn"].replace("purpose:", f'knownAt: "{instant}", purpose:')

    await refused(scene, api, f"{{ {operation} }}", "DATE_INVALID", OFFICER_MY)


@pytest.mark.parametrize("value", ["C<12", "", "C1234567890123456", "C12 34\u202e567", "'; DROP TABLE workers; --"])
async def test_a_passport_of_the_wrong_shape_is_refused(scene: Scene, api: Api, world: World, value: str) -> None:
    operation = queries(world)["coverageOn"].replace(world.passport.value, value)

    await refused(scene, api, f"{{ {operation} }}", "IDENTIFIER_INVALID", OFFICER_MY)


async def test_a_refused_identifier_is_not_repeated_in_the_answer(api: Api, world: World) -> None:
    operation = queries(world)["coverageOn"].replace(world.passport.value, "SECRET-99-SECRET")

    assert "SECRET-99-SECRET" not in (await api.post(OFFICER_MY, f"{{ {operation} }}")).text


@pytest.mark.parametrize("operation", ["{ memberState(code: XX) { code } }", '{ memberState(code: "ID") { code } }'])
async def test_a_state_that_is_not_known_is_refused(scene: Scene, api: Api, operation: str) -> None:
    await refused_validation(scene, api, operation)


def crafted(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "after",
    [
        "",
        "%%%",
        "not-a-cursor",
        crafted("cursor:workers:"),
        crafted("cursor:workers:5"),
        crafted("cursor:workers:not-a-uuid"),
        crafted("cursor:donations:00000000-0000-0000-0000-000000000001"),
        crafted("cursor:workers:{00000000-0000-0000-0000-000000000001}"),
        "A" * 5000,
    ],
    ids=["empty", "percent", "words", "no place", "number", "no id", "another list", "braces", "long"],
)
async def test_a_cursor_from_elsewhere_is_refused(scene: Scene, api: Api, after: str) -> None:
    await refused(scene, api, f'{{ workers(after: "{after}") {{ edges {{ cursor }} }} }}', "BAD_USER_INPUT")


@pytest.mark.parametrize("place", ["x", "-1", "99999999999999999999999", "1.5", "1e3"])
async def test_a_crafted_cursor_of_a_list_by_number_is_refused(
    scene: Scene, api: Api, world: World, place: str
) -> None:
    crafted_one = cursor(f"accessRecords/{world.worker_id}", place)
    asked = f'{{ worker(id: "{world.worker}") {{ accessRecords(after: "{crafted_one}") {{ edges {{ cursor }} }} }} }}'
    await refused(scene, api, asked, "BAD_USER_INPUT")

    nomination_id = (await scene.rows("SELECT id FROM nominations ORDER BY id DESC LIMIT 1"))[0].id
    crafted_two = cursor(f"refusals/{nomination_id}", place)
    node = f'nomination(id: "{opaque_id("Nomination", nomination_id)}")'
    await refused(
        scene, api, f'{{ {node} {{ refusals(after: "{crafted_two}") {{ edges {{ cursor }} }} }} }}', "BAD_USER_INPUT"
    )


@pytest.mark.parametrize("first", [0, 101, -1, 1_000_000])
async def test_a_page_outside_1_to_100_is_refused(scene: Scene, api: Api, first: int) -> None:
    answer = await api.ask(OPERATOR, f"{{ donations(first: {first}) {{ edges {{ cursor }} }} }}")

    assert codes(answer) <= {"BAD_USER_INPUT", "QUERY_TOO_COMPLEX"}
    assert codes(answer)


@pytest.mark.parametrize(
    "bad", ["%%%", "", "V29ya2Vy", crafted("Worker:"), crafted("Worker:00000000-0000-0000-0000-00000000000G"),
            crafted("Worker:{00000000-0000-0000-0000-000000000001}"),
            crafted("Worker:00000000-0000-0000-0000-00000000000A"), "A" * 300],
)  # fmt: skip
async def test_a_text_that_is_no_id_is_refused(scene: Scene, api: Api, bad: str) -> None:
    await refused(scene, api, f'{{ worker(id: "{bad}") {{ id }} }}', "BAD_USER_INPUT")


@pytest.mark.parametrize("key", ["", "a" * 129, "two words", "line\\nend", "ключ"])
async def test_an_idempotency_key_of_the_wrong_shape_is_refused(scene: Scene, api: Api, key: str) -> None:
    act = f'mutation {{ fundOpen(idempotencyKey: "{key}", input: {{name: "n", purpose: "p", currency: IDR}}) '

    await refused(scene, api, act + "{ __typename } }", "IDEMPOTENCY_KEY_INVALID")


@pytest.mark.parametrize("text", ["a\\u0000b", "\\u0000"])
@pytest.mark.parametrize(
    "operation",
    [
        'mutation {{ donorRegister(idempotencyKey: "n1", input: {{name: "{}", funderKind: PERSONAL}}) '
        "{{ __typename ... on Problem {{ code message }} }} }}",
        'mutation {{ fundOpen(idempotencyKey: "n2", input: {{name: "n", purpose: "{}", currency: IDR}}) '
        "{{ __typename ... on Problem {{ code message }} }} }}",
        '{{ messages(state: "{}") {{ edges {{ cursor }} }} }}',
        '{{ certificate(number: "{}") {{ number }} }}',
        '{{ scheme(id: "{}") {{ id }} }}',
    ],
    ids=["donor", "fund", "messages", "certificate", "scheme"],
)
async def test_text_with_nul_never_fails_the_server(scene: Scene, api: Api, operation: str, text: str) -> None:
    before = await scene.counts()

    answer = await api.ask(OPERATOR, operation.format(text))

    assert not codes(answer) & UNHARMED
    after = await scene.counts()
    assert (after["donors"], after["funds"]) == (before["donors"], before["funds"])


@pytest.mark.parametrize(
    "name", ["", "   ", "x" * 10_000, "bidi\u202eoverride"], ids=["empty", "spaces", "long", "bidi"]
)
async def test_a_donor_or_fund_without_a_usable_name_is_refused(scene: Scene, api: Api, name: str) -> None:
    for act, rest in (("donorRegister", "funderKind: PERSONAL"), ("fundOpen", 'purpose: "p", currency: IDR')):
        operation = f'mutation {{ {act}(idempotencyKey: "{act}-{len(name)}", input: {{name: "{name}", {rest}}}) '
        await refused(scene, api, operation + "{ __typename ... on Problem { code message } } }", "NAME_INVALID")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"contractMonths": "0"}, "PERIOD_INVALID"),
        ({"contractMonths": "-1"}, "PERIOD_INVALID"),
        ({"contractMonths": "2147483647"}, "PERIOD_INVALID"),
        ({"moveOn": '"9999-12-31"'}, "PERIOD_INVALID"),
        ({"moveOn": '"0001-01-01"', "decidedOn": '"0001-01-01"'}, "PERIOD_INVALID"),
        ({"toState": "ID"}, "PERIOD_INVALID"),
        ({"wage": '{amount: "-1", currency: MYR}'}, "AMOUNT_OUT_OF_RANGE"),
        ({"wage": '{amount: "1700", currency: IDR}'}, "CURRENCY_MISMATCH"),
    ],
    ids=["no month", "negative", "endless", "last day", "first day", "same state", "negative wage", "other currency"],
)
async def test_a_move_that_cannot_be_is_refused(
    scene: Scene, api: Api, world: World, changes: dict[str, str], code: str
) -> None:
    asked = f"{{ movePlan(input: {move_input(world, **changes)}) {{ __typename ... on Problem {{ code message }} }} }}"

    await refused(scene, api, asked, code)


@pytest.mark.parametrize("wage", ["-1", "99999999999999999999999999999"])
@pytest.mark.parametrize("month", ["0001-01", "9999-12", "2025-07"])
async def test_a_quote_at_the_edges_of_time_and_money_never_fails_the_server(api: Api, wage: str, month: str) -> None:
    for kind in ("wage", "income"):
        question = f'{{schemeId: "ID.JKK", segmentId: "bpu", month: "{month}", funderKind: CORPORATE, '
        question += f"{kind}: {rupiah_input(wage)}}}"
        asked = f"{{ contributionQuote(question: {question}) {{ __typename ... on Problem {{ code message }} }} }}"

        assert not codes(await api.ask(OPERATOR, asked)) & UNHARMED


async def test_an_allocation_at_the_end_of_time_never_fails_the_server(scene: Scene, api: Api, world: World) -> None:
    operation = mutations(world, "end-of-time")["donationAllocate"].replace("2026-05", "9999-12")

    answer = await api.ask(OPERATOR, f"mutation {{ {operation} }}")

    assert not codes(answer) & UNHARMED


# --- protocol ---------------------------------------------------------------------------------------------------


async def test_a_body_of_10_megabytes_is_refused(scene: Scene, api: Api) -> None:
    body = json.dumps({"query": "{ memberStates { code } }", "variables": {"x": "a" * 10_000_000}})
    response = await api.client.post(
        "/graphql",
        content=body.encode(),
        headers={"authorization": f"Bearer {api.token(OPERATOR)}", "content-type": "application/json"},
    )

    assert response.status_code == 413
    assert codes(response.json()) == {"PAYLOAD_TOO_LARGE"}


async def test_a_query_500_deep_is_refused(api: Api) -> None:
    answer = await api.ask(OPERATOR, "{ me " + "{ moves " * 500 + "{ id }" + " }" * 500 + " }")

    assert answer.get("data") is None
    assert codes(answer)
    assert not codes(answer) & UNHARMED


def unsigned(header: dict[str, Any], payload: dict[str, Any]) -> str:
    return ".".join(crafted(json.dumps(part)) for part in (header, payload)) + "."


@pytest.mark.parametrize("kind", ["none", "wrong", "expired", "alg none", "another audience", "cut", "twice"])
async def test_a_token_that_is_not_valid_is_refused_alike(scene: Scene, api: Api, kind: str) -> None:
    good = api.token(OPERATOR)
    payload = json.loads(base64.urlsafe_b64decode(good.split(".")[1] + "=="))
    if kind == "expired":
        api.clock.advance(hours=2)
    tokens = {
        "none": None,
        "wrong": "Bearer words",
        "expired": f"Bearer {good}",
        "alg none": f"Bearer {unsigned({'alg': 'none', 'typ': 'JWT'}, payload)}",
        "another audience": "Bearer "
        + api.issuer.issue(
            OPERATOR, now=api.clock.now(), lifetime_seconds=60, audience="x", issuer=api.settings.development_issuer
        ),
        "cut": f"Bearer {good[:-4]}",
        "twice": f"Bearer {good} {good}",
    }
    given = tokens[kind]
    before = await scene.counts()
    for path, sent in (
        ("/graphql", {"json": {"query": 'mutation { fundOpen(idempotencyKey: "t", input: {name: "n", purpose: "p", '
                                        "currency: IDR}) { __typename } }"}}),
        ("/nominations?fund=x&scheme=ID.JKK&segment=bpu&on=2025-07-01", {"content": b"nik,name\n"}),
    ):  # fmt: skip
        headers = {"content-type": "text/csv", "idempotency-key": "k"} if "content" in sent else {}
        response = await api.client.post(
            path, headers=headers | ({} if given is None else {"authorization": given}), **sent
        )

        assert (response.status_code, codes(response.json())) == (401, {"UNAUTHENTICATED"})
    assert await scene.counts() == before


async def test_a_token_of_a_worker_who_is_not_known_finds_nobody(scene: Scene, api: Api) -> None:
    unknown = Actor(id="worker-x", kind=ActorKind.WORKER, subject_id=scene.context().new_id())

    await refused(scene, api, "{ me { id } }", "NOT_FOUND", unknown)


# --- nomination files -------------------------------------------------------------------------------------------


async def uploaded(api: Api, actor: Actor, query: dict[str, str], body: bytes, key: str = "file") -> tuple[int, Any]:
    response = await api.client.post(
        "/nominations",
        params=query,
        content=body,
        headers={
            "authorization": f"Bearer {api.token(actor)}",
            "content-type": "text/csv",
            "idempotency-key": key,
        },
    )
    return response.status_code, response.json()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"fund": "garbage"}, "BAD_USER_INPUT"),
        ({"fund": ""}, "BAD_USER_INPUT"),
        ({"scheme": "ID.NONE"}, "RULE_UNKNOWN"),
        ({"segment": "nobody"}, "RULE_UNKNOWN"),
        ({"on": "2025-02-30"}, "DATE_INVALID"),
        pytest.param({"on": "2568-07-01"}, "DATE_INVALID"),
        pytest.param({"on": "20250701"}, "DATE_INVALID"),
        ({"on": "1990-01-01"}, "RULE_NOT_IN_FORCE"),
    ],
    ids=["no id", "empty", "scheme", "segment", "no day", "Thai year", "no hyphens", "before the law"],
)
async def test_a_file_that_is_not_addressed_rightly_is_refused(
    scene: Scene, api: Api, world: World, changes: dict[str, str], code: str
) -> None:
    query = {"fund": world.fund, "scheme": "ID.JKK", "segment": "bpu", "on": "2025-07-01"} | changes
    before = await scene.counts()

    key = f"file-{changes}".replace(" ", "")
    status, answer = await uploaded(api, OPERATOR, query, "".join(scene.lines(1)).encode(), key)

    assert codes(answer) == {code}, answer
    assert 400 <= status < 500
    after = await scene.counts()
    assert after["nominations"] == before["nominations"]
    assert after["workers"] == before["workers"]


async def test_a_file_of_an_actor_who_may_not_send_one_is_refused(scene: Scene, api: Api, world: World) -> None:
    query = {"fund": world.fund, "scheme": "ID.JKK", "segment": "bpu", "on": "2025-07-01"}

    for actor in (donor_actor(world.donor_id), OFFICER_MY):
        status, answer = await uploaded(api, actor, query, "".join(scene.lines(1)).encode())
        assert (status, codes(answer)) == (403, {"FORBIDDEN"})


async def test_the_same_file_under_the_same_key_is_taken_in_once_and_another_is_refused(
    scene: Scene, api: Api, world: World
) -> None:
    query = {"fund": world.fund, "scheme": "ID.JKK", "segment": "bpu", "on": "2025-07-01"}
    body = "".join(scene.lines(3)).encode()

    first = await uploaded(api, OPERATOR, query, body, "once")
    again = await uploaded(api, OPERATOR, query, body, "once")
    status, other = await uploaded(api, OPERATOR, query, "".join(scene.lines(3)).encode(), "once")

    assert first == again
    assert first[1]["nomination"]["rowsAccepted"] == 3
    assert (status, codes(other)) == (409, {"IDEMPOTENCY_CONFLICT"})
