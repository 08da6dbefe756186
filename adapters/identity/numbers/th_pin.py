"""PIN (Thai personal identification number, 13 digits).

The last digit is a check digit. The first one tells how the person came into the register; 0 is given to persons
without Thai nationality, migrants and stateless persons among them. python-stdnum 2.2 refuses 0 and 9; a number of
a person without nationality must not be refused here, and 9 is only doubted.

Source: python-stdnum, th.pin, for the check digit; background knowledge for the first digit 0.

>>> validate('3100600445635')
'3100600445635'
>>> validate('3-1006-00445-63-5')
'3100600445635'
>>> validate('0100600445631')
'0100600445631'
>>> validate('3100600445636')
Traceback (most recent call last):
    ...
stdnum.exceptions.InvalidChecksum: its check digit is another one
>>> validate('9100600445634')
Traceback (most recent call last):
    ...
stdnum.exceptions.InvalidComponent: no register is known whose numbers begin with 9
"""

from __future__ import annotations

from stdnum.exceptions import InvalidChecksum, InvalidComponent, InvalidFormat, InvalidLength
from stdnum.th import pin

from adapters.identity.numbers import accepted, compact


def validate(number: str) -> str:
    """Return the number; raises InvalidLength, InvalidFormat, InvalidChecksum, or InvalidComponent (first digit 9)."""
    number = compact(number)
    if not number.isdigit():
        raise InvalidFormat("a PIN has digits only")
    if len(number) != 13:
        raise InvalidLength("a PIN has 13 digits")
    if number[-1] != pin.calc_check_digit(number):
        raise InvalidChecksum("its check digit is another one")
    if number[0] == "9":
        raise InvalidComponent("no register is known whose numbers begin with 9")
    return number


def is_valid(number: str) -> bool:
    """Whether the number can be a PIN beyond doubt."""
    return accepted(validate, number)
