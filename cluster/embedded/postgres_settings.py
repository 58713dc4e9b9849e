"""How the embedded PostgreSQL is made and tuned: for one laptop, with nothing of its safety traded away."""

from collections.abc import Sequence
from pathlib import Path

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "huge_pages": "off",
    "jit": "off",  # costs more than it saves on short queries
    # What was committed survives a crash of server or machine.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # Bounds the disk used and the time that recovery takes.
    "max_wal_size": "512MB",
    # After a bulk load plans are bad until statistics follow; looking six times as often costs a thousandth of a core.
    "autovacuum_naptime": "10s",
    # Workers that died with open transactions must not hold locks, nor vacuum back.
    "idle_in_transaction_session_timeout": "60s",
    "client_connection_check_interval": "5s",
    # The log tells what happened without telling whose data it happened to.
    "log_destination": "stderr",
    "logging_collector": "off",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_error_verbosity": "terse",
    "log_min_duration_statement": "1s",
    "log_parameter_max_length": "0",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "datestyle": "iso, ymd",
    "lc_messages": "C",
    "default_text_search_config": "pg_catalog.english",
}


def initdb_options() -> Sequence[str]:
    """Encoding, collation, checksums and authentication, fixed when the cluster is made.

    The builtin provider sorts and folds the same on every machine, whatever locales it has.
    """
    return (
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        "--data-checksums",
        "--auth-local=trust",
        "--auth-host=reject",
        "--no-instructions",
    )


def render_configuration(socket_directory: Path, port: int) -> str:
    """The configuration file's text; what ALTER SYSTEM sets takes precedence over it."""
    settings = _SETTINGS | {"unix_socket_directories": str(socket_directory), "port": str(port)}
    header = "# Written at every start. Change settings with ALTER SYSTEM instead.\n"
    return header + "".join(f"{name} = {_quoted(value)}\n" for name, value in settings.items())


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
