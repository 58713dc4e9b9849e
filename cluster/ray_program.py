"""`ray start` without the parts of Ray's command that it does not need.

Ray's command imports Serve, the state commands and the job commands, whatever it was asked to do: two thirds of the
4.8 s of processor time that `ray start` took before it started anything. How soon a node comes back begins with that.
A program of the same name, first on a node's path, hides their modules where the command is `start`; Ray then leaves
those commands out.
"""

from __future__ import annotations

import sys
from pathlib import Path

_UNUSED = ("ray.serve.scripts", "ray.util.state.state_cli", "ray.dashboard.modules.job.cli")


def write_ray_program(directory: Path) -> Path:
    """Write the program into `directory`, and say where it is."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    program = directory / "ray"
    program.write_text(
        f"#!{sys.executable}\n"
        "import sys\n"
        "starting = sys.argv[1:2] == ['start']\n"
        "if starting:\n"
        f"    sys.modules.update(dict.fromkeys({_UNUSED!r}))\n"
        "from ray.scripts import scripts\n"
        "if starting:\n"
        "    scripts.get_ray_client_dependency_error = lambda: 'left out'\n"
        "sys.exit(scripts.main())\n"
    )
    program.chmod(0o700)
    return program
