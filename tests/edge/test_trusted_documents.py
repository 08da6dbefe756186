"""Documents that a client's own build wrote down: sent by hash, checked at start, and for some the only ones."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from adapters.http.trusted_documents import ManifestRefused
from tests.edge.small_door import SmallDoor, small_door

HELLO = "query Hello { hello }"
ECHO = "query Echo($n: Int!) { echo(number: $n) }"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def manifest(folder: Path, content: object) -> Path:
    file = folder / "documents.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


@pytest.fixture
def door(tmp_path: Path) -> SmallDoor:
    """A door with two trusted documents that takes no others."""
    file = manifest(tmp_path, {digest(HELLO): HELLO, "sha256:" + digest(ECHO): ECHO})
    return small_door(manifest=file, may_send_free=lambda _: False)


def by_hash(text: str) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest(text)}}}


@pytest.mark.parametrize(
    "named",
    [
        {"documentId": digest(HELLO)},
        {"documentId": f"sha256:{digest(HELLO)}"},
        by_hash(HELLO),
        {"query": HELLO},
        {"query": HELLO, **by_hash(HELLO)},
        {"documentId": digest(HELLO), **by_hash(HELLO)},
    ],
    ids=["id", "id_with_algorithm", "hash", "text", "text_and_hash", "both_names"],
)
async def test_a_trusted_document_runs_however_it_is_named(door: SmallDoor, named: dict[str, Any]) -> None:
    answer = await door.post(named)

    assert answer.json == {"data": {"hello": "hello"}}


async def test_a_trusted_document_takes_its_variables(door: SmallDoor) -> None:
    answer = await door.post({"documentId": digest(ECHO), "variables": {"n": 7}, "operationName": "Echo"})

    assert answer.json == {"data": {"echo": "7"}}


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"documentId": digest("{ fund { name } }")}, 400, "PERSISTED_QUERY_NOT_FOUND"),
        ({"documentId": digest(HELLO).upper()}, 400, "PERSISTED_QUERY_NOT_FOUND"),
        ({"documentId": f" {digest(HELLO)} "}, 400, "PERSISTED_QUERY_NOT_FOUND"),
        ({"documentId": digest(HELLO)[:-1]}, 400, "PERSISTED_QUERY_NOT_FOUND"),
        ({"documentId": f"md5:{digest(HELLO)}"}, 400, "PERSISTED_QUERY_NOT_FOUND"),
        ({"documentId": 7}, 400, "PERSISTED_QUERY_NOT_FOUND"),
        ({"documentId": ""}, 400, "PERSISTED_QUERY_NOT_FOUND"),
        ({"extensions": {"persistedQuery": {}}}, 400, "PERSISTED_QUERY_NOT_FOUND"),
        ({"extensions": {"persistedQuery": "x"}}, 400, "PERSISTED_QUERY_NOT_FOUND"),
        ({"query": "{ hello }", **by_hash(HELLO)}, 400, "BAD_REQUEST"),
        ({"documentId": digest(ECHO), **by_hash(HELLO)}, 400, "BAD_REQUEST"),
        ({"query": "{ hello }"}, 403, "OPERATION_NOT_ALLOWLISTED"),
        ({"query": HELLO + " "}, 403, "OPERATION_NOT_ALLOWLISTED"),
        ({"query": "{ nonsense }"}, 403, "OPERATION_NOT_ALLOWLISTED"),
    ],
)
async def test_what_is_no_trusted_document_is_refused(
    door: SmallDoor, asked: dict[str, Any], status: int, code: str
) -> None:
    answer = await door.post(asked)

    assert (answer.status, answer.codes) == (status, [code])


async def test_who_may_send_other_documents_still_may(tmp_path: Path) -> None:
    door = small_door(manifest=manifest(tmp_path, {digest(HELLO): HELLO}))

    assert (await door.query("{ hello }")).json == {"data": {"hello": "hello"}}


async def test_without_a_manifest_a_hash_alone_is_not_supported_and_every_text_runs() -> None:
    door = small_door(may_send_free=lambda _: False)

    assert (await door.post(by_hash(HELLO))).codes == ["PERSISTED_QUERY_NOT_SUPPORTED"]
    assert (await door.query("{ hello }")).json == {"data": {"hello": "hello"}}


async def test_a_text_with_the_hash_of_another_is_refused_also_without_a_manifest() -> None:
    answer = await small_door().post({"query": "{ hello }", **by_hash(HELLO)})

    assert (answer.status, answer.codes) == (400, ["BAD_REQUEST"])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("not json", "is no manifest"),
        ([], "is no manifest"),
        ({}, "is no manifest"),
        ({digest(HELLO): HELLO + " "}, f"{digest(HELLO)} is not the text with this SHA-256"),
        ({digest(HELLO).upper(): HELLO}, "is not the text with this SHA-256"),
        ({digest(HELLO): 1}, "is not the text with this SHA-256"),
        ({digest("{ nothing }"): "{ nothing }"}, f"{digest('{ nothing }')} cannot run: Cannot query field"),
        ({digest("{"): "{"}, f"{digest('{')} cannot run: Syntax Error"),
    ],
)
def test_a_manifest_that_cannot_be_used_stops_the_start(tmp_path: Path, content: object, said: str) -> None:
    file = manifest(tmp_path, content)

    with pytest.raises(ManifestRefused) as refused:
        small_door(manifest=file)

    assert said in str(refused.value)
    assert str(file) in str(refused.value)


def test_a_manifest_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ManifestRefused, match="FileNotFoundError"):
        small_door(manifest=tmp_path / "none.json")
