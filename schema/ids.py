"""Opaque ids and cursors: what they hold is ours to change, so clients get them as one word."""

from __future__ import annotations

import base64
import binascii
import re
from uuid import UUID

from graphql import GraphQLError

from domain.errors import NotFound

_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}")


def opaque_id(kind: str, value: UUID) -> str:
    """The id of a thing of a kind, as clients know it."""
    return _encoded(f"{opaque_prefix(kind)}{value}")


def opaque_prefix(kind: str) -> str:
    """What stands before the UUID inside an id of a kind."""
    return f"{kind}:"


def id_of(kind: str, text: str) -> UUID:
    """The UUID inside an id of this kind.

    An id of another kind is NOT_FOUND, as a thing that does not exist; text that is no id is BAD_USER_INPUT.
    """
    known_kind, value = parts_of(text)
    if known_kind != kind:
        raise NotFound(kind=kind.lower())
    return value


def parts_of(text: str) -> tuple[str, UUID]:
    """The kind and UUID of any id of ours; refused with BAD_USER_INPUT if it is none."""
    kind, _, value = _decoded(text, "id").partition(":")
    if not kind:
        raise _not_ours("id")
    return kind, _canonical(value, "id")


def opaque_number(kind: str, value: int) -> str:
    """The id of a thing of a kind that has a number, as clients know it."""
    return _encoded(f"{kind}:{value}")


def number_of(kind: str, text: str) -> int:
    """The number inside an id of this kind; refused as id_of refuses."""
    known_kind, _, value = _decoded(text, "id").partition(":")
    if not known_kind or not value:
        raise _not_ours("id")
    if known_kind != kind:
        raise NotFound(kind=kind.lower())
    if not _NUMBER.fullmatch(value):
        raise _not_ours("id")
    return int(value)


def cursor(listing: str, value: object) -> str:
    """Where in one listing a row stands."""
    return _encoded(f"cursor:{listing}:{value}")


def value_after(listing: str, text: str | None) -> str | None:
    """What the cursor of this very listing holds; a cursor from elsewhere is refused with BAD_USER_INPUT."""
    if text is None:
        return None
    word, _, rest = _decoded(text, "cursor").partition(":")
    known, _, value = rest.partition(":")
    if word != "cursor" or known != listing or not value:
        raise _not_ours("cursor")
    return value


def uuid_after(listing: str, text: str | None) -> UUID | None:
    """The UUID after which a page of this listing goes on; refused with BAD_USER_INPUT if the cursor holds none."""
    place = value_after(listing, text)
    return None if place is None else _canonical(place, "cursor")


def number_after(listing: str, text: str | None) -> int | None:
    """The number after which a page of this listing goes on; refused with BAD_USER_INPUT if the cursor holds none."""
    place = value_after(listing, text)
    if place is None:
        return None
    if not _NUMBER.fullmatch(place):
        raise _not_ours("cursor")
    return int(place)


def _canonical(value: str, what: str) -> UUID:
    try:
        uuid = UUID(value)
    except ValueError:
        raise _not_ours(what) from None
    if str(uuid) != value:
        raise _not_ours(what)
    return uuid


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decoded(text: str, what: str) -> str:
    if len(text) > 200 or not text.isascii():
        raise _not_ours(what)
    try:
        plain = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise _not_ours(what) from None
    # One text for one thing: what we would not have written ourselves is not ours.
    if _encoded(plain) != text:
        raise _not_ours(what)
    return plain


def _not_ours(what: str) -> GraphQLError:
    message = f"This {what} was not given out here for this use. Use the one that the last answer held."
    return GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})
