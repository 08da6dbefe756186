"""Certificates for wallets: a worker makes an offer, and a wallet that shows its code is given one credential."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.actors import Actor, ActorKind
from domain.certificates import Disclosure
from domain.errors import Refusal
from domain.wallet import (
    OFFER_LIFE,
    TOKEN_LIFE,
    TRANSACTION_CODE_DIGITS,
    WRONG_TRIES_AT_MOST,
    OfferTaken,
    WalletCredential,
    WalletFault,
    WalletOffer,
    WalletRefused,
    WrittenOffer,
    offered_disclosures,
)
from resolvers.certificates import ShownCertificate, certificate_shown
from resolvers.context import Context, permit
from resolvers.once import audit

_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateOffer:
    """Command: offer a certificate to a wallet, with what of the worker it may name."""

    number: str
    credential: WalletCredential
    disclosures: Sequence[Disclosure]


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeOffer:
    """An offer as its worker is shown it, once: nobody can read the codes again."""

    offer: WalletOffer
    written: WrittenOffer
    transaction_code: str


async def certificate_offer(context: Context, command: CertificateOffer) -> MadeOffer:
    """Make an offer of a worker's own certificate; each call makes another one.

    Raises NotFound, and StateConflict for a certificate that is withdrawn or over.
    """
    permit(context, "certificateOffer")
    assert context.offers is not None, "whoever answers workers can write offers"
    disclosures = offered_disclosures(command.disclosures)
    certificate = (await certificate_shown(context, command.number, frozenset(disclosures))).certificate
    code = secrets.token_urlsafe(_SECRET_BYTES)
    transaction_code = f"{secrets.randbelow(10**TRANSACTION_CODE_DIGITS):0{TRANSACTION_CODE_DIGITS}}"
    offer = WalletOffer(
        id=context.new_id(),
        certificate_id=certificate.id,
        number=certificate.number,
        worker_id=certificate.worker_id,
        credential=command.credential,
        disclosures=disclosures,
        made_at=context.now,
        expires_at=context.now + OFFER_LIFE,
    )
    async with context.writing() as work:
        await work.wallet_offers.add(offer, digest_of(code), _pair_digest(code, transaction_code))
        await audit(context, work, "certificate.offered", certificate.id)
    written = context.offers.written(offer.credential, code)
    return MadeOffer(offer=offer, written=written, transaction_code=transaction_code)


async def wallet_token(context: Context, code: str, transaction_code: str | None) -> str:
    """Change the code of an offer for an access token, once; raises WalletRefused.

    A wrong transaction code is kept, also though the wallet is refused: six digits can be guessed.
    """
    permit(context, "walletToken")
    token = secrets.token_urlsafe(_SECRET_BYTES)
    async with context.writing() as work:
        found = await work.wallet_offers.of_code(digest_of(code))
        fault = _grant_fault(context, found, code, transaction_code)
        if found is not None and fault is WalletFault.TRANSACTION_CODE_WRONG:
            await work.wallet_offers.add_wrong_try(context.new_id(), found.offer.id, context.now)
        if found is not None and fault is None:
            until = context.now + TOKEN_LIFE
            await work.wallet_offers.give_token(found.offer.id, digest_of(token), context.now, until)
    if fault is not None:
        raise WalletRefused(fault)
    return token


async def wallet_offer_of(context: Context, token: str) -> WalletOffer:
    """The offer for which a token was given; raises WalletRefused for a token that is unknown or over."""
    permit(context, "walletCredential")
    async with context.reading() as work:
        found = await work.wallet_offers.of_token(digest_of(token))
    if found is None or found.token_expires_at is None:
        raise WalletRefused(WalletFault.TOKEN_UNKNOWN)
    if context.now >= found.token_expires_at:
        raise WalletRefused(WalletFault.TOKEN_EXPIRED)
    return found.offer


async def wallet_certificate(context: Context, offer: WalletOffer, nonce: str) -> ShownCertificate:
    """The certificate of an offer for its wallet, once, on behalf of the worker who made the offer.

    nonce: of the wallet's proof, which is good for one credential. Raises WalletRefused.
    """
    permit(context, "walletCredential")
    worker = Actor(id=f"wallet-of-{offer.worker_id}", kind=ActorKind.WORKER, subject_id=offer.worker_id)
    for_worker = replace(context, actor=worker)
    async with context.writing() as work:
        if await work.wallet_offers.nonce_used(digest_of(nonce)):
            raise WalletRefused(WalletFault.NONCE_USED)
        if not await work.wallet_offers.serve(offer.id, digest_of(nonce), context.now):
            raise WalletRefused(WalletFault.OFFER_SERVED)
        await audit(context, work, "certificate.given_to_wallet", offer.certificate_id)
    try:
        return await certificate_shown(for_worker, offer.number, frozenset(offer.disclosures))
    except Refusal:
        raise WalletRefused(WalletFault.NOT_STANDING) from None


def digest_of(secret: str) -> bytes:
    """By what a secret of 256 random bits is known; it cannot be guessed, so nothing slows it down."""
    return hashlib.sha256(secret.encode()).digest()


def _pair_digest(code: str, transaction_code: str) -> bytes:
    """Of both codes together, so that six digits cannot be tried out on what is stored."""
    return digest_of(f"{code} {transaction_code}")


def _grant_fault(
    context: Context, found: OfferTaken | None, code: str, transaction_code: str | None
) -> WalletFault | None:
    """Why a code is not changed for a token; None if it is."""
    if found is None:
        return WalletFault.CODE_UNKNOWN
    if found.token_expires_at is not None:
        return WalletFault.CODE_USED
    if context.now >= found.offer.expires_at:
        return WalletFault.CODE_EXPIRED
    if found.wrong_tries >= WRONG_TRIES_AT_MOST:
        return WalletFault.TOO_MANY_TRIES
    if transaction_code is None:
        return WalletFault.TRANSACTION_CODE_MISSING
    if not hmac.compare_digest(found.transaction_code_digest, _pair_digest(code, transaction_code)):
        return WalletFault.TRANSACTION_CODE_WRONG
    return None
