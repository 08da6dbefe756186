"""For what officers ask about persons, and what that opens; what a purpose opens is data (domain/access/)."""

from __future__ import annotations

from domain.access_rules import PERSON_FIELDS
from domain.actors import ActorKind
from domain.errors import PurposeNotOpen, ValueMissing
from resolvers.context import Context

OF_WORKERS = ("coverage", "worker.enrolments", "worker.contributions", "move", "certificate")
"""What hangs on a worker, by its name in receipts."""
OF_COVERS = tuple(name for name in PERSON_FIELDS if name.startswith("coverage.covers."))


def check_purpose(context: Context, thing: str) -> None:
    """Refuse a question of a thing about a person that says no purpose, or one that does not open it.

    Officers say for what they ask; operators may. Raises ValueMissing, PurposeNotOpen.
    """
    if context.asked.purpose is None and context.actor.kind is ActorKind.OFFICER:
        raise ValueMissing(rule=thing, fact="a purpose")
    withheld = refusal_of_field(context, thing)
    if withheld is not None:
        raise withheld


def refusal_of_field(context: Context, name: str) -> PurposeNotOpen | None:
    """Why a field, by its name in receipts, is not answered to this actor for this purpose; None if it is."""
    purpose = context.asked.purpose
    if context.access.decisions.may_read(context.actor.kind, name, purpose):
        return None
    return PurposeNotOpen(purpose="none" if purpose is None else purpose.value, field=name)


def withheld_of(context: Context, names: tuple[str, ...]) -> tuple[PurposeNotOpen, ...]:
    """Which of some fields are not answered, and why."""
    found = [refusal_of_field(context, name) for name in names]
    return tuple(refusal for refusal in found if refusal is not None)
