"""Checks a file at a counter: with the public keys alone, or with the platform for keys and withdrawals.

A saved list of withdrawals stands in for the platform. It ends a day after it was signed; what it says is withdrawn
stays so, because no withdrawal is taken back.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2

from adapters.certificates.claims import status_address
from adapters.certificates.extraction import FILE_BYTES, text_in
from adapters.certificates.faults import NotBelieved
from adapters.certificates.keys import BelievedKeys, believed_keys
from adapters.certificates.languages import LABELS, USUAL
from adapters.certificates.status_list import StatusList, is_withdrawn, status_list
from adapters.certificates.verification import Verification, verify
from adapters.certificates.words import answer, instant, lines, notes
from adapters.identity.trusted_keys import KeySetInvalid
from domain.certificates import StatusPlace, Verdict

KEYS_PATH = "/.well-known/certificate-keys.json"
_SECONDS = 10.0
_LISTS_AT_MOST = 1_000
_LIST_FILE_BYTES = 100_000_000


class CounterTrouble(Exception):
    """The question could not be asked at all; says why and what to do."""


async def checked(
    file: Path, *, keys_file: Path | None, platform: str | None, now: dt.datetime, saved_lists: Path | None = None
) -> tuple[bool, str]:
    """Whether a file is a valid certificate, and the answer as text.

    keys_file: public keys to believe; else those that the platform publishes. platform: its address, None for
    no network; then withdrawals are looked up in saved_lists, or not known. Raises CounterTrouble for files and
    platforms out of reach, and for lists that cannot be believed.
    """
    if platform is None and keys_file is None:
        raise CounterTrouble("Without a network the public keys come from a file. Name one.")
    text = text_in(_content(file))
    async with httpx2.AsyncClient(timeout=_SECONDS) as client:
        believed = _believed(await _published(client, keys_file, platform))
        saved = {} if saved_lists is None else _saved(saved_lists, believed)
        looked_at: list[StatusList] = []

        async def ask(place: StatusPlace) -> bool | None:
            if platform is not None:
                return await _withdrawn(client, platform, believed, place, now)
            kept = saved.get(status_address(believed.issuer, place.list_number))
            if kept is None:
                return None
            looked_at.append(kept)
            return _kept_withdrawn(kept, place, now)

        found = await verify(text, believed, ask, now)
    return found.verdict is Verdict.VALID, as_text(found, now, looked_at)


async def saved_status(platform: str) -> str:
    """The lists of withdrawn certificates that a platform publishes, one to a line, to be checked when they are used.

    Raises CounterTrouble if the platform is out of reach or publishes none.
    """
    found: list[str] = []
    async with httpx2.AsyncClient(timeout=_SECONDS) as client:
        while len(found) < _LISTS_AT_MOST:
            token = await _fetched(client, f"{platform}/status/{len(found) + 1}", absent_is_none=True)
            if token is None:
                break
            found.append(token)
    if not found:
        raise CounterTrouble("The platform publishes no list yet: no certificate was issued.")
    return "\n".join(found) + "\n"


def as_text(found: Verification, now: dt.datetime, looked_at: Sequence[StatusList] = ()) -> str:
    """The answer for a terminal. looked_at: the saved list in which the withdrawal was looked up, if one was."""
    headline, meaning = answer(found.verdict)
    facts = [] if found.facts is None else [f"{name + ':':<27}{value}" for name, value in lines(found.facts)]
    said = [*notes(found, now), *(_age_of(kept, now) for kept in looked_at)]
    return "\n".join([f"{headline.upper()}. {meaning}", *said, *([""] if facts else []), *facts])


def _age_of(kept: StatusList, now: dt.datetime) -> str:
    words = LABELS[USUAL]["verification"]["notes"]["saved_list" if kept.current(now) else "old_list"]
    return str(words).format(made=instant(kept.made_at), until=instant(kept.good_until))


def _kept_withdrawn(kept: StatusList, place: StatusPlace, now: dt.datetime) -> bool | None:
    try:
        withdrawn = kept.withdrawn(place.index)
    except NotBelieved:
        return None
    # An old list cannot say that a certificate still stands.
    return withdrawn if withdrawn or kept.current(now) else None


def _saved(file: Path, believed: BelievedKeys) -> dict[str, StatusList]:
    """The lists of a file by their address; each must be signed by a key that is believed."""
    try:
        if file.stat().st_size > _LIST_FILE_BYTES:
            raise CounterTrouble("The file of saved lists is too large to be one. Save it anew with --save-status.")
        lists = [status_list(token, believed.keys) for token in file.read_text(encoding="utf-8").split()]
    except (OSError, UnicodeDecodeError):
        raise CounterTrouble("The file of saved lists cannot be read. Name another.") from None
    except NotBelieved as refused:
        told = LABELS[USUAL]["verification"]["answers"][refused.verdict.value][0].lower()
        raise CounterTrouble(
            f"A saved list cannot be believed ({told}). Save it anew with --save-status, and the keys with it."
        ) from None
    return {kept.address: kept for kept in lists}


async def _published(client: httpx2.AsyncClient, keys_file: Path | None, platform: str | None) -> Any:
    try:
        if keys_file is not None:
            return json.loads(keys_file.read_text(encoding="utf-8"))
        return json.loads(await _fetched(client, f"{platform}{KEYS_PATH}") or "")
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
    token = await _fetched(client, f"{platform}/status/{place.list_number}") or ""
    try:
        address = status_address(believed.issuer, place.list_number)
        return is_withdrawn(token, address, place.index, believed.keys, now)
    except NotBelieved:
        raise CounterTrouble("The platform's list of withdrawn certificates cannot be believed. Ask again.") from None


async def _fetched(client: httpx2.AsyncClient, address: str, *, absent_is_none: bool = False) -> str | None:
    try:
        given = await client.get(address)
        if absent_is_none and given.status_code == httpx2.codes.NOT_FOUND:
            return None
        given.raise_for_status()
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise CounterTrouble(
            f"{address} does not answer as it should ({type(error).__name__}). "
            "Try again, name the platform with --platform, or use --offline with --keys."
        ) from None
    return given.text


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(FILE_BYTES + 1)
    except OSError as error:
        raise CounterTrouble(f"The file cannot be read: {error.strerror}. Name another.") from None
