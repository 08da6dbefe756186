"""The checks that a rule file may name, by word: what is known of a number beyond its pattern.

A number without a check needs nothing here; its pattern in the rule file is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from stdnum.id import npwp
from stdnum.my import nric
from stdnum.vn import mst

from adapters.identity.numbers import (
    bn_ic,
    compact,
    icao_document_number,
    id_nik,
    mm_nrc,
    sg_nric_fin,
    th_pin,
    vn_cccd,
)
from domain.people import BirthDate


def _agrees_always(number: str, birth: BirthDate) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberCheck:
    """What one word stands for.

    validate: gives a compact number back, or raises: InvalidComponent for what is only unlikely, another
    ValidationError for what cannot be. compact: the number as it is stored. agrees: whether what stands inside a
    compact number can be a birth date.
    """

    validate: Callable[[str], str]
    compact: Callable[[str], str] = compact
    agrees: Callable[[str, BirthDate], bool] = _agrees_always


NO_CHECK = NumberCheck(validate=compact)

CHECKS: Mapping[str, NumberCheck] = MappingProxyType(
    {
        "bn.ic": NumberCheck(validate=bn_ic.validate),
        "icao.document_number": NumberCheck(
            validate=icao_document_number.validate, compact=icao_document_number.compact
        ),
        "id.nik": NumberCheck(validate=id_nik.validate, agrees=id_nik.agrees),
        "id.npwp": NumberCheck(validate=npwp.validate),
        "mm.nrc": NumberCheck(validate=mm_nrc.validate, compact=mm_nrc.compact),
        "my.nric": NumberCheck(validate=nric.validate),
        "sg.nric_fin": NumberCheck(validate=sg_nric_fin.validate),
        "th.pin": NumberCheck(validate=th_pin.validate),
        "vn.cccd": NumberCheck(validate=vn_cccd.validate),
        "vn.mst": NumberCheck(validate=mst.validate),
    }
)
