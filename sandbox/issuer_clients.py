"""Who may ask the development issuer for tokens: clients as files in a folder, and invented people who sign in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final
from uuid import UUID

from joserfc.jwk import ECKey
from pydantic import BaseModel, ConfigDict, Field

from adapters.identity.key_files import write_secret_once
from domain.actors import Actor, ActorKind
from domain.countries import MemberState

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")


class Client(BaseModel):
    """What the issuer knows of a client: its public key, whom its tokens name, where people come back to.

    A client without a key is a browser's; it only gets tokens for people who sign in.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    key: dict[str, str] | None = None
    kind: ActorKind | None = None
    state: MemberState | None = None
    institution: str | None = None
    subject: UUID | None = None
    redirect_uris: tuple[str, ...] = Field(())

    @property
    def actor(self) -> Actor | None:
        """Whom a token of the client itself names."""
        if self.kind is None:
            return None
        return Actor(
            id=self.name,
            kind=self.kind,
            member_state=self.state,
            institution_id=self.institution,
            subject_id=self.subject,
        )


class Clients:
    """The clients of a folder, read each time: one that is added is known at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def named(self, name: object) -> Client | None:
        """Return a client, or None for a name that is none or unknown."""
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            return None
        path = self._folder / f"{name}.json"
        return Client.model_validate_json(path.read_bytes()) if path.exists() else None

    def add(self, client: Client, *, with_key: bool) -> Path:
        """Write a client down, with a new key if it is to have one; returns the file of the private key, or of the
        client. A client that is there already stays as it is."""
        if not _NAME.fullmatch(client.name):
            raise ValueError("A client's name has small letters, digits and hyphens, and begins with a letter.")
        private = self._folder / f"{client.name}.key"
        if with_key:
            fresh = ECKey.generate_key("P-256", {"alg": "ES256", "use": "sig"}, auto_kid=True)
            written = write_secret_once(private, json.dumps(fresh.as_dict(private=True)).encode())
            public = dict(ECKey.import_key(json.loads(written)).as_dict(private=False))
            client = client.model_copy(update={"key": {name: str(value) for name, value in public.items()}})
        known = self._folder / f"{client.name}.json"
        write_secret_once(known, client.model_dump_json().encode())
        return private if with_key else known


PEOPLE: Final[Mapping[str, Actor]] = MappingProxyType(
    {
        "rina": Actor(id="rina", kind=ActorKind.OFFICER, member_state=MemberState("ID"), institution_id="ID.BPJSTK"),
        "amir": Actor(id="amir", kind=ActorKind.OFFICER, member_state=MemberState("MY"), institution_id="MY.SOCSO"),
        "olivia": Actor(id="olivia", kind=ActorKind.OPERATOR),
    }
)
"""Invented people of institutions that are simulated. A donor or worker signs in by the id that the API gave them."""
