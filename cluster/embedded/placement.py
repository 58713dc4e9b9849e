"""Where PostgreSQL's own directory lies: in the home, unless its account cannot get there."""

import tempfile
from pathlib import Path

from cluster.embedded.account import Account
from cluster.embedded.errors import IncompatibleDataError, NotPermittedError, translated
from cluster.embedded.home import PASSABLE, PRIVATE, Home, make_directory
from cluster.embedded.server import Report

SYSTEM_DIRECTORY = Path("/var/lib/azora")


def place(home: Home, account: Account | None, system_directory: Path, report: Report) -> Path:
    """PostgreSQL's directory, made on first use.

    It is `home.postgres` as a rule. As root, where the account that PostgreSQL runs under cannot enter the
    home (`/root` lets nobody pass), it is a new directory in `system_directory`, and `home.postgres` a
    symbolic link to it. Once made, the place stays: no later change of modes moves the data.

    Raises:
        IncompatibleDataError: The link leads nowhere.
        NotPermittedError: The data lies in the home, and its account can no longer get there.
    """
    link = home.postgres
    with translated(link):
        if link.is_symlink():
            return _followed(link)
        if account is None or account.may_enter(home.root):
            return make_directory(link, mode=PRIVATE if account is None else PASSABLE)
        if link.exists():
            raise NotPermittedError(
                f"The account {account.name}, which PostgreSQL runs under, can no longer reach {link}.",
                remedy=f"Let it pass (`chmod o+x` on {home.root} and the directories above).",
            )
        make_directory(system_directory, mode=PASSABLE)
        target = Path(tempfile.mkdtemp(dir=system_directory, prefix="postgres-"))
        target.chmod(PASSABLE)
        link.symlink_to(target)
    report(f"PostgreSQL runs as {account.name}, who cannot enter {home.root}: its data is in {target}")
    return target


def _followed(link: Path) -> Path:
    target = link.resolve()
    if not target.is_dir():
        raise IncompatibleDataError(
            f"{link} leads to {target}, which is not there.",
            remedy="Bring that directory back, or remove the link to start with an empty database.",
        )
    return target
