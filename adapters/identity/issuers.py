"""Which issuers of tokens are believed, for whom each may speak, and how: read from a file at start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

import httpx2
import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from adapters.identity.key_sets import KEEP_SECONDS, KeySet, from_address, from_file
from domain.actors import Actor, ActorKind
from domain.countries import MemberState

LIFETIME_LIMIT_SECONDS = 86_400
"""No file may let a token live longer."""
LIFETIME_SECONDS = 3_600


class Binding(Enum):
    """By what the bearer of a token shows that it is theirs."""

    NONE = "none"
    DPOP = "dpop"
    MTLS = "mtls"
    ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedIssuer:
    """An issuer, and what it may say.

    name: stands before the subject in an actor's id, so that two issuers never name the same actor. issuer: exactly
    what stands in `iss`. state, institutions: whose officers it may name; empty institutions means all of the state.
    lifetime_seconds: the longest life of its tokens.
    """

    name: str
    issuer: str
    kinds: frozenset[ActorKind]
    keys: KeySet
    state: MemberState | None = None
    institutions: frozenset[str] = frozenset()
    lifetime_seconds: int = LIFETIME_SECONDS
    binding: Binding = Binding.NONE

    def may_name(self, actor: Actor) -> bool:
        """Whether this issuer may speak for an actor."""
        if actor.kind not in self.kinds:
            return False
        if actor.kind is not ActorKind.OFFICER:
            return True
        of_the_state = self.state is None or actor.member_state is self.state
        return of_the_state and (not self.institutions or actor.institution_id in self.institutions)


class IssuersInvalid(Exception):
    """The file of issuers cannot be used; says what is wrong in it."""


def read_issuers(path: Path, client: httpx2.AsyncClient, *, development: bool) -> list[TrustedIssuer]:
    """Return the issuers of a file. Raises IssuersInvalid, or KeySetInvalid for the keys in a keys_file.

    client: gets keys from a jwks_uri. development: whether plain http and officers without binding are let through.
    """
    try:
        written = _IssuersFile.model_validate(_yaml(path), context={"development": development})
    except ValidationError as refused:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'file'}: {fault['msg']}" for fault in refused.errors()
        )
        raise IssuersInvalid(f"{path.name} cannot be used. {faults}.") from None
    return [_trusted(entry, path.parent, client) for entry in written.issuers]


def _trusted(entry: _Issuer, folder: Path, client: httpx2.AsyncClient) -> TrustedIssuer:
    if entry.jwks_uri:
        keys = KeySet(entry.issuer, from_address(entry.jwks_uri, client), keep_seconds=entry.keep_seconds)
    else:
        file = folder / (entry.keys_file or "")
        keys = KeySet(entry.issuer, from_file(file), keep_seconds=entry.keep_seconds)
        # A file is ours: if it is wrong, the start is the moment to say so.
        try:
            keys.take(file.read_bytes())
        except OSError:
            raise IssuersInvalid(f"The keys_file of {entry.name} cannot be read. Put it beside the file.") from None
    return TrustedIssuer(
        name=entry.name,
        issuer=entry.issuer,
        kinds=frozenset(entry.kinds),
        keys=keys,
        state=entry.state,
        institutions=frozenset(entry.institutions),
        lifetime_seconds=entry.lifetime_seconds,
        binding=entry.binding,
    )


_Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
_Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class _Issuer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: _Name
    issuer: _Text
    kinds: tuple[ActorKind, ...] = Field(min_length=1)
    state: MemberState | None = None
    institutions: tuple[_Text, ...] = ()
    jwks_uri: _Text | None = None
    keys_file: _Text | None = None
    keep_seconds: float = Field(KEEP_SECONDS, ge=60, le=LIFETIME_LIMIT_SECONDS)
    lifetime_seconds: int = Field(LIFETIME_SECONDS, ge=60)
    binding: Binding = Binding.NONE

    @model_validator(mode="after")
    def _one_source_of_keys(self) -> Self:
        if (self.jwks_uri is None) == (self.keys_file is None):
            raise ValueError("give either jwks_uri or keys_file")
        return self

    @model_validator(mode="after")
    def _bound(self) -> Self:
        bound = self.state is not None or bool(self.institutions)
        if bound != (ActorKind.OFFICER in self.kinds):
            raise ValueError("an issuer of officers names a state or institutions, and no other issuer does")
        if self.state and not all(name.startswith(f"{self.state.value}.") for name in self.institutions):
            raise ValueError("an institution's id begins with the state")
        return self


class _IssuersFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    lifetime_cap_seconds: int = Field(LIFETIME_SECONDS, ge=60, le=LIFETIME_LIMIT_SECONDS)
    issuers: tuple[_Issuer, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _each_its_own(self) -> Self:
        for named in ([entry.name for entry in self.issuers], [entry.issuer for entry in self.issuers]):
            if len(set(named)) != len(named):
                raise ValueError("two issuers have the same name or the same issuer")
        for entry in self.issuers:
            if entry.lifetime_seconds > self.lifetime_cap_seconds:
                raise ValueError(f"tokens of {entry.name} would live longer than lifetime_cap_seconds")
        return self

    @model_validator(mode="after")
    def _safe(self, info: Any) -> Self:
        development = bool(info.context and info.context["development"])
        for entry in self.issuers:
            if entry.jwks_uri is not None and not _is_safe_address(entry.jwks_uri, development=development):
                raise ValueError(f"the jwks_uri of {entry.name} is not a plain https address")
            if ActorKind.OFFICER in entry.kinds and entry.binding is Binding.NONE and not development:
                raise ValueError(f"{entry.name} names officers, so its binding is dpop, mtls or any")
        return self


def _is_safe_address(address: str, *, development: bool) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    schemes = ("https", "http") if development else ("https",)
    return parts.scheme in schemes and bool(parts.hostname) and "@" not in parts.netloc and not parts.fragment


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice in one block; the first one would be lost in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value]
        if len(set(names)) != len(names):
            raise yaml.constructor.ConstructorError(None, None, "a key stands twice in one block", node.start_mark)
        return super().construct_mapping(node, deep)


def _yaml(path: Path) -> Mapping[str, Any]:
    try:
        # The loader is a safe one: it makes plain values only.
        written = yaml.load(path.read_text("utf-8"), Loader=_Loader)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise IssuersInvalid(f"The file of issuers {path.name} cannot be read: {error}.") from None
    if not isinstance(written, dict):
        raise IssuersInvalid(f"The file of issuers {path.name} is not a block of keys with `issuers`.")
    return written
