"""Trusted documents: operations that a client's own build wrote down, sent by their hash alone.

The manifest is JSON, `{"<SHA-256 of the text>": "<text>"}`, as the build of a client writes it. It is read and
checked at start, so that a document that cannot run stops the start and not a client.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from adapters.http.documents import DocumentRefused, Documents
from adapters.http.quiet_schema import CheckedDocument
from adapters.http.refusals import RequestRefused

__all__ = ["ManifestRefused", "TrustedDocuments", "asked_document"]

_HASH: Final = re.compile(r"[0-9a-f]{64}")
_PREFIX: Final = "sha256:"
_UNKNOWN: Final = "PERSISTED_QUERY_NOT_FOUND"

TrustedDocuments = Mapping[str, CheckedDocument]
"""By the SHA-256 of their text, in small hexadecimal digits."""


class ManifestRefused(ValueError):
    """The manifest cannot be used; the message names the file, the document and why."""


def trusted_documents(file: Path | None, documents: Documents) -> TrustedDocuments | None:
    """Read and check a manifest; None without a file. Raises ManifestRefused."""
    if file is None:
        return None
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ManifestRefused(f"{file} is no manifest of trusted documents: {type(error).__name__}.") from None
    if not isinstance(found, dict) or not found:
        raise ManifestRefused(
            f'{file} is no manifest of trusted documents. It is {{"<SHA-256>": "<text>"}}, not empty.'
        )
    return {key.removeprefix(_PREFIX): _checked(file, key, text, documents) for key, text in found.items()}


def _checked(file: Path, key: str, text: object, documents: Documents) -> CheckedDocument:
    if not isinstance(text, str) or _digest(text) != key.removeprefix(_PREFIX):
        raise ManifestRefused(f"{file}: the document {key} is not the text with this SHA-256. Build the manifest anew.")
    try:
        return documents.checked(text)
    except DocumentRefused as refused:
        raise ManifestRefused(f"{file}: the document {key} cannot run: {refused.errors[0].message}") from None


def asked_document(
    body: Mapping[str, Any],
    documents: Callable[[str], CheckedDocument],
    trusted: TrustedDocuments | None,
    *,
    free: bool,
) -> CheckedDocument:
    """Return the document that a body asks for: by `query`, by `documentId`, or by the hash of `persistedQuery`.

    documents: checks a text. free: whether a text may be sent that is not in the manifest.
    Refusals: PERSISTED_QUERY_NOT_FOUND, PERSISTED_QUERY_NOT_SUPPORTED without a manifest, OPERATION_NOT_ALLOWLISTED,
    BAD_REQUEST for no text or a text with the hash of another, and those of the check.
    """
    text, digest = body.get("query"), _asked_digest(body)
    if text is None and digest is not None:
        return _known(digest, trusted)
    if not isinstance(text, str) or not text.strip():
        raise RequestRefused("BAD_REQUEST", "query is not a text. Send the GraphQL document as a string.")
    if digest is not None and digest != _digest(text):
        raise RequestRefused("BAD_REQUEST", "The hash is not that of the text. Send one of the two, or the right hash.")
    if free or trusted is None:
        return documents(text)
    known = trusted.get(_digest(text))
    if known is None:
        message = "You may send trusted documents only, and this is none. Send the hash of one."
        raise RequestRefused("OPERATION_NOT_ALLOWLISTED", message)
    return known


def _known(digest: str, trusted: TrustedDocuments | None) -> CheckedDocument:
    # The two messages are words by which clients know that they must send the whole text.
    if trusted is None:
        raise RequestRefused("PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported")
    known = trusted.get(digest) if _HASH.fullmatch(digest) else None
    if known is None:
        raise RequestRefused(_UNKNOWN, "PersistedQueryNotFound")
    return known


def _asked_digest(body: Mapping[str, Any]) -> str | None:
    """The hash that a body names, in either of two ways; None if it names none. A hash that is no text is unknown."""
    given = []
    if body.get("documentId") is not None:
        given.append(body["documentId"])
    extensions = body.get("extensions")
    if isinstance(extensions, dict) and extensions.get("persistedQuery") is not None:
        persisted = extensions["persistedQuery"]
        given.append(persisted.get("sha256Hash") if isinstance(persisted, dict) else None)
    digests = {one.removeprefix(_PREFIX) if isinstance(one, str) else "" for one in given}
    if len(digests) > 1:
        raise RequestRefused("BAD_REQUEST", "documentId and persistedQuery name two documents. Send one of them.")
    return digests.pop() if digests else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
