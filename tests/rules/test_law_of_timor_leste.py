"""What of the law of this state hangs together beyond its single figures."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from adapters.rulebook import load_rulebook
from domain.countries import MemberState
from domain.schemes import Branch, Participation, PersonGroup

RULEBOOK = load_rulebook()
LAW = RULEBOOK.legislation(MemberState.TL)


def test_the_optional_groups_pay_the_sum_of_both_shares() -> None:
    on = dt.date(2018, 1, 1)
    names = ("con.rate_employer", "con.rate_worker", "con.rate_optional")
    employer, worker, optional = (LAW.parameter(name).on(on).number or Decimal(0) for name in names)

    assert optional == employer + worker


def test_employment_injury_is_not_promised_while_it_is_not_in_operation() -> None:
    promised = {branch for scheme in LAW.schemes.values() for branch in scheme.branches}

    assert Branch.EMPLOYMENT_INJURY not in promised


def test_employees_must_and_the_optional_groups_may_be_in_the_contributory_scheme() -> None:
    groups = {(s.persons, s.participation) for s in LAW.schemes["TL.CON"].segments.values()}

    assert groups == {
        (PersonGroup.EMPLOYED, Participation.COMPULSORY),
        (PersonGroup.INBOUND, Participation.COMPULSORY),
        (PersonGroup.INBOUND, Participation.VOLUNTARY),
        (PersonGroup.SELF_EMPLOYED, Participation.VOLUNTARY),
        (PersonGroup.OUTBOUND, Participation.VOLUNTARY),
    }
