"""The eleven member states of ASEAN."""

from __future__ import annotations

from enum import Enum


class MemberState(Enum):
    """A member state by its ISO 3166 code; `slug` is the word by which its files and pages are named."""

    _value_: str
    slug: str

    ID = "ID", "indonesia"
    MY = "MY", "malaysia"
    PH = "PH", "philippines"
    TH = "TH", "thailand"
    VN = "VN", "vietnam"
    SG = "SG", "singapore"
    KH = "KH", "cambodia"
    LA = "LA", "laos"
    MM = "MM", "myanmar"
    BN = "BN", "brunei"
    TL = "TL", "timor_leste"

    # Python looks a state up by its code alone; the slug is given only where states are listed, above.
    def __new__(cls, code: object, slug: str = "") -> MemberState:
        """The state of one line of the list."""
        state = object.__new__(cls)
        state._value_ = str(code)
        state.slug = slug
        return state
