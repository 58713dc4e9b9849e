"""A function as a command: `azora job NAME` on this machine, `python -m jobs.NAME` under `ray job submit`.

A job with --out is idempotent: its fingerprint is made of its name, its version, its options and the content of the
data it reads. Where the output is there and was made by the same fingerprint, there is nothing to do; where a run was
killed, the next goes on.
"""

from __future__ import annotations

import hashlib
import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, TypeAlias, get_type_hints

import orjson
import typer
from rich.console import Console
from rich.markup import escape

from configs.errors import AzoraError
from jobs.framework.errors import JobError, naming
from jobs.framework.execution import Device, Means, Where
from jobs.framework.journal import Journal
from jobs.framework.outputs import FORMATS, rows_format, write_json
from jobs.framework.run import Run
from jobs.framework.summary import show
from jobs.framework.tables import folder_hash, require_folder


def _for_rows(path: Path) -> Path:
    """The suffix decides how rows are written: a wrong one is told before any work is done."""
    try:
        rows_format(path)
    except JobError as error:
        raise typer.BadParameter(error.detail) from None
    return path


DataFolder: TypeAlias = Annotated[Path, typer.Option("--data", help="folder with the tables to read")]
OutFile: TypeAlias = Annotated[Path, typer.Option("--out", dir_okay=False, help="file to write")]
RowsFile: TypeAlias = Annotated[
    Path,
    typer.Option("--out", dir_okay=False, callback=_for_rows, help=f"file of rows to write: {', '.join(FORMATS)}"),
]
InputFile: TypeAlias = Annotated[Path, typer.Option(help="file to read")]

_COMMON: dict[str, tuple[Any, Any]] = {
    "where": (
        Annotated[Where, typer.Option(help="on this machine or on Ray Data; auto: Ray under `ray job submit`")],
        Where.AUTO,
    ),
    "workers": (Annotated[int | None, typer.Option(min=1, help="processes or Ray actors; default one per core")], None),
    "device": (Annotated[Device, typer.Option(help="what models run on; auto: a GPU where there is one")], Device.AUTO),
    "again": (Annotated[bool, typer.Option("--again", help="start afresh, whatever is done already")], False),
    "as_json": (Annotated[bool, typer.Option("--json", help="print the summary as JSON on standard output")], False),
}


# What means nothing to a job on the platform's own database, and why. It is taken all the same, so that one command
# line does for every job, and whoever gives it is told.
_NOT_ON_PLATFORM = {
    "where": "it works where it is started",
    "again": "what is done is in the database, and it always starts afresh",
}
_ON_PLATFORM: dict[str, tuple[Any, Any]] = {
    "where": (Annotated[Where, typer.Option(help=f"not used: {_NOT_ON_PLATFORM['where']}")], Where.AUTO),
    "workers": (Annotated[int | None, typer.Option(min=1, help="threads of the sentence model, if it has one")], None),
    "device": (Annotated[Device, typer.Option(help="auto or cpu: it has no model that runs on a GPU")], Device.AUTO),
    "again": (Annotated[bool, typer.Option("--again", help=f"not used: {_NOT_ON_PLATFORM['again']}")], False),
}


@dataclass(frozen=True)
class _Asked:
    """The common options of one call."""

    where: Where = Where.AUTO
    workers: int | None = None
    device: Device = Device.AUTO
    again: bool = False
    as_json: bool = False


class Job:
    """A job: its function, and its command.

    `version` grows where the same input gives another output than before. One with `platform` works on the platform's
    own database, whose address and keys it finds in the settings. One with `gpu` has models that run on one.
    """

    def __init__(
        self, function: Callable[..., None], *, name: str, version: int, platform: bool = False, gpu: bool = False
    ) -> None:
        self.function = function
        self.name = name
        self.version = version
        self.platform = platform
        self.gpu = gpu

    def __call__(self, arguments: list[str] | None = None) -> None:
        """Run as a command line does. Ends the process where it fails."""
        self.app(args=arguments, prog_name=f"azora job {self.name}")

    @cached_property
    def app(self) -> typer.Typer:
        """The command."""
        app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        app.command(name=self.name, help=inspect.getdoc(self.function))(self._command())
        return app

    def _command(self) -> Callable[..., None]:
        hints = get_type_hints(self.function, include_extras=True)
        own = [
            parameter.replace(annotation=hints[parameter.name], kind=inspect.Parameter.KEYWORD_ONLY)
            for parameter in inspect.signature(self.function).parameters.values()
            if hints[parameter.name] is not Run
        ]
        common = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
            for name, (annotation, default) in (_COMMON | (_ON_PLATFORM if self.platform else {})).items()
        ]

        def command(**options: Any) -> None:
            self._started(_Asked(**{name: options.pop(name) for name in _COMMON if name in options}), options)

        command.__signature__ = inspect.Signature([*own, *common])  # type: ignore[attr-defined]
        command.__annotations__ = {parameter.name: parameter.annotation for parameter in [*own, *common]}
        return command

    def _started(self, asked: _Asked, options: dict[str, Any]) -> None:
        console = Console(stderr=True, highlight=False, soft_wrap=True)
        try:
            with naming():
                summary = self.run(console, asked, options)
        except AzoraError as error:
            console.print(f"[red]✗[/red] {escape(error.detail)}")
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            console.print("[yellow]![/yellow] Stopped. The same command goes on from here.")
            raise typer.Exit(130) from None
        if asked.as_json:
            typer.echo(orjson.dumps(summary, option=orjson.OPT_INDENT_2).decode())
        else:
            show(console, self.name, summary)
        if failures := summary.get("failures"):
            console.print(f"[red]✗[/red] {escape(' '.join(failures))}")
            raise typer.Exit(1)

    def run(self, console: Console, asked: _Asked, options: dict[str, Any]) -> dict[str, Any]:
        """Run, and return the summary. Raises `AzoraError` and `OSError`."""
        out: Path | None = options.get("out")
        if asked.device is Device.GPU and not self.gpu:
            raise JobError(f"{self.name} has no model that runs on a GPU. Leave --device away.")
        if "data" in options:
            require_folder(options["data"])
        journal = None
        if out is not None:
            fingerprint = self._fingerprint(options)
            # What the platform's database holds is not known before it is read.
            if not (asked.again or self.platform) and (done := _finished(out, fingerprint)) is not None:
                console.print(f"{escape(str(out))} is there already, made from the same data with the same options.")
                return done
            journal = Journal(out, fingerprint)
            journal.open(afresh=asked.again or self.platform)
        means = Means(where=asked.where, workers=asked.workers, device=asked.device)
        run = Run(out=out, journal=journal, means=means, console=console)
        run.warn(*self._unused(asked))
        started = time.perf_counter()
        try:
            with run.heeding():
                self.function(run, **options)
            summary = {"job": self.name, "seconds": round(time.perf_counter() - started, 1), **run.figures}
            if out is not None and journal is not None:
                summary |= {"out": str(out), "fingerprint": fingerprint}
                write_json(_summary_path(out), summary)
                journal.remove()
        finally:
            if journal is not None:
                journal.release()
        return summary

    def _unused(self, asked: _Asked) -> list[str]:
        """What was asked for and means nothing to this job."""
        given = {"where": asked.where is not Where.AUTO, "again": asked.again}
        return [
            f"--{name} is not used by {self.name}: {why}."
            for name, why in _NOT_ON_PLATFORM.items()
            if self.platform and given[name]
        ]

    def _fingerprint(self, options: dict[str, Any]) -> str:
        """What makes a run this run. Files and folders that it reads count by their content."""
        plain = {
            name: folder_hash(value, options.get("out")) if isinstance(value, Path) and value.exists() else value
            for name, value in options.items()
            if name != "out"
        }
        facts = {"job": self.name, "version": self.version, "options": plain}
        return hashlib.sha256(orjson.dumps(facts, option=orjson.OPT_SORT_KEYS, default=str)).hexdigest()


def job(*, version: int = 1, platform: bool = False, gpu: bool = False) -> Callable[[Callable[..., None]], Job]:
    """Make a job of a function `(run: Run, option: Annotated[...] = default, ...) -> None`.

    Its command is the function's name with dashes and its documentation the help. An option `out` names the file
    that it writes (`RowsFile` where that is rows), `data` the folder that it reads.
    """

    def made(function: Callable[..., None]) -> Job:
        return Job(function, name=function.__name__.replace("_", "-"), version=version, platform=platform, gpu=gpu)

    return made


def _summary_path(out: Path) -> Path:
    return out.with_name(f"{out.name}.summary.json")


def _finished(out: Path, fingerprint: str) -> dict[str, Any] | None:
    if not out.exists():
        return None
    try:
        summary: dict[str, Any] = orjson.loads(_summary_path(out).read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError):
        return None
    return summary if summary.get("fingerprint") == fingerprint and not summary.get("failures") else None
