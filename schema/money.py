"""Money in the contract: an exact decimal text and its currency."""

from __future__ import annotations

import strawberry
from graphql import GraphQLError

from domain.money import Currency, Money
from schema.scalars import AmountText


@strawberry.type(name="Money", description="An exact amount: decimal text in the currency's unit, and the currency.")
class MoneyType:
    amount: AmountText = strawberry.field(
        description="Decimal text with the decimals in which the currency is settled, for example 705600000 (IDR).",
        resolver=lambda root: root.decimal_text,
    )
    currency: Currency


@strawberry.input(name="MoneyInput", description="An exact amount to be sent: decimal text and currency.")
class MoneyInput:
    amount: AmountText
    currency: Currency


def money_of(given: MoneyInput) -> Money:
    """The Money that an input states; refused with AMOUNT_INVALID, or AMOUNT_PRECISION for too many decimals."""
    try:
        return Money.parse(given.amount, given.currency)
    except ValueError as refused:
        code = "AMOUNT_PRECISION" if "decimals" in str(refused) else "AMOUNT_INVALID"
        message = f"The amount cannot be used: {refused}. Send digits with a point, without separators."
        raise GraphQLError(message, extensions={"code": code}) from None
