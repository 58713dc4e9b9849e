"""The application reads which revision the database is at, and writes it no more."""

from migrations.run import execute_file

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    execute_file("0018_revision_for_the_owner_alone.sql")


def downgrade() -> None:
    raise RuntimeError("the right to write it was never needed")
