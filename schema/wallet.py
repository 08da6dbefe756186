"""Offers to wallets in the contract."""

from __future__ import annotations

import datetime as dt

import strawberry

from resolvers.wallet import MadeOffer


@strawberry.type(description="An offer that a wallet takes up. Its codes are shown once and cannot be asked for again.")
class CertificateOfferPayload:
    uri: str = strawberry.field(description="Opens a wallet on the same telephone (OpenID4VCI 1.0, credential offer).")
    qr_svg: str = strawberry.field(description="The same as a QR code, as SVG, for a wallet on another telephone.")
    transaction_code: str = strawberry.field(description="Digits that the worker types into the wallet.")
    expires_at: dt.datetime = strawberry.field(description="Until when a wallet can take it up.")


def offer_payload(made: MadeOffer) -> CertificateOfferPayload:
    """The offer as its worker is shown it."""
    return CertificateOfferPayload(
        uri=made.written.uri,
        qr_svg=made.written.qr_svg,
        transaction_code=made.transaction_code,
        expires_at=made.offer.expires_at,
    )
