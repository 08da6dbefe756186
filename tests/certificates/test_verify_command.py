"""`python -m lingkar verify` and `keys`: the same answers at a counter, with and without a network."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner

import lingkar
from adapters.certificates import counter
from adapters.certificates.counter import CounterTrouble, checked, saved_status
from adapters.certificates.issuer import CertificateIssuer
from adapters.certificates.languages import LABELS
from domain.certificates import BodyKind
from tests.certificates.made import ADDRESS, NOW, facts, issuer_in

RUNNER = CliRunner()
READABLE = [kind for kind in BodyKind if kind is not BodyKind.QR_SVG]
ANSWERS = (
    ("valid", NOW, (), "VALID", True),
    ("withdrawn", NOW, (77_777,), "WITHDRAWN", False),
    ("expired", NOW + dt.timedelta(days=400), (), "EXPIRED", False),
)


@pytest.fixture
def issuer(tmp_path: Path) -> CertificateIssuer:
    return issuer_in(tmp_path / "keys")


@pytest.fixture
def keys_file(issuer: CertificateIssuer, tmp_path: Path) -> Path:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(issuer.keys.public_set()))
    return file


@pytest.fixture
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The environment of a development platform that is known as ADDRESS."""
    monkeypatch.setenv("LINGKAR_ENVIRONMENT", "development")
    monkeypatch.setenv("LINGKAR_VAR_FOLDER", str(tmp_path / "var"))
    monkeypatch.setenv("LINGKAR_PUBLIC_URL", ADDRESS)
    # The log of this process is other tests' too; the runner's own ends with each command.
    monkeypatch.setattr(lingkar, "configure_logs", lambda **_: None)
    return tmp_path / "var"


def platform(
    monkeypatch: pytest.MonkeyPatch, issuer: CertificateIssuer, withdrawn: tuple[int, ...], now: dt.datetime
) -> list[str]:
    """A network on which the platform answers; returns the addresses that are asked."""
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        if request.url.path == counter.KEYS_PATH:
            return httpx2.Response(200, json=issuer.keys.public_set())
        return httpx2.Response(200, text=issuer.status_list(1, withdrawn, now))

    made = httpx2.AsyncClient
    monkeypatch.setattr(httpx2, "AsyncClient", lambda **_: made(transport=httpx2.MockTransport(answer)))
    return asked


def file_of(issuer: CertificateIssuer, folder: Path, kind: BodyKind) -> Path:
    file = folder / f"shown.{kind.value}"
    file.write_bytes(issuer.body(kind, facts()).content)
    return file


@pytest.mark.parametrize("kind", READABLE)
def test_every_body_is_valid_without_a_network_and_the_answer_says_what_is_not_known(
    issuer: CertificateIssuer, keys_file: Path, tmp_path: Path, kind: BodyKind
) -> None:
    file = file_of(issuer, tmp_path, kind)

    valid, said = asyncio.run(checked(file, keys_file=keys_file, platform=None, now=NOW))

    assert valid
    assert said.startswith("VALID.")
    assert "Whether it was withdrawn could not be asked" in said
    assert LABELS["en"]["simulated"] in said
    assert "MY.SOCSO.CAT1" in said


@pytest.mark.parametrize(("_name", "now", "withdrawn", "word", "good"), ANSWERS, ids=[row[0] for row in ANSWERS])
def test_with_a_network_keys_and_withdrawals_are_asked_of_the_platform_that_was_named(
    issuer: CertificateIssuer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    _name: str,
    now: dt.datetime,
    withdrawn: tuple[int, ...],
    word: str,
    good: bool,
) -> None:
    asked = platform(monkeypatch, issuer, withdrawn, now)

    valid, said = asyncio.run(
        checked(file_of(issuer, tmp_path, BodyKind.SD_JWT), keys_file=None, platform="http://here", now=now)
    )

    assert (valid, said.split(".")[0]) == (good, word)
    assert asked == ["http://here/.well-known/certificate-keys.json", "http://here/status/1"]


def test_a_list_that_cannot_be_believed_gives_no_answer(
    issuer: CertificateIssuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform(monkeypatch, issuer, (), NOW - dt.timedelta(days=9))

    with pytest.raises(CounterTrouble, match="cannot be believed"):
        asyncio.run(checked(file_of(issuer, tmp_path, BodyKind.PDF), keys_file=None, platform="http://here", now=NOW))


def test_a_platform_out_of_reach_is_said_with_what_to_do(issuer: CertificateIssuer, tmp_path: Path) -> None:
    file = file_of(issuer, tmp_path, BodyKind.SD_JWT)

    with pytest.raises(CounterTrouble, match="--offline"):
        asyncio.run(checked(file, keys_file=None, platform="http://127.0.0.1:1", now=NOW))


def test_the_command_prints_the_answer_and_its_exit_code_says_it_too(var: Path, tmp_path: Path) -> None:
    exported = RUNNER.invoke(lingkar.cli, ["keys", "export"])
    (tmp_path / "public.json").write_text(exported.stdout)
    issuer = issuer_in(var / "keys" / "certificates")
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    shown = tmp_path / "shown"
    offline = ["verify", str(shown), "--offline", "--keys", str(tmp_path / "public.json")]

    shown.write_bytes(issuer.body(BodyKind.QR_TEXT, facts(made_at=now, expires_at=now + dt.timedelta(days=9))).content)
    good = RUNNER.invoke(lingkar.cli, offline)
    shown.write_bytes(b"nothing")
    bad = RUNNER.invoke(lingkar.cli, offline)

    assert (good.exit_code, good.stdout.split(".")[0]) == (0, "VALID")
    assert (bad.exit_code, bad.stdout.split(".")[0]) == (1, "NOT A CERTIFICATE")


def test_what_is_exported_holds_no_private_part_and_names_the_platform(var: Path) -> None:
    exported = json.loads(RUNNER.invoke(lingkar.cli, ["keys", "export"]).stdout)

    assert exported["issuer"] == ADDRESS
    assert [key for key in exported["keys"] if "d" in key] == []


def test_a_rotation_adds_a_key_in_front(var: Path) -> None:
    before = json.loads(RUNNER.invoke(lingkar.cli, ["keys", "export"]).stdout)["keys"]

    said = RUNNER.invoke(lingkar.cli, ["keys", "rotate"])

    after = json.loads(RUNNER.invoke(lingkar.cli, ["keys", "export"]).stdout)["keys"]
    assert after[1:] == before
    assert after[0]["kid"] in said.stdout


def test_without_a_network_a_key_file_is_needed(var: Path, tmp_path: Path) -> None:
    (tmp_path / "shown").write_text("x")

    refused = RUNNER.invoke(lingkar.cli, ["verify", str(tmp_path / "shown"), "--offline"])

    assert refused.exit_code == 2


@pytest.mark.parametrize("content", ["", "[]", "{}", "no json", '{"issuer": "x", "keys": [{"kty": "oct"}]}'])
def test_a_key_file_that_is_none_is_said_with_what_to_do(tmp_path: Path, content: str) -> None:
    (tmp_path / "shown").write_text("x")
    (tmp_path / "keys.json").write_text(content)

    with pytest.raises(CounterTrouble, match=r"keys export|public half|cannot be read|holds no keys|has no kid"):
        asyncio.run(checked(tmp_path / "shown", keys_file=tmp_path / "keys.json", platform=None, now=NOW))


def test_a_file_that_is_not_there_is_said(tmp_path: Path, keys_file: Path) -> None:
    with pytest.raises(CounterTrouble, match="cannot be read"):
        asyncio.run(checked(tmp_path / "absent", keys_file=keys_file, platform=None, now=NOW))


def saved(issuer: CertificateIssuer, folder: Path, withdrawn: tuple[int, ...], at: dt.datetime) -> Path:
    file = folder / "lists"
    file.write_text(issuer.status_list(1, withdrawn, at) + "\n")
    return file


@pytest.mark.parametrize(
    ("withdrawn", "age_hours", "word", "note"),
    [((), 2, "VALID", "saved list. It was signed on 2025-11-03 06:30 UTC and is good until 2025-11-04 06:30 UTC"),
     ((77_777,), 2, "WITHDRAWN", "saved list. It was signed on 2025-11-03 06:30 UTC"),
     ((), 30, "VALID", "was good until 2025-11-03 02:30 UTC. Save a new one"),
     ((77_777,), 30, "WITHDRAWN", "was good until 2025-11-03 02:30 UTC")],
    ids=["standing", "withdrawn", "an old list cannot say that it stands", "an old list still says withdrawn"],
)  # fmt: skip
def test_a_saved_list_tells_withdrawals_without_a_network_and_its_age_is_said(
    issuer: CertificateIssuer,
    keys_file: Path,
    tmp_path: Path,
    withdrawn: tuple[int, ...],
    age_hours: int,
    word: str,
    note: str,
) -> None:
    file = file_of(issuer, tmp_path, BodyKind.SD_JWT)
    lists = saved(issuer, tmp_path, withdrawn, NOW - dt.timedelta(hours=age_hours))

    valid, said = asyncio.run(checked(file, keys_file=keys_file, platform=None, now=NOW, saved_lists=lists))

    assert (valid, said.split(".")[0]) == (word == "VALID", word)
    assert note in said
    assert ("could not be asked" in said) == (age_hours > 24 and not withdrawn)


def test_a_saved_list_that_is_not_signed_by_a_known_key_is_not_believed(
    issuer: CertificateIssuer, keys_file: Path, tmp_path: Path
) -> None:
    file = file_of(issuer, tmp_path, BodyKind.SD_JWT)
    stranger = saved(issuer_in(tmp_path / "others"), tmp_path, (), NOW)

    with pytest.raises(CounterTrouble, match="unknown key"):
        asyncio.run(checked(file, keys_file=keys_file, platform=None, now=NOW, saved_lists=stranger))


@pytest.mark.parametrize("content", [b"no list", b"a.b.c", b"\xff\xfe"])
def test_a_file_that_holds_no_list_is_said(
    issuer: CertificateIssuer, keys_file: Path, tmp_path: Path, content: bytes
) -> None:
    file = file_of(issuer, tmp_path, BodyKind.SD_JWT)
    (tmp_path / "lists").write_bytes(content)

    with pytest.raises(CounterTrouble, match=r"cannot be (believed|read)"):
        asyncio.run(checked(file, keys_file=keys_file, platform=None, now=NOW, saved_lists=tmp_path / "lists"))


def test_a_list_of_another_number_leaves_the_withdrawal_unknown(
    issuer: CertificateIssuer, keys_file: Path, tmp_path: Path
) -> None:
    file = file_of(issuer, tmp_path, BodyKind.SD_JWT)
    (tmp_path / "lists").write_text(issuer.status_list(2, (77_777,), NOW))

    valid, said = asyncio.run(
        checked(file, keys_file=keys_file, platform=None, now=NOW, saved_lists=tmp_path / "lists")
    )

    assert valid
    assert "could not be asked" in said


def test_all_lists_of_a_platform_are_saved_and_used_later_without_it(
    issuer: CertificateIssuer, keys_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        number = int(request.url.path.rsplit("/", 1)[1])
        return httpx2.Response(200, text=issuer.status_list(number, (77_777,), NOW)) if number < 3 else _absent()

    made = httpx2.AsyncClient
    monkeypatch.setattr(httpx2, "AsyncClient", lambda **_: made(transport=httpx2.MockTransport(answer)))

    kept = asyncio.run(saved_status("http://here"))
    (tmp_path / "lists").write_text(kept)

    assert len(kept.split()) == 2
    file = file_of(issuer, tmp_path, BodyKind.QR_TEXT)
    valid, said = asyncio.run(
        checked(file, keys_file=keys_file, platform=None, now=NOW, saved_lists=tmp_path / "lists")
    )
    assert (valid, said.split(".")[0]) == (False, "WITHDRAWN")


@pytest.mark.parametrize(
    "arguments", [["--save-status", "x", "--offline", "--keys", "k"], ["f", "--status", "x"], [],
                  ["f", "--save-status", "x"]]
)  # fmt: skip
def test_a_question_that_contradicts_itself_is_refused(var: Path, arguments: list[str]) -> None:
    refused = RUNNER.invoke(lingkar.cli, ["verify", *arguments])

    assert refused.exit_code == 2


def _absent() -> httpx2.Response:
    return httpx2.Response(404, json={})
