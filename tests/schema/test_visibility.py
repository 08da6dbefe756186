"""Who may ask and do what: every root field, asked by every kind of actor."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from graphql import GraphQLObjectType, get_named_type

import schema
from adapters.http.quiet_schema import QuietSchema
from adapters.settings import Settings
from schema.ids import opaque_id
from tests.support.api import Api, codes, without_what_is_left
from tests.support.asked import actors, lived, mutations, outcome, queries
from tests.support.databases import Databases
from tests.support.scene import OFFICER_ID, OFFICER_TH, OPERATOR, Scene, covered_worker, donor_actor

ACTORS = ("operator", "officer", "officer elsewhere", "donor", "other donor", "worker", "other worker", "system")
A, N, E, F, X = "answered", "null", "empty", "FORBIDDEN", "NOT_FOUND"
V = "PERSON_NOT_VISIBLE"
ADMIN = "purpose: ADMINISTRATION"

# Each row: operator, officer, officer elsewhere, donor, other donor, worker, other worker, system.
QUERIES = {
    "memberStates": (A, A, A, A, A, A, A, A),
    "memberState": (A, A, A, A, A, A, A, A),
    "scheme": (A, A, A, A, A, A, A, A),
    "contributionQuote": (A, A, A, A, A, A, A, A),
    "packQuote": (A, A, A, A, A, A, A, A),
    "eligibility": (A, A, A, A, A, A, A, A),
    "benefitEstimate": (A, A, A, A, A, A, A, A),
    "qualifyingStates": (A, A, A, A, A, A, A, A),
    "dueDate": (A, A, A, A, A, A, A, A),
    "nextDueDate": (A, A, A, A, A, A, A, A),
    "compareSchemes": (A, A, A, A, A, A, A, A),
    "identifierCheck": (A, A, A, A, A, A, A, A),
    "rulesChanging": (A, A, A, A, A, A, A, A),
    "coverageOn": (F, A, V, F, F, F, F, F),
    "coverageOf": (A, A, V, F, F, F, F, F),
    "me": (F, F, F, F, F, A, A, F),
    "worker": (A, A, N, F, F, A, N, F),
    "workerByIdentifier": (A, A, N, F, F, F, F, F),
    "workers": (A, A, E, F, F, F, F, F),
    "movePlan": (A, A, X, F, F, A, X, F),
    "move": (A, A, N, F, F, A, N, F),
    "donation": (A, F, F, A, N, F, F, F),
    "donations": (A, F, F, A, E, F, F, F),
    "allocation": (A, F, F, A, N, F, F, F),
    "nomination": (A, F, F, F, F, F, F, F),
    "certificate": (A, A, N, F, F, A, N, F),
    "messages": (A, F, F, F, F, F, F, F),
    "consentTexts": (A, A, A, A, A, A, A, A),
    "reviews": (A, F, F, F, F, F, F, F),
    "node": (A, A, N, F, F, A, N, F),
}
S = "STATE_CONFLICT"
L = "LANDING_NOT_POSSIBLE"
MUTATIONS = {
    "donorRegister": (A, F, F, F, F, F, F, F),
    "fundOpen": (A, F, F, F, F, F, F, F),
    "pledgeRecord": (A, F, F, A, X, F, F, F),
    "donationRecord": (A, F, F, F, F, F, F, F),
    "donationRefund": (A, F, F, F, F, F, F, F),
    "donationAllocate": ("MONTH_ALREADY_FUNDED", F, F, A, X, F, F, F),
    "allocationRemit": (A, F, F, F, F, F, F, F),
    "identifierRecord": (A, A, F, F, F, F, F, F),
    "certificateWithdraw": (F, F, X, F, F, F, F, F),
    "certificateOffer": (F, F, F, F, F, A, X, F),
    "messageRetry": (S, F, F, F, F, F, F, F),
    "emergencyOpen": (F, A, A, F, F, F, F, F),
    "consentGive": (F, F, F, F, F, A, A, F),
    "consentWithdraw": (F, F, F, F, F, A, X, F),
    "accessRecordObject": (F, F, F, F, F, A, X, F),
    "reviewClose": (A, F, F, F, F, F, F, F),
    "workerErase": ("ERASURE_REFUSED", F, F, F, F, F, F, F),
    "workerMove": (L, L, X, F, F, L, X, F),
}


@pytest.fixture(params=[True, False], ids=["planned", "ordinary"])
def settings(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    """With the planned path and without it: nobody sees a difference."""
    return settings.model_copy(update={"planned_reads": request.param})


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A database for each test, so that whom an actor may see is known."""
    with databases.copy() as url:
        yield url


def test_every_root_field_has_a_row_in_the_table() -> None:
    core = schema.build(QuietSchema).core
    assert core.query_type is not None
    assert core.mutation_type is not None

    assert set(core.query_type.fields) == set(QUERIES)
    assert set(core.mutation_type.fields) == set(MUTATIONS)


async def test_each_query_answers_or_refuses_each_kind_of_actor_as_the_table_says(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    asking = await actors(scene, world)

    found = {
        field: tuple([await outcome(api, asking[name], f"{{ {text} }}", field) for name in ACTORS])
        for field, text in queries(world).items()
    }

    assert found == QUERIES


async def test_each_mutation_acts_or_refuses_each_kind_of_actor_as_the_table_says(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    asking = await actors(scene, world)
    order = ("donor", *(name for name in ACTORS if name != "donor"))

    found = {}
    for field in mutations(world, ""):
        by_actor = {
            name: await outcome(
                api,
                asking[name],
                f"mutation {{ {mutations(world, name.replace(' ', '-') + 'k')[field]} }}",
                field,
            )
            for name in order
        }
        found[field] = tuple(by_actor[name] for name in ACTORS)

    assert found == MUTATIONS


async def test_a_mutation_that_is_refused_to_an_actor_changes_nothing(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    asking = await actors(scene, world)
    before = await scene.counts()

    for field, row in MUTATIONS.items():
        for name, expected in zip(ACTORS, row, strict=True):
            if expected == F:
                await outcome(api, asking[name], f"mutation {{ {mutations(world, 'k')[field]} }}", field)

    assert await scene.counts() == before


async def test_a_donor_reaches_no_worker_by_any_path(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    whole = f"""{{ donation(id: "{world.donation}") {{
        id amount {{ amount }} statement {{ addsUp personMonthsCovered }} months {{ month workersRounded }} }}
        allocation(id: "{world.allocation}") {{ id workers remittances {{ month lines state reference }} }} }}"""
    donor = donor_actor(world.donor_id)

    answer = await api.post(donor, whole)

    assert "errors" not in answer.json()
    for personal in (str(world.worker_id), world.worker, world.passport.value, world.certificate, world.move):
        assert personal not in answer.text
    reachable = _types_from(("Donation", "Allocation", "Donor", "Fund", "Pledge"))
    assert not reachable & {"Worker", "Move", "CertificateOfCoverage", "AccessRecord", "CoverageDetermination"}


def _types_from(names: tuple[str, ...]) -> set[str]:
    """The names of all types that can be reached from these by fields."""
    core, found, open_ones = schema.build(QuietSchema).core, set[str](), list(names)
    while open_ones:
        name = open_ones.pop()
        kind = core.type_map[name]
        if name in found or not isinstance(kind, GraphQLObjectType):
            continue
        found.add(name)
        open_ones.extend(get_named_type(field.type).name for field in kind.fields.values())
    return found


async def test_what_is_hidden_is_answered_like_what_does_not_exist(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    nobody = opaque_id("Worker", scene.context().new_id())
    nothing = opaque_id("Donation", scene.context().new_id())
    no_move = opaque_id("Move", scene.context().new_id())
    stranger = donor_actor(await scene.donor())
    pairs = [
        (OFFICER_TH, f'{{ worker(id: "{world.worker}", {ADMIN}) {{ id }} }}',
         f'{{ worker(id: "{nobody}", {ADMIN}) {{ id }} }}'),
        (OFFICER_TH, f'{{ node(id: "{world.worker}", {ADMIN}) {{ id }} }}',
         f'{{ node(id: "{nobody}", {ADMIN}) {{ id }} }}'),
        (OFFICER_TH, f'{{ move(id: "{world.move}", {ADMIN}) {{ id }} }}',
         f'{{ move(id: "{no_move}", {ADMIN}) {{ id }} }}'),
        (OFFICER_TH, f'{{ certificate(number: "{world.certificate}", {ADMIN}) {{ number }} }}',
         f'{{ certificate(number: "MY-0-0", {ADMIN}) {{ number }} }}'),
        (stranger, f'{{ donation(id: "{world.donation}") {{ id }} }}', f'{{ donation(id: "{nothing}") {{ id }} }}'),
    ]  # fmt: skip

    for actor, hidden, absent in pairs:
        one, other = await api.post(actor, hidden), await api.post(actor, absent)
        assert (one.status_code, without_what_is_left(one)) == (other.status_code, without_what_is_left(other))
        assert list(one.json()["data"].values()) == [None]


async def test_an_id_of_another_type_is_not_found_whoever_asks(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    fields = {"worker": world.donation, "move": world.worker, "donation": world.worker, "allocation": world.donation,
              "nomination": world.fund}  # fmt: skip

    for field, wrong in fields.items():
        answer = await api.ask(OPERATOR, f'{{ {field}(id: "{wrong}") {{ id }} }}')
        assert codes(answer) == {"NOT_FOUND"}, field


async def test_an_id_of_another_type_in_an_input_is_a_problem_of_the_act_and_of_the_plan(
    scene: Scene, api: Api
) -> None:
    world = await lived(scene)
    wrong = queries(world)["movePlan"].replace(world.worker, world.donation)

    plan = await api.data(OPERATOR, f"{{ {wrong} }}")
    act = await api.data(
        OPERATOR, f"mutation {{ {mutations(world, 'k')['workerMove'].replace(world.worker, world.fund)} }}"
    )

    assert plan["movePlan"]["code"] == act["workerMove"]["code"] == "NOT_FOUND"


async def test_who_asked_is_seen_by_the_worker_and_operators_and_not_by_officers(scene: Scene, api: Api) -> None:
    worker = await covered_worker(scene)
    opaque = opaque_id("Worker", worker.id)
    query = f'{{ worker(id: "{opaque}", {ADMIN}) {{ accessRecords {{ edges {{ node {{ institutionId }} }} }} }} }}'

    refused = await api.ask(OFFICER_ID, query)
    seen = await api.data(OPERATOR, query)

    assert codes(refused) == {"FORBIDDEN"}
    assert "ID.BPJSTK" in {edge["node"]["institutionId"] for edge in seen["worker"]["accessRecords"]["edges"]}


async def test_pages_of_workers_hold_only_those_whom_the_officer_may_see(scene: Scene, api: Api) -> None:
    seen = {opaque_id("Worker", (await covered_worker(scene)).id) for _ in range(3)}
    await covered_worker(scene, sent=False)
    query = """query($after: String) { workers(first: 2, after: $after, purpose: ADMINISTRATION) {
        edges { node { id } } pageInfo { hasNextPage endCursor } } }"""

    first = (await api.data(OFFICER_ID, query))["workers"]
    second = (await api.data(OFFICER_ID, query, {"after": first["pageInfo"]["endCursor"]}))["workers"]

    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)
    assert {edge["node"]["id"] for page in (first, second) for edge in page["edges"]} == seen
