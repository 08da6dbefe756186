"""Why something that is shown as a certificate is not believed."""

from __future__ import annotations

from domain.certificates import Verdict


class NotBelieved(Exception):
    """What was shown is no proof; the verdict says why. Never holds anything of what was shown."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.value)
        self.verdict = verdict
