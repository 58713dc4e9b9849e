from pathlib import Path

from cluster.embedded.home import Home
from cluster.embedded.postgres import EmbeddedPostgres
from cluster.embedded.postgres_settings import render_configuration
from cluster.embedded.valkey import EmbeddedValkey


def test_addresses() -> None:
    home = Home(Path("/nonexistent/azora"))
    assert EmbeddedValkey(home).url == "unix:///nonexistent/azora/run/valkey.sock?db=0"
    postgres = EmbeddedPostgres(home)
    assert postgres.url == "postgresql://azora_owner@/azora?host=/nonexistent/azora/postgres/run&port=5432"
    assert postgres.url_for("azora_app").startswith("postgresql://azora_app@/azora?")


def test_postgres_configuration_is_quoted_and_safe() -> None:
    lines = render_configuration(Path("/it's"), 5432).splitlines()
    assert "unix_socket_directories = '/it''s'" in lines
    assert {"listen_addresses = ''", "fsync = 'on'", "synchronous_commit = 'on'"} <= set(lines)


def test_valkey_configuration_is_quoted_and_safe() -> None:
    lines = EmbeddedValkey(Home(Path('/nonexistent/a "b" \\ c'))).render_configuration().splitlines()
    assert 'dir "/nonexistent/a \\"b\\" \\\\ c/valkey"' in lines
    assert {'port "0"', 'appendfsync "always"', 'maxmemory-policy "noeviction"', 'save ""'} <= set(lines)
