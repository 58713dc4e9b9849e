"""A run of a job: what the code of a job works with."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from jobs.framework.errors import DataWarning, JobError
from jobs.framework.execution import Device, Means, work_through
from jobs.framework.journal import Journal
from jobs.framework.outputs import write_rows
from jobs.framework.rows import Batch, Build, Row, in_batches

Item = TypeVar("Item")


class Run:
    """One run: its output, its means, what it has to say. Made by `job`."""

    def __init__(self, *, out: Path | None, journal: Journal | None, means: Means, console: Console) -> None:
        self.means = means
        self.console = console
        self.figures: dict[str, Any] = {}
        self._out = out
        self._journal = journal
        self._stages: set[str] = set()

    @property
    def device(self) -> Device:
        """What models of this process shall run on."""
        return Device.GPU if self.means.gpu else Device.CPU

    def note(self, **figures: Any) -> None:
        """Figures for the summary, in the order in which they are noted."""
        self.figures.update(figures)

    def say(self, message: str) -> None:
        """A line for the person who watches."""
        self.console.print(message)

    def warn(self, *remarks: str) -> None:
        """What a person should know of the input or the result: shown now, and in the summary."""
        for remark in remarks:
            self.console.print(f"[yellow]![/yellow] {escape(remark)}")
            self.figures.setdefault("warnings", []).append(remark)

    @contextmanager
    def heeding(self) -> Iterator[None]:
        """What readers of data warn of while the block lasts, the run warns of."""
        with warnings.catch_warnings():
            shown = warnings.showwarning

            def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
                if issubclass(category, DataWarning):
                    self.warn(str(message))
                else:
                    shown(message, category, *place, **more)

            warnings.simplefilter("always", DataWarning)
            warnings.showwarning = show
            yield

    def fail(self, why: str) -> None:
        """Something failed, and the rest is done all the same: what is written is without it, the summary has this
        under `failures`, and the job ends with an error. The same command does it all again."""
        self.figures.setdefault("failures", []).append(why)

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Show a step that has no measure while it runs, and how long it took."""
        started = time.perf_counter()
        with self.console.status(what):
            yield
        self.console.print(f"[green]✓[/green] {what} [dim]{time.perf_counter() - started:.1f} s[/dim]")

    def track(self, items: Sequence[Item], what: str) -> Iterator[Item]:
        """The items, with a bar that shows how many are done."""
        with self._progress() as progress:
            yield from progress.track(items, total=len(items), description=what)

    def each(
        self,
        rows: Sequence[Row],
        build: Build,
        *,
        stage: str = "rows",
        batch_size: int = 256,
        wants_gpu: bool = False,
    ) -> Iterator[Row]:
        """The rows that the work makes of these rows, in their order.

        `rows` must come in the same order in every run. `build` pickles, and makes the work where it is done; the
        work takes a batch of rows and returns rows. A finished batch is kept: a run that was killed does not do it
        again. Each call within a run needs a stage of its own.
        """
        if self._journal is None:
            raise JobError("Only a job with --out has rows to keep.")
        if stage in self._stages:
            raise ValueError(f"the stage {stage!r} was used before")
        self._stages.add(stage)
        finished = self._journal.finished(stage)
        pending = [batch for batch in in_batches(rows, batch_size) if batch.index not in finished]
        resumed = len(rows) - sum(len(batch.rows) for batch in pending)
        if resumed:
            self.say(f"Going on after {resumed} of {len(rows)} that are done.")
            self.note(resumed_after=resumed)
        self._work_off(pending, build, stage, len(rows), resumed, wants_gpu)
        return self._journal.rows(stage)

    def write(self, rows: Iterable[Row], columns: Sequence[str] | None = None) -> int:
        """Write rows to the output in the format of its suffix; how many they were."""
        if self._out is None:
            raise JobError("This job has no --out.")
        written = write_rows(self._out, rows, columns)
        self.note(rows=written)
        return written

    def _work_off(self, pending: list[Batch], build: Build, stage: str, total: int, done: int, wants_gpu: bool) -> None:
        assert self._journal is not None
        sizes = {batch.index: len(batch.rows) for batch in pending}
        started = time.perf_counter()
        finished = work_through(pending, build, self.means, wants_gpu=wants_gpu and self.means.gpu)
        with self._progress() as progress, closing(finished):
            bar = progress.add_task(stage, total=total, completed=done)
            for index, results in finished:
                self._journal.put(stage, index, results)
                progress.advance(bar, sizes[index])
        if sizes:
            self.note(rows_per_second=round(sum(sizes.values()) / (time.perf_counter() - started), 1))

    def _progress(self) -> Progress:
        return Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self.console,
        )
