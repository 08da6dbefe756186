"""Checks of the documents: links lead somewhere, every refusal code and every setting is described."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from adapters.http.refusals import CODES
from adapters.settings import Settings
from domain.errors import Refusal

_LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
_SKIPPED = {".venv", "node_modules", "var", ".git", "static"}


def check_docs(root: Path) -> list[str]:
    """Return what is wrong with the documents, one sentence each; nothing if all is well."""
    return [*_dead_links(root), *_undescribed_codes(root), *_undescribed_settings(root)]


def _dead_links(root: Path) -> Iterator[str]:
    for page in sorted(root.rglob("*.md")):
        if _SKIPPED & set(page.relative_to(root).parts):
            continue
        for target in _LINK.findall(page.read_text()):
            if not (page.parent / target).exists():
                yield f"{page.relative_to(root)} links to {target}, which does not exist."


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
