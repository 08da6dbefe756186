"""Records become plain JSON values and come back exactly as they were."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.determination import CoverageDetermination, determine
from domain.errors import (
    AmountOutOfRange,
    CurrencyMismatch,
    DateInvalid,
    DateOutOfRange,
    ErasureRefused,
    IdempotencyConflict,
    IdentifierInvalid,
    LandingNotPossible,
    LimitExceeded,
    MonthAlreadyFunded,
    NameInvalid,
    NotFound,
    NotPermitted,
    PeriodInvalid,
    PersonNotVisible,
    PriceNotSetByLaw,
    PurposeNotOpen,
    Refusal,
    RuleNotInForce,
    RuleUnknown,
    StateConflict,
    TermsNotMet,
    ValueMissing,
    refusal_of,
)
from domain.exchange import Answer, AnswerOutcome, RefusedLine
from domain.funding import FundsInsufficient
from domain.money import Currency, Money
from domain.move_steps import MoveStep, StepTaken
from domain.moves import MovePlan, plan_move
from domain.plain import from_plain, to_plain
from domain.retention import Hindrance
from tests.domain.moving import DONATION_ID, FACTS, MOVE_ON, QUESTION, RULEBOOK, asked, donor_cover, known, prepaid

AT = dt.datetime(2026, 3, 1, 4, 5, 6, 789, tzinfo=dt.UTC)


def there_and_back(kind: type[Any], record: Any) -> Any:
    return from_plain(kind, json.loads(json.dumps(to_plain(record), allow_nan=False)))


def test_a_move_plan_comes_back_as_it_was() -> None:
    plan = plan_move(QUESTION, known(prepaid=prepaid("ID.JKK", "2026-03", 3)), RULEBOOK)

    assert there_and_back(MovePlan, plan) == plan


def test_a_move_plan_without_pack_payer_or_wage_comes_back_as_it_was() -> None:
    plan = plan_move(asked(wage=None), known(purses=(), spells=()), RULEBOOK)

    assert there_and_back(MovePlan, plan) == plan


def test_a_coverage_determination_comes_back_as_it_was() -> None:
    answer = determine(donor_cover(), MOVE_ON)

    assert there_and_back(CoverageDetermination, answer) == answer


def test_a_step_of_a_move_comes_back_as_it_was() -> None:
    step = StepTaken(move_id=DONATION_ID, step=MoveStep.ANNOUNCED, evidence="R-1", simulated=True, taken_at=AT)

    assert there_and_back(StepTaken, step) == step


@given(
    accepted_lines=st.none() | st.integers(0, 10**6),
    total=st.none() | st.builds(Money, st.integers(0, 10**15), st.sampled_from(Currency)),
    texts=st.lists(st.text(), max_size=3),
    outcome=st.sampled_from(AnswerOutcome),
    answered_at=st.datetimes(timezones=st.just(dt.UTC)),
)
def test_an_answer_of_an_institution_comes_back_as_it_was(
    accepted_lines: int | None, total: Money | None, texts: list[str], outcome: AnswerOutcome, answered_at: dt.datetime
) -> None:
    answer = Answer(
        message_id=DONATION_ID,
        institution_id="ID.BPJSTK",
        answer_id="A-1",
        outcome=outcome,
        reference="R-1",
        reason_code="",
        reason_text="",
        accepted_lines=accepted_lines,
        accepted_total=total,
        refused_lines=tuple(RefusedLine(number=n, code="E", text=text) for n, text in enumerate(texts, start=1)),
        returned_total=total,
        answered_at=answered_at,
        simulated=True,
        digest="00",
    )

    assert there_and_back(Answer, answer) == answer


REFUSALS: list[Refusal] = [
    RuleNotInForce(rule="jp.wage_ceiling", asked_on=dt.date(2015, 1, 1), nearest="the first is 2023-03-01"),
    RuleUnknown(kind="scheme", name="ID.X"),
    PriceNotSetByLaw(segment="SG.WICA.inbound", payer="employer"),
    ValueMissing(rule="r", fact="the wage"),
    CurrencyMismatch(expected="IDR", given="MYR"),
    AmountOutOfRange(given="IDR 0", limit="more than zero"),
    IdempotencyConflict(operation="donationRecord"),
    NotPermitted(actor_kind="donor", operation="workerMove"),
    NotFound(kind="donation"),
    PersonNotVisible(institution="MY.SOCSO"),
    IdentifierInvalid(kind="nik", rule="it has 16 digits"),
    NameInvalid(rule="it is empty"),
    DateInvalid(what="birth date", rule="it is no day of the calendar"),
    DateOutOfRange(what="birth date", allowed="it lies after 2026-01-01"),
    PeriodInvalid(what="move", rule="it goes to the state it comes from"),
    MonthAlreadyFunded(months_funded=3, first_month="2026-01"),
    LimitExceeded(what="months", given=40, limit=36),
    StateConflict(what="move", state="completed", needed="an open one"),
    TermsNotMet(term="the schemes ID.JKK", asked="ID.PMI"),
    LandingNotPossible(why="no scheme takes the worker on"),
    PurposeNotOpen(purpose="statistics", field="worker.contributions"),
    ErasureRefused(hindrances=(Hindrance.MOVE_OPEN, Hindrance.PERIOD_RUNS)),
    FundsInsufficient(holder="This donation", available=Money(5, Currency.IDR), asked=Money(9, Currency.IDR)),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.code)
def test_a_refusal_comes_back_from_its_code_and_facts_with_the_same_words(refusal: Refusal) -> None:
    facts = json.loads(json.dumps(to_plain(refusal)))

    back = from_plain(refusal_of(refusal.code), facts)

    assert type(back) is type(refusal)
    assert (back.message, back.facts) == (refusal.message, refusal.facts)


def test_each_kind_of_refusal_of_the_domain_is_tried_and_has_a_code_of_its_own() -> None:
    kinds = {kind for kind in Refusal.__subclasses__() if kind.__module__ in ("domain.errors", "domain.funding")}

    assert {type(refusal) for refusal in REFUSALS} == kinds
    codes = [kind.code for kind in Refusal.__subclasses__()]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.code)
def test_the_message_of_a_refusal_says_what_happened_and_what_to_do(refusal: Refusal) -> None:
    assert refusal.message.endswith(".")
    assert refusal.message.count(". ") >= 1
    assert str(refusal) == refusal.message


def test_a_field_of_two_kinds_of_record_is_never_guessed() -> None:
    with pytest.raises(ValueError, match="too many values"):
        from_plain(UUID | Money | None, "x")  # type: ignore[arg-type]


def test_the_facts_of_a_plan_hold_no_value_that_json_has_not() -> None:
    plain = to_plain(plan_move(QUESTION, FACTS, RULEBOOK))

    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
