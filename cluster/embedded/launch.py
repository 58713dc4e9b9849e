"""Run as a script: become another account if asked to, tie this process to its parent's life, run a program.

    python -I -S launch.py PARENT_PID DEATH_SIGNAL UID:GID|- PROGRAM ARGUMENT...

This is a program of its own because nothing but system calls is safe between fork and exec in a process
that has threads. It needs the standard library only.

On Linux the kernel sends DEATH_SIGNAL to the program when the *thread* that started it ends, so start
servers from the thread that lives as long as they shall. Other systems have nothing like it: there a
program outlives a parent that was killed, until the next start on the same home ends it.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
# A shell may have started us with some of these ignored, and Python ignores SIGPIPE; exec would pass that on.
_RESET = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGPIPE, signal.SIGXFSZ)


def _become(account: str) -> None:
    if account == "-":
        return
    uid, gid = (int(part) for part in account.split(":"))
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def _die_with(parent: int, death_signal: int) -> None:
    if sys.platform == "linux":
        # After the change of account, which would undo it.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("launch: the parent is gone already")


def main(arguments: list[str]) -> None:
    """Replace this process; return only by exiting with a message on standard error."""
    parent, death_signal, account, *command = arguments
    try:
        _become(account)
        _die_with(int(parent), int(death_signal))
        os.umask(0o077)
        for number in _RESET:
            signal.signal(number, signal.SIG_DFL)
        os.execv(command[0], command)  # noqa: S606 (the command is our caller's own)
    except OSError as error:
        sys.exit(f"launch: cannot run {command[0]} as {account}: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])
