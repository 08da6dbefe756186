"""The keys of one issuer while they rotate: read again before they age, by one reader at a time.

A key that the issuer takes out is not believed any more after SEEN_SECONDS. While the issuer cannot be reached, what
it published last is kept for a while. Nothing here follows an address that came with a token.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import structlog

from adapters.identity.trusted_keys import KeySetInvalid, TrustedKey, trusted_keys

_log = structlog.get_logger("lingkar.identity")

FRESH_SECONDS = 40.0
"""After this the next token has the keys read again, behind its back."""
SEEN_SECONDS = 55.0
"""After this a token waits for the keys to be read; with READ_SECONDS, a revoked key ends within a minute."""
READ_SECONDS = 4.0
"""How long one reading may take."""
COOLDOWN_SECONDS = 10.0
"""Between two readings because of an unknown key id, and after one that failed."""
KEEP_SECONDS = 3_600.0
"""How long keys are believed while they cannot be read again."""
BYTES_AT_MOST = 65_536
KEYS_AT_MOST = 50

Read = Callable[[], Awaitable[bytes]]
"""Gets what the issuer publishes now, as the bytes of a JSON Web Key Set; may raise anything."""


class KeySet:
    """The keys of an issuer, by id.

    issuer: whose they are, for messages. read: where they come from. keep_seconds: see KEEP_SECONDS. ticks: seconds
    of a clock that is never set.
    """

    def __init__(
        self,
        issuer: str,
        read: Read,
        *,
        keep_seconds: float = KEEP_SECONDS,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuer = issuer
        self._read = read
        self._keep_seconds = keep_seconds
        self._ticks = ticks
        self._keys: dict[str, TrustedKey] = {}
        self._read_at = float("-inf")
        self._not_before = float("-inf")
        self._reading: asyncio.Task[None] | None = None

    def take(self, published: bytes) -> None:
        """Believe a key set from now on; raises KeySetInvalid for one that cannot be used, and keeps the former."""
        known = self._keys
        found = trusted_keys(self._issuer, _json_object(published), others_skipped=True)
        # What was verified by a key stays verified as long as the very same object is here.
        self._keys = {kid: known[kid] if _same(known.get(kid), key) else key for kid, key in found.items()}
        self._read_at = self._ticks()

    async def key(self, kid: str) -> TrustedKey | None:
        """Return the key of an id, or None; an unknown id has the keys read again, once in COOLDOWN_SECONDS."""
        age = self._ticks() - self._read_at
        waited = age > SEEN_SECONDS and await self._read_again()
        if FRESH_SECONDS < age <= SEEN_SECONDS:
            self._start_reading()
        if not waited and kid not in self._believed():
            await self._read_again(because_unknown=True)
        return self._believed().get(kid)

    def _believed(self) -> dict[str, TrustedKey]:
        return self._keys if self._ticks() - self._read_at <= self._keep_seconds else {}

    async def _read_again(self, *, because_unknown: bool = False) -> bool:
        """Wait for the reading under way, or for a new one unless it is too early; returns whether one was waited for.

        A request that is cancelled does not end the reading of the others.
        """
        reading = self._start_reading(because_unknown=because_unknown)
        if reading is not None:
            await asyncio.shield(reading)
        return reading is not None

    def _start_reading(self, *, because_unknown: bool = False) -> asyncio.Task[None] | None:
        if self._reading is not None and not self._reading.done():
            return self._reading
        if self._ticks() < self._not_before:
            return None
        if because_unknown:
            # Whoever makes up key ids has the issuer asked no more often than this.
            self._not_before = self._ticks() + COOLDOWN_SECONDS
        self._reading = asyncio.create_task(self._read_once())
        return self._reading

    async def _read_once(self) -> None:
        try:
            async with asyncio.timeout(READ_SECONDS):
                self.take(await self._read())
        except Exception as error:
            # Whatever went wrong, the former keys stay. The kind alone is logged: a peer wrote what stands in the text.
            self._not_before = self._ticks() + COOLDOWN_SECONDS
            _log.warning("issuer_keys_not_read", issuer=self._issuer, error=type(error).__qualname__)


def from_file(path: Path) -> Read:
    """Read keys from a file, which may be replaced while the platform runs."""

    async def read() -> bytes:
        return path.read_bytes()

    return read


def from_address(address: str, client: httpx2.AsyncClient) -> Read:
    """Read keys from a jwks_uri of the settings; no redirect is followed and no long answer read to its end."""

    async def read() -> bytes:
        headers = {"accept": "application/jwk-set+json, application/json", "accept-encoding": "identity"}
        async with client.stream("GET", address, headers=headers, follow_redirects=False) as response:
            if response.status_code != 200 or "content-encoding" in response.headers:
                raise KeySetInvalid(f"{address} does not answer with a plain key set.")
            content = bytearray()
            async for piece in response.aiter_raw():
                content += piece
                if len(content) > BYTES_AT_MOST:
                    raise KeySetInvalid(f"{address} answers more than {BYTES_AT_MOST} bytes.")
            return bytes(content)

    return read


def _json_object(content: bytes) -> dict[str, Any]:
    try:
        published = json.loads(content) if len(content) <= BYTES_AT_MOST else None
    except (ValueError, RecursionError):
        published = None
    if not isinstance(published, dict):
        raise KeySetInvalid("What an issuer publishes is not a JSON Web Key Set. Give its address or file.")
    if isinstance(published.get("keys"), list) and len(published["keys"]) > KEYS_AT_MOST:
        raise KeySetInvalid(f"A key set has more than {KEYS_AT_MOST} keys. Take out those that sign nothing.")
    return published


def _same(known: TrustedKey | None, key: TrustedKey) -> bool:
    return known is not None and known.key.as_dict(private=False) == key.key.as_dict(private=False)
