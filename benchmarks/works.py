"""The works: what is to be reached, and against whom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks import prepare
from benchmarks.prepare import Prepared, Setting


@dataclass(frozen=True)
class Work:
    """One work and its target.

    Attributes
    ----------
    key : str
        Name on the command line.
    target : str
        What is to be reached, in words.
    reach : float
        The same as a ratio: time of the judging peer over ours.
    judge : {"python", "R", "ours"}
        The fastest Python peer, R fixest, or our own single regression.
    ahead_of_r : bool
        Whether R fixest must be slower too.
    prepare : callable
        Makes the work ready; returns nothing where ours has no such call yet.
    """

    key: str
    target: str
    reach: float
    judge: Literal["python", "R", "ours"]
    ahead_of_r: bool
    prepare: Callable[[Setting], Prepared]


WORKS: Sequence[Work] = (
    Work("importer-year", "20 x the fastest Python peer", 20, "python", False, prepare.importer_year),
    Work("dyads", "10 x the fastest Python peer, ahead of R fixest", 10, "python", True, prepare.dyads),
    Work("poisson", "3 x the fastest Python peer, ahead of R fixest", 3, "python", True, prepare.poisson),
    Work("suite", "100 x a loop of the fastest Python peer", 100, "python", False, prepare.suite),
    Work("leave-one-out", "under twice the single regression", 0.5, "ours", False, prepare.leave_one_out),
    Work("bootstrap", "20 x pyfixest's wildboottest", 20, "python", False, prepare.bootstrap),
    Work("randomisation", "50 x pyfixest's ritest", 50, "python", False, prepare.randomisation),
    Work("large", "2 x R fixest, peak memory under 3 times the data", 2, "R", False, prepare.large),
    Work("cold-start", "under half of the fastest Python peer", 2, "python", False, prepare.cold_start),
)
