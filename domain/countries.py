"""The eleven member states of ASEAN."""

from __future__ import annotations

from enum import Enum


class MemberState(Enum):
    """A member state by its ISO 3166 code; the name of its files is `slug`."""

    ID = "ID"
    MY = "MY"
    PH = "PH"
    TH = "TH"
    VN = "VN"
    SG = "SG"
    KH = "KH"
    LA = "LA"
    MM = "MM"
    BN = "BN"
    TL = "TL"

    @property
    def slug(self) -> str:
        """The word by which the state's rule file, adapter, cases and page are named."""
        return _SLUGS[self]


_SLUGS = {
    MemberState.ID: "indonesia",
    MemberState.MY: "malaysia",
    MemberState.PH: "philippines",
    MemberState.TH: "thailand",
    MemberState.VN: "vietnam",
    MemberState.SG: "singapore",
    MemberState.KH: "cambodia",
    MemberState.LA: "laos",
    MemberState.MM: "myanmar",
    MemberState.BN: "brunei",
    MemberState.TL: "timor_leste",
}
