"""Checks a file at a counter: with the public keys alone, or with the platform for keys and withdrawals."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import httpx2

from adapters.certificates.claims import status_address
from adapters.certificates.extraction import FILE_BYTES, text_in
from adapters.certificates.faults import NotBelieved
from adapters.certificates.keys import BelievedKeys, believed_keys
from adapters.certificates.status_list import is_withdrawn
from adapters.certificates.verification import Verification, verify
from adapters.certificates.words import ANSWERS, lines, notes
from adapters.identity.trusted_keys import KeySetInvalid
from domain.certificates import StatusPlace, Verdict

KEYS_PATH = "/.well-known/certificate-keys.json"
_SECONDS = 10.0


class CounterTrouble(Exception):
    """The question could not be asked at all; says why and what to do."""


async def checked(file: Path, *, keys_file: Path | None, platform: str | None, now: dt.datetime) -> tuple[bool, str]:
    """Whether a file is a valid certificate, and the answer as text.

    keys_file: public keys to believe; else those that the platform publishes. platform: its address, None for
    no network; then nobody is asked for withdrawals. Raises CounterTrouble for files and platforms out of reach.
    """
    if platform is None and keys_file is None:
        raise CounterTrouble("Without a network the public keys come from a file. Name one.")
    text = text_in(_content(file))
    async with httpx2.AsyncClient(timeout=_SECONDS) as client:
        believed = _believed(await _published(client, keys_file, platform))

        async def ask(place: StatusPlace) -> bool | None:
            return None if platform is None else await _withdrawn(client, platform, believed, place, now)

        found = await verify(text, believed, ask, now)
    return found.verdict is Verdict.VALID, as_text(found, now)


def as_text(found: Verification, now: dt.datetime) -> str:
    """The answer for a terminal."""
    headline, meaning = ANSWERS[found.verdict]
    facts = [] if found.facts is None else [f"{name + ':':<27}{value}" for name, value in lines(found.facts)]
    return "\n".join([f"{headline.upper()}. {meaning}", *notes(found, now), *([""] if facts else []), *facts])


async def _published(client: httpx2.AsyncClient, keys_file: Path | None, platform: str | None) -> Any:
    try:
        if keys_file is not None:
            return json.loads(keys_file.read_text(encoding="utf-8"))
        return json.loads(await _fetched(client, f"{platform}{KEYS_PATH}"))
    except OSError as error:
        raise CounterTrouble(f"The key file cannot be read: {error.strerror}. Name another.") from None
    except ValueError:
        raise CounterTrouble("The public keys are not JSON. Export them with: python -m lingkar keys export") from None


def _believed(published: Any) -> BelievedKeys:
    try:
        return believed_keys(published if isinstance(published, dict) else {})
    except KeySetInvalid as invalid:
        raise CounterTrouble(str(invalid)) from None


async def _withdrawn(
    client: httpx2.AsyncClient, platform: str, believed: BelievedKeys, place: StatusPlace, now: dt.datetime
) -> bool:
    # Asked at the address that was named here and never at one that stands in what is checked.
    token = await _fetched(client, f"{platform}/status/{place.list_number}")
    try:
        address = status_address(believed.issuer, place.list_number)
        return is_withdrawn(token, address, place.index, believed.keys, now)
    except NotBelieved:
        raise CounterTrouble("The platform's list of withdrawn certificates cannot be believed. Ask again.") from None


async def _fetched(client: httpx2.AsyncClient, address: str) -> str:
    try:
        answer = await client.get(address)
        answer.raise_for_status()
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise CounterTrouble(
            f"{address} does not answer as it should ({type(error).__name__}). "
            "Try again, name the platform with --platform, or use --offline with --keys."
        ) from None
    return answer.text


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(FILE_BYTES + 1)
    except OSError as error:
        raise CounterTrouble(f"The file cannot be read: {error.strerror}. Name another.") from None
