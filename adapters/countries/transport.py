"""One HTTP request to an institution, with every limit that keeps a bad answer from doing harm."""

from __future__ import annotations

import asyncio
import datetime as dt
import math
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import httpx2

from domain.exchange import DeliveryFailed, DeliveryTrouble

CONNECT_SECONDS = 2.0
ANSWER_BYTES_MAX = 1_000_000
RETRY_AFTER_SECONDS_MAX = 86_400.0
DOOR_STATUSES = frozenset({401, 403, 404, 405, 407})
"""Client errors about us or the address, not about a message: no message may be given up for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back: an answer of at most 1 MB of JSON text, with a status of 200 to 299 or 400 to 499."""

    status: int
    content: bytes


def open_client(total_seconds: float) -> httpx2.AsyncClient:
    """A client that follows no redirect, heeds no proxy of the environment, connects within two seconds."""
    return httpx2.AsyncClient(
        follow_redirects=False,
        trust_env=False,
        timeout=httpx2.Timeout(total_seconds, connect=CONNECT_SECONDS),
        limits=httpx2.Limits(max_connections=40, max_keepalive_connections=8, keepalive_expiry=5.0),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """Carries requests to one institution. total_seconds: the deadline of a request with its answer."""

    client: httpx2.AsyncClient
    institution_id: str
    total_seconds: float

    async def carry(
        self, method: str, url: str, *, headers: dict[str, str], content: bytes | None, now: dt.datetime
    ) -> Reply:
        """Return the reply, or raise DeliveryFailed with what went wrong. now: to read a Retry-After date."""
        request_headers = {"accept": "application/json", "accept-encoding": "identity", **headers}
        try:
            async with asyncio.timeout(self.total_seconds):
                return await self._carry(method, url, request_headers, content, now)
        except (TimeoutError, httpx2.TimeoutException) as error:
            raise self._failed(DeliveryTrouble.TIMEOUT, "no whole answer in time", peer_down=True) from error
        except (httpx2.ConnectError, httpx2.ProxyError) as error:
            raise self._failed(DeliveryTrouble.UNREACHABLE, "no connection", peer_down=True) from error
        except (httpx2.NetworkError, httpx2.ProtocolError) as error:
            raise self._failed(
                DeliveryTrouble.UNREACHABLE, "the line was dropped before an answer", peer_down=True
            ) from error
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            raise self._failed(
                DeliveryTrouble.UNREACHABLE, f"the request failed with {type(error).__name__}", peer_down=True
            ) from error

    async def _carry(
        self, method: str, url: str, headers: dict[str, str], content: bytes | None, now: dt.datetime
    ) -> Reply:
        async with self.client.stream(
            method, url, headers=headers, content=content, follow_redirects=False
        ) as response:
            self._check_status(response, now)
            media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if media_type != "application/json" or "content-encoding" in response.headers:
                if response.is_client_error:
                    raise self._failed(
                        DeliveryTrouble.REJECTED,
                        f"status {response.status_code}, not signed",
                        peer_down=response.status_code in DOOR_STATUSES,
                    )
                raise self._failed(DeliveryTrouble.GARBAGE, "the answer is not plain JSON")
            return Reply(status=response.status_code, content=await self._read(response))

    def _check_status(self, response: httpx2.Response, now: dt.datetime) -> None:
        status = response.status_code
        if status in (429, 503):
            raise self._failed(
                DeliveryTrouble.OVERLOADED,
                f"status {status}",
                peer_down=True,
                retry_after_seconds=retry_after_seconds(response.headers.get("retry-after"), now),
            )
        if status >= 500:
            raise self._failed(DeliveryTrouble.UNREACHABLE, f"status {status}", peer_down=True)
        if not (response.is_success or response.is_client_error):
            raise self._failed(DeliveryTrouble.GARBAGE, f"status {status}, which is not followed")

    async def _read(self, response: httpx2.Response) -> bytes:
        """Read the body while counting; one that breaks off is garbage, no sign that the peer is down."""
        pieces: list[bytes] = []
        size = 0
        try:
            async for piece in response.aiter_raw():
                size += len(piece)
                if size > ANSWER_BYTES_MAX:
                    raise self._failed(DeliveryTrouble.GARBAGE, f"the answer has more than {ANSWER_BYTES_MAX} bytes")
                pieces.append(piece)
        except (httpx2.ReadError, httpx2.ProtocolError) as error:
            raise self._failed(DeliveryTrouble.GARBAGE, "the answer breaks off") from error
        return b"".join(pieces)

    def _failed(
        self,
        trouble: DeliveryTrouble,
        remark: str,
        *,
        peer_down: bool = False,
        retry_after_seconds: float | None = None,
    ) -> DeliveryFailed:
        return DeliveryFailed(
            institution_id=self.institution_id,
            trouble=trouble,
            peer_down=peer_down,
            retry_after_seconds=retry_after_seconds,
            remark=remark,
        )


def retry_after_seconds(text: str | None, now: dt.datetime) -> float | None:
    """The seconds to wait that a Retry-After header names, as a number or a date; None if it names none.

    Never negative and never more than a day, whatever the institution says.
    """
    if text is None or len(text) > 64:
        return None
    if text.strip().isdecimal() and text.isascii():
        return min(float(text), RETRY_AFTER_SECONDS_MAX)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    seconds = (moment - now).total_seconds()
    return max(0.0, min(float(math.ceil(seconds)), RETRY_AFTER_SECONDS_MAX))
