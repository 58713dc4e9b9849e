"""What the supervisor needs to know of a server."""

import signal
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from cluster.embedded.account import Account
from cluster.embedded.family import Family
from cluster.embedded.home import Home
from cluster.embedded.process import Log

Report = Callable[[str], None]


class EmbeddedServer(ABC):
    """A server that runs in the foreground, in a home.

    Attributes:
        name: of the service, of its log and of its run file.
        program: name of the executable.
        stop_signal: asks for an orderly end that does not wait for clients.
        death_signal: what the server gets when the supervisor dies (Linux only).
        start_timeout_seconds: recovery after a crash included.
        stop_timeout_seconds: after that it is killed.
        account: whom it runs as; None for the present account. Final once `prepare` has returned.
    """

    name: ClassVar[str]
    program: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]
    death_signal: ClassVar[signal.Signals]
    start_timeout_seconds: float = 60.0
    stop_timeout_seconds: float = 20.0
    account: Account | None = None

    def __init__(self, home: Home) -> None:
        self.home = home
        self.log = Log(home.logs / f"{self.name}.log")

    @property
    @abstractmethod
    def url(self) -> str:
        """Where clients of the same machine connect."""

    @property
    @abstractmethod
    def directory(self) -> Path:
        """The working directory of the server's processes."""

    @abstractmethod
    async def prepare(self, report: Report) -> None:
        """Make all ready for the command; safe to repeat. No process of the server is alive meanwhile.

        Raises:
            EmbeddedServerError: The server could not work.
        """

    @abstractmethod
    def command(self) -> Sequence[str]:
        """What to run, valid after `prepare`."""

    @abstractmethod
    async def is_ready(self) -> bool:
        """Whether it serves clients now; returns within seconds."""

    def family(self) -> Family:
        """The server's processes, whoever started them in this home."""
        run_file = self.home.run / f"{self.name}.pid"
        return Family(run_file, program=self.program, directory=self.directory)
