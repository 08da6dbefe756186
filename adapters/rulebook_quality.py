"""What a rule file says of its own limits: what is left out of the law, and what a complete file would have."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from adapters import rulebook_keys as keys
from adapters.rulebook_yaml import Entry
from domain.quality import Exemption, LeftOut, QualityRule, QualityState


def read_left_out(entry: Entry) -> LeftOut:
    """Return one row of what is left out on purpose."""
    fields = entry.fields(*keys.LEFT_OUT)
    return LeftOut(what=fields["what"].text(), why=fields["why"].text())


def read_exemptions(entry: Entry) -> Mapping[QualityRule, Exemption]:
    """Return the quality rules that the file says are not done, each with its reason; none if all are."""
    exemptions = {}
    for name, row in entry.named().items():
        words = tuple(rule.value for rule in QualityRule)
        if name not in words:
            raise row.refused(f"{name} is no quality rule", f"Choose one of: {', '.join(words)}")
        fields = row.fields(*keys.EXEMPTION)
        exemptions[QualityRule(name)] = Exemption(
            state=fields["state"].word(QualityState), reason=fields["reason"].text()
        )
    return MappingProxyType(exemptions)
