"""Parts without any meaning, which worker processes can import: quick, slow, wrong and deadly ones."""

from __future__ import annotations

import os
import signal
import time
from functools import partial

import numpy as np

from eventpanel.datasets.errors import DesignError
from eventpanel.robustness.case import Case
from eventpanel.robustness.check import Check, Finding, Part
from eventpanel.robustness.lines import Found, Line
from eventpanel.robustness.runner import THREADS


def number(place: int, case: Case) -> Found:
    """A number that hangs on the case, the seed and a matrix product of some size, with a draw behind it."""
    rng = np.random.default_rng([case.section.seed, place])
    square = rng.normal(size=(120, 120))
    value = float((square @ square.T).sum() * case.headline.coef[0])
    line = Line("toy", f"part {place}", str(place), "variation", "a sum", estimate=value, std_error=float("nan"))
    return Found((line,), {f"draws {place}": tuple(rng.normal(size=3).tolist())})


def slow(place: int, case: Case) -> Found:
    time.sleep(0.05)
    return number(place, case)


def odd(case: Case) -> Found:
    """What numpy hands over where plain numbers are asked for."""
    line = Line("toy", "odd", "odd", "variation", "x", estimate=np.float32(0.5), nobs=np.int64(3), note="é")  # type: ignore[arg-type]
    return Found((line,), {"draws": (np.float64(0.1), float("nan"), float("inf"))})


def refused(case: Case) -> Found:
    raise DesignError("Not with this panel.", "somewhere")


def wrong(case: Case) -> Found:
    raise ZeroDivisionError("a bug")


def settings(case: Case) -> Found:
    """What this process was begun with; whether interrupts reach it."""
    threads = " ".join(os.environ[name] for name in THREADS)
    deaf = signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    return Found((Line("toy", "settings", "settings", "size", "x", estimate=0.0, note=f"{threads} {deaf}"),))


def deadly(case: Case) -> Found:
    os._exit(9)


def parts(count: int) -> list[Part]:
    return [Part("toy", f"number {place}", partial(number, place)) for place in range(count)]


def check(count: int) -> Check:
    """A check of slow parts."""
    return Check(
        "toy",
        "Toy",
        "Does it run?",
        "Any number will do.",
        lambda _: [Part("toy", f"number {place}", partial(slow, place)) for place in range(count)],
        lambda _, lines: Finding("holds", f"{len(lines)} numbers."),
    )
