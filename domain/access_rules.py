"""What is declared of asking about persons, as data: the texts to which a worker consents."""

from __future__ import annotations

from dataclasses import dataclass

from domain.errors import RuleUnknown


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentText:
    """What a worker reads before they consent. language: by ISO 639-1."""

    version: str
    language: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRules:
    """The declarations of `domain/access/`, read once at start."""

    consent_texts: tuple[ConsentText, ...]

    def consent_text(self, version: str, language: str) -> ConsentText:
        """The text of a version in a language; raises RuleUnknown."""
        for text in self.consent_texts:
            if (text.version, text.language) == (version, language):
                return text
        raise RuleUnknown(kind="consent text", name=f"{version} in {language}")
