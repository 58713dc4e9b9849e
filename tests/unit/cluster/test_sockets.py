import socket
import tempfile
from pathlib import Path

import pytest

from cluster.embedded.errors import SocketInUseError
from cluster.embedded.sockets import LONGEST_PATH_BYTES, refuse_if_answered, socket_directory


def test_a_short_plain_path_is_kept() -> None:
    directory = Path("/home/ada/.azora/run")
    assert socket_directory(directory, "valkey.sock") == directory


@pytest.mark.parametrize("preferred", ["/" + "d" * 100, "/home/a b", "/home/a,b", "/home/a?b=c", "/home/größe"])
def test_others_move_below_the_temporary_directory(preferred: str) -> None:
    chosen = socket_directory(Path(preferred), "valkey.sock")
    assert chosen.parent == Path(tempfile.gettempdir()).resolve()
    assert chosen == socket_directory(Path(preferred), "valkey.sock")
    assert chosen != socket_directory(Path(preferred + "2"), "valkey.sock")
    assert len(str(chosen / ".s.PGSQL.5432")) <= LONGEST_PATH_BYTES


def test_the_limit_counts_the_socket_itself() -> None:
    longest = Path("/" + "d" * (LONGEST_PATH_BYTES - 3))
    assert socket_directory(longest, "s") == longest
    assert socket_directory(longest, "so") != longest


def test_only_a_living_server_is_in_the_way() -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "s"
        refuse_if_answered(path)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
            server.listen()
            with pytest.raises(SocketInUseError, match="answers on"):
                refuse_if_answered(path)
        refuse_if_answered(path)
