"""Reads what is declared of asking about persons: `domain/access/`, or the first wrong line is refused."""

from __future__ import annotations

from pathlib import Path

from adapters.rulebook_yaml import RuleFileRefused, read_rule_file
from domain.access_rules import AccessRules, ConsentText

__all__ = ["RuleFileRefused", "load_access_rules"]

ACCESS_FOLDER = Path(__file__).resolve().parent.parent / "domain" / "access"
_TEXTS_FILE = "consent_texts.yaml"


def load_access_rules(folder: Path = ACCESS_FOLDER) -> AccessRules:
    """Return the declarations. Raises RuleFileRefused, with file, line and key, at the first that cannot be taken."""
    return AccessRules(consent_texts=_consent_texts(folder / _TEXTS_FILE))


def _consent_texts(path: Path) -> tuple[ConsentText, ...]:
    texts: dict[tuple[str, str], ConsentText] = {}
    for row in read_rule_file(path, path.read_bytes()).fields(("texts",))["texts"].rows():
        fields = row.fields(("version", "language", "text"))
        text = ConsentText(
            version=fields["version"].text(), language=fields["language"].text(), text=fields["text"].text()
        )
        if (text.version, text.language) in texts:
            raise row.refused("this version has a text in this language already", "Give a change a new version")
        texts[text.version, text.language] = text
    return tuple(texts.values())
