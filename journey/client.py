"""A small client of the API, as a partner would write it: one address, one token, operations as text."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2

Answer = dict[str, Any]


class Unexpected(Exception):
    """The API answered something that the journey does not expect; says what."""


@dataclass(frozen=True, slots=True)
class Client:
    """Asks as one actor."""

    address: str
    token: str
    http: httpx2.Client

    def ask(self, operation: str, variables: Answer | None = None) -> Answer:
        """The data of an operation that must succeed."""
        answer = self.answer(operation, variables)
        if "errors" in answer:
            raise Unexpected("; ".join(error["message"] for error in answer["errors"]))
        data: Answer = answer["data"]
        return data

    def answer(self, operation: str, variables: Answer | None = None) -> Answer:
        """The whole answer to an operation, errors included."""
        response = self.http.post(
            f"{self.address}/graphql",
            json={"query": operation, "variables": variables or {}},
            headers={"authorization": f"Bearer {self.token}", "accept": "application/json"},
        )
        answer: Answer = response.json()
        return answer

    def upload(self, query: dict[str, str], key: str, lines: list[str]) -> Answer:
        """What became of a nomination file."""
        response = self.http.post(
            f"{self.address}/nominations",
            params=query,
            content="".join(lines).encode(),
            headers={"authorization": f"Bearer {self.token}", "content-type": "text/csv", "idempotency-key": key},
        )
        answer: Answer = response.json()
        if response.status_code != 201:
            raise Unexpected(answer["errors"][0]["message"])
        return answer


def made(answer: Answer, field: str) -> Answer:
    """The payload of a mutation, or the problem's message as an exception."""
    result: Answer = answer[field]
    if "message" in result:
        raise Unexpected(f"{result['code']}: {result['message']}")
    return result


def until(condition: Callable[[], Any], *, seconds: float, what: str) -> Any:
    """The first true value of a condition that is asked again and again, for a limited time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.2)
    raise Unexpected(f"{what} did not happen within {seconds:.0f} seconds")
