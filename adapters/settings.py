"""The settings, read from the environment (LINGKAR_...) and checked at start. docs/reference/settings.md lists them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


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
    token_issuer: str = Field("urn:lingkar:development", description="The only `iss` that is believed.")
    token_audience: str = Field("lingkar", description="The `aud` that tokens must name.")
    issuer_keys_file: Path | None = Field(
        None, description="JSON Web Key Set of the issuer. Empty: the development issuer's, in development only."
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
    planned_reads: bool = Field(True, description="Whether plain reads take the planned path; answers are the same.")
    exchange_seconds: float = Field(20.0, gt=0, description="How long one attempt to deliver a message may take.")
    upload_bytes: int = Field(16_000_000, gt=0, description="The longest nomination file.")
    person_months: int = Field(50_000, gt=0, description="Person-months of one allocation.")
    move_answer_days: int = Field(14, gt=0, description="How long a destination may stay silent about a move.")
    allowed_origins: tuple[str, ...] = Field(
        (), description="Origins of other sites whose pages may follow events, as a JSON list. Empty: this site alone."
    )
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
    def exchange_keys_folder(self) -> Path:
        return self.var_folder / "keys" / "exchange"

    @property
    def certificate_keys_folder(self) -> Path:
        return self.var_folder / "keys" / "certificates"

    @property
    def address(self) -> str:
        """The public address without a slash at its end."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @model_validator(mode="after")
    def _complete_outside_development(self) -> Self:
        missing = [
            name
            for name, value in (
                ("LINGKAR_DATABASE_URL", self.database_url),
                ("LINGKAR_ISSUER_KEYS_FILE", self.issuer_keys_file),
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
