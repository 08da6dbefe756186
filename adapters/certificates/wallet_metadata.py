"""What wallets read before they ask: who issues what, where, and how (OpenID4VCI 1.0, sections 4 and 12)."""

from __future__ import annotations

import io
import json
from typing import Any, Final
from urllib.parse import quote

import segno

from adapters.certificates.credential_types import claims_described, names_of, type_address
from domain.wallet import TRANSACTION_CODE_DIGITS, WalletCredential, WrittenOffer

GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
TOKEN_PATH: Final = "/wallet/token"
NONCE_PATH: Final = "/wallet/nonce"
CREDENTIAL_PATH: Final = "/wallet/credential"
FORMAT: Final = "dc+sd-jwt"


class WalletDesk:
    """Writes offers and metadata of one platform. issuer: its public address."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer

    def written(self, credential: WalletCredential, code: str) -> WrittenOffer:
        """The offer as an address that opens a wallet, and as a QR code of it."""
        offer = {
            "credential_issuer": self.issuer,
            "credential_configuration_ids": [credential.value],
            "grants": {
                GRANT_TYPE: {
                    "pre-authorized_code": code,
                    "tx_code": {"input_mode": "numeric", "length": TRANSACTION_CODE_DIGITS},
                }
            },
        }
        text = json.dumps(offer, separators=(",", ":"))
        uri = f"openid-credential-offer://?credential_offer={quote(text, safe='')}"
        return WrittenOffer(uri=uri, qr_svg=_drawn(uri))

    def issuer_metadata(self) -> dict[str, Any]:
        """What is issued here, and where it is asked for."""
        return {
            "credential_issuer": self.issuer,
            "credential_endpoint": self.issuer + CREDENTIAL_PATH,
            "nonce_endpoint": self.issuer + NONCE_PATH,
            "display": [{"name": "Lingkar", "locale": "en"}],
            "credential_configurations_supported": {one.value: self._configuration(one) for one in WalletCredential},
        }

    def authorization_metadata(self) -> dict[str, Any]:
        """How a wallet is given a token; wallets need not be known here before."""
        return {
            "issuer": self.issuer,
            "token_endpoint": self.issuer + TOKEN_PATH,
            "grant_types_supported": [GRANT_TYPE],
            "response_types_supported": [],
            "token_endpoint_auth_methods_supported": ["none"],
            "pre-authorized_grant_anonymous_access_supported": True,
        }

    def _configuration(self, credential: WalletCredential) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "vct": type_address(self.issuer, credential),
            "cryptographic_binding_methods_supported": ["jwk"],
            "credential_signing_alg_values_supported": ["ES256"],
            "proof_types_supported": {"jwt": {"proof_signing_alg_values_supported": ["ES256"]}},
            "credential_metadata": {
                "display": [{"name": name, "locale": code} for code, name in names_of(credential).items()],
                "claims": [
                    {
                        "path": claim["path"],
                        "mandatory": claim["mandatory"],
                        "display": [{"name": name, "locale": code} for code, name in claim["names"].items()],
                    }
                    for claim in claims_described(credential)
                ],
            },
        }


def _drawn(text: str) -> str:
    drawing = io.BytesIO()
    made = segno.make_qr(text, error="m", boost_error=False)
    made.save(drawing, kind="svg", scale=4, border=4, xmldecl=False, svgclass=None, lineclass=None)
    return drawing.getvalue().decode()
