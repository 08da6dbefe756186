"""The settings, read from the environment (LINGKAR_...) and checked at start. docs/reference/settings.md lists them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, IPvAnyNetwork, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""Names of this machine, by which its own watchers ask."""

_BUDGET = "What the operations of {} may cost in a minute, together."


class Settings(BaseSettings):
    """Everything that can be set. What is left out has a default that is safe outside development."""

    model_config = SettingsConfigDict(env_prefix="LINGKAR_", extra="ignore", frozen=True)

    environment: Literal["development", "production"] = Field(
        "production", description="Development opens GraphiQL, introspection and the development token issuer."
    )
    database_url: str = Field(
        "", description="PostgreSQL as SQLAlchemy names it. Empty: the embedded database, in development only."
    )
    var_folder: Path = Field(Path("var"), description="Where keys, logs and the embedded database live.")
    host: str = Field("127.0.0.1", description="Address on which the API listens.")
    port: int = Field(8000, ge=1, le=65535, description="Port on which the API listens.")
    database_pool: int = Field(10, ge=1, le=100, description="Database connections of one process.")
    token_audience: str = Field("lingkar", description="The `aud` that tokens must name.")
    issuers_file: Path | None = Field(
        None, description="Which issuers of tokens are believed (YAML). Empty: the development issuer alone."
    )
    development_issuer: str = Field(
        "http://127.0.0.1:8090", description="The `iss` of the development issuer, and where it listens if started."
    )
    certificate_header: str = Field(
        "", description="Header in which a trusted proxy passes the client's certificate. Empty: none is believed."
    )
    trusted_proxies: tuple[IPvAnyNetwork, ...] = Field(
        (), description="Addresses or networks of the proxies that are believed about certificates, as JSON."
    )
    institutions: dict[str, str] = Field(
        default_factory=dict,
        description="Base address of each institution that is reached, by institution id, as JSON.",
    )
    public_url: str = Field(
        "",
        description="Address under which everyone reaches the API; it stands in certificates. Empty: that of host and "
        "port, in development only.",
    )
    answer_seconds: float = Field(30.0, gt=0, description="How long one API operation may take.")
    budget_officer: int = Field(1_000_000, ge=40_000, le=1_000_000_000, description=_BUDGET.format("an institution"))
    budget_donor: int = Field(200_000, ge=40_000, le=1_000_000_000, description=_BUDGET.format("a donor"))
    budget_worker: int = Field(200_000, ge=40_000, le=1_000_000_000, description=_BUDGET.format("a worker"))
    budget_operator: int = Field(1_000_000, ge=40_000, le=1_000_000_000, description=_BUDGET.format("an operator"))
    budget_system: int = Field(1_000_000, ge=40_000, le=1_000_000_000, description=_BUDGET.format("the system"))
    search_misses: int = Field(
        50, ge=1, le=1_000_000, description="Searches by identifier an hour that may find nobody, of one institution."
    )
    trusted_documents: Path | None = Field(
        None, description="JSON of the trusted documents, text by SHA-256. Empty: every client may send any document."
    )
    trusted_only: frozenset[Literal["officer", "donor", "worker", "operator", "system"]] = Field(
        frozenset({"donor", "worker"}),
        description="Kinds of actor that may send trusted documents only, once there are any, as JSON.",
    )
    allowed_hosts: frozenset[str] = Field(
        frozenset(),
        description="Host names for which requests are taken, as JSON. Empty: that of the public address and this "
        "machine; in development every name.",
    )
    allowed_origins: frozenset[str] = Field(
        frozenset(),
        description="Web pages of other sites that may send operations and follow events, such as https://portal.example.",
    )
    metrics_host: str = Field("127.0.0.1", description="Address on which counters are shown.")
    metrics_port: int = Field(0, ge=0, le=65535, description="Port on which counters are shown; 0 shows none.")
    planned_reads: bool = Field(True, description="Whether plain reads take the planned path; answers are the same.")
    exchange_seconds: float = Field(20.0, gt=0, description="How long one attempt to deliver a message may take.")
    upload_bytes: int = Field(16_000_000, gt=0, description="The longest nomination file.")
    exports_at_once: int = Field(2, ge=1, le=20, description="Exports that one institution may run at once.")
    person_months: int = Field(50_000, gt=0, description="Person-months of one allocation.")
    move_answer_days: int = Field(14, gt=0, description="How long a destination may stay silent about a move.")
    live_connections: int = Field(5000, gt=0, description="Sockets and streams of events of one process.")
    donor_event_seconds: float = Field(
        300.0, gt=0, description="The grid of time at whose ticks donors are told that something changed."
    )
    log_json: bool = Field(True, description="Log lines as JSON; otherwise for people.")

    @property
    def development(self) -> bool:
        return self.environment == "development"

    @property
    def keys_folder(self) -> Path:
        return self.var_folder / "keys"

    @property
    def clients_folder(self) -> Path:
        return self.var_folder / "keys" / "clients"

    @property
    def exchange_keys_folder(self) -> Path:
        return self.var_folder / "keys" / "exchange"

    @property
    def certificate_keys_folder(self) -> Path:
        return self.var_folder / "keys" / "certificates"

    @property
    def audit_keys_folder(self) -> Path:
        return self.var_folder / "keys" / "audit"

    @property
    def address(self) -> str:
        """The public address without a slash at its end."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @property
    def hosts(self) -> frozenset[str] | None:
        """The host names for which requests are taken; None for every name."""
        if self.allowed_hosts:
            return frozenset(name.lower() for name in self.allowed_hosts)
        return None if self.development else frozenset({*LOOPBACK, urlsplit(self.address).hostname or ""})

    @model_validator(mode="after")
    def _complete_outside_development(self) -> Self:
        missing = [
            name
            for name, value in (
                ("LINGKAR_DATABASE_URL", self.database_url),
                ("LINGKAR_ISSUERS_FILE", self.issuers_file),
                ("LINGKAR_PUBLIC_URL", self.public_url),
            )
            if not value and not self.development
        ]
        if missing:
            raise ValueError(
                f"{', '.join(missing)} must be set in the environment {self.environment}. "
                "Set them, or set LINGKAR_ENVIRONMENT=development to try Lingkar on this machine."
            )
        return self
