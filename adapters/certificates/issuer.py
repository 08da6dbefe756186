"""Makes the bodies of a certificate, all from the same facts, signed by the platform's newest key."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from adapters.certificates import pdf, qr
from adapters.certificates.claims import claims_of, plain, status_address
from adapters.certificates.keys import CertificateKeys
from adapters.certificates.sd_jwt import Hider, issued
from adapters.certificates.status_list import status_token
from domain.certificates import BodyKind, CertificateFacts, CertificateOfCoverage, DisclosedPerson, expires_at
from domain.wallet import WalletCredential


class HolderKeyInvalid(Exception):
    """What was given as the holder's key is no public key of EC P-256."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """One body as it goes over the wire."""

    content: bytes
    media_type: str


class CertificateIssuer:
    """Signs for one platform. keys: with the address that stands in every body."""

    def __init__(self, keys: CertificateKeys) -> None:
        self.keys = keys

    def facts(self, certificate: CertificateOfCoverage, person: DisclosedPerson, now: dt.datetime) -> CertificateFacts:
        """What the bodies made now say."""
        assert certificate.status is not None, "a certificate that is kept has its place"
        made_at = now.replace(microsecond=0)
        return CertificateFacts(
            issuer=self.keys.issuer,
            number=certificate.number,
            legislation=certificate.legislation,
            covers=certificate.covers,
            issued_at=certificate.issued_at.replace(microsecond=0),
            made_at=made_at,
            expires_at=expires_at(certificate.covers, made_at),
            status=certificate.status,
            simulated=certificate.simulated,
            person=person,
        )

    def body(
        self,
        kind: BodyKind,
        facts: CertificateFacts,
        *,
        holder_key: Mapping[str, Any] | None = None,
        language: str = "en",
    ) -> Body:
        """One body. holder_key: binds the signed token to it. language: of the paper, one of languages.LABELS."""
        if kind is BodyKind.SD_JWT:
            return Body(content=self.sd_jwt(facts, holder_key).encode(), media_type="application/dc+sd-jwt")
        if kind is BodyKind.JSON:
            whole = {"certificate": plain(facts), "sdJwt": self.sd_jwt(facts, holder_key)}
            content = json.dumps(whole, ensure_ascii=False, indent=1).encode()
            return Body(content=content, media_type="application/json")
        text = qr.qr_text(facts, self.keys.signing)
        if kind is BodyKind.QR_TEXT:
            return Body(content=text.encode(), media_type="text/plain; charset=us-ascii")
        if kind is BodyKind.QR_PNG:
            return Body(content=qr.qr_png(text), media_type="image/png")
        if kind is BodyKind.QR_SVG:
            return Body(content=qr.qr_svg(text), media_type="image/svg+xml")
        content = pdf.certificate_pdf(
            facts,
            language=language,
            qr_svg=qr.qr_svg(text),
            qr_until=min(facts.expires_at, facts.made_at + qr.LIFE),
            sd_jwt=self.sd_jwt(facts, holder_key),
        )
        return Body(content=content, media_type="application/pdf")

    def sd_jwt(
        self,
        facts: CertificateFacts,
        holder_key: Mapping[str, Any] | None = None,
        credential: WalletCredential = WalletCredential.CERTIFICATE_OF_COVERAGE,
    ) -> str:
        """The signed token with all its disclosures."""
        hider = Hider()
        return issued(claims_of(facts, hider, holder_key, credential), hider, self.keys.signing)

    def status_list(self, list_number: int, withdrawn: tuple[int, ...], now: dt.datetime) -> str:
        """A status list, signed now."""
        address = status_address(self.keys.issuer, list_number)
        return status_token(address, self.keys.issuer, withdrawn, self.keys.signing, now)


def holder_key_of(text: str) -> dict[str, Any]:
    """The public key that a holder gave as JSON; raises HolderKeyInvalid."""
    try:
        key = ECKey.import_key(json.loads(text))
        if key.curve_name != "P-256" or key.is_private:
            raise ValueError("another curve, or a private key")
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise HolderKeyInvalid from None
    return {name: str(value) for name, value in key.as_dict(private=False).items() if name in ("kty", "crv", "x", "y")}
