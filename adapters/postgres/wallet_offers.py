"""The store of offers to wallets, the tokens given for them, and the nonces by which credentials were given."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func, insert, select
from sqlalchemy.dialects.postgresql import insert as insert_or_leave
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.tables import wallet_credentials, wallet_offers, wallet_tokens, wallet_wrong_tries
from domain.certificates import Disclosure
from domain.wallet import OfferTaken, WalletCredential, WalletOffer


class PostgresWalletOffers:
    """Offers to wallets of one unit of work."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, offer: WalletOffer, code_digest: bytes, transaction_code_digest: bytes) -> None:
        await self._connection.execute(
            insert(wallet_offers).values(
                id=offer.id,
                certificate_id=offer.certificate_id,
                certificate_number=offer.number,
                worker_id=offer.worker_id,
                credential=offer.credential.value,
                disclosures=[one.value for one in offer.disclosures],
                code_digest=code_digest,
                transaction_code_digest=transaction_code_digest,
                expires_at=offer.expires_at,
                recorded_at=offer.made_at,
            )
        )

    async def of_code(self, code_digest: bytes) -> OfferTaken | None:
        # Whoever has the same code waits here, so that tries are counted and the code is used once.
        held = func.pg_advisory_xact_lock(func.hashtextextended(func.encode(code_digest, "hex"), 0))
        await self._connection.execute(select(held))
        return await self._found(wallet_offers.c.code_digest == code_digest)

    async def add_wrong_try(self, try_id: UUID, offer_id: UUID, at: dt.datetime) -> None:
        row = {"id": try_id, "offer_id": offer_id, "recorded_at": at}
        await self._connection.execute(insert(wallet_wrong_tries).values(row))

    async def give_token(self, offer_id: UUID, token_digest: bytes, at: dt.datetime, expires_at: dt.datetime) -> None:
        row = {"offer_id": offer_id, "token_digest": token_digest, "expires_at": expires_at, "recorded_at": at}
        await self._connection.execute(insert(wallet_tokens).values(row))

    async def of_token(self, token_digest: bytes) -> OfferTaken | None:
        return await self._found(wallet_tokens.c.token_digest == token_digest)

    async def nonce_used(self, nonce_digest: bytes) -> bool:
        query = select(wallet_credentials.c.offer_id).where(wallet_credentials.c.nonce_digest == nonce_digest)
        return (await self._connection.execute(query)).first() is not None

    async def serve(self, offer_id: UUID, nonce_digest: bytes, at: dt.datetime) -> bool:
        row = {"offer_id": offer_id, "nonce_digest": nonce_digest, "recorded_at": at}
        served = insert_or_leave(wallet_credentials).values(row).on_conflict_do_nothing()
        return (await self._connection.execute(served.returning(wallet_credentials.c.offer_id))).first() is not None

    async def _found(self, condition: ColumnElement[bool]) -> OfferTaken | None:
        row = (await self._connection.execute(_WHOLE.where(condition))).one_or_none()
        return None if row is None else _taken(row)


_WHOLE = select(
    wallet_offers,
    wallet_tokens.c.expires_at.label("token_expires_at"),
    select(func.count())
    .where(wallet_wrong_tries.c.offer_id == wallet_offers.c.id)
    .scalar_subquery()
    .label("wrong_tries"),
).select_from(wallet_offers.outerjoin(wallet_tokens))


def _taken(row: Row[Any]) -> OfferTaken:
    offer = WalletOffer(
        id=row.id,
        certificate_id=row.certificate_id,
        number=row.certificate_number,
        worker_id=row.worker_id,
        credential=WalletCredential(row.credential),
        disclosures=tuple(Disclosure(one) for one in row.disclosures),
        made_at=row.recorded_at,
        expires_at=row.expires_at,
    )
    return OfferTaken(
        offer=offer,
        transaction_code_digest=row.transaction_code_digest,
        wrong_tries=row.wrong_tries,
        token_expires_at=row.token_expires_at,
    )
