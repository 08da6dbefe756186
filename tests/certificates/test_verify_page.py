"""The public page: the six answers in plain words, nothing kept, nothing run, whatever is handed in."""

from __future__ import annotations

import io
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from structlog.testing import capture_logs

from adapters.certificates.extraction import FILE_BYTES
from adapters.certificates.languages import LABELS
from adapters.certificates.verification import Verification
from adapters.certificates.words import answer as said
from adapters.http import verify_page
from domain.certificates import BodyKind, Verdict
from tests.support.api import Api
from tests.support.asked import World, lived
from tests.support.clock import SettableClock
from tests.support.scene import Scene, worker_actor


async def body(api: Api, world: World, kind: BodyKind, query: str = "") -> bytes:
    headers = {"authorization": f"Bearer {api.token(worker_actor(world.worker_id))}"}
    answer = await api.client.get(f"{kind.path(world.certificate)}?{query}", headers=headers)
    assert answer.status_code == 200
    return answer.content


async def pasted(api: Api, text: str) -> httpx2.Response:
    """As a browser sends the form: a field of text and an empty file."""
    return await api.client.post("/verify", data={"text": text}, files={"file": ("", io.BytesIO(b""))})


async def handed_in(api: Api, content: bytes, name: str = "certificate") -> httpx2.Response:
    return await api.client.post("/verify", data={"text": ""}, files={"file": (name, io.BytesIO(content))})


def answered(answer: httpx2.Response) -> Verdict:
    """The one verdict on a page."""
    assert answer.status_code == 200
    (found,) = [verdict for verdict in Verdict if f'class="answer {verdict.value}"' in answer.text]
    assert said(found)[0] in answer.text
    return found


async def test_the_page_is_shown_without_a_token_and_runs_nothing(api: Api) -> None:
    answer = await api.client.get("/verify")

    policy = answer.headers["content-security-policy"]
    assert answer.status_code == 200
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert "<script" not in answer.text
    assert " style=" not in answer.text
    assert (await api.client.get("/verify/page.css")).headers["content-type"].startswith("text/css")


@pytest.mark.parametrize("kind", [BodyKind.QR_TEXT, BodyKind.SD_JWT, BodyKind.JSON])
async def test_text_that_is_pasted_is_valid_and_its_facts_are_listed(scene: Scene, api: Api, kind: BodyKind) -> None:
    world = await lived(scene)

    answer = await pasted(api, f"\n  {(await body(api, world, kind)).decode()}\n")

    assert answered(answer) is Verdict.VALID
    for fact in (world.certificate, "MY.SOCSO.CAT1", "employment injury", LABELS["en"]["simulated"], "It names nobody"):
        assert fact in answer.text


@pytest.mark.parametrize("kind", [BodyKind.PDF, BodyKind.QR_PNG, BodyKind.SD_JWT])
async def test_a_file_that_is_handed_in_is_read(scene: Scene, api: Api, kind: BodyKind) -> None:
    world = await lived(scene)

    assert answered(await handed_in(api, await body(api, world, kind))) is Verdict.VALID


async def test_a_form_without_files_is_read_too(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    text = (await body(api, world, BodyKind.QR_TEXT)).decode()

    assert answered(await api.client.post("/verify", data={"text": text})) is Verdict.VALID


async def test_a_withdrawn_certificate_is_called_so_at_once(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    text = (await body(api, world, BodyKind.SD_JWT)).decode()
    await scene.withdraw(world.worker_id)

    assert answered(await pasted(api, text)) is Verdict.WITHDRAWN


async def test_a_code_of_yesterday_is_expired(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    text = (await body(api, world, BodyKind.QR_TEXT)).decode()
    api.clock.advance(hours=24)

    assert answered(await pasted(api, text)) is Verdict.EXPIRED


async def test_a_changed_text_is_changed_and_shows_no_fact(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    head, claims, *rest = (await body(api, world, BodyKind.SD_JWT)).decode().split(".")

    answer = await pasted(api, ".".join([head, claims[:-3] + "AAA", *rest]))

    assert answered(answer) is Verdict.CHANGED
    assert "<table" not in answer.text


async def test_a_name_is_shown_to_who_was_given_it_and_never_read_as_html(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    text = (await body(api, world, BodyKind.SD_JWT, "with=name")).decode()

    answer = await pasted(api, text)

    assert '<th scope="row">Name</th>' in answer.text
    script = await pasted(api, '<script>alert(1)</script>"><img src=x>')
    assert answered(script) is Verdict.NOT_A_CERTIFICATE
    assert "alert(1)" not in script.text


@pytest.mark.parametrize("content", [b"", b"hello", b"%PDF-1.7", b"\x89PNG\r\n\x1a\nxx", b"\xff\xfe", b"\x00" * 100])
async def test_anything_else_is_not_a_certificate(api: Api, content: bytes) -> None:
    assert answered(await handed_in(api, content)) is Verdict.NOT_A_CERTIFICATE


async def test_a_file_that_is_too_large_is_refused_while_it_arrives(api: Api) -> None:
    answer = await handed_in(api, bytes(FILE_BYTES + 200_000))

    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("content_type", "status"),
    [("application/json", 415), ("text/plain", 415), ("", 415), ("multipart/form-data", 415),
     ("multipart/form-data; boundary=", 415), ("multipart/form-data; boundary=x", 200)],
)  # fmt: skip
async def test_what_is_not_the_pages_form_is_refused_or_empty(api: Api, content_type: str, status: int) -> None:
    answer = await api.client.post("/verify", content=b"{}", headers={"content-type": content_type})

    assert answer.status_code == status


async def test_a_form_of_very_many_fields_is_refused(api: Api) -> None:
    form = "&".join(f"a{number}=1" for number in range(1_000))

    answer = await api.client.post(
        "/verify", content=form, headers={"content-type": "application/x-www-form-urlencoded"}
    )

    assert answer.status_code == 400


async def test_nothing_that_is_handed_in_is_stored_or_logged(scene: Scene, api: Api) -> None:
    world = await lived(scene)
    text = (await body(api, world, BodyKind.SD_JWT, "with=name,identifiers")).decode()
    before = await scene.counts()

    with capture_logs() as logged:
        await pasted(api, text)
        await pasted(api, text[:-40] + "!")
        await handed_in(api, b"%PDF-" + text.encode())

    assert await scene.counts() == before
    said = str(logged)
    assert said.count("/verify") == 3
    for secret in (text[:30], world.certificate, world.passport.value):
        assert secret not in said


async def test_when_too_many_files_arrive_at_once_the_next_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    async def verify(_: str) -> Verification:
        raise AssertionError("nothing is read")

    monkeypatch.setattr(verify_page, "_ARRIVING_AT_ONCE", 0)
    busy = Starlette(routes=verify_page.verify_routes(verify, SettableClock().now))
    transport = httpx2.ASGITransport(app=busy)
    async with httpx2.AsyncClient(transport=transport, base_url="http://lingkar.test") as client:
        answer = await client.post("/verify", data={"text": "x"})

    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["retryable"]) == (503, True)


async def test_the_answer_is_kept_by_no_cache(api: Api) -> None:
    answer: Any = await pasted(api, "x")

    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("accepted", "wanted", "shown"),
    [("", "", "en"), ("vi-VN,vi;q=0.9,en;q=0.8", "", "vi"), ("fr,th;q=0.5", "", "th"), ("fr", "", "en"),
     ("en;q=0.1, id;q=0.9", "", "id"), ("th;q=0, ms;q=0.2", "", "ms"), ("th", "vi", "vi"), ("th", "xx", "th"),
     ("th;q=x, ;;, =", "", "en"), ("*", "", "en")],
)  # fmt: skip
async def test_the_page_speaks_the_language_that_is_asked_for_or_accepted(
    api: Api, accepted: str, wanted: str, shown: str
) -> None:
    answer = await api.client.get(f"/verify?language={wanted}", headers={"accept-language": accepted})

    assert f'<html lang="{shown}">' in answer.text
    assert answer.headers["content-language"] == shown
    assert "Accept-Language" in answer.headers["vary"]
    assert LABELS[shown]["verification"]["page"]["title"] in answer.text


@pytest.mark.parametrize("language", sorted(LABELS))
async def test_the_page_links_to_itself_in_every_language_by_its_own_name(api: Api, language: str) -> None:
    answer = await api.client.get(f"/verify?language={language}")

    for code, labels in LABELS.items():
        assert f'href="/verify?language={code}"' in answer.text
        assert labels["own_name"] in answer.text
    assert f'action="/verify?language={language}"' in answer.text
    assert answer.text.count('aria-current="page"') == 1


@pytest.mark.parametrize("language", sorted(LABELS))
def test_each_verdict_has_its_own_words_in_each_language(language: str) -> None:
    given = [said(verdict, language) for verdict in Verdict]

    assert len({headline for headline, _ in given}) == len({meaning for _, meaning in given}) == len(Verdict)
    if language != "en":
        assert not set(given) & {said(verdict) for verdict in Verdict}


@pytest.mark.parametrize("language", sorted(LABELS))
async def test_the_answer_is_in_the_language_of_the_form(scene: Scene, api: Api, language: str) -> None:
    world = await lived(scene)
    text = (await body(api, world, BodyKind.QR_TEXT)).decode()

    answer = await api.client.post(f"/verify?language={language}", data={"text": text})
    changed = await api.client.post(f"/verify?language={language}", data={"text": text[:-3] + "AAA"})

    labels = LABELS[language]
    for expected in (said(Verdict.VALID, language)[0], labels["simulated"], labels["branches"]["employment_injury"],
                     labels["states"]["MY"], labels["verification"]["notes"]["nobody"]):  # fmt: skip
        assert expected in answer.text
    assert said(Verdict.CHANGED, language)[1] in changed.text
