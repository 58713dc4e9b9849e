"""Every job by both its commands: `azora job` here, and `ray job submit` to the platform in AZORA_HOME or RAY_ADDRESS.

    python -m benchmarks.jobs --data FOLDER [--only NAME ...] [--rows 400] [--here | --submitted]

FOLDER holds `oulad`, `short_answers` and `knowledge_tracing`, in the layouts of docs/JOBS.md; a job whose folder is not
there is passed over. Answers are cut to `--rows`, results to fifty times that: this asks whether jobs run, not how good
they are. The platform needs a dashboard (AZORA_RAY_DASHBOARD_PORT); jobs on its own data are passed over where none
runs.

By each command a job is run, run again, and (with another output) killed half way with `kill -9` and started again.
Fails where one fails, where it shows no progress or no summary, where the second run does not find it done, or where
the output after the kill, or that of the other command, differs from that of a run that nobody disturbed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.jobs.asked import Asked, asked
from benchmarks.jobs.running import (
    Command,
    Outcome,
    here,
    noted,
    run,
    run_and_kill,
    same,
    submitted,
    wrote,
)
from cluster.embedded import Home
from cluster.installation import read_running
from stores.vaulted import load_settings

console = Console(width=140)
_KILLED_AFTER = 0.5  # of the seconds that the whole run took, for a job without batches


@dataclass
class Looked:
    """What was seen of a job by one command; empty where there was nothing to see."""

    seconds: float = 0.0
    problems: tuple[str, ...] = ()
    again: str = ""
    killed: str = ""


def look(one: Asked, command: Command, folder: Path, environment: Mapping[str, str], expected: Any) -> Looked:
    """Run it, run it again, kill it and go on. `expected` is what the other command wrote, if it has run."""
    whole = run(command(one, folder), environment)
    seen = Looked(whole.seconds, _problems(one, whole, folder, expected))
    if not whole.succeeded:
        console.print(whole.printed[-3_000:], markup=False)
        return seen
    again = run(command(one, folder), environment)
    seen.again = "found done" if again.found_done else "done again" if again.succeeded else "FAILED"
    if seen.again != ("done again" if one.platform else "found done"):
        seen.problems += ("again",)
    seen.killed, problem = _killed(one, command, folder, environment, whole.seconds)
    seen.problems += (problem,) if problem else ()
    return seen


def _problems(one: Asked, whole: Outcome, folder: Path, expected: Any) -> tuple[str, ...]:
    if not whole.succeeded:
        return ("failed",)
    found = [] if whole.showed_progress else ["no progress"]
    if one.name not in whole.printed.split("seconds")[0]:
        found.append("no summary")
    if one.out is not None:
        found += [] if noted(one, folder)["job"] == one.name else ["no summary file"]
        if expected is not None and not one.platform and not same(expected, wrote(one, folder)):
            found.append("not what the other command wrote")
    return tuple(found)


def _killed(
    one: Asked, command: Command, folder: Path, environment: Mapping[str, str], seconds: float
) -> tuple[str, str]:
    """What came of killing it, and what was wrong about that."""
    other = folder / "killed"
    other.mkdir(exist_ok=True)
    if not run_and_kill(one, command(one, other), other, environment, _KILLED_AFTER * seconds):
        return "too quick", ""
    if one.out is not None and (other / one.out).exists():
        return "too quick", ""
    finished = run(command(one, other), environment)
    if not finished.succeeded:
        console.print(finished.printed[-3_000:], markup=False)
        return "FAILED", "killed"
    if one.platform:
        return "went through", ""
    if not same(wrote(one, folder), wrote(one, other)):
        return "ANOTHER OUTPUT", "killed"
    resumed = noted(one, other).get("resumed_after")
    return (f"equal, after {resumed} done" if resumed else "equal, from the start"), ""


def _environment() -> dict[str, str]:
    """How `ray job submit` finds the cluster: as it is told, or else the platform's own."""
    if "RAY_ADDRESS" in os.environ:
        return dict(os.environ)
    settings = load_settings()
    token = settings.home_path / "secrets" / "ray-token"
    address = f"http://127.0.0.1:{settings.ray_dashboard_port}"
    return os.environ | {"RAY_ADDRESS": address, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token)}


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", action="append")
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--here", action="store_true", help="only by `azora job`")
    parser.add_argument("--submitted", action="store_true", help="only by `ray job submit`")
    given = parser.parse_args()
    table = Table("Job", "By", "Seconds", "Again", "Killed half way and started again", "Problems")
    ways: list[tuple[str, Command, Mapping[str, str]]] = [
        *([] if given.submitted else [("azora job", here, os.environ)]),
        *([] if given.here else [("ray job submit", submitted, _environment())]),
    ]
    failed = 0
    platform = read_running(Home(load_settings().home_path)) is not None
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        folders = [work / f"by-{number}" for number in range(len(ways))]
        for folder in folders:
            folder.mkdir()
        for one in asked(given.data, work, folders[0], given.rows):
            if (given.only and one.name not in given.only) or (one.platform and not platform):
                continue
            expected = None
            for (name, command, environment), folder in zip(ways, folders, strict=True):
                console.print(f"{one.name} by {name}", style="dim")
                seen = look(one, command, folder, environment, expected)
                failed += bool(seen.problems)
                table.add_row(one.name, name, f"{seen.seconds:.0f}", seen.again, seen.killed, ", ".join(seen.problems))
                if one.out is not None and (folder / one.out).exists():
                    expected = wrote(one, folder)
    console.print(table)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
