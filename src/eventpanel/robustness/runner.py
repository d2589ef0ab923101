"""Runner: parts of checks over processes; what comes out does not depend on how many there are."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
import warnings
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from multiprocessing.connection import wait as ready
from types import ModuleType
from typing import NamedTuple

from eventpanel.datasets.errors import EventPanelError, WorkerError
from eventpanel.estimators.precision import ConditioningWarning
from eventpanel.estimators.solution import EstimationWarning
from eventpanel.robustness.case import Case
from eventpanel.robustness.check import Part
from eventpanel.robustness.lines import Found, Line, plain_found, read_found
from eventpanel.robustness.standing import Clock, Standing, Watch, silent
from eventpanel.robustness.store import Store
from eventpanel.robustness.variation import reason

__all__ = ["run_parts"]

# One thread each: sums of several threads come in another order, and the last digit with them.
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
# Seconds after which whoever watches hears that work goes on.
BEAT = 1.0
KEPT = "what is finished is kept, and the same command goes on from there"
_held: list[Case] = []


class Done(NamedTuple):
    """A part that a worker has done, and the seconds it took."""

    part: Part
    found: Found
    seconds: float


def run_parts(
    case: Case, parts: Sequence[Part], store: Store | None, workers: int, watch: Watch = silent
) -> dict[Part, Found]:
    """Run parts that the store does not hold yet, and keep each as it is done.

    Parameters
    ----------
    case : Case
    parts : sequence of Part
    store : Store, optional
        Open; without one nothing is kept.
    workers : int
        Processes. Every part runs in a process of one thread, also with one worker.
    watch : callable
        Called with the standing at the beginning, after every part, and every second.

    Raises
    ------
    OutputError
        A part that cannot be kept.
    WorkerError
        A process that ended before its part was done.
    """
    held = {} if store is None else {part: store.find(part) for part in parts}
    found = {part: one for part, one in held.items() if one is not None}
    todo = {part: None for part in parts if part not in found}
    clock, kept = Clock(max(1, min(workers, len(todo)))), len(found)

    def tell(name: str) -> None:
        watch(Standing(name, len(found), len(parts), kept, clock.left(part.check for part in todo)))

    tell("")
    # Closed at once where anything fails, so that no worker goes on.
    with closing(_run(case, tuple(todo), clock.workers)) as work:
        for done in work:
            if done is not None:
                found[done.part] = _kept(done, store)
                del todo[done.part]
                clock.took(done.part.check, done.seconds)
            tell("" if done is None else str(done.part))
    return {part: found[part] for part in parts}


def _kept(done: Done, store: Store | None) -> Found:
    """Use what would be read, so that a run that was stopped ends like one that was not."""
    return read_found(plain_found(done.found)) if store is None else store.keep(done.part, done.found)


def _run(case: Case, todo: Sequence[Part], workers: int) -> Generator[Done | None, None, None]:
    """Yield parts as they are done, None for every second; no more are handed out than workers can begin."""
    queue, waiting = deque(todo), dict[Future[tuple[Found, float]], Part]()
    if not queue:
        return
    with _pool(case, workers) as pool:
        try:
            while queue or waiting:
                _hand_out(pool, queue, waiting, workers)
                ended, _ = wait(waiting, BEAT, return_when=FIRST_COMPLETED)
                well = [future for future in ended if future.exception() is None]
                yield from (Done(waiting.pop(future), *future.result()) for future in well)
                for future in ended.difference(well):
                    _raise(future, waiting[future])
                if not ended:
                    yield None
        except BrokenProcessPool as error:
            raise WorkerError(
                "A worker process ended before its part was done.",
                " or ".join(str(part) for part in waiting.values()) or "at its start",
                f"if memory ran out, use fewer --workers; {KEPT}",
            ) from error


def _hand_out(
    pool: ProcessPoolExecutor, queue: deque[Part], waiting: dict[Future[tuple[Found, float]], Part], workers: int
) -> None:
    with _as_workers_begin():
        while queue and len(waiting) < workers:
            future = pool.submit(_work, queue[0])
            waiting[future] = queue.popleft()


def _raise(future: Future[tuple[Found, float]], part: Part) -> None:
    try:
        future.result()
    except BrokenProcessPool:
        raise
    except BaseException as error:
        error.add_note(f"This came up in {part}; {KEPT}.")
        raise


@contextmanager
def _pool(case: Case, workers: int) -> Iterator[ProcessPoolExecutor]:
    """Hold processes that end with the block; where it is left half way, parts that have begun are not waited for."""
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin, (case,))
    try:
        yield pool
        pool.shutdown()
    finally:
        for process in set(multiprocessing.active_children()) - before:
            process.terminate()
        pool.shutdown(cancel_futures=True)


@contextmanager
def _as_workers_begin() -> Iterator[None]:
    """Set what a process takes over as it begins: one thread, no interrupts, which are for this process, no script."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        with _interrupts_wait(), _without_script():
            yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _without_script() -> Iterator[None]:
    """Hide the script that was started, which a process would run again; a prompt or a pipe has no file to run."""
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


if sys.platform == "win32":

    @contextmanager
    def _interrupts_wait() -> Iterator[None]:
        yield

else:

    @contextmanager
    def _interrupts_wait() -> Iterator[None]:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(case: Case) -> None:
    """Hold the case of this process, which ends with the one that began it, however that ends."""
    _held[:] = [case]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    ready([sentinel])
    os._exit(1)


def _work(part: Part) -> tuple[Found, float]:
    start = time.perf_counter()
    return work(part, _held[0]), time.perf_counter() - start


def work(part: Part, case: Case) -> Found:
    """Run a part here; one that is refused becomes a line that says why.

    Parameters
    ----------
    part : Part
    case : Case
    """
    with warnings.catch_warnings():
        for kind in (EstimationWarning, ConditioningWarning):
            warnings.simplefilter("ignore", kind)
        try:
            return part.work(case)
        except EventPanelError as error:
            blank = Line(part.check, part.name, part.name, "not made", case.target.describe())
            return Found((blank._replace(note=reason(error)),))
