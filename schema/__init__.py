"""The GraphQL contract: declarations, and one-line delegations to the use cases.

It knows neither SQL nor HTTP. `build` makes the schema in the class that the caller serves it with.
"""

from __future__ import annotations

from typing import TypeVar

import strawberry
from strawberry.schema.config import StrawberryConfig

from schema import enums
from schema.mutation import Mutation
from schema.query import Query
from schema.request import Request
from schema.scalars import SCALARS
from schema.subscription import Subscription

__all__ = ["Request", "build", "enums"]

S = TypeVar("S", bound=strawberry.Schema)


def build(schema_class: type[S]) -> S:
    """Return the schema of Lingkar, made by a class of Strawberry's or one derived from it."""
    config = StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True)
    return schema_class(query=Query, mutation=Mutation, subscription=Subscription, config=config)
