"""The audit log: append-only, hash-chained per organisation."""

from migrations.run import execute_file

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    execute_file("0005_audit.sql")


def downgrade() -> None:
    raise RuntimeError("an audit log is not taken back; restore a backup instead")
