"""Money as integers of minor units with a currency, and rounding that is always named."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction

from domain.errors import AmountOutOfRange, CurrencyMismatch, ValueMissing


class Currency(Enum):
    """The settlement currencies of the eleven member states.

    The exponent is the number of decimals in which money is settled. ISO 4217 gives the rupiah two,
    but no rupiah amount below one is ever paid, so the settlement exponent of IDR is zero.
    """

    _value_: str
    exponent: int

    IDR = "IDR", 0
    MYR = "MYR"
    PHP = "PHP"
    THB = "THB"
    VND = "VND", 0
    SGD = "SGD"
    KHR = "KHR"
    LAK = "LAK"
    MMK = "MMK"
    BND = "BND"
    USD = "USD"

    # A currency is looked up by its code alone; the exponent is given only where currencies are listed, above.
    def __new__(cls, code: object, exponent: int = 2) -> Currency:
        """The currency of one line of the list; most are settled with two decimals."""
        currency = object.__new__(cls)
        currency._value_ = str(code)
        currency.exponent = exponent
        return currency


class Rounding(Enum):
    """How a computed amount becomes a payable one; each scheme names its own."""

    DOWN = "down"
    UP = "up"
    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    CEILING = "ceiling"


_DECIMAL_TEXT = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An exact amount: minor units of one currency. Adding two currencies is refused."""

    minor_units: int
    currency: Currency

    def __post_init__(self) -> None:
        assert type(self.minor_units) is int, "money is counted in whole minor units"

    @classmethod
    def zero(cls, currency: Currency) -> Money:
        """No money at all, in this currency."""
        return cls(0, currency)

    @classmethod
    def parse(cls, text: str, currency: Currency) -> Money:
        """Return the amount that a decimal text names, exactly.

        text: digits with at most the currency's decimals, ASCII, no separators, for example "1250.50".
        Raises ValueError if the text is no such number or has more decimals than the currency settles.
        """
        if not _DECIMAL_TEXT.fullmatch(text) or not text.isascii():
            raise ValueError("not a decimal amount")
        digits, _, decimals = text.lstrip("-").partition(".")
        if decimals[currency.exponent :].strip("0"):
            raise ValueError(f"{currency.value} is settled with {currency.exponent} decimals")
        minor_units = int(digits + decimals[: currency.exponent].ljust(currency.exponent, "0"))
        if minor_units == 0 and text.startswith("-"):
            raise ValueError("zero has no sign")
        return cls(-minor_units if text.startswith("-") else minor_units, currency)

    @property
    def decimal_text(self) -> str:
        """The amount as decimal text with exactly the currency's decimals."""
        digits = str(abs(self.minor_units)).zfill(self.currency.exponent + 1)
        sign = "-" if self.minor_units < 0 else ""
        if not self.currency.exponent:
            return sign + digits
        return f"{sign}{digits[: -self.currency.exponent]}.{digits[-self.currency.exponent :]}"

    def __add__(self, other: Money) -> Money:
        return Money(self.minor_units + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor_units - self._same(other), self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor_units < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.minor_units <= self._same(other)

    def times(self, count: int) -> Money:
        """This amount, a whole number of times."""
        return Money(self.minor_units * count, self.currency)

    def _same(self, other: Money) -> int:
        if other.currency is not self.currency:
            raise CurrencyMismatch(expected=self.currency.value, given=other.currency.value)
        return other.minor_units

    def __str__(self) -> str:
        whole, point, decimals = self.decimal_text.lstrip("-").partition(".")
        sign = "-" if self.minor_units < 0 else ""
        return f"{self.currency.value} {sign}{int(whole):,}{point}{decimals}"


def total(amounts: tuple[Money, ...], currency: Currency) -> Money:
    """The sum of amounts of one currency; of none, zero."""
    zero = Money.zero(currency)
    return Money(sum(zero._same(amount) for amount in amounts), currency)


def units_of(amount: Money | None, currency: Currency, *, rule: str, fact: str) -> Decimal:
    """Return an amount that a rule needs, in units of the law's currency; refused as by minor_units_of."""
    return Decimal(Money(minor_units_of(amount, currency, rule=rule, fact=fact), currency).decimal_text)


def minor_units_of(amount: Money | None, currency: Currency, *, rule: str, fact: str) -> int:
    """Return an amount that a rule needs, in minor units of the law's currency.

    fact: what the amount is, for the refusal if it was not given.
    Raises ValueMissing if it was not, CurrencyMismatch in another currency, AmountOutOfRange below zero.
    """
    if amount is None:
        raise ValueMissing(rule=rule, fact=fact)
    if amount.currency is not currency:
        raise CurrencyMismatch(expected=currency.value, given=amount.currency.value)
    if amount.minor_units < 0:
        raise AmountOutOfRange(given=str(amount), limit="zero or more")
    return amount.minor_units


def round_to(amount: Decimal | Fraction, currency: Currency, rounding: Rounding, step: Decimal | None = None) -> Money:
    """Return the payable amount nearest to a computed one, by the named rounding; no digit is lost on the way.

    amount: in units of the currency. step: the smallest payable difference in the same units
    (for example 0.05 where amounts end in whole five sen); the minor unit if None.
    """
    minor_units = step_of(step, currency)
    number, parts = amount.as_integer_ratio()
    return Money(minor_units * whole(number * 10**currency.exponent, parts * minor_units, rounding), currency)


def step_of(step: Decimal | None, currency: Currency) -> int:
    """The smallest payable difference in minor units: one, unless the law names a step."""
    if step is None:
        return 1
    number, parts = step.as_integer_ratio()
    units: int = number * 10**currency.exponent
    minor_units, rest = divmod(units, parts)
    assert rest == 0, "a step is a whole number of minor units"
    return minor_units


def whole(number: int, parts: int, rounding: Rounding) -> int:
    """The whole number to which number / parts is rounded; counted in integers, so that a half is exactly a half.

    parts: above zero. Below zero a half goes away from zero, and down means towards it.
    """
    if number < 0:
        # Only the ceiling looks at the sign: what it lifts, it lifts towards zero.
        return -whole(-number, parts, Rounding.DOWN if rounding is Rounding.CEILING else rounding)
    found, rest = divmod(number, parts)
    if rest == 0 or rounding is Rounding.DOWN:
        return found
    if rounding is Rounding.HALF_UP:
        return found + (2 * rest >= parts)
    if rounding is Rounding.HALF_EVEN:
        return found + (2 * rest > parts or (2 * rest == parts and found % 2 == 1))
    return found + 1
