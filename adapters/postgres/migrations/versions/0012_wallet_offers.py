"""Certificates are offered to wallets: offers, wrong codes, tokens, and what was given by which nonce."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_TABLES = ("wallet_offers", "wallet_wrong_tries", "wallet_tokens", "wallet_credentials")
# The worker makes an offer; the platform itself answers the wallet, which has no token of an actor.
_PLATFORM = "(SELECT actor_kind()) = 'system'"
_MINE = "(SELECT actor_kind()) = 'worker' AND worker_id = (SELECT actor_subject())"


def upgrade() -> None:
    op.create_table(
        "wallet_offers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("certificate_id", sa.Uuid(), nullable=False),
        # So that whoever answers wallets reads no certificate to find it.
        sa.Column("certificate_number", sa.Text(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("credential", sa.Text(), nullable=False),
        sa.Column("disclosures", JSONB(), nullable=False),
        sa.Column("code_digest", sa.LargeBinary(), nullable=False),
        sa.Column("transaction_code_digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        _recorded_at(),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificates.id"], name="fk_wallet_offers_certificate_id"),
        sa.ForeignKeyConstraint(["worker_id"], ["workers.id"], name="fk_wallet_offers_worker_id"),
        sa.PrimaryKeyConstraint("id", name="pk_wallet_offers"),
        sa.UniqueConstraint("code_digest", name="uq_wallet_offers_code_digest"),
    )
    op.create_table(
        "wallet_wrong_tries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        _recorded_at(),
        sa.ForeignKeyConstraint(["offer_id"], ["wallet_offers.id"], name="fk_wallet_wrong_tries_offer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_wallet_wrong_tries"),
    )
    op.create_index("ix_wallet_wrong_tries_offer_id", "wallet_wrong_tries", ["offer_id"], unique=False)
    op.create_table(
        "wallet_tokens",
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        _recorded_at(),
        sa.ForeignKeyConstraint(["offer_id"], ["wallet_offers.id"], name="fk_wallet_tokens_offer_id"),
        sa.PrimaryKeyConstraint("offer_id", name="pk_wallet_tokens"),
        sa.UniqueConstraint("token_digest", name="uq_wallet_tokens_token_digest"),
    )
    op.create_table(
        "wallet_credentials",
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("nonce_digest", sa.LargeBinary(), nullable=False),
        _recorded_at(),
        sa.ForeignKeyConstraint(["offer_id"], ["wallet_offers.id"], name="fk_wallet_credentials_offer_id"),
        sa.PrimaryKeyConstraint("offer_id", name="pk_wallet_credentials"),
        sa.UniqueConstraint("nonce_digest", name="uq_wallet_credentials_nonce_digest"),
    )
    for table in _TABLES:
        op.execute(
            f"CREATE TRIGGER facts BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION never_changes()"
        )
        op.execute(
            f"CREATE TRIGGER kept BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION never_changes()"
        )
        adds = _MINE if table == "wallet_offers" else _PLATFORM
        op.execute(f"GRANT SELECT, INSERT ON {table} TO lingkar_app")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY app_select ON {table} FOR SELECT TO lingkar_app USING ({_PLATFORM})")
        op.execute(f"CREATE POLICY app_insert ON {table} FOR INSERT TO lingkar_app WITH CHECK ({adds})")


def downgrade() -> None:
    raise NotImplementedError("Facts are never deleted; write a new migration that goes forward.")


def _recorded_at() -> sa.Column[object]:
    return sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False)
