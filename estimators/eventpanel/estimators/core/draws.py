"""Bootstrap weights, drawn block by block, and what is read off the statistics of the draws.

Rademacher, Webb's six points and Mammen's two: Webb (2023, doi:10.1111/caje.12661).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil
from typing import Literal

import numpy as np
from scipy.optimize import brentq

from eventpanel.estimators.core.arrays import Floats

Weights = Literal["rademacher", "webb", "mammen"]
WEBB = np.sqrt([0.5, 1.0, 1.5])
SIX_POINTS = np.concatenate([-WEBB, WEBB])
GOLDEN = (1 + 5**0.5) / 2
# Draws of one block: its weights stay in the processor's cache. Another number gives other draws.
BLOCK = 2048
# Statistics closer than this share of their size are ties: the same draw up to rounding.
TIE = 1e-9
LARGEST_ENUMERATION = 20
# Where a test still does not reject this many standard errors away, its interval has no end.
FARTHEST = 64.0
# Accuracy of the ends of an interval, in standard errors.
EXACT = 1e-7


@dataclass(frozen=True, slots=True)
class Draws:
    """Weights of whole clusters, made when they are asked for; each block has a random stream of its own.

    Attributes
    ----------
    clusters, count : int
    kind : {"rademacher", "webb", "mammen"}
    seed : int
    enumerated : bool
        Whether these are all sign changes that exist.

    Examples
    --------
    >>> [block.shape for block in draws(3, 3000, "webb", 1)]
    [(3, 2048), (3, 952)]
    """

    clusters: int
    count: int
    kind: Weights
    seed: int
    enumerated: bool

    def __iter__(self) -> Iterator[Floats]:
        """Blocks of weights, shape (clusters, up to BLOCK)."""
        return (self._block(start) for start in range(0, self.count, BLOCK))

    def _block(self, start: int) -> Floats:
        size = min(BLOCK, self.count - start)
        if self.enumerated:
            return _signs((np.arange(start, start + size) >> np.arange(self.clusters)[:, None]) & 1)
        rng = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(start // BLOCK,)))
        # Whole blocks, so that fewer draws are the first of many.
        shape = (self.clusters, BLOCK)
        if self.kind == "rademacher":
            bits = rng.integers(0, 256, (self.clusters, BLOCK // 8), dtype=np.uint8)
            return _signs(np.unpackbits(bits, axis=1)[:, :size])
        if self.kind == "webb":
            return SIX_POINTS[rng.integers(0, 6, shape, dtype=np.uint8)[:, :size]]
        low = rng.random(shape)[:, :size] < GOLDEN / 5**0.5
        return np.where(low, 1 - GOLDEN, GOLDEN)


def _signs(bits: np.typing.NDArray[np.generic]) -> Floats:
    signs = bits.astype(np.float64)
    signs *= -2.0
    signs += 1.0
    return signs


def draws(clusters: int, count: int, kind: Weights, seed: int) -> Draws:
    """Plan bootstrap draws; all sign changes, once, where 2^clusters does not exceed the number asked for.

    Examples
    --------
    >>> draws(3, 99, "rademacher", 1).count
    8
    """
    few = kind == "rademacher" and clusters <= LARGEST_ENUMERATION and 2**clusters <= count
    return Draws(clusters, 2**clusters if few else count, kind, seed, few)


def margin(data: float) -> float:
    """Distance from the data's statistic within which a draw's is a tie."""
    return TIE * max(abs(data), 1.0)


def p_value(data: float, statistics: Floats) -> float:
    """Share of draws beyond the data, ties counted half; draws without a statistic are left out.

    Missing where the data have no statistic, or no draw has one.

    Examples
    --------
    >>> p_value(2.0, np.array([1.0, 2.0, 3.0, np.nan]))
    0.5
    """
    defined = statistics[~np.isnan(statistics)]
    if np.isnan(data) or not len(defined):
        return np.nan
    beyond, level = int((defined > data + margin(data)).sum()), int((defined >= data - margin(data)).sum())
    return (beyond + level) / 2 / len(defined)


def critical(data: float, statistics: Floats, alpha: float, *, missing: int = 0) -> float:
    """Find the value that the data's statistic must exceed for a p-value below alpha; infinite where none would do.

    Draws that tie with the data do so whatever its value: those that repeat it.

    Parameters
    ----------
    data : float
    statistics : ndarray, shape (draws,)
    alpha : float
    missing : int
        Draws left out since their statistics are smaller than the critical value.
    """
    defined = statistics[~np.isnan(statistics)]
    if np.isnan(data) or not len(defined):
        return np.nan
    others = defined[np.abs(defined - data) > margin(data)]
    rank = ceil(alpha * (len(defined) + missing) - (len(defined) - len(others)) / 2 - 1e-9)
    if rank > len(others):
        return np.nan
    return np.inf if rank <= 0 else float(np.partition(others, len(others) - rank)[len(others) - rank])


def edge(excess: Callable[[float], float]) -> float:
    """Distance at which a test begins to reject, where ``excess`` turns positive, in standard errors.

    Parameters
    ----------
    excess : callable
        Data's statistic less its critical value at a distance from the estimate; negative at zero.

    Returns
    -------
    float
        Infinite where the test never rejects; missing where the excess is.
    """

    def bounded(distance: float) -> float:
        return float(np.clip(excess(distance), -FARTHEST, FARTHEST))

    inside, reach = 0.0, 2.0
    while not (ahead := bounded(reach)) > 0:
        inside, reach = reach, 2 * reach
        if np.isnan(ahead) or reach > FARTHEST:
            return float(np.nan if np.isnan(ahead) else np.inf)
    try:
        return float(brentq(bounded, inside, reach, xtol=EXACT, rtol=EXACT))
    except ValueError:
        # What brentq raises where the excess is missing between two points where it is not.
        return np.nan
