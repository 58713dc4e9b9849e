"""How much memory a tree of processes really holds."""

from __future__ import annotations

import psutil


def proportional_bytes(pid: int) -> dict[str, int]:
    """Proportional set size in bytes of a process and all its descendants, by name, largest first.

    Memory that several processes share is divided among them, so the values add up (Linux only). Processes that end
    while they are read, or that belong to somebody else, are left out. Raises `psutil.NoSuchProcess` when `pid` is
    not there.
    """
    root = psutil.Process(pid)
    sizes: dict[str, int] = {}
    for process in [root, *root.children(recursive=True)]:
        try:
            name, size = _name(process), int(process.memory_full_info().pss)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
        sizes[name] = sizes.get(name, 0) + size
    return dict(sorted(sizes.items(), key=lambda item: -item[1]))


def _name(process: psutil.Process) -> str:
    # Ray's workers set their own title ("ray::ServeReplica:users"); other programs are named by their file.
    command = process.cmdline()
    return command[0] if command and command[0].startswith("ray::") else process.name()
