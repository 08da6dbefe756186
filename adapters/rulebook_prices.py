"""What a segment says about its price beside the shares: how a total is rounded, and who pays where no law sets it."""

from __future__ import annotations

from collections.abc import Mapping

from adapters import rulebook_keys as keys
from adapters.rulebook_yaml import Entry
from domain.legislation import Parameter
from domain.money import Rounding
from domain.schemes import ContributionRule, Formula


def read_rounding_self(fields: Mapping[str, Entry], contributions: tuple[ContributionRule, ...]) -> Rounding | None:
    """Return how the worker's share of a rounded total is rounded, or None where each share is rounded alone."""
    rounds_total = "rounds" in fields and fields["rounds"].one_of(keys.ROUNDS) == "total"
    if not rounds_total:
        if "rounding_self" in fields:
            raise fields["rounding_self"].refused(
                "each share is rounded alone here", "Add rounds: total or take rounding_self out"
            )
        return None
    if "rounding_self" not in fields:
        raise fields["rounds"].refused("a rounded total needs the rounding of the worker's share", "Add rounding_self")
    payers = sorted(rule.payer for rule in contributions)
    packs = any(rule.formula is Formula.TERM_PACK for rule in contributions)
    if packs or payers not in [sorted(("self", other)) for other in keys.REST_PAYERS]:
        raise fields["contributions"].refused(
            "a rounded total has one share of self, and one payer who bears the rest",
            f"Give two shares of a month, of self and of one of: {', '.join(keys.REST_PAYERS)}",
        )
    rounding, rounding_self = fields["rounding"].word(Rounding), fields["rounding_self"].word(Rounding)
    if rounding_self not in (Rounding.DOWN, rounding):
        raise fields["rounding_self"].refused(
            f"{rounding_self.value} can leave less than nothing for the other payer",
            f"Write {Rounding.DOWN.value}, or {rounding.value} as for the total",
        )
    return rounding_self


def read_market_payer(fields: Mapping[str, Entry], contributions: tuple[ContributionRule, ...]) -> str | None:
    """Return who pays a price that the law leaves to a market, or None where it does not."""
    if "price" not in fields:
        return None
    if contributions:
        raise fields["price"].refused("the law sets contributions here", "Keep the contributions or the price")
    price = fields["price"].fields(*keys.PRICE)
    price["set_by"].one_of(keys.PRICE_SETTERS)
    return price["payer"].one_of(keys.MARKET_PAYERS)


def refuse_zero(fields: Mapping[str, Entry], key: str, parameters: Mapping[str, Parameter]) -> None:
    """Refuse a step or a width that is nothing on some day, for amounts are divided by it."""
    if key in fields:
        for value in parameters[fields[key].text()].values:
            if value.number == 0:
                raise fields[key].refused(f"it is 0 on {value.first_day}", "Give a number above zero")
