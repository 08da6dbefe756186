"""The pages of the member states: what the rule file says is written between markers, the rest is written by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from adapters.country_law import benefits, reliefs, schemes
from adapters.country_values import identifiers, left_out, parameters, quality, sources
from domain.legislation import Legislation, Rulebook

BLOCKS: Mapping[str, Callable[[Legislation], list[str]]] = {
    "schemes": schemes,
    "benefits": benefits,
    "parameters": parameters,
    "reliefs": reliefs,
    "identifiers": identifiers,
    "left out": left_out,
    "quality": quality,
    "sources": sources,
}
"""What can be written between markers; each is on every page once, in whatever order suits the page."""


class PageRefused(Exception):
    """A page cannot be written: it is missing, or its markers are not those that are needed."""


def country_pages(rulebook: Rulebook, folder: Path) -> dict[Path, str]:
    """Return the pages as they should be, by their path; nothing is written.

    folder: where the pages are. Raises PageRefused if a state has no page or a page lacks a marker.
    """
    pages = {}
    for state, law in rulebook.states.items():
        path = folder / f"{state.slug}.md"
        if not path.exists():
            raise PageRefused(f"{path.name} is missing. Write it with the markers of another page, then run again.")
        pages[path] = _page(law, path.name, path.read_text("utf-8"))
    return pages


def begin_of(block: str) -> str:
    """The marker before a block."""
    return f"<!-- {block}: written by `python -m lingkar country-pages`, do not edit -->"


def end_of(block: str) -> str:
    """The marker after a block."""
    return f"<!-- end of {block} -->"


def _page(law: Legislation, name: str, text: str) -> str:
    for block, lines in BLOCKS.items():
        begin, end = begin_of(block), end_of(block)
        if text.count(begin) != 1 or text.count(end) != 1 or text.index(end) < text.index(begin):
            raise PageRefused(f"{name} needs these two lines, once and in this order: {begin} and {end}")
        written = "\n".join((begin, "", *lines(law), "", end))
        text = text[: text.index(begin)] + written + text[text.index(end) + len(end) :]
    return text
