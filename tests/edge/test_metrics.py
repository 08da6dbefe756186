"""What is counted, by fixed words alone, and where it can be read."""

from __future__ import annotations

import urllib.request

from starlette.applications import Starlette
from starlette.middleware import Middleware

from adapters.http.edge import Edge
from adapters.http.metrics import Metrics
from adapters.processes import free_port
from tests.edge.small_door import small_door


def lines(metrics: Metrics, name: str) -> list[str]:
    return [line for line in metrics.text().splitlines() if line.startswith(name) and "_created" not in line]


async def counted(*texts: str, bearer: str = "good") -> Metrics:
    """Ask the small door, with counters around it."""
    metrics = Metrics()
    door = small_door()
    assert isinstance(door.app, Starlette)
    door.app.user_middleware[:] = [Middleware(Edge, seen=metrics.seen)]
    for text in texts:
        await door.post({"query": text}, bearer=bearer)
    return metrics


async def test_answers_are_counted_by_outcome_and_way() -> None:
    metrics = await counted("{ hello }", "{ hello }", "{ boom }", "{ nothing }")

    assert set(lines(metrics, "lingkar_answers_total")) == {
        'lingkar_answers_total{code="OK",path="executor"} 2.0',
        'lingkar_answers_total{code="INTERNAL_SERVER_ERROR",path="executor"} 1.0',
        'lingkar_answers_total{code="GRAPHQL_VALIDATION_FAILED",path="refused"} 1.0',
    }


async def test_how_long_answers_take_is_counted_by_way() -> None:
    metrics = await counted("{ hello }")

    assert 'lingkar_answer_seconds_count{path="executor"} 1.0' in lines(metrics, "lingkar_answer_seconds_count")


async def test_no_value_of_a_request_is_in_the_counters() -> None:
    metrics = await counted('{ echo(text: "A1234567") }', "{ A1234567: hello }", "{ A1234567 }", bearer="A1234567")

    assert "A1234567" not in metrics.text()


def test_reads_without_a_plan_are_counted_by_reason_and_reasons_have_an_end() -> None:
    metrics = Metrics()

    for number in range(600):
        metrics.not_planned(f"reason {number}")

    found = lines(metrics, "lingkar_reads_not_planned_total")
    assert len(found) == 501
    assert 'lingkar_reads_not_planned_total{reason="another"} 100.0' in found


def test_counters_are_read_on_a_port_of_their_own_until_it_is_closed() -> None:
    metrics = Metrics()
    metrics.alarm("searches_found_nobody")
    port = free_port(0)

    listener = metrics.serve("127.0.0.1", port)
    told = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5).read().decode()
    listener.stop()

    assert 'lingkar_alarms_total{kind="searches_found_nobody"} 1.0' in told
    assert free_port(port) == port


async def test_the_api_itself_shows_no_counters() -> None:
    assert (await small_door().call("GET", "/metrics")).status == 404
