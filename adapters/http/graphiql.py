"""GraphiQL from our own files: a page that asks no other host for anything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

__all__ = ["PAGE_POLICY", "STATIC_FOLDER", "graphiql_page", "graphiql_routes"]

STATIC_FOLDER: Final = Path(__file__).parent / "static" / "graphiql"
PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src data:; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Nothing inline; the fonts are inside the style sheet. Browsers report one blocked style, the scroll lock of
the dialogs, which the page does not need."""

_MEDIA_TYPES: Final[Mapping[str, str]] = {".js": "text/javascript", ".css": "text/css"}


def graphiql_page() -> Response:
    """Return the page; it takes a bearer token that stays in the page's memory."""
    headers = {"content-security-policy": PAGE_POLICY}
    return FileResponse(STATIC_FOLDER / "page.html", media_type="text/html", headers=headers)


def graphiql_routes() -> list[Route]:
    """Return the route of the page's scripts and styles: those of the manifest and our own two."""
    served = _served_files()

    async def file(request: Request) -> Response:
        path = served.get(request.path_params["name"])
        if path is None:
            return PlainTextResponse("No such file.", 404)
        headers = {"cache-control": "public, max-age=86400"}
        return FileResponse(path, media_type=_MEDIA_TYPES[path.suffix], headers=headers)

    return [Route("/graphql/graphiql/{name}", file, name="graphiql_file")]


def _served_files() -> dict[str, Path]:
    manifest = json.loads((STATIC_FOLDER / "MANIFEST.json").read_text(encoding="utf-8"))
    names = [entry["file"] for package in manifest["packages"] for entry in package["files"]]
    paths = (STATIC_FOLDER / name for name in (*names, "page.css", "page.js"))
    return {path.name: path for path in paths if path.suffix in _MEDIA_TYPES}
