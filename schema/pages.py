"""Keyset connections: pages of at most 100 rows, each begun after a cursor of the same listing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import strawberry
from graphql import GraphQLError

from schema.ids import cursor

T = TypeVar("T")
PAGE = 20
PAGE_AT_MOST = 100


@strawberry.type(description="Whether more rows follow, and where to go on.")
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type(description="A row of a page and its cursor.")
class Edge(Generic[T]):
    cursor: str
    node: T


@strawberry.type(description="A page of rows in a fixed order.")
class Connection(Generic[T]):
    edges: list[Edge[T]]
    page_info: PageInfo


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a page as the executor reads it."""

    cursor: str
    node: Any


@dataclass(frozen=True, slots=True)
class Page:
    """A page as the executor reads it."""

    edges: Sequence[Row]
    page_info: PageInfo


def checked_first(first: int) -> int:
    """How many rows a page shows; refused with BAD_USER_INPUT outside 1 to 100."""
    if not 1 <= first <= PAGE_AT_MOST:
        message = f"first is from 1 to {PAGE_AT_MOST}; {first} was given. Ask for a smaller page and follow its cursor."
        raise GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})
    return first


def page_of(listing: str, rows: Sequence[Any], first: int, key: Callable[[Any], object]) -> Page:
    """The page that begins a list read with one row more than shown."""
    shown = [Row(cursor(listing, key(row)), row) for row in rows[:first]]
    end = shown[-1].cursor if shown else None
    return Page(edges=shown, page_info=PageInfo(has_next_page=len(rows) > first, end_cursor=end))
