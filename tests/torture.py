"""Panels made to be hard, as doubles and as they were meant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from eventpanel.estimators.core.absorb import absorb
from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.conditioning import Data, Settled, settle
from eventpanel.estimators.core.double_double import Pairs, joined, pairs, plus, two_product, two_sum
from eventpanel.estimators.core.exact import exact
from eventpanel.estimators.core.groups import recode
from eventpanel.estimators.core.least_squares import Fit, least_squares


@dataclass(frozen=True)
class Torture:
    """A panel as doubles and as it was meant, in pairs."""

    y: Pairs
    X: Pairs
    effects: list[Codes]
    weights: Floats | None = None

    @property
    def fast(self) -> Fit:
        within = self.within
        return least_squares(within[:, 0], within[:, 1:], self.weights)

    @property
    def within(self) -> Floats:
        return absorb(np.column_stack([self.y.high, self.X.high]), self.effects, self.weights).columns

    @property
    def data(self) -> Data:
        return Data(self.y.high, self.X.high, self.weights)

    @property
    def settled(self) -> Settled:
        return settle(self.fast, self.data, self.effects)

    @property
    def truth(self) -> Fit:
        return exact(self.y, self.X, self.effects, self.weights).fit


def plain(*, weighted: bool = False) -> Torture:
    """Three regressors of size one, unit and period effects, unbalanced."""
    rng = np.random.default_rng(0)
    unit, period = np.repeat(np.arange(20), 8), np.tile(np.arange(8), 20)
    keep = rng.random(160) > 0.2
    effects = [recode(unit[keep]), recode(period[keep])]
    X = rng.normal(size=(int(keep.sum()), 3))
    y = X @ [0.5, -0.3, 1.0] + rng.normal(size=len(X)) + effects[0]
    return Torture(pairs(y), pairs(X), effects, rng.uniform(0.5, 2.0, len(X)) if weighted else None)


def shifted(case: Torture, by: float, *, outcome: bool = False) -> Torture:
    """The first regressor, or the outcome, far from zero; whole parts as meant."""
    if outcome:
        return replace(case, y=two_sum(case.y.high, np.full(len(case.y.high), by)))
    return replace(case, X=two_sum(case.X.high, np.broadcast_to([by, 0.0, 0.0], case.X.high.shape).copy()))


def scaled(case: Torture, by: float) -> Torture:
    return replace(case, X=two_product(case.X.high, np.broadcast_to([by, 1.0, 1.0], case.X.high.shape).copy()))


def near(case: Torture, share: float) -> Torture:
    """The third regressor beside the second, but for a share of itself."""
    small = two_product(case.X.high[:, 2], np.full(len(case.X.high), share))
    third = plus(pairs(case.X.high[:, 1]), small)
    return replace(case, X=joined(pairs(case.X.high[:, :2]), third[:, None], axis=1))


def whole(case: Torture, by: float) -> Torture:
    """Whole numbers far from zero."""
    return replace(case, X=pairs(np.rint(3 * case.X.high) + by), y=pairs(np.rint(5 * case.y.high)))


def counted(case: Torture) -> Torture:
    rng = np.random.default_rng(1)
    return replace(case, y=pairs(rng.poisson(np.exp(0.3 * plain().X.high[:, 0] + 1)).astype(float)))


def fewest(got: Floats, want: Floats) -> float:
    return float(-np.log10(np.maximum(np.abs(got / want - 1), 1e-15).max()))


def worst_variance(got: Floats, want: Floats) -> float:
    """Digits of a covariance, entries beside the variances they belong to."""
    size = np.sqrt(np.outer(np.diag(want), np.diag(want)))
    return float(-np.log10(np.maximum(np.abs((got - want) / size), 1e-15).max()))


WELL: dict[str, Callable[[], Torture]] = {
    "plain": plain,
    "weighted": lambda: plain(weighted=True),
    "x + 1e2": lambda: shifted(plain(), 1e2),
    "x + 1e4": lambda: shifted(plain(), 1e4),
    "x + 1e6": lambda: shifted(plain(), 1e6),
    "weighted, x + 1e6": lambda: shifted(plain(weighted=True), 1e6),
    "y + 1e4": lambda: shifted(plain(), 1e4, outcome=True),
    "y + 1e6": lambda: shifted(plain(), 1e6, outcome=True),
    "x times 1e8": lambda: scaled(plain(), 1e8),
    "x times 1e-8": lambda: scaled(plain(), 1e-8),
    "x times 1e-30": lambda: scaled(plain(), 1e-30),
    "nearly collinear, 1e-3": lambda: near(plain(), 1e-3),
    "nearly collinear, 1e-4": lambda: near(plain(), 1e-4),
    "nearly collinear, 1e-5": lambda: near(plain(), 1e-5),
    "nearly collinear, 1e-6": lambda: near(plain(), 1e-6),
    "whole": lambda: whole(plain(), 0.0),
    "whole + 1e8": lambda: whole(plain(), 1e8),
    "whole + 1e12": lambda: whole(plain(), 1e12),
    "whole + 1e12, weighted": lambda: whole(plain(weighted=True), 1e12),
}
ILL: dict[str, Callable[[], Torture]] = {
    "x + 1e8": lambda: shifted(plain(), 1e8),
    "x + 1e10": lambda: shifted(plain(), 1e10),
    "x + 1e12": lambda: shifted(plain(), 1e12),
    "weighted, x + 1e10": lambda: shifted(plain(weighted=True), 1e10),
    "y + 1e8": lambda: shifted(plain(), 1e8, outcome=True),
    "y + 1e12": lambda: shifted(plain(), 1e12, outcome=True),
    "nearly collinear, 1e-7": lambda: near(plain(), 1e-7),
    "nearly collinear, 1e-8": lambda: near(plain(), 1e-8),
    "nearly collinear, 1e-9": lambda: near(plain(), 1e-9),
}
EVERY = WELL | ILL
