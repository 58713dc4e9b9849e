"""The account that PostgreSQL runs under when we are root, under which it refuses to run."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from cluster.embedded.errors import NotPermittedError

CANDIDATES = ("azora", "postgres", "nobody")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account of this machine other than root."""

    name: str
    uid: int
    gid: int

    def may_enter(self, directory: Path) -> bool:
        """Whether the modes of the directory and of all above it let the account pass."""
        return all(self._allowed(step, stat.S_IXOTH) for step in (directory, *directory.parents))

    def may_read(self, path: Path) -> bool:
        """Whether the account can reach the file or directory and read it."""
        return self.may_enter(path.parent) and self._allowed(path, stat.S_IROTH)

    def _allowed(self, path: Path, bit: int) -> bool:
        status = path.stat()
        if status.st_uid == self.uid:
            bit <<= 6
        elif status.st_gid == self.gid:
            bit <<= 3
        return bool(status.st_mode & bit)


def server_account(data: Path) -> Account | None:
    """Whom PostgreSQL shall run as: None for the present account, which is not root.

    A root account uses the owner of `data` where that is there already, else the first of CANDIDATES that
    this machine has. No account is ever created.

    Raises:
        NotPermittedError: Root, and no candidate exists.
    """
    if os.geteuid() != 0:
        return None
    if data.exists() and (status := data.stat()).st_uid != 0:
        return Account(name=_name_of(status.st_uid), uid=status.st_uid, gid=status.st_gid)
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise NotPermittedError(
        "PostgreSQL refuses to run as root, and this machine has no account to run it under.",
        remedy="Create one (`useradd --system azora`), or run Azora as an ordinary user.",
    )


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
