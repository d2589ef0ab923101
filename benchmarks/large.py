"""The large panel in a process of its own, so that its peak memory is its own.

Called as ``python -m benchmarks.large WAY ROWS``; makes its data, then answers each line with one line of JSON. WAY is
``ours`` or a way of pyfixest to remove effects.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import ours, peers
from benchmarks.workloads import Floats, Large, Shape, large

STATUS = Path("/proc/self/status")


def peak_memory() -> float | None:
    """Peak memory of this process in bytes, where the system tells."""
    if not STATUS.exists():
        return None
    lines = dict(line.split(":", 1) for line in STATUS.read_text("utf-8").splitlines())
    return 1024.0 * float(lines["VmHWM"].split()[0])


def work(way: str, rows: Large) -> Callable[[], Floats]:
    """Return the call that is timed."""
    return partial(ours.large, rows) if way == "ours" else peers.feols_large(rows, peers.demeaners()[way])


def main() -> None:
    """Answer every line."""
    way, rows = sys.argv[1], int(sys.argv[2])
    run = work(way, large(Shape(large_rows=rows)))
    for _ in sys.stdin:
        start = time.perf_counter()
        coef = run()
        seconds = time.perf_counter() - start
        print(json.dumps({"seconds": seconds, "coef": coef.tolist(), "peak": peak_memory()}), flush=True)


if __name__ == "__main__":
    main()
