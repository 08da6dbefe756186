"""Secret files that only their owner can read, written once and never over."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class KeyFilesInvalid(Exception):
    """A key file is missing, readable by others or not what it should be; says which and what to do."""


def write_secret_once(path: Path, content: bytes) -> bytes:
    """Write a secret file of mode 0600 unless it is there already, and return what the file holds.

    When several start at the same time the first one's content stands and all get it. The file appears
    whole or not at all, also when the machine stops meanwhile.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.parent / f".{path.name}.{secrets.token_hex(8)}"
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _link_once(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    return read_secret(path)


@contextmanager
def folder_held(folder: Path) -> Iterator[None]:
    """Hold a folder, made with mode 0700 if missing, so that one at a time changes its keys."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def read_secret(path: Path) -> bytes:
    """Return what a secret file holds; raises KeyFilesInvalid if it is missing or others may read it."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode & 0o777
            if mode & 0o077:
                raise KeyFilesInvalid(
                    f"The key file {path.name} may be read by others (mode {mode:04o}). Set its mode to 0600 "
                    "and replace the key if others had access to it."
                )
            return file.read()
    except FileNotFoundError:
        raise KeyFilesInvalid(
            f"The key file {path.name} is missing. Restore it, or create keys in an empty folder."
        ) from None


def _link_once(draft: Path, path: Path) -> None:
    # A link fails where the name is taken, and unlike a rename it never replaces what is there.
    try:
        os.link(draft, path)
    except FileExistsError:
        return
