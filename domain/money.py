"""Money as integers of minor units with a currency, and rounding that is always named."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal
from enum import Enum

from domain.errors import CurrencyMismatch


class Currency(Enum):
    """The settlement currencies of the eleven member states.

    The exponent is the number of decimals in which money is settled. ISO 4217 gives the rupiah two,
    but no rupiah amount below one is ever paid, so the settlement exponent of IDR is zero.
    """

    IDR = "IDR"
    MYR = "MYR"
    PHP = "PHP"
    THB = "THB"
    VND = "VND"
    SGD = "SGD"
    KHR = "KHR"
    LAK = "LAK"
    MMK = "MMK"
    BND = "BND"
    USD = "USD"

    @property
    def exponent(self) -> int:
        """Decimals in which this currency is settled."""
        return 0 if self in (Currency.IDR, Currency.VND) else 2


class Rounding(Enum):
    """How a computed amount becomes a payable one; each scheme names its own."""

    DOWN = "down"
    UP = "up"
    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    CEILING = "ceiling"


_MODES = {
    Rounding.DOWN: ROUND_DOWN,
    Rounding.UP: ROUND_UP,
    Rounding.HALF_UP: ROUND_HALF_UP,
    Rounding.HALF_EVEN: ROUND_HALF_EVEN,
    Rounding.CEILING: ROUND_CEILING,
}

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
        scaled = Decimal(text).scaleb(currency.exponent)
        if scaled == 0 and text.startswith("-"):
            raise ValueError("zero has no sign")
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{currency.value} is settled with {currency.exponent} decimals")
        return cls(int(scaled), currency)

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
    result = Money.zero(currency)
    for amount in amounts:
        result = result + amount
    return result


def round_to(amount: Decimal, currency: Currency, rounding: Rounding, step: Decimal | None = None) -> Money:
    """Return the payable amount nearest to a computed one, by the named rounding.

    amount: in units of the currency. step: the smallest payable difference in the same units
    (for example 0.05 where amounts end in whole five sen); the minor unit if None.
    """
    smallest = step if step is not None else Decimal(1).scaleb(-currency.exponent)
    steps = (amount / smallest).quantize(Decimal(1), rounding=_MODES[rounding])
    scaled = (steps * smallest).scaleb(currency.exponent)
    assert scaled == scaled.to_integral_value(), "a step is a whole number of minor units"
    return Money(int(scaled), currency)
