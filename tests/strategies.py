"""Random panels for property tests: unbalanced, in parts, weighted, with one to three effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.groups import recode

# Rows left over beside all coefficients, and the worst condition of the columns: enough for ten digits.
FREE = 6
CONDITION = 1e3


@dataclass(frozen=True)
class Sample:
    """Arrays of a small panel."""

    y: Floats
    X: Floats
    effects: tuple[Codes, ...]
    clusters: Codes
    weights: Floats | None

    def rows(self, which: Sequence[int] | Codes | Mask) -> Sample:
        """Some rows, in the order given; codes start at zero again."""
        return replace(
            self,
            y=self.y[which],
            X=self.X[which],
            effects=tuple(recode(codes[which]) for codes in self.effects),
            clusters=recode(self.clusters[which]),
            weights=None if self.weights is None else self.weights[which],
        )

    @property
    def w(self) -> Floats:
        return np.ones(len(self.y)) if self.weights is None else self.weights


def dense(effects: Sequence[Codes]) -> Floats:
    """Dummies of every level side by side."""
    return np.column_stack([np.eye(int(codes.max()) + 1)[codes] for codes in effects])


def without_effects(sample: Sample, columns: Floats) -> tuple[Floats, int]:
    """Columns less their projection on the dummies, and the rank of these: singular values, no factor in common."""
    root = np.sqrt(sample.w)[:, None]
    left, values, _ = np.linalg.svd(dense(sample.effects) * root, full_matrices=False)
    basis = left[:, values > 1e-10 * values[0]]
    weighted = columns * root
    for _ in range(2):
        weighted = weighted - basis @ (basis.T @ weighted)
    return weighted / root, basis.shape[1]


@st.composite
def samples(draw: st.DrawFn, *, outcome: str = "normal", weights: bool | None = None) -> Sample:
    """Draw a panel: the shape by hypothesis, so that it shrinks; the values from a seed it draws."""
    units, periods = draw(st.integers(4, 14)), draw(st.integers(3, 8))
    count, parts, k = draw(st.integers(1, 3)), draw(st.integers(1, 2)), draw(st.integers(1, 3))
    share, is_weighted = draw(st.sampled_from([1.0, 0.9, 0.7])), draw(st.booleans()) if weights is None else weights
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    unit, period = np.repeat(np.arange(units), periods), np.tile(np.arange(periods), units)
    # In two parts the second half of the units has periods of its own: no row links the levels.
    period = period + periods * (unit >= units // 2) * (parts - 1)
    keep = rng.random(len(unit)) < share
    region = rng.integers(0, 4, len(unit))
    effects = tuple(recode(codes[keep]) for codes in (unit, period, region)[:count])
    n = int(keep.sum())
    X = rng.normal(size=(n, k)) + 0.3 * effects[0][:, None]
    index = 0.3 * X @ rng.normal(size=k) + 0.2 * rng.normal(size=units)[unit[keep]]
    y = rng.poisson(np.exp(index)).astype(float) if outcome == "count" else index + rng.normal(size=n)
    sample = Sample(y, X, effects, recode(unit[keep] // 2), rng.uniform(0.3, 3.0, n) if is_weighted else None)
    assume(n > 0 and is_regular(sample))
    return sample


def is_regular(sample: Sample) -> bool:
    """Whether the terms are identified with rows to spare, and not by a hair."""
    if len(sample.y) < 10:
        return False
    within, rank = without_effects(sample, sample.X)
    scaled = within * np.sqrt(sample.w)[:, None] / np.linalg.norm(sample.X - sample.X.mean(axis=0), axis=0)
    values = np.linalg.svd(scaled, compute_uv=False)
    return bool(len(sample.y) - rank - sample.X.shape[1] >= FREE and values[-1] * CONDITION > 1)
