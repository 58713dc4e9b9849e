"""The directory in which an embedded installation keeps everything."""

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cluster.embedded.errors import HomeInUseError, NotPermittedError, translated

PRIVATE = 0o700
PASSABLE = 0o711  # another account may pass through to what is its own, and list nothing


@dataclass(frozen=True, slots=True)
class Home:
    """The paths of one installation. `root` is made absolute and free of symbolic links."""

    root: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", self.root.expanduser().resolve())

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "Home":
        """The home that AZORA_HOME names, `~/.azora` where it is unset or empty."""
        chosen = (os.environ if environ is None else environ).get("AZORA_HOME")
        return cls(Path(chosen or "~/.azora"))

    @property
    def postgres(self) -> Path:
        """PostgreSQL's own directory, or a link to it where a root account must keep it elsewhere."""
        return self.root / "postgres"

    @property
    def valkey(self) -> Path:
        """Valkey's configuration and append-only files."""
        return self.root / "valkey"

    @property
    def run(self) -> Path:
        """Lock, process ids and sockets: nothing in it outlives a reboot."""
        return self.root / "run"

    @property
    def logs(self) -> Path:
        """One log per server."""
        return self.root / "logs"

    @property
    def secrets(self) -> Path:
        """Keys made on this machine; only their owner may read them."""
        return self.root / "secrets"

    @property
    def mail(self) -> Path:
        """Messages that would have been sent, had a mail server been configured."""
        return self.root / "mail"

    @property
    def metrics(self) -> Path:
        """The figures of the processes that run; nothing in it outlives a start."""
        return self.root / "metrics"

    @property
    def models(self) -> Path:
        """Language models that run on this machine; made when the first one is fetched."""
        return self.root / "models"

    def create(self) -> "Home":
        """Make every directory that is missing, readable by its owner alone; safe to repeat.

        The mode of a root directory that was there before is left as it is.

        Raises:
            NotPermittedError: A directory cannot be made or belongs to another account.
            DiskFullError: There is no room.
        """
        if not self.root.exists():
            make_directory(self.root, mode=PASSABLE if os.geteuid() == 0 else PRIVATE)
        for directory in (self.valkey, self.run, self.logs, self.secrets, self.mail, self.metrics):
            make_directory(directory)
        return self

    def secret(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The secret of that name, made and kept (mode 0600) on first use.

        Of several processes that ask first at the same time, all get the same value.
        """
        path = self.secrets / name
        if path.parent != self.secrets or not name:
            raise ValueError(f"a secret's name is a plain file name, not {name!r}")
        with translated(path):
            if not path.exists():
                _write_once(path, make())
            path.chmod(0o600)
            return path.read_bytes()

    @property
    def _lock_file(self) -> Path:
        return self.run / "azora.lock"

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the home alone; the lock ends with the process, however it ends.

        Raises:
            HomeInUseError: Another process holds it; the error names its pid.
        """
        with translated(self._lock_file):
            descriptor = os.open(self._lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise HomeInUseError(self.root, _read_pid(descriptor)) from None
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
            yield
            os.ftruncate(descriptor, 0)
        finally:
            os.close(descriptor)

    def holder(self) -> int | None:
        """The pid of the process that holds the home, None where nobody does."""
        try:
            descriptor = os.open(self._lock_file, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _read_pid(descriptor)
        else:
            return None
        finally:
            os.close(descriptor)


def make_directory(path: Path, *, mode: int = PRIVATE, owner: tuple[int, int] | None = None) -> Path:
    """Make a directory with exactly this mode and owner (uid, gid); adopt one that is there and ours.

    Raises:
        NotPermittedError: It cannot be made, is no directory, or belongs to somebody else.
        DiskFullError: There is no room.
    """
    uid = os.geteuid() if owner is None else owner[0]
    with translated(path):
        try:
            path.mkdir(mode=PRIVATE, parents=True)
        except FileExistsError:
            if path.is_symlink() or not path.is_dir():
                raise NotPermittedError(f"{path} is not a plain directory.", remedy="Move it away.") from None
        else:
            if owner is not None:
                os.chown(path, *owner)
        status = path.stat()
        if status.st_uid != uid:
            raise NotPermittedError(
                f"{path} belongs to another account (uid {status.st_uid}, not {uid}).",
                remedy="Work as that account, give it away with chown, or set AZORA_HOME to another directory.",
            )
        if status.st_mode & 0o777 != mode:
            path.chmod(mode)
    return path


def _write_once(path: Path, content: bytes) -> None:
    """Give `path` its content whole or not at all, and never replace it."""
    descriptor, scratch = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(scratch, path)
    finally:
        os.unlink(scratch)


def _read_pid(descriptor: int) -> int | None:
    text = os.pread(descriptor, 32, 0).split()
    return int(text[0]) if text and text[0].isdigit() else None
