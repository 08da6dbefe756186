"""The middleware around every route, and the two questions about health."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from structlog.testing import capture_logs

from adapters.http.edge import HEADERS_MAX, Edge
from adapters.http.health import health_routes
from tests.edge.small_door import SECRET, SmallDoor, small_door


async def fine() -> None:
    """A check of something in order."""


async def broken() -> None:
    """A check of something that is not."""
    raise RuntimeError(SECRET)


async def stuck() -> None:
    """A check that never returns."""
    await asyncio.sleep(3600)


async def page(_request: Request) -> Response:
    headers = {"content-security-policy": "default-src 'self'", "server": "secret/1.0"}
    return PlainTextResponse("page", headers=headers)


async def failing(_request: Request) -> Response:
    raise RuntimeError(SECRET)


async def breaking_off(_request: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        yield b"begun"
        raise RuntimeError(SECRET)

    return StreamingResponse(parts())


def house() -> SmallDoor:
    """Build an application of a few plain routes inside the edge."""
    routes = [
        Route("/page", page),
        Route("/failing", failing),
        Route("/breaking-off", breaking_off),
        Route("/workers/{passport}", page),
        *health_routes({"database": fine, "keys": fine}),
    ]
    return SmallDoor(app=Starlette(routes=routes, middleware=[Middleware(Edge)]))


def ready(**checks: object) -> SmallDoor:
    """Build an application that has these checks."""
    routes = health_routes(checks, seconds=0.05)  # type: ignore[arg-type]
    return SmallDoor(app=Starlette(routes=routes, middleware=[Middleware(Edge)]))


@pytest.mark.parametrize(
    "headers",
    [[], [("host", "")], [("host", "a.test"), ("host", "a.test")], [("host", "a.test"), ("host", "b.test")]],
)
async def test_a_request_without_exactly_one_host_is_refused(headers: list[tuple[str, str]]) -> None:
    answer = await house().call("GET", "/livez", headers=headers, bare=True)

    assert (answer.status, answer.codes) == (400, ["BAD_REQUEST"])


@pytest.mark.parametrize("headers", [[("a", "b")] * HEADERS_MAX, [("a", "b" * 17_000)]])
async def test_too_many_or_too_long_headers_are_refused_with_431(headers: list[tuple[str, str]]) -> None:
    answer = await house().call("GET", "/livez", headers=headers)

    assert (answer.status, answer.codes) == (431, ["HEADERS_TOO_LARGE"])


async def test_every_answer_carries_the_security_headers_and_no_server_name() -> None:
    for path in ("/livez", "/failing", "/nowhere", "/page"):
        headers = (await house().call("GET", path)).headers

        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "default-src" in headers["content-security-policy"]
        assert "server" not in headers


async def test_only_an_answer_over_https_asks_browsers_to_stay_with_https() -> None:
    plain = await house().call("GET", "/livez")
    secure = await house().call("GET", "/livez", scheme="https")

    assert "strict-transport-security" not in plain.headers
    assert secure.headers["strict-transport-security"] == "max-age=31536000"


async def test_a_page_keeps_its_own_content_security_policy() -> None:
    answer = await house().call("GET", "/page")

    assert answer.headers["content-security-policy"] == "default-src 'self'"


async def test_two_requests_have_two_ids_and_an_id_from_outside_is_not_taken_over() -> None:
    first = await house().call("GET", "/livez", headers=[("x-request-id", "mine")])
    second = await house().call("GET", "/livez")

    assert len({"mine", first.headers["x-request-id"], second.headers["x-request-id"]}) == 3


async def test_a_failing_route_is_answered_with_500_and_its_words_stay_inside() -> None:
    with capture_logs() as logged:
        answer = await house().call("GET", "/failing")

    assert (answer.status, answer.codes) == (500, ["INTERNAL_SERVER_ERROR"])
    assert b"hunter2" not in answer.body
    assert "hunter2" not in repr(logged)
    assert any(line["event"] == "request_failed" for line in logged)


async def test_an_answer_that_breaks_off_ends_the_connection_without_its_words() -> None:
    with capture_logs() as logged, pytest.raises(ConnectionAbortedError) as ended:
        await house().call("GET", "/breaking-off")

    assert "hunter2" not in f"{ended.value!r}{logged!r}"


async def test_the_access_log_has_no_query_string_and_no_value_from_the_path() -> None:
    with capture_logs() as logged:
        await house().call("GET", "/workers/A1234567?token=hunter2")

    line = next(line for line in logged if line["event"] == "request_answered")
    assert (line["path"], line["status"], line["method"]) == ("/workers/{passport}", 200, "GET")
    assert "A1234567" not in repr(logged)
    assert "hunter2" not in repr(logged)


async def test_the_access_log_does_not_repeat_a_path_that_no_route_knows() -> None:
    with capture_logs() as logged:
        await house().call("GET", "/A1234567")

    assert logged[-1]["path"] == "(no route)"
    assert "A1234567" not in repr(logged)


async def test_the_access_log_names_the_codes_of_a_refused_operation() -> None:
    with capture_logs() as logged:
        await small_door().query("{ helo }")

    assert logged[-1]["codes"] == ["GRAPHQL_VALIDATION_FAILED"]


async def test_livez_answers_whatever_the_checks_would_say() -> None:
    answer = await ready(database=broken, keys=stuck).call("GET", "/livez")

    assert (answer.status, answer.json) == (200, {"status": "alive"})


async def test_readyz_is_ready_when_every_check_returns() -> None:
    answer = await house().call("GET", "/readyz")

    assert (answer.status, answer.json["checks"]) == (200, {"database": "ok", "keys": "ok"})


async def test_readyz_says_which_check_failed_and_not_why() -> None:
    with capture_logs() as logged:
        answer = await ready(database=broken, keys=fine, rules=stuck).call("GET", "/readyz")

    assert answer.status == 503
    assert answer.json["checks"] == {"database": "failed", "keys": "ok", "rules": "too slow"}
    assert b"hunter2" not in answer.body
    assert "hunter2" not in repr(logged)
