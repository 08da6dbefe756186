"""The public page on which anyone checks a certificate: plain HTML that works without scripts.

What is given is read, answered and forgotten: it is not logged, not stored and not sent anywhere.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections.abc import Awaitable, Callable
from html import escape
from pathlib import Path
from string import Template
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from adapters.certificates.counter import KEYS_PATH
from adapters.certificates.extraction import FILE_BYTES, text_in
from adapters.certificates.languages import LABELS, chosen
from adapters.certificates.verification import Verification
from adapters.certificates.words import answer as said
from adapters.certificates.words import lines, notes
from adapters.http.refusals import RequestRefused, refusal_response, request_id_of
from domain.certificates import Verdict

__all__ = ["PAGE_POLICY", "Verify", "verify_routes"]

PAGE_POLICY: Final = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
_FOLDER: Final = Path(__file__).parent / "static" / "verify"
_PAGE: Final = Template((_FOLDER / "page.html").read_text(encoding="utf-8"))
_BODY_BYTES: Final = FILE_BYTES + 100_000
_BODY_SECONDS: Final = 30
_BOUNDARY: Final = re.compile(r"multipart/form-data;\s*boundary=\"?([A-Za-z0-9'()+_,./:=?-]{1,70})\"?", re.IGNORECASE)
_FIELD: Final = re.compile(rb'content-disposition:[^\r\n]*;\s*name="(text|file)"', re.IGNORECASE)
_CURRENT: Final = ' aria-current="page"'
_READ_AT_ONCE: Final = 2
_ARRIVING_AT_ONCE: Final = 16
"""Each holds a whole file in memory."""

Verify = Callable[[str], Awaitable[Verification]]


def verify_routes(verify: Verify, now: Callable[[], dt.datetime]) -> list[Route]:
    """Return the page, which takes text or a file, and its style sheet."""
    readers = asyncio.Semaphore(_READ_AT_ONCE)
    arriving = asyncio.Semaphore(_ARRIVING_AT_ONCE)

    async def page(request: Request) -> Response:
        return _html("", _language(request))

    async def answer(request: Request) -> Response:
        try:
            if arriving.locked():
                raise RequestRefused("OVERLOADED", "Too many files arrive at this moment. Send it again shortly.")
            async with arriving:
                given = _given(request.headers.get("content-type", ""), await _body(request))
        except RequestRefused as refused:
            return refusal_response(refused, request_id_of(request.scope))
        # Files are read by few at a time: each takes a process with its own memory.
        async with readers:
            text = await asyncio.to_thread(text_in, given)
        language = _language(request)
        return _html(_answered(await verify(text), now(), language), language)

    async def style(_: Request) -> Response:
        return FileResponse(_FOLDER / "page.css", media_type="text/css", headers={"cache-control": "max-age=86400"})

    return [
        Route("/verify", page, methods=["GET"]),
        Route("/verify", answer, methods=["POST"]),
        Route("/verify/page.css", style, methods=["GET"]),
    ]


def _language(request: Request) -> str:
    return chosen(request.query_params.get("language", ""), request.headers.get("accept-language", ""))


def _html(answer: str, language: str) -> Response:
    words = {name: escape(text) for name, text in LABELS[language]["verification"]["page"].items()}
    words["offline"] = words["offline"].format(
        program="<code>lingkar verify</code>", keys=f'<a href="{KEYS_PATH}">{words["keys"]}</a>'
    )
    verdicts = ", ".join(said(verdict, language)[0].lower() for verdict in Verdict)
    content = _PAGE.substitute(
        words, code=language, answer=answer, languages=_languages(language), verdicts=escape(verdicts)
    )
    headers = {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": PAGE_POLICY,
        "content-language": language,
        "vary": "Accept-Language",
    }
    return Response(content, headers=headers)


def _languages(shown: str) -> str:
    """A link to the page in each language, by the name that its speakers give it."""
    return "".join(
        f'<li><a href="/verify?language={code}" lang="{code}" hreflang="{code}"{_CURRENT if code == shown else ""}>'
        f"{escape(labels['own_name'])}</a></li>"
        for code, labels in LABELS.items()
    )


def _answered(found: Verification, now: dt.datetime, language: str) -> str:
    """The answer as HTML; everything in it is escaped."""
    headline, meaning = said(found.verdict, language)
    remarks = "".join(f"<li>{escape(note)}</li>" for note in notes(found, now, language))
    rows = "" if found.facts is None else "".join(_row(name, value) for name, value in lines(found.facts, language))
    caption = escape(LABELS[language]["verification"]["page"]["says"])
    return (
        f'<section class="answer {found.verdict.value}" role="status"><h2>{escape(headline)}</h2>'
        f"<p>{escape(meaning)}</p>"
        + (f'<ul class="notes">{remarks}</ul>' if remarks else "")
        + (f"<table><caption>{caption}</caption><tbody>{rows}</tbody></table>" if rows else "")
        + "</section>"
    )


def _row(name: str, value: str) -> str:
    return f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'


def _field_text(body: bytes) -> str:
    try:
        return parse_qs(body.decode("ascii"), max_num_fields=10).get("text", [""])[0]
    except ValueError:
        raise RequestRefused("BAD_REQUEST", "The form cannot be read. Use the page /verify.") from None


async def _body(request: Request) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > _BODY_BYTES:
                    raise RequestRefused("PAYLOAD_TOO_LARGE", f"A file has at most {FILE_BYTES} bytes.")
    except (TimeoutError, ClientDisconnect):
        raise RequestRefused("REQUEST_TIMEOUT", "The file did not arrive in time. Send it again.") from None
    return bytes(body)


def _given(content_type: str, body: bytes) -> bytes:
    """What the form was given: the file if there is one, else the text.

    Read here and not by a library, because those put large files onto the disk.
    """
    boundary = _BOUNDARY.match(content_type)
    if boundary is None:
        if content_type.split(";")[0].strip().lower() != "application/x-www-form-urlencoded":
            raise RequestRefused("UNSUPPORTED_MEDIA_TYPE", "The page sends a form. Use the page /verify.")
        return _field_text(body).encode()
    parts = {}
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary[1].encode())[1:]:
        head, _, content = part.partition(b"\r\n\r\n")
        field = _FIELD.search(head)
        if field is not None:
            parts[field[1]] = content
    return parts.get(b"file") or parts.get(b"text", b"")
