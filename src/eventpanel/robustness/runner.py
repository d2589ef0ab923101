"""Runner: parts of checks over processes; what comes out does not depend on how many there are."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing.connection import wait as ready

from eventpanel.datasets.errors import EventPanelError
from eventpanel.estimators.precision import ConditioningWarning
from eventpanel.estimators.solution import EstimationWarning
from eventpanel.robustness.case import Case
from eventpanel.robustness.check import Part
from eventpanel.robustness.lines import Found, Line
from eventpanel.robustness.store import Store
from eventpanel.robustness.variation import reason

__all__ = ["run_parts"]

# One thread each: sums of several threads come in another order, and the last digit with them.
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_held: list[Case] = []


def run_parts(
    case: Case, parts: Sequence[Part], store: Store, workers: int, step: Callable[[str], None]
) -> dict[Part, Found]:
    """Run parts that the store does not hold yet, and keep each as it is done.

    Parameters
    ----------
    case : Case
    parts : sequence of Part
    store : Store
        Open.
    workers : int
        Processes. Every part runs in a process of one thread, also with one worker.
    step : callable
        Called with the name of every part that is there.

    Raises
    ------
    OutputError
        A part that cannot be kept.
    """
    found: dict[Part, Found] = {}
    for part in parts:
        held = store.find(part)
        if held is not None:
            found[part] = held
            step(f"{part.check}: {part.name}")
    todo = [part for part in parts if part not in found]
    if todo:
        for part, made in _run(case, todo, min(workers, len(todo))):
            store.keep(part, made)
            found[part] = made
            step(f"{part.check}: {part.name}")
    return {part: found[part] for part in parts}


def _run(case: Case, todo: Sequence[Part], workers: int) -> Iterator[tuple[Part, Found]]:
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin, (case,))
    try:
        with _single_threads():
            waiting: dict[Future[Found], Part] = {pool.submit(_work, part): part for part in todo}
        while waiting:
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                yield waiting.pop(future), future.result()
        pool.shutdown()
    finally:
        # Stopped half way: parts that have begun are not waited for.
        for process in set(multiprocessing.active_children()) - before:
            process.terminate()


@contextmanager
def _single_threads() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


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


def _work(part: Part) -> Found:
    return work(part, _held[0])


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
