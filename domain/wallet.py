"""Offers of a certificate to a worker's wallet: what is offered, for how long, and why a wallet is refused.

A wallet is a program of somebody else on the worker's telephone. It is given an offer, changes its code for a token
and the token for one signed credential that is bound to its key (OpenID for Verifiable Credential Issuance 1.0).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol
from uuid import UUID

from domain.certificates import Disclosure

OFFER_LIFE = dt.timedelta(minutes=10)
TOKEN_LIFE = dt.timedelta(minutes=5)
NONCE_LIFE = dt.timedelta(minutes=5)
TRANSACTION_CODE_DIGITS = 6
WRONG_TRIES_AT_MOST = 5
"""Wrong transaction codes after which an offer is over: six digits must not be guessed."""


class WalletCredential(Enum):
    """What a wallet is given, by the name under which the issuer's metadata lists it."""

    CERTIFICATE_OF_COVERAGE = "certificate-of-coverage"
    PDA1_SHAPE_EBSI = "certificate-of-coverage-pda1-ebsi"
    PDA1_SHAPE_EUDI = "certificate-of-coverage-pda1-eudi"


class WalletFault(Enum):
    """Why a wallet is refused: the error code of the specification, and what happened with what to do next."""

    REQUEST = ("invalid_request", "The request is not of the form of a token request. Send it as a form.")
    GRANT_TYPE = ("unsupported_grant_type", "Only the pre-authorized code flow is offered here.")
    AUTHORIZATION_DETAILS = ("invalid_authorization_details", "The offer says what is issued. Leave them out.")
    CODE_UNKNOWN = ("invalid_grant", "The code is not one of an offer made here. Scan a new offer.")
    CODE_EXPIRED = ("invalid_grant", "The offer is over. Ask the worker's app for a new one.")
    CODE_USED = ("invalid_grant", "The code was used already. Ask the worker's app for a new offer.")
    TRANSACTION_CODE_MISSING = ("invalid_request", "The offer needs the code that the worker's app shows.")
    TRANSACTION_CODE_WRONG = ("invalid_grant", "The code that the worker typed is wrong. Ask for it again.")
    TOO_MANY_TRIES = ("invalid_grant", "Too many wrong codes were typed; the offer is over. Ask for a new one.")
    TOKEN_UNKNOWN = ("invalid_token", "The access token is not one that was given here. Begin with a new offer.")
    TOKEN_EXPIRED = ("invalid_token", "The access token is over. Begin with a new offer.")
    CREDENTIAL_REQUEST = ("invalid_credential_request", "The request is not of the form of a credential request.")
    CREDENTIAL_UNKNOWN = ("unknown_credential_configuration", "No such credential is issued here; see the metadata.")
    CREDENTIAL_IDENTIFIER = ("unknown_credential_identifier", "Name the credential by its configuration id.")
    ENCRYPTION = ("invalid_encryption_parameters", "Answers are not encrypted here. Leave the parameters out.")
    NOT_OFFERED = ("credential_request_denied", "The offer is of another credential. Ask for the one offered.")
    PROOF_MISSING = ("invalid_proof", "The request needs one proof of the type jwt.")
    PROOF_WRONG = ("invalid_proof", "The proof is not signed by the key it names, or is not of the form of one.")
    PROOF_FOR_ANOTHER = ("invalid_proof", "The proof is meant for another issuer.")
    PROOF_OLD = ("invalid_proof", "The proof was not made just now. Look at the clock and make a new one.")
    NONCE_WRONG = ("invalid_nonce", "The proof has no nonce that was given here. Ask for one and sign again.")
    NONCE_EXPIRED = ("invalid_nonce", "The nonce is over. Ask for a new one and sign again.")
    NONCE_USED = ("invalid_nonce", "The nonce was used already. Ask for a new one and sign again.")
    OFFER_SERVED = ("credential_request_denied", "The credential of this offer was given already. Make a new offer.")
    NOT_STANDING = ("credential_request_denied", "The certificate does not stand any more. The worker's app says why.")

    @property
    def code(self) -> str:
        """The error code of the specification."""
        return self.value[0]

    @property
    def message(self) -> str:
        """What happened and what to do; no value of the request."""
        return self.value[1]


class WalletRefused(Exception):
    """A wallet is not given what it asks for."""

    def __init__(self, fault: WalletFault) -> None:
        super().__init__(fault.message)
        self.fault = fault


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletOffer:
    """One certificate offered to one wallet. disclosures: what of the worker the credential may name."""

    id: UUID
    certificate_id: UUID
    number: str
    worker_id: UUID
    credential: WalletCredential
    disclosures: tuple[Disclosure, ...]
    made_at: dt.datetime
    expires_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferTaken:
    """An offer with what became of it. wrong_tries: transaction codes that were wrong.

    transaction_code_digest: of the offer's code together with the transaction code.
    token_expires_at: None while the code was not used.
    """

    offer: WalletOffer
    transaction_code_digest: bytes
    wrong_tries: int
    token_expires_at: dt.datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenOffer:
    """An offer as a wallet reads it: the address that opens one, and the same as a QR code, drawn as SVG."""

    uri: str
    qr_svg: str


class OfferWriter(Protocol):
    """Writes an offer for wallets."""

    def written(self, credential: WalletCredential, code: str) -> WrittenOffer: ...


class WalletOffers(Protocol):
    """The store of offers. Codes, tokens and nonces are known by their digests alone."""

    async def add(self, offer: WalletOffer, code_digest: bytes, transaction_code_digest: bytes) -> None: ...

    async def of_code(self, code_digest: bytes) -> OfferTaken | None:
        """The offer of a code, held against others with the same code until the unit of work ends."""
        ...

    async def add_wrong_try(self, try_id: UUID, offer_id: UUID, at: dt.datetime) -> None: ...

    async def give_token(
        self, offer_id: UUID, token_digest: bytes, at: dt.datetime, expires_at: dt.datetime
    ) -> None: ...

    async def of_token(self, token_digest: bytes) -> OfferTaken | None: ...

    async def nonce_used(self, nonce_digest: bytes) -> bool: ...

    async def serve(self, offer_id: UUID, nonce_digest: bytes, at: dt.datetime) -> bool:
        """Keep that the credential is given, by which nonce; False if offer or nonce served already."""
        ...


def offered_disclosures(wanted: Iterable[Disclosure]) -> tuple[Disclosure, ...]:
    """What is to be named, each once, in one order."""
    return tuple(one for one in Disclosure if one in set(wanted))
