"""The certificate in a QR code that is checked without a network: a CWT (RFC 8392), compressed, in base45.

It lives a day, because who checks it without a network cannot ask whether it was withdrawn.
"""

from __future__ import annotations

import base64
import datetime as dt
import io
import re
import zlib
from collections.abc import Mapping
from typing import Any, Final

import cbor2
import segno
from cwt import COSE, COSEKey, VerifyError
from joserfc.jwk import ECKey

from adapters.certificates import base45
from adapters.certificates.claims import instant
from adapters.certificates.faults import NotBelieved
from domain.certificates import CertificateFacts, CertifiedCover, DisclosedPerson, StatusPlace, Verdict
from domain.countries import MemberState
from domain.schemes import Branch

LIFE: Final = dt.timedelta(hours=24)
PREFIX: Final = "LK1:"
TEXT_CHARACTERS: Final = 4_296
"""What the largest QR code holds."""
_OPENED_BYTES: Final = 8_192
_ISSUER, _EXPIRES, _MADE, _OURS = 1, 4, 6, -65537
_ALGORITHM, _KEY_ID, _ES256 = 1, 4, -7
# Tag 18 and an array of four: the protected header (ES256 and a key id of 8 bytes), an empty one, content, signature.
_ENVELOPE: Final = re.compile(
    rb"\xd2\x84\x4d\xa2\x01\x26\x04\x48(.{8})\xa0(?:\x58(.)|\x59(..))(.*)\x58\x40.{64}", re.DOTALL
)
_DAY_ZERO: Final = dt.date(2000, 1, 1)
# The order is part of the format: a branch is a bit of a number.
_BRANCHES: Final = (
    Branch.MEDICAL_CARE,
    Branch.SICKNESS,
    Branch.UNEMPLOYMENT,
    Branch.OLD_AGE,
    Branch.EMPLOYMENT_INJURY,
    Branch.FAMILY,
    Branch.MATERNITY,
    Branch.INVALIDITY,
    Branch.SURVIVORS,
)


def qr_text(facts: CertificateFacts, key: ECKey) -> str:
    """The text of the code. The institutions' references are left out, so that it stays easy to scan."""
    person = facts.person
    told: dict[int, Any] = {
        1: facts.number,
        2: facts.legislation.value,
        3: [_short(cover) for cover in facts.covers],
        4: facts.simulated,
        5: [facts.status.list_number, facts.status.index],
        6: int(facts.issued_at.timestamp()),
        7: person.name,
        8: person.birth_date,
        9: [list(pair) for pair in person.identifiers] or None,
    }
    claims = {
        _ISSUER: facts.issuer,
        _EXPIRES: int(min(facts.expires_at, facts.made_at + LIFE).timestamp()),
        _MADE: int(facts.made_at.timestamp()),
        _OURS: {name: value for name, value in told.items() if value is not None},
    }
    key_id = _bytes(str(key.kid))
    protected = {_ALGORITHM: _ES256, _KEY_ID: key_id}
    signed = COSE.new().encode_and_sign(cbor2.dumps(claims), _cose(key, key_id, private=True), protected=protected)
    assert isinstance(signed, bytes), "asked for bytes"
    return PREFIX + _base45(signed)


def qr_facts(text: str, keys: Mapping[str, ECKey]) -> CertificateFacts:
    """The facts of a code's text, once its signature is right.

    Raises NotBelieved: NOT_A_CERTIFICATE for what does not begin as one or is too large, UNKNOWN_KEY, CHANGED.
    """
    if not text.startswith(PREFIX) or len(text) > TEXT_CHARACTERS:
        raise NotBelieved(Verdict.NOT_A_CERTIFICATE)
    signed = _opened(text.removeprefix(PREFIX))
    key = _cose_key(signed, keys)
    try:
        claims = cbor2.loads(COSE.new().decode(signed, key))
        return _facts(claims)
    except VerifyError:
        raise NotBelieved(Verdict.CHANGED) from None
    except Exception:
        # The libraries raise many kinds for content that nobody of ours signed.
        raise NotBelieved(Verdict.NOT_A_CERTIFICATE) from None


def qr_png(text: str) -> bytes:
    """The code as a picture, large enough for paper."""
    picture = io.BytesIO()
    _code(text).save(picture, kind="png", scale=6, border=4)
    return picture.getvalue()


def qr_svg(text: str) -> bytes:
    """The code as a drawing of any size."""
    drawing = io.BytesIO()
    _code(text).save(drawing, kind="svg", scale=4, border=4, xmldecl=False, svgclass=None, lineclass=None)
    return drawing.getvalue()


def _code(text: str) -> segno.QRCode:
    return segno.make_qr(text, error="m", mode="alphanumeric", boost_error=False)


def _base45(signed: bytes) -> str:
    return base45.encode(zlib.compress(signed, 9))


def _opened(text: str) -> bytes:
    """The signed bytes, never more than a certificate has: a small text may unfold into gigabytes."""
    unfolding = zlib.decompressobj()
    try:
        content = unfolding.decompress(base45.decode(text), _OPENED_BYTES)
    except (ValueError, zlib.error):
        raise NotBelieved(Verdict.CHANGED) from None
    if unfolding.unconsumed_tail or len(content) == _OPENED_BYTES:
        raise NotBelieved(Verdict.NOT_A_CERTIFICATE)
    if not unfolding.eof or unfolding.unused_data:
        raise NotBelieved(Verdict.CHANGED)
    return content


def _cose_key(signed: bytes, keys: Mapping[str, ECKey]) -> Any:
    """Our key that the header names; the algorithm is ours and not the header's to choose.

    The envelope is matched byte by byte as ours is written: a general reader of CBOR can be made to work for ever,
    and sees nothing before the signature is right.
    """
    match = _ENVELOPE.fullmatch(signed)
    if match is None or int.from_bytes(match[2] or match[3]) != len(match[4]):
        raise NotBelieved(Verdict.NOT_A_CERTIFICATE)
    key = keys.get(base64.urlsafe_b64encode(match[1]).decode().rstrip("="))
    if key is None:
        raise NotBelieved(Verdict.UNKNOWN_KEY)
    return _cose(key, match[1], private=False)


def _facts(claims: dict[int, Any]) -> CertificateFacts:
    told = claims[_OURS]
    list_number, index = told[5]
    return CertificateFacts(
        issuer=str(claims[_ISSUER]),
        number=str(told[1]),
        legislation=MemberState(told[2]),
        covers=tuple(_long(short) for short in told[3]),
        issued_at=instant(told[6]),
        made_at=instant(claims[_MADE]),
        expires_at=instant(claims[_EXPIRES]),
        status=StatusPlace(list_number=int(list_number), index=int(index)),
        simulated=bool(told[4]),
        person=DisclosedPerson(
            name=told.get(7),
            birth_date=told.get(8),
            identifiers=tuple((str(kind), str(value)) for kind, value in told.get(9, ())),
        ),
    )


def _short(cover: CertifiedCover) -> list[Any]:
    bits = sum(1 << _BRANCHES.index(branch) for branch in set(cover.branches))
    last = None if cover.last_day is None else (cover.last_day - _DAY_ZERO).days
    return [cover.scheme_id, cover.institution_id, bits, (cover.first_day - _DAY_ZERO).days, last]


def _long(short: list[Any]) -> CertifiedCover:
    scheme_id, institution_id, bits, first, last = short
    return CertifiedCover(
        scheme_id=str(scheme_id),
        institution_id=str(institution_id),
        branches=tuple(branch for place, branch in enumerate(_BRANCHES) if bits >> place & 1),
        first_day=_DAY_ZERO + dt.timedelta(days=first),
        last_day=None if last is None else _DAY_ZERO + dt.timedelta(days=last),
        reference="",
    )


def _cose(key: ECKey, key_id: bytes, *, private: bool) -> Any:
    """The key as COSE names its parts (RFC 9053)."""
    fields = key.as_dict(private=private)
    parts = {-2: "x", -3: "y", **({-4: "d"} if private else {})}
    numbers = {label: _bytes(str(fields[name])) for label, name in parts.items()}
    return COSEKey.new({1: 2, 2: key_id, 3: _ES256, -1: 1, **numbers})


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
