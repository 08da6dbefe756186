"""Base45 (RFC 9285): bytes in the characters that a QR code holds most densely."""

from __future__ import annotations

from typing import Final

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUES: Final = {character: value for value, character in enumerate(_ALPHABET)}


def encode(content: bytes) -> str:
    """Three characters for two bytes, two for a last single one."""
    text = []
    for at in range(0, len(content), 2):
        pair = content[at : at + 2]
        number = int.from_bytes(pair)
        for _ in range(3 if len(pair) == 2 else 2):
            number, digit = divmod(number, 45)
            text.append(_ALPHABET[digit])
    return "".join(text)


def decode(text: str) -> bytes:
    """The bytes; ValueError for text that `encode` does not write."""
    content = bytearray()
    for at in range(0, len(text), 3):
        group = text[at : at + 3]
        if len(group) == 1 or not all(character in _VALUES for character in group):
            raise ValueError("not base45")
        number = sum(_VALUES[character] * 45**place for place, character in enumerate(group))
        length = len(group) - 1
        if number >= 256**length:
            raise ValueError("not base45")
        content += number.to_bytes(length)
    return bytes(content)
