"""Drafts, the keys that they are sealed by, and the audit of who did what."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"

SQLITE = """
CREATE TRIGGER audit_lines_are_not_changed BEFORE UPDATE ON audit_lines
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_lines_are_not_deleted BEFORE DELETE ON audit_lines
WHEN OLD.number > (SELECT COALESCE(MAX(upto), 0) FROM audit_removals)
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_removals_are_of_old_lines BEFORE INSERT ON audit_removals
WHEN NOT EXISTS (SELECT 1 FROM audit_lines WHERE number = NEW.upto AND hash = NEW.hash)
OR EXISTS (SELECT 1 FROM audit_lines WHERE number <= NEW.upto AND at >= datetime('now', '-180 days'))
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_removals_are_not_changed BEFORE UPDATE ON audit_removals
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_removals_are_not_deleted BEFORE DELETE ON audit_removals
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
"""
"""No one changes a line. Lines go only up to a number that `audit_removals` keeps, which shows that they went, and
only once they are 180 days old: the least that `FANAL_AUDIT_DAYS` may be."""

POSTGRESQL = """
CREATE FUNCTION fanal_audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'audit_lines' THEN
        IF OLD.number <= (SELECT COALESCE(MAX(upto), 0) FROM audit_removals) THEN
            RETURN OLD;
        END IF;
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF EXISTS (SELECT 1 FROM audit_lines WHERE number = NEW.upto AND hash = NEW.hash) AND NOT EXISTS (
            SELECT 1 FROM audit_lines WHERE number <= NEW.upto AND at >= now() - interval '180 days'
        ) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'the audit is append-only';
END $$;
CREATE TRIGGER audit_lines_are_kept BEFORE UPDATE OR DELETE ON audit_lines
    FOR EACH ROW EXECUTE FUNCTION fanal_audit_is_append_only();
CREATE TRIGGER audit_lines_are_not_emptied BEFORE TRUNCATE ON audit_lines
    FOR EACH STATEMENT EXECUTE FUNCTION fanal_audit_is_append_only();
CREATE TRIGGER audit_removals_are_kept BEFORE INSERT OR UPDATE OR DELETE ON audit_removals
    FOR EACH ROW EXECUTE FUNCTION fanal_audit_is_append_only();
CREATE TRIGGER audit_removals_are_not_emptied BEFORE TRUNCATE ON audit_removals
    FOR EACH STATEMENT EXECUTE FUNCTION fanal_audit_is_append_only();
"""


def upgrade() -> None:
    """Make the tables, and the triggers that keep the audit as it is."""
    _create_drafts()
    _create_audit()
    if op.get_bind().dialect.name == "sqlite":
        for statement in SQLITE.split("END;")[:-1]:
            op.execute(f"{statement}END;")
    else:
        op.execute(POSTGRESQL)


def _create_drafts() -> None:
    op.create_table(
        "drafts",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("template_version", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("prompt_version", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("validated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("notes_until", sa.Date(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "id", name="pk_drafts"),
    )
    op.create_index("ix_drafts_owner_updated_at", "drafts", ["owner", "updated_at"])
    op.create_index("ix_drafts_expires_on", "drafts", ["expires_on"])
    op.create_index("ix_drafts_notes_until", "drafts", ["notes_until"])
    op.create_table(
        "draft_keys",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("draft_id", sa.Text(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "draft_id", name="pk_draft_keys"),
        sa.ForeignKeyConstraint(
            ["owner", "draft_id"],
            ["drafts.owner", "drafts.id"],
            name="fk_draft_keys_drafts",
            ondelete="CASCADE",
        ),
    )


def _create_audit() -> None:
    op.create_table(
        "audit_lines",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit_lines"),
    )
    op.create_index("ix_audit_lines_at", "audit_lines", ["at"])
    op.create_table(
        "audit_removals",
        sa.Column("upto", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("upto", name="pk_audit_removals"),
    )


def downgrade() -> None:
    """Remove them, and all that they hold; their triggers go with the tables."""
    op.drop_table("audit_removals")
    op.drop_table("audit_lines")
    op.drop_table("draft_keys")
    op.drop_table("drafts")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION fanal_audit_is_append_only()")
