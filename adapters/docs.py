"""Checks of the documents: links lead somewhere, every code and setting is described, every named test is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from adapters.http.refusals import CODES
from adapters.settings import Settings
from domain.errors import Refusal

_LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
_TEST = re.compile(r"\]\(([^)#:\s]+\.py)#(test_\w+)\)")
_SKIPPED = {".venv", "node_modules", "var", ".git", "static"}


def check_docs(root: Path) -> list[str]:
    """Return what is wrong with the documents, one sentence each; nothing if all is well."""
    return [*_dead_links(root), *_missing_tests(root), *_undescribed_codes(root), *_undescribed_settings(root)]


def _pages(root: Path) -> Iterator[Path]:
    return (page for page in sorted(root.rglob("*.md")) if not _SKIPPED & set(page.relative_to(root).parts))


def _dead_links(root: Path) -> Iterator[str]:
    for page in _pages(root):
        for target in _LINK.findall(page.read_text()):
            if not (page.parent / target).exists():
                yield f"{page.relative_to(root)} links to {target}, which does not exist."


def _missing_tests(root: Path) -> Iterator[str]:
    """A link to a test by its name is a promise that something is proved."""
    for page in _pages(root):
        for target, test in _TEST.findall(page.read_text()):
            file = page.parent / target
            if file.exists() and f"def {test}(" not in file.read_text():
                yield f"{page.relative_to(root)} names {test} in {file.name}, where there is no such test."


def _undescribed_codes(root: Path) -> Iterator[str]:
    page = root / "docs" / "problems" / "README.md"
    text = page.read_text() if page.exists() else ""
    codes = {kind.code for kind in Refusal.__subclasses__()} | set(CODES)
    for code in sorted(codes):
        if f"`{code}`" not in text:
            yield f"docs/problems/README.md does not describe the code {code}."


def _undescribed_settings(root: Path) -> Iterator[str]:
    page = root / "docs" / "reference" / "settings.md"
    text = page.read_text() if page.exists() else ""
    for name in Settings.model_fields:
        if f"`LINGKAR_{name.upper()}`" not in text:
            yield f"docs/reference/settings.md does not describe LINGKAR_{name.upper()}."
