"""The digest of a certificate of coverage tells a true copy from a changed one."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from domain.certificates import CertifiedCover, content_digest
from domain.countries import MemberState
from domain.schemes import Branch

ISSUED_AT = dt.datetime(2026, 3, 10, 8, 0, tzinfo=dt.UTC)
COVER = CertifiedCover(
    scheme_id="MY.SOCSO.CAT1",
    institution_id="MY.SOCSO",
    branches=(Branch.EMPLOYMENT_INJURY, Branch.INVALIDITY),
    first_day=dt.date(2026, 3, 10),
    last_day=None,
    reference="R-1",
)
PACK = replace(COVER, scheme_id="ID.PMI", institution_id="ID.BPJSTK", last_day=dt.date(2028, 5, 9))


def digest(
    number: str = "LK-1",
    legislation: MemberState = MemberState.MY,
    covers: tuple[CertifiedCover, ...] = (COVER, PACK),
    issued_at: dt.datetime = ISSUED_AT,
) -> str:
    return content_digest(number, legislation, covers, issued_at)


def test_the_same_certificate_has_the_same_digest_of_64_hexadecimal_digits() -> None:
    assert digest() == digest()
    assert len(bytes.fromhex(digest())) == 32


def test_the_order_of_branches_and_the_time_zone_of_the_instant_do_not_matter() -> None:
    turned = replace(COVER, branches=tuple(reversed(COVER.branches)))
    jakarta = ISSUED_AT.astimezone(dt.timezone(dt.timedelta(hours=7)))

    assert digest(covers=(turned, PACK), issued_at=jakarta) == digest()


@pytest.mark.parametrize(
    "changed",
    [
        digest(number="LK-2"),
        digest(legislation=MemberState.ID),
        digest(issued_at=ISSUED_AT + dt.timedelta(seconds=1)),
        digest(covers=(COVER,)),
        digest(covers=(PACK, COVER)),
        digest(covers=(replace(COVER, scheme_id="MY.SOCSO.CAT2"), PACK)),
        digest(covers=(replace(COVER, institution_id="MY.EPF"), PACK)),
        digest(covers=(replace(COVER, branches=(Branch.INVALIDITY,)), PACK)),
        digest(covers=(replace(COVER, first_day=dt.date(2026, 3, 11)), PACK)),
        digest(covers=(replace(COVER, last_day=dt.date(2028, 3, 9)), PACK)),
        digest(covers=(replace(COVER, reference="R-2"), PACK)),
    ],
)
def test_any_change_of_the_content_changes_the_digest(changed: str) -> None:
    assert changed != digest()
