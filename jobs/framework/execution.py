"""Where batches are worked on: in this process, in several of this machine, or on a Ray cluster."""

from __future__ import annotations

import ctypes
import logging
import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

import orjson

from configs.errors import AzoraError
from jobs.framework.errors import JobError
from jobs.framework.rows import Batch, Build, Row, Work

Finished: TypeAlias = tuple[int, list[Row]]
Results: TypeAlias = Generator[Finished, None, None]
# One thread of arithmetic per process: the processes share the cores already.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_PR_SET_PDEATHSIG = 1  # prctl(2)
_AHEAD = 2  # batches waiting per process, so that none is idle


class Where(StrEnum):
    """Where the work is done. AUTO is the cluster where Ray started this process as a job, else this machine."""

    AUTO = "auto"
    LOCAL = "local"
    RAY = "ray"


class Device(StrEnum):
    """What models run on. AUTO is a GPU where the machine shows one."""

    AUTO = "auto"
    CPU = "cpu"
    GPU = "gpu"


@dataclass(frozen=True, kw_only=True)
class Means:
    """What a run may use. `workers` None is one per core."""

    where: Where = Where.AUTO
    workers: int | None = None
    device: Device = Device.AUTO

    @property
    def on_ray(self) -> bool:
        return self.where is Where.RAY or (self.where is Where.AUTO and "RAY_JOB_ID" in os.environ)

    @property
    def processes(self) -> int:
        return self.workers or len(os.sched_getaffinity(0))

    @property
    def gpu(self) -> bool:
        return self.device is Device.GPU or (self.device is Device.AUTO and gpu_is_here())


def gpu_is_here() -> bool:
    """Whether this process may use an NVIDIA GPU."""
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    return not hidden and any(Path("/dev").glob("nvidia[0-9]*"))


def work_through(batches: Iterable[Batch], build: Build, means: Means, *, wants_gpu: bool) -> Results:
    """The result of every batch, in the order in which they finish. Closed before the end, it stops the work."""
    if means.on_ray:
        return _on_ray(batches, build, means, wants_gpu=wants_gpu)
    if means.processes == 1 or wants_gpu:  # a model on a GPU is not loaded twice
        return _here(batches, build)
    return _in_processes(batches, build, means.processes)


def _here(batches: Iterable[Batch], build: Build) -> Results:
    work = None
    for batch in batches:
        work = work or build()
        yield batch.index, work(batch.rows)


_work: Work | Exception | None = None  # of a worker process, which has one for its life; or why it has none


def _prepare(build: Build, parent: int) -> None:
    global _work  # noqa: PLW0603
    # Else a worker whose job was killed waits for ever on a queue whose other end it holds itself.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before that
        os._exit(1)
    try:
        _work = build()
    except Exception as error:  # an initialiser that fails breaks the pool, which keeps the reason to itself
        _work = error


def _do(batch: Batch) -> Finished:
    assert _work is not None
    try:
        if isinstance(_work, Exception):
            raise _work
        return batch.index, _work(batch.rows)
    except AzoraError as error:  # of whatever class: not all of them can be sent between processes
        raise JobError(error.detail) from error


def _in_processes(batches: Iterable[Batch], build: Build, processes: int) -> Results:
    remaining = iter(batches)
    first = next(remaining, None)
    if first is None:
        return
    second = next(remaining, None)
    if second is None:  # not worth a process
        yield from _here([first], build)
        return
    with _environment(_ONE_THREAD):
        pool = ProcessPoolExecutor(
            processes,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_prepare,
            initargs=(build, os.getpid()),
        )
        waiting: set[Future[Finished]] = set()
        given = chain((first, second), remaining)
        try:
            while True:
                while len(waiting) < processes * _AHEAD and (batch := next(given, None)) is not None:
                    with _interrupts_held():  # a process may start, which has them held for its life
                        waiting.add(pool.submit(_do, batch))
                if not waiting:
                    return
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        except (KeyboardInterrupt, GeneratorExit):  # nobody waits for what they work on
            for process in multiprocessing.active_children():
                process.terminate()
            raise
        except BrokenProcessPool as error:  # killed, as by the kernel where memory ran out
            raise JobError(
                "A process that worked for this job died; perhaps there was too little memory: try fewer --workers. "
                "The same command goes on after what is done."
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ctrl-C waits until the block ends, and for ever in the processes that start in it: their job stops them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _environment:
    """Variables that child processes find while the block lasts."""

    def __init__(self, values: dict[str, str]) -> None:
        self._values = values
        self._before: dict[str, str | None] = {}

    def __enter__(self) -> None:
        self._before = {name: os.environ.get(name) for name in self._values}
        os.environ.update(self._values)

    def __exit__(self, *_: object) -> None:
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


class _RayWorker:
    """What Ray Data makes in each of its actors."""

    def __init__(self, build: Callable[[], Work]) -> None:
        self._work = build()

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        return {"index": row["index"], "rows": orjson.dumps(self._work(orjson.loads(row["rows"])))}


def _ray() -> Any:
    """Ray with Ray Data, connected, and quiet: the run has a progress bar of its own."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray
    import ray.data

    if not ray.is_initialized():
        ray.init(log_to_driver=False)
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    return ray


def _on_ray(batches: Iterable[Batch], build: Build, means: Means, *, wants_gpu: bool) -> Results:
    """On Ray Data: one actor per worker loads the model once; results stream back as blocks finish."""
    ray = _ray()
    items = [{"index": batch.index, "rows": orjson.dumps(batch.rows)} for batch in batches]
    if not items:
        return
    gpus = 1 if wants_gpu and means.device is not Device.CPU and ray.cluster_resources().get("GPU") else 0
    most = means.workers or max(1, int(ray.cluster_resources().get("GPU" if gpus else "CPU", 1)))
    results = ray.data.from_items(items, override_num_blocks=len(items)).map(
        _RayWorker,
        fn_constructor_args=(build,),
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=min(most, len(items))),
        num_cpus=0 if gpus else 1,
        num_gpus=gpus or None,
    )
    for row in results.iter_rows():
        yield int(row["index"]), orjson.loads(row["rows"])
