"""Reads one PDF or picture from its standard input and writes the text of the certificate in it.

Run as `python -m adapters.certificates.reader_process` by extraction.py alone. It limits itself before it reads.
"""

from __future__ import annotations

import io
import resource
import sys
from typing import Final

import pypdf
import zxingcpp
from PIL import Image

from adapters.certificates.extraction import ATTACHMENT, FILE_BYTES, PDF_BEGINS

_MEMORY_BYTES: Final = 1_500_000_000
_CPU_SECONDS: Final = 8
_PIXELS: Final = 40_000_000


def main() -> int:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    # It writes no file; what it says goes to a pipe.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    content = sys.stdin.buffer.read(FILE_BYTES + 1)
    sys.stdout.write(_attached(content) if content.startswith(PDF_BEGINS) else _scanned(content))
    return 0


def _attached(content: bytes) -> str:
    attached = pypdf.PdfReader(io.BytesIO(content)).attachments.get(ATTACHMENT, [])
    return attached[0].decode("ascii") if attached else ""


def _scanned(content: bytes) -> str:
    with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as picture:
        if picture.width * picture.height > _PIXELS:
            return ""
        formats = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
        found = zxingcpp.read_barcodes(picture.convert("L"), formats=formats)
    return next((code.text for code in found if code.text), "")


if __name__ == "__main__":
    sys.exit(main())
