"""GraphiQL is served from our own files and asks no other host for anything."""

from __future__ import annotations

import hashlib
import json
import re

import pytest

from adapters.http.graphiql import STATIC_FOLDER
from tests.edge.small_door import small_door

BROWSER = [("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")]
MANIFEST = json.loads((STATIC_FOLDER / "MANIFEST.json").read_text(encoding="utf-8"))
FILES = [entry for package in MANIFEST["packages"] for entry in package["files"]]
VENDORED = [(entry["file"], entry["sha256"]) for entry in FILES]
OURS = {"MANIFEST.json", "page.html", "page.css", "page.js"}


async def test_a_browser_gets_the_page() -> None:
    answer = await small_door(graphiql=True).call("GET", headers=BROWSER)

    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert b'id="token"' in answer.body


async def test_a_browser_is_refused_where_graphiql_is_off() -> None:
    answer = await small_door(graphiql=False).call("GET", headers=BROWSER)

    assert (answer.status, answer.codes) == (405, ["METHOD_NOT_ALLOWED"])


async def test_a_client_that_does_not_ask_for_a_page_is_told_to_post() -> None:
    answer = await small_door(graphiql=True).call("GET", headers=[("accept", "application/json")])

    assert (answer.status, answer.headers["allow"]) == (405, "POST, GET")


async def test_the_page_and_our_script_and_style_name_no_other_host() -> None:
    door = small_door(graphiql=True)
    page = await door.call("GET", headers=BROWSER)
    parts = [page, *[await door.call("GET", f"/graphql/graphiql/page.{kind}") for kind in ("js", "css")]]

    for part in parts:
        assert part.status == 200
        assert not re.search(rb"https?://|src=\"//|url\(", part.body)


async def test_everything_the_page_names_is_served() -> None:
    door = small_door(graphiql=True)
    page = await door.call("GET", headers=BROWSER)
    named = re.findall(r'(?:src|href)="(/[^"]+)"', page.body.decode())

    answers = [await door.call("GET", path) for path in named]

    assert len(named) == 6
    assert [answer.status for answer in answers] == [200] * 6
    types = {answer.headers["content-type"] for answer in answers}
    assert types == {"text/javascript; charset=utf-8", "text/css; charset=utf-8"}


async def test_the_policy_of_the_page_allows_no_other_host_and_no_inline_script() -> None:
    answer = await small_door(graphiql=True).call("GET", headers=BROWSER)
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))

    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert not re.search(r"https?:|\*", answer.headers["content-security-policy"])
    assert b"<script>" not in answer.body


@pytest.mark.parametrize("name", ["MANIFEST.json", "page.html", "..", "%2e%2e", "react.LICENSE", "no.js"])
async def test_no_other_file_is_served(name: str) -> None:
    answer = await small_door(graphiql=True).call("GET", f"/graphql/graphiql/{name}")

    assert answer.status == 404


@pytest.mark.parametrize(("name", "sha256"), VENDORED, ids=[name for name, _ in VENDORED])
def test_a_vendored_file_is_the_one_in_the_manifest(name: str, sha256: str) -> None:
    assert hashlib.sha256((STATIC_FOLDER / name).read_bytes()).hexdigest() == sha256


def test_the_folder_holds_nothing_but_the_manifest_and_our_own_files() -> None:
    assert {path.name for path in STATIC_FOLDER.iterdir()} == OURS | {name for name, _ in VENDORED}


def test_every_vendored_package_states_version_and_licence_and_brings_the_licence() -> None:
    for package in MANIFEST["packages"]:
        assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"])
        assert package["licence"] == "MIT"
        assert f"{package['name']}.LICENSE" in {entry["file"] for entry in package["files"]}
