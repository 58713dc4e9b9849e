"""Where a Unix socket can live: its whole path must fit into 107 bytes on Linux, 103 on macOS."""

import hashlib
import re
import socket
import tempfile
from pathlib import Path

from cluster.embedded.errors import SocketInUseError

LONGEST_PATH_BYTES = 103
_ANSWER_SECONDS = 1.0
_PLAIN = re.compile(r"[A-Za-z0-9_./@+-]+")


def socket_directory(preferred: Path, file_name: str) -> Path:
    """`preferred` where a socket of that name fits, else a short directory under the temporary one.

    The short name is derived from the preferred path, so every process finds the same one. A path with
    characters that need quoting in a URL or a configuration file counts as unfit too.
    """
    path = str(preferred / file_name)
    if len(path.encode()) <= LONGEST_PATH_BYTES and _PLAIN.fullmatch(path):
        return preferred
    digest = hashlib.sha256(str(preferred).encode()).hexdigest()
    return Path(tempfile.gettempdir()).resolve() / f"azora-{digest[:16]}"


def refuse_if_answered(path: Path) -> None:
    """Raise SocketInUseError if a server accepts connections on the socket; a stale file is no server."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(_ANSWER_SECONDS)
        try:
            client.connect(str(path))
        except OSError:
            return
    raise SocketInUseError(
        f"A server that was not started by this home answers on {path}.",
        remedy="Stop that server, or set AZORA_HOME to another directory.",
    )
