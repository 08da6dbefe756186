"""Finds the text of a certificate in a file: the token inside a PDF, the code in a picture, or the text itself.

Files come from strangers, and the programs that read PDF and pictures are large. So they run in a process of
their own (`reader_process.py`) with little memory and time, which is told nothing of keys and database.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

ATTACHMENT: Final = "certificate.sd-jwt"
"""The name of the signed token inside the paper."""
FILE_BYTES: Final = 8_000_000
PDF_BEGINS: Final = b"%PDF-"
PICTURES_BEGIN: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
_TEXT_BYTES: Final = 262_144
_SECONDS: Final = 15
_ROOT: Final = Path(__file__).parents[2]


def text_in(content: bytes) -> str:
    """The text that may be a certificate, empty if there is none or the file is too large or cannot be read."""
    if len(content) > FILE_BYTES:
        return ""
    if not content.startswith((PDF_BEGINS, *PICTURES_BEGIN)):
        return _as_text(content)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "adapters.certificates.reader_process"],
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
            cwd=_ROOT,
            env={"PATH": os.environ.get("PATH", "")},
        )
    except subprocess.TimeoutExpired:
        return ""
    return _as_text(done.stdout) if done.returncode == 0 else ""


def _as_text(content: bytes) -> str:
    try:
        return content.decode("utf-8").strip() if len(content) <= _TEXT_BYTES else ""
    except UnicodeDecodeError:
        return ""
