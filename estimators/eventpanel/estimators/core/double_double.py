"""Numbers as unevaluated sums of two doubles, about 32 digits, in plain NumPy: no wider type of the machine is used.

Error-free sums: Knuth (1997), The Art of Computer Programming 2, 4.2.2; error-free products: Dekker (1971,
doi:10.1007/BF01397083). Products need factors between 1e-145 and 1e150, so columns are scaled first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from eventpanel.estimators.core.arrays import Floats

# 2^27 + 1 cuts a double of 53 bits into two of 26.
SPLITTER = 134217729.0


@dataclass(frozen=True, slots=True)
class Pairs:
    """An array in double-double.

    Attributes
    ----------
    high : ndarray
        Nearest doubles.
    low : ndarray, same shape
        What they miss, at most half a unit in their last place.
    """

    high: Floats
    low: Floats

    def __neg__(self) -> Pairs:
        return Pairs(-self.high, -self.low)

    def __getitem__(self, item: Any) -> Pairs:
        return Pairs(self.high[item], self.low[item])


def pairs(values: Floats | Pairs) -> Pairs:
    """Doubles as pairs; pairs stay as they are."""
    return values if isinstance(values, Pairs) else Pairs(values, np.zeros_like(values))


def two_sum(a: Floats, b: Floats) -> Pairs:
    """Add two doubles without error.

    Examples
    --------
    >>> two_sum(np.array([1.0]), np.array([2.0**-80])).low.tolist() == [2.0**-80]
    True
    """
    total = a + b
    part = total - a
    return Pairs(total, (a - (total - part)) + (b - part))


def two_product(a: Floats, b: Floats) -> Pairs:
    """Multiply two doubles without error."""
    product = a * b
    (a1, a2), (b1, b2) = _halves(a), _halves(b)
    return Pairs(product, ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2)


def _halves(a: Floats) -> tuple[Floats, Floats]:
    large = SPLITTER * a
    first = large - (large - a)
    return first, a - first


def plus(a: Pairs, b: Pairs) -> Pairs:
    """Add pairs."""
    total = two_sum(a.high, b.high)
    return _normal(total.high, total.low + (a.low + b.low))


def times(a: Pairs, b: Pairs) -> Pairs:
    """Multiply pairs."""
    product = two_product(a.high, b.high)
    return _normal(product.high, product.low + (a.high * b.low + a.low * b.high))


def root(a: Floats) -> Pairs:
    """Square roots of positive numbers as pairs: one Newton step on the rounded root."""
    high = np.sqrt(a)
    square = two_product(high, high)
    return Pairs(high, ((a - square.high) - square.low) / (2 * high))


def total(a: Pairs) -> Pairs:
    """Sum over rows, by halves, shape (n, ...) to (...)."""
    while len(a.high) > 1:
        half, odd = divmod(len(a.high), 2)
        added = plus(a[:half], a[half : 2 * half])
        # A row without a partner waits for the next round.
        a = joined(added, a[2 * half :]) if odd else added
    return a[0] if len(a.high) else Pairs(a.high.sum(axis=0), a.low.sum(axis=0))


def joined(a: Pairs, b: Pairs, axis: int = 0) -> Pairs:
    """Put one after the other along an axis."""
    return Pairs(np.concatenate([a.high, b.high], axis), np.concatenate([a.low, b.low], axis))


def _normal(high: Floats, low: Floats) -> Pairs:
    """Move into ``high`` what ``low`` holds of it; ``low`` must be the smaller."""
    total = high + low
    return Pairs(total, low - (total - high))
