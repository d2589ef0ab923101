"""Without: a target on a part of its sample, from cross-products per cluster or by estimation again."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from eventpanel.datasets.errors import EventPanelError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.cautions import EstimationWarning
from eventpanel.estimators.cluster_tables import ClusterTables, Sizes, cluster_tables
from eventpanel.estimators.clusters import MINIMUM_CLUSTERS, degrees_of_freedom
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.groups import is_nested, not_singletons
from eventpanel.estimators.core.rotated import Rotated
from eventpanel.estimators.core.without import Left, without
from eventpanel.estimators.covariance import Clustered, Counts
from eventpanel.estimators.design import Design, one_way
from eventpanel.estimators.distributed_lag import Fitted, fitted
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.matrices import Matrices, without_rows
from eventpanel.estimators.rows import nesting
from eventpanel.estimators.solution import absorb_effects, counts_of
from eventpanel.estimators.target import Target

__all__ = ["Answer", "ByClusters", "Estimator", "Refits", "answer_of", "by_clusters", "is_sandwich", "marked"]

Estimator = Callable[[Panel, Design], Estimate]
# Column that says which rows stay; no column of a panel is named so.
STAYS = "what is left out"
# Cross-products per cluster of more numbers than this, or made of more products, take more time than estimating again.
LARGE, MANY = 30_000_000, 1_000_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """A target on a part of the sample.

    Attributes
    ----------
    estimate, variance, dof : float
        Missing where it cannot be estimated.
    rows : int
        Rows of the sample.
    note : str
        Why it cannot be estimated, or which other terms cannot.
    """

    estimate: float
    variance: float
    dof: float
    rows: int = 0
    note: str = ""


def answer_of(target: Target, estimate: Estimate) -> Answer:
    """Read a target off an estimate.

    Raises
    ------
    DesignError
        The path does not hold it.
    """
    one = target.of(estimate)
    lost = [str(term) for term, _ in estimate.dropped if term.event_time is not None]
    note = f"not estimated: {first_few(lost)}" if lost else ""
    return Answer(float(one.coef[0]), float(one.vcov[0, 0]), float(one.dof[0]), estimate.nobs, note)


def marked(panel: Panel, codes: Codes) -> Panel:
    """Panel with codes of its rows, shape (rows,), by which some of them can be left out."""
    return panel.with_frame(panel.frame.assign(**{STAYS: codes}))


@dataclass(frozen=True, slots=True, eq=False)
class Refits:
    """Estimates again on rows of some codes.

    Parameters
    ----------
    panel : Panel
        As :func:`marked` makes it, with codes 0..C-1.
    design : Design
    target : Target
    estimator : callable
    """

    panel: Panel
    design: Design
    target: Target
    estimator: Estimator

    def on(self, stay: Mask) -> tuple[Panel, Design]:
        """Panel and design of the rows whose code stays, shape (C,); the event keeps its whole record."""
        where = (*self.design.sample.where, (STAYS, tuple(np.flatnonzero(stay).tolist())))
        return self.panel, replace(self.design, sample=replace(self.design.sample, where=where))

    def answer(self, out: Mask) -> Answer:
        """Target without the rows of some codes, shape (C,); what cannot be estimated says why."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", EstimationWarning)
            try:
                return answer_of(self.target, self.estimator(*self.on(~out)))
            except EventPanelError as error:
                return Answer(np.nan, np.nan, np.nan, 0, str(error).splitlines()[0])


def is_sandwich(design: Design) -> bool:
    """Whether the covariance is that of cross-products per cluster: CRV1 of one way."""
    asked = design.covariance
    return isinstance(asked, Clustered) and len(asked.ways) == 1 and asked.kind == "CRV1"


@dataclass(frozen=True, slots=True, eq=False)
class ByClusters:
    """A target without clusters, from cross-products.

    Attributes
    ----------
    panel : Panel
    design : Design
    found : Fitted
    products : Rotated
    weights : ndarray, shape (terms,)
        Of the terms that were estimated, in the target.
    tables : ClusterTables, optional
        Where counts follow from them.
    """

    panel: Panel
    design: Design
    found: Fitted
    products: Rotated
    weights: Floats
    tables: ClusterTables | None

    @property
    def m(self) -> Matrices:
        """Matrices of the whole sample."""
        return self.found.m

    def left(self, out: Mask) -> Left | None:
        """Target without some clusters, shape (G,), before any small-sample factor; None as :func:`.without`."""
        direction = self.weights @ self.products.turn
        found = without(self.products.moments, out, direction)
        if found is None:
            return None
        whole = self.weights @ self.products.coef - direction @ self.products.moments.coef
        return replace(found, estimate=float(whole + found.estimate))

    def answer(self, out: Mask) -> Answer | None:
        """Target without some clusters; None where only estimating again can tell.

        Raises
        ------
        DesignError
            No degree of freedom is left.
        """
        found = self.left(out)
        if found is None:
            return None
        sizes = self._sizes(out)
        if not sizes.is_enough:
            return None
        rule, counts = one_way(self.design), sizes.counts
        variance = rule.factor(counts) * float(found.influence @ found.influence)
        terms = [term for term, keep in zip(self.m.terms, self.found.solution.kept, strict=True) if keep]
        by_group = dict(zip(self.m.names, sizes.clusters.tolist(), strict=True))
        dof = degrees_of_freedom(terms, by_group, counts.clusters)
        return Answer(found.estimate, variance, float(dof[self.weights != 0].min()), counts.nobs)

    def _sizes(self, out: Mask) -> Sizes:
        """Count what is left, from tables where these can tell, else row by row."""
        quick = None if self.tables is None else self.tables.without(out)
        if quick is not None:
            return quick
        rows = out[self.m.clusters]
        rows[~rows] = ~not_singletons([codes[~rows] for _, codes in self.m.effects]) if self.m.effects else False
        less = without_rows(self.panel, self.design, self.m, rows, "left out")
        present, struck = less.by_cluster
        clusters = present.sum(axis=1)
        enough = clusters.min() >= MINIMUM_CLUSTERS and struck.any(axis=1).all() and np.ptp(less.y) > 0
        return Sizes(counts_left(less, len(self.weights)), clusters, bool(enough))


def counts_left(less: Matrices, terms: int) -> Counts:
    """Count a sample for any small-sample rule.

    Parameters
    ----------
    less : Matrices
    terms : int
        Terms that are estimated.
    """
    counts = counts_of(less, absorb_effects(less, np.empty((len(less.y), 0))).rank, terms)
    nested, free = nesting([codes for _, codes in less.effects], [less.clusters], less.weights)
    return replace(counts, nested=nested, free=free)


def by_clusters(panel: Panel, design: Design, target: Target) -> ByClusters | None:
    """Reduce a distributed lag to cross-products per cluster; None where these would be too many.

    Parameters
    ----------
    panel : Panel
    design : Design
        With CRV1 of one way.
    target : Target
    """
    found = fitted(panel, design)
    r = found.regression
    columns = found.within.shape[1] + sum(
        int(codes.max()) + 1 for codes in r.effects if not is_nested(codes, r.clusters)
    )
    if (int(r.clusters.max()) + 1) * columns**2 > LARGE or len(r.clusters) * columns**2 > MANY:
        return None
    terms = [term for term, keep in zip(found.m.terms, found.solution.kept, strict=True) if keep]
    tables = cluster_tables(found.m, counts_left(found.m, len(terms)))
    return ByClusters(panel, design, found, found.rotated(), target.weights(terms), tables)
