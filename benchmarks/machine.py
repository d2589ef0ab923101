"""What this machine can do at best: memory copied, matrices multiplied, a process started."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

COPIED = 1 << 27
SIDE = 2000
START = "import pandas"


@dataclass(frozen=True)
class Unavoidable:
    """What any program must do.

    Attributes
    ----------
    touched, operations : float
        Bytes read and written; floating-point operations.
    starts : bool
        Whether a new Python with pandas must start.
    """

    touched: float = 0.0
    operations: float = 0.0
    starts: bool = False

    def times(self, passes: float) -> Unavoidable:
        """Do the same again and again."""
        return replace(self, touched=passes * self.touched, operations=passes * self.operations)


@dataclass(frozen=True)
class Machine:
    """Measured rates.

    Attributes
    ----------
    bandwidth : float
        Bytes read and written in a second by copies on all cores.
    gemm : float
        Floating-point operations in a second by a product of matrices.
    start : float
        Seconds for a new Python that imports pandas.
    """

    bandwidth: float
    gemm: float
    start: float

    def limit(self, work: Unavoidable) -> float:
        """Seconds below which no program can do this."""
        return max(work.touched / self.bandwidth, work.operations / self.gemm, self.start * work.starts)

    def describe(self) -> str:
        """One line above the table."""
        return (
            f"{os.cpu_count()} cores; memory {self.bandwidth / 1e9:.1f} GB/s read and written, matrix products "
            f"{self.gemm / 1e9:.0f} GFLOP/s, a new Python with pandas {self.start:.2f} s"
        )


def measure(repeats: int = 7) -> Machine:
    """Measure this machine: the best of some repeats."""
    return Machine(2 * COPIED / _best(_copy(), repeats), 2 * SIDE**3 / _best(_multiply(), repeats), _best(_start, 3))


def _best(run: Callable[[], object], repeats: int) -> float:
    times = []
    run()
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def _copy() -> Callable[[], object]:
    cores = os.cpu_count() or 1
    source, target = np.ones(COPIED // 8), np.zeros(COPIED // 8)
    parts = list(zip(np.array_split(target, cores), np.array_split(source, cores), strict=True))
    pool = ThreadPoolExecutor(cores)
    return lambda: list(pool.map(lambda part: np.copyto(*part), parts))


def _multiply() -> Callable[[], object]:
    left = np.random.default_rng(0).normal(size=(SIDE, SIDE))
    out = np.empty_like(left)
    return lambda: np.matmul(left, left, out=out)


def _start() -> object:
    return subprocess.run([sys.executable, "-c", START], check=True)  # noqa: S603
