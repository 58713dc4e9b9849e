"""Passages of published courses, found by words and by meaning."""

import asyncpg

from configs.errors import ConfigurationError
from migrations.run import execute_file

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    try:
        execute_file("0003_retrieval.sql")
    except asyncpg.RaiseError as error:  # the server lacks something that its administrator has to bring
        raise ConfigurationError([" ".join(filter(None, (f"{error.message}.", error.hint)))]) from error


def downgrade() -> None:
    raise RuntimeError("what is indexed is not taken back; restore a backup instead")
