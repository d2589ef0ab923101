"""The works: what is to be reached, and against whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks import prepare, prepare_curve
from benchmarks.contenders import Language
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
    reach : mapping
        The same as ratios, peer's time over ours: against the fastest Python peer, R, or our own single regression.
    prepare : callable
        Makes the work ready.
    """

    key: str
    target: str
    reach: Mapping[Language, float]
    prepare: Callable[[Setting], Prepared]


AHEAD: Mapping[Language, float] = {"R": 1.0}
WORKS: Sequence[Work] = (
    Work("importer-year", "20 x the fastest Python peer", {"python": 20}, prepare.importer_year),
    Work("dyads", "10 x the fastest Python peer, ahead of R fixest", {"python": 10, **AHEAD}, prepare.dyads),
    Work("poisson", "3 x the fastest Python peer, ahead of R fixest", {"python": 3, **AHEAD}, prepare.poisson),
    Work("suite", "100 x a loop of the fastest Python peer", {"python": 100}, prepare.suite),
    Work(
        "curve", "minutes, ahead of a loop of the fastest Python peer without draws", {"python": 1}, prepare_curve.curve
    ),
    Work("leave-one-out", "under twice the single regression", {"ours": 0.5}, prepare.leave_one_out),
    Work("bootstrap", "20 x pyfixest's wildboottest", {"python": 20}, prepare.bootstrap),
    Work("randomisation", "50 x pyfixest's ritest", {"python": 50}, prepare.randomisation),
    Work("large", "2 x R fixest, peak memory under 3 times the data", {"R": 2}, prepare.large),
    Work("cold-start", "under half of the fastest Python peer", {"python": 2}, prepare.cold_start),
)
