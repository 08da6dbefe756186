"""All tables of Lingkar on one page.

Facts are inserted; a correction closes the old row (`superseded_at`) and inserts the new one. Amounts are
minor units. Days are inclusive, except in `coverage_spells.days`, which is a PostgreSQL range. Names,
birth dates and identifiers are sealed (adapters/identity/sealing.py); nothing else here identifies a person.
Triggers and rules that SQLAlchemy cannot express are in migrations/.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, DATERANGE, JSONB, ExcludeConstraint
from sqlalchemy.types import UserDefinedType

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

CURRENT = text("superseded_at IS NULL")


def _id() -> Column[object]:
    return Column("id", Uuid, primary_key=True)


def _row_number() -> Column[object]:
    return Column("id", BigInteger, Identity(always=True), primary_key=True)


def _recorded_at() -> Column[object]:
    return Column("recorded_at", DateTime(timezone=True), nullable=False)


def _superseded_at() -> Column[object]:
    return Column("superseded_at", DateTime(timezone=True))


def _required(name: str, kind: object, *constraints: object) -> Column[object]:
    return Column(name, kind, *constraints, nullable=False)  # type: ignore[arg-type]


def _to(table: str, name: str | None = None, *, optional: bool = False) -> Column[object]:
    column = name or f"{table.removesuffix('s')}_id"
    return Column(column, Uuid, ForeignKey(f"{table}.id"), nullable=optional)


# --- people -----------------------------------------------------------------------------------------------

workers = Table(
    "workers",
    metadata,
    _id(),
    _required("home_state", Text),
    _required("nationality", Text),
    _required("sector", Text),
    _required("sealed_person", LargeBinary),
    _required("birth_precision", Text),
    _recorded_at(),
    CheckConstraint("birth_precision IN ('day', 'month', 'year')", name="birth_precision_known"),
)

identifiers = Table(
    "identifiers",
    metadata,
    _id(),
    _to("workers"),
    _required("kind", Text),
    _required("issuing_state", Text),
    _required("blind_index", LargeBinary),
    _required("sealed_value", LargeBinary),
    _recorded_at(),
    _superseded_at(),
    Index("uq_identifiers_blind_index_current", "blind_index", unique=True, postgresql_where=CURRENT),
    Index("ix_identifiers_worker_id", "worker_id"),
)

person_keys = Table(
    "person_keys",
    metadata,
    Column("worker_id", Uuid, ForeignKey("workers.id"), primary_key=True),
    _required("state", Text),
    Column("wrapped_key", LargeBinary),
    _recorded_at(),
    Column("destroyed_at", DateTime(timezone=True)),
    CheckConstraint("(wrapped_key IS NULL) = (destroyed_at IS NOT NULL)", name="destroyed"),
)

erasures = Table(
    "erasures",
    metadata,
    Column("worker_id", Uuid, ForeignKey("workers.id"), primary_key=True),
    _required("reason", Text),
    _recorded_at(),
    CheckConstraint("reason IN ('worker_asked', 'nominated_in_error', 'period_over')", name="reason"),
)

enrolments = Table(
    "enrolments",
    metadata,
    _row_number(),
    _to("workers"),
    _required("scheme_id", Text),
    _required("segment_id", Text),
    _required("institution_id", Text),
    _required("first_day", Date),
    Column("last_day", Date),
    _required("funder_kind", Text),
    _to("funds", optional=True),
    _required("reference", Text),
    _required("simulated", Boolean),
    _recorded_at(),
    _superseded_at(),
    CheckConstraint("last_day IS NULL OR last_day >= first_day", name="ends_after_it_begins"),
    Index(
        "uq_enrolments_current",
        "worker_id",
        "scheme_id",
        "segment_id",
        "first_day",
        unique=True,
        postgresql_where=CURRENT,
    ),
    Index("ix_enrolments_institution_worker", "institution_id", "worker_id"),
)

access_records = Table(
    "access_records",
    metadata,
    _row_number(),
    _to("workers", optional=True),
    _required("institution_id", Text),
    _required("actor_kind", Text),
    _required("actor_id", Text),
    _required("purpose", Text),
    Column("asked_about", Date),
    _required("outcome", Text),
    _required("fields", ARRAY(Text)),
    _recorded_at(),
    Index("ix_access_records_worker_id", "worker_id", "id"),
)

consents = Table(
    "consents",
    metadata,
    _id(),
    _to("workers"),
    _required("institution_id", Text),
    _required("purpose", Text),
    _required("first_day", Date),
    _required("last_day", Date),
    _required("text_version", Text),
    _required("text_language", Text),
    _recorded_at(),
    CheckConstraint("last_day >= first_day", name="ends_after_it_begins"),
    Index("ix_consents_worker_id", "worker_id"),
    Index("ix_consents_institution_worker", "institution_id", "worker_id"),
)

consent_withdrawals = Table(
    "consent_withdrawals",
    metadata,
    Column("consent_id", Uuid, ForeignKey("consents.id"), primary_key=True),
    _recorded_at(),
)

reviews = Table(
    "reviews",
    metadata,
    _id(),
    _required("kind", Text),
    _to("workers"),
    _required("access_record_id", BigInteger, ForeignKey("access_records.id")),
    _required("institution_id", Text),
    _required("code", Text),
    _recorded_at(),
    UniqueConstraint("access_record_id", "kind", name="uq_reviews_access_record_id"),
)

review_outcomes = Table(
    "review_outcomes",
    metadata,
    Column("review_id", Uuid, ForeignKey("reviews.id"), primary_key=True),
    _required("outcome", Text),
    _required("actor_id", Text),
    _recorded_at(),
)

openings = Table(
    "openings",
    metadata,
    _id(),
    _to("workers"),
    _required("institution_id", Text),
    _required("actor_id", Text),
    _required("sealed_reason", LargeBinary),
    _required("access_record_id", BigInteger, ForeignKey("access_records.id")),
    _recorded_at(),
    _required("closes_at", DateTime(timezone=True)),
    CheckConstraint("closes_at > recorded_at", name="closes_after_it_opens"),
    Index("ix_openings_worker_id", "worker_id"),
    Index("ix_openings_access_record_id", "access_record_id"),
)

# --- money ------------------------------------------------------------------------------------------------

donors = Table("donors", metadata, _id(), _required("name", Text), _required("funder_kind", Text), _recorded_at())

funds = Table(
    "funds",
    metadata,
    _id(),
    _required("name", Text),
    _required("purpose", Text),
    _required("currency", Text),
    _recorded_at(),
)

pledges = Table(
    "pledges",
    metadata,
    _id(),
    _to("donors"),
    _to("funds"),
    _required("amount", BigInteger),
    _required("currency", Text),
    _required("pledged_on", Date),
    _recorded_at(),
    CheckConstraint("amount > 0", name="positive"),
)

donations = Table(
    "donations",
    metadata,
    _id(),
    _to("donors"),
    _to("funds"),
    _required("funder_kind", Text),
    _required("amount", BigInteger),
    _required("currency", Text),
    _required("received_on", Date),
    _required("terms_scheme_ids", ARRAY(Text)),
    Column("terms_first_month", Date),
    Column("terms_last_month", Date),
    _required("terms_follows_movers", Boolean),
    _recorded_at(),
    CheckConstraint("amount > 0", name="positive"),
    Index("ix_donations_fund_id", "fund_id"),
    Index("ix_donations_donor_id", "donor_id"),
)

ledger_accounts = Table(
    "ledger_accounts",
    metadata,
    _id(),
    _required("kind", Text),
    _required("owner_id", Uuid),
    _required("currency", Text),
    _required("may_be_overdrawn", Boolean),
    Column("posted_debits", BigInteger, nullable=False, server_default=text("0")),
    Column("posted_credits", BigInteger, nullable=False, server_default=text("0")),
    Column("pending_debits", BigInteger, nullable=False, server_default=text("0")),
    _recorded_at(),
    UniqueConstraint("id", "currency", name="uq_ledger_accounts_id_currency"),
    UniqueConstraint("kind", "owner_id", name="uq_ledger_accounts_kind_owner_id"),
    CheckConstraint("posted_debits >= 0 AND posted_credits >= 0 AND pending_debits >= 0", name="not_negative"),
    CheckConstraint("may_be_overdrawn OR posted_credits - posted_debits - pending_debits >= 0", name="not_overdrawn"),
)

ledger_transactions = Table(
    "ledger_transactions",
    metadata,
    _id(),
    _required("kind", Text),
    _required("subject_id", Uuid),
    _recorded_at(),
    Index("ix_ledger_transactions_subject_id", "subject_id"),
)

ledger_transfers = Table(
    "ledger_transfers",
    metadata,
    _id(),
    _to("ledger_transactions", "transaction_id"),
    _required("kind", Text),
    _required("debit_account_id", Uuid),
    _required("credit_account_id", Uuid),
    _required("amount", BigInteger),
    _required("currency", Text),
    _to("ledger_transfers", "pending_id", optional=True),
    _recorded_at(),
    ForeignKeyConstraint(
        ["debit_account_id", "currency"],
        ["ledger_accounts.id", "ledger_accounts.currency"],
        name="fk_ledger_transfers_debit_same_currency",
    ),
    ForeignKeyConstraint(
        ["credit_account_id", "currency"],
        ["ledger_accounts.id", "ledger_accounts.currency"],
        name="fk_ledger_transfers_credit_same_currency",
    ),
    CheckConstraint("amount > 0", name="positive"),
    CheckConstraint("debit_account_id <> credit_account_id", name="two_accounts"),
    CheckConstraint("kind IN ('posted', 'pending', 'post', 'release')", name="kind"),
    CheckConstraint("(pending_id IS NOT NULL) = (kind IN ('post', 'release'))", name="settles_a_pending_one"),
    Index("ix_ledger_transfers_debit_account_id", "debit_account_id"),
    Index("ix_ledger_transfers_credit_account_id", "credit_account_id"),
    Index("ix_ledger_transfers_transaction_id", "transaction_id"),
)

ledger_pendings = Table(
    "ledger_pendings",
    metadata,
    Column("transfer_id", Uuid, ForeignKey("ledger_transfers.id"), primary_key=True),
    _required("amount", BigInteger),
    Column("settled", BigInteger, nullable=False, server_default=text("0")),
    CheckConstraint("settled BETWEEN 0 AND amount", name="settled_within_amount"),
)

# --- what the money pays ----------------------------------------------------------------------------------

nominations = Table(
    "nominations",
    metadata,
    _id(),
    _to("funds"),
    _required("rows_accepted", Integer),
    _required("rows_refused", Integer),
    _required("file_digest", LargeBinary),
    _recorded_at(),
)

nomination_workers = Table(
    "nomination_workers",
    metadata,
    _to("nominations"),
    _to("workers"),
    _required("line", Integer),
    PrimaryKeyConstraint("nomination_id", "worker_id", name="pk_nomination_workers"),
)

nomination_refusals = Table(
    "nomination_refusals",
    metadata,
    _to("nominations"),
    _required("line", Integer),
    _required("code", Text),
    _required("reason", Text),
    PrimaryKeyConstraint("nomination_id", "line", name="pk_nomination_refusals"),
)

allocations = Table(
    "allocations",
    metadata,
    _id(),
    _to("donations"),
    _to("nominations", optional=True),
    _to("workers", optional=True),
    _required("kind", Text),
    _required("segment_id", Text),
    _required("scheme_ids", ARRAY(Text)),
    _required("first_month", Date),
    _required("last_month", Date),
    _required("workers", Integer),
    _required("person_months", Integer),
    _required("amount", BigInteger),
    _required("currency", Text),
    _recorded_at(),
    CheckConstraint("amount > 0", name="positive"),
    Index("ix_allocations_donation_id", "donation_id"),
)

reasons = Table(
    "reasons", metadata, Column("id", LargeBinary, primary_key=True), _required("body", JSONB), _recorded_at()
)

tariffs = Table(
    "tariffs",
    metadata,
    _row_number(),
    _to("allocations"),
    _required("scheme_id", Text),
    _required("month", Date),
    _required("sector", Text),
    _required("base", BigInteger),
    _required("amount", BigInteger),
    _required("reasons_id", LargeBinary, ForeignKey("reasons.id")),
    _required("rules_hash", Text),
    UniqueConstraint("allocation_id", "scheme_id", "month", "sector", name="uq_tariffs_allocation_id"),
)

remittances = Table(
    "remittances",
    metadata,
    _id(),
    _to("allocations"),
    _required("institution_id", Text),
    Column("month", Date),
    _required("part", Integer),
    _required("lines", Integer),
    _required("amount", BigInteger),
    _required("currency", Text),
    _to("ledger_transfers", "pending_transfer_id"),
    _recorded_at(),
    Index("ix_remittances_allocation_id", "allocation_id"),
)

acknowledgements = Table(
    "acknowledgements",
    metadata,
    Column("remittance_id", Uuid, ForeignKey("remittances.id"), primary_key=True),
    _required("outcome", Text),
    _required("reference", Text),
    _required("accepted_lines", Integer),
    _required("accepted_amount", BigInteger),
    _required("simulated", Boolean),
    _recorded_at(),
)

contribution_months = Table(
    "contribution_months",
    metadata,
    _row_number(),
    _to("workers"),
    _required("scheme_id", Text),
    _required("month", Date),
    _to("allocations"),
    _to("remittances"),
    _required("line", Integer),
    _required("tariff_id", BigInteger, ForeignKey("tariffs.id")),
    _required("amount", BigInteger),
    _recorded_at(),
    _superseded_at(),
    Column("superseded_why", Text),
    CheckConstraint("amount > 0", name="positive"),
    CheckConstraint("extract(day FROM month) = 1", name="first_of_month"),
    Index(
        "uq_contribution_months_paid_once",
        "worker_id",
        "scheme_id",
        "month",
        unique=True,
        postgresql_where=CURRENT,
    ),
    Index("ix_contribution_months_remittance_id", "remittance_id"),
    Index("ix_contribution_months_allocation_id", "allocation_id"),
)

donation_months = Table(
    "donation_months",
    metadata,
    Column("donation_id", Uuid, ForeignKey("donations.id"), primary_key=True),
    Column("month", Date, primary_key=True),
    _required("covered", Integer),
    _required("reserved", Integer),
    CheckConstraint("covered >= 0", name="covered"),
    CheckConstraint("reserved >= 0", name="reserved"),
)

coverage_spells = Table(
    "coverage_spells",
    metadata,
    _row_number(),
    _to("workers"),
    _required("scheme_id", Text),
    _required("institution_id", Text),
    _required("branch", Text),
    _required("days", DATERANGE),
    _required("extent", Text),
    _required("state", Text),
    _required("funder_kind", Text),
    _to("funds", optional=True),
    _required("reasons_id", LargeBinary, ForeignKey("reasons.id")),
    _required("rules_hash", Text),
    _recorded_at(),
    _superseded_at(),
    CheckConstraint("NOT isempty(days)", name="not_empty"),
    ExcludeConstraint(
        (Column("worker_id"), "="),
        (Column("scheme_id"), "="),
        (Column("branch"), "="),
        (Column("days"), "&&"),
        name="ex_coverage_spells_no_overlap",
        where=CURRENT,
        using="gist",
    ),
    Index("ix_coverage_spells_worker_id", "worker_id", "scheme_id", "branch"),
)

# --- moves and messages -----------------------------------------------------------------------------------

moves = Table(
    "moves",
    metadata,
    _id(),
    _to("workers"),
    _required("from_state", Text),
    _required("to_state", Text),
    _required("move_on", Date),
    _required("plan", JSONB),
    _to("allocations", optional=True),
    _recorded_at(),
    Column("ended_at", DateTime(timezone=True)),
    Index("uq_moves_one_open", "worker_id", unique=True, postgresql_where=text("ended_at IS NULL")),
    Index("ix_moves_worker_id", "worker_id"),
    Index("ix_moves_from_state", "from_state", "worker_id"),
    Index("ix_moves_to_state", "to_state", "worker_id"),
)

move_steps = Table(
    "move_steps",
    metadata,
    _to("moves"),
    _required("step", Text),
    _required("evidence", Text),
    _required("simulated", Boolean),
    _required("taken_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("move_id", "step", name="pk_move_steps"),
)

certificates = Table(
    "certificates",
    metadata,
    _id(),
    _required("number", Text),
    _to("workers"),
    _to("moves"),
    _required("legislation", Text),
    _required("covers", JSONB),
    _required("simulated", Boolean),
    _required("digest", Text),
    _recorded_at(),
    UniqueConstraint("number", name="uq_certificates_number"),
    UniqueConstraint("move_id", name="uq_certificates_move_id"),
    Index("ix_certificates_worker_id", "worker_id"),
)

certificate_statuses = Table(
    "certificate_statuses",
    metadata,
    Column("certificate_id", Uuid, ForeignKey("certificates.id"), primary_key=True),
    _required("list_number", Integer),
    _required("list_index", Integer),
    _recorded_at(),
    CheckConstraint("list_number > 0", name="list"),
    CheckConstraint("list_index BETWEEN 0 AND 131071", name="index"),
    UniqueConstraint("list_number", "list_index", name="uq_certificate_statuses_place"),
)

certificate_withdrawals = Table(
    "certificate_withdrawals",
    metadata,
    Column("certificate_id", Uuid, ForeignKey("certificates.id"), primary_key=True),
    _required("reason", Text),
    _recorded_at(),
)

wallet_offers = Table(
    "wallet_offers",
    metadata,
    _id(),
    _to("certificates"),
    _required("certificate_number", Text),
    _to("workers"),
    _required("credential", Text),
    _required("disclosures", JSONB),
    _required("code_digest", LargeBinary),
    _required("transaction_code_digest", LargeBinary),
    _required("expires_at", DateTime(timezone=True)),
    _recorded_at(),
    UniqueConstraint("code_digest", name="uq_wallet_offers_code_digest"),
)

wallet_wrong_tries = Table(
    "wallet_wrong_tries",
    metadata,
    _id(),
    Column("offer_id", Uuid, ForeignKey("wallet_offers.id"), nullable=False),
    _recorded_at(),
    Index("ix_wallet_wrong_tries_offer_id", "offer_id"),
)

wallet_tokens = Table(
    "wallet_tokens",
    metadata,
    Column("offer_id", Uuid, ForeignKey("wallet_offers.id"), primary_key=True),
    _required("token_digest", LargeBinary),
    _required("expires_at", DateTime(timezone=True)),
    _recorded_at(),
    UniqueConstraint("token_digest", name="uq_wallet_tokens_token_digest"),
)

wallet_credentials = Table(
    "wallet_credentials",
    metadata,
    Column("offer_id", Uuid, ForeignKey("wallet_offers.id"), primary_key=True),
    _required("nonce_digest", LargeBinary),
    _recorded_at(),
    UniqueConstraint("nonce_digest", name="uq_wallet_credentials_nonce_digest"),
)

messages = Table(
    "messages",
    metadata,
    _id(),
    _required("institution_id", Text),
    _required("kind", Text),
    _required("subject_id", Uuid),
    _required("body", JSONB),
    _required("state", Text),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    _required("due_at", DateTime(timezone=True)),
    Column("leased_until", DateTime(timezone=True)),
    _required("trouble", Text),
    _recorded_at(),
    CheckConstraint("state IN ('due', 'taken', 'answered', 'parked', 'withdrawn')", name="state"),
    Index(
        "ix_messages_due",
        "due_at",
        postgresql_where=text("state IN ('due', 'taken')"),
    ),
    Index("ix_messages_subject_id", "subject_id"),
)

answers = Table(
    "answers",
    metadata,
    _to("messages"),
    _required("answer_id", Text),
    _required("stands", Boolean),
    _required("body", JSONB),
    _required("digest", Text),
    _recorded_at(),
    Column("settled_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("message_id", "answer_id", "digest", name="pk_answers"),
    Index("uq_answers_first_stands", "message_id", unique=True, postgresql_where=text("stands")),
    Index("ix_answers_unsettled", "recorded_at", postgresql_where=text("stands AND settled_at IS NULL")),
)

peers = Table(
    "peers",
    metadata,
    Column("institution_id", Text, primary_key=True),
    _required("failures", Integer),
    _required("retry_at", DateTime(timezone=True)),
)

# --- trust ------------------------------------------------------------------------------------------------

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    _required("actor_id", Text),
    _required("key", Text),
    _required("operation", Text),
    _required("digest", LargeBinary),
    Column("outcome", JSONB),
    _recorded_at(),
    PrimaryKeyConstraint("actor_id", "key", name="pk_idempotency_keys"),
)

audit_heads = Table(
    "audit_heads",
    metadata,
    Column("chain", Text, primary_key=True),
    _required("number", BigInteger),
    _required("hash", LargeBinary),
)

audit_entries = Table(
    "audit_entries",
    metadata,
    _required("chain", Text),
    _required("number", BigInteger),
    _required("at", DateTime(timezone=True)),
    _required("actor_kind", Text),
    _required("actor_id", Text),
    _required("action", Text),
    _required("subject", Text),
    _required("previous_hash", LargeBinary),
    _required("hash", LargeBinary),
    PrimaryKeyConstraint("chain", "number", name="pk_audit_entries"),
)

audit_signed_heads = Table(
    "audit_signed_heads",
    metadata,
    _row_number(),
    _required("chain", Text),
    _required("occasion", Text),
    _required("day", Date),
    _required("number", BigInteger),
    _required("hash", LargeBinary),
    _required("signed_at", DateTime(timezone=True)),
    _required("digest", LargeBinary),
    _required("key_id", Text),
    _required("signature", LargeBinary),
    CheckConstraint("occasion IN ('daily', 'asked')", name="occasion"),
    UniqueConstraint("chain", "signed_at", name="uq_audit_signed_heads_chain"),
    Index("uq_audit_signed_heads_daily", "chain", "day", unique=True, postgresql_where=text("occasion = 'daily'")),
    Index("uq_audit_signed_heads_asked", "chain", "number", unique=True, postgresql_where=text("occasion = 'asked'")),
)

# --- the edge ---------------------------------------------------------------------------------------------

proofs_seen = Table(
    "proofs_seen",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    _required("until", DateTime(timezone=True)),
    Index("ix_proofs_seen_until", "until"),
)
"""Digests of proofs of possession and until when they would be taken; no fact, so old rows are deleted."""

budgets = Table(
    "budgets",
    metadata,
    Column("account", Text, primary_key=True),
    _required("granted", BigInteger),
    _required("full_at", DateTime(timezone=True)),
    prefixes=["UNLOGGED"],
)

# --- events -----------------------------------------------------------------------------------------------


class Xid8(UserDefinedType[str]):
    """The number of a transaction, which never comes twice."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "xid8"


events = Table(
    "events",
    metadata,
    _required("xact", Xid8),
    Column("number", BigInteger, Identity(always=True)),
    _required("kind", Text),
    _required("subject_id", Uuid),
    _required("owner_id", Uuid),
    PrimaryKeyConstraint("xact", "number", name="pk_events"),
)
