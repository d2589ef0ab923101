"""Many designs on one panel: fixed effects absorbed once for all of them, then small algebra for each.

Designs that differ in outcome, controls, event or window share sample and fixed effects with others. Each sample and
set of effects is absorbed once, reduced to cross-products per cluster, and every design on it is a selection of these.
The numbers are those of :func:`eventpanel.estimators.distributed_lag.distributed_lag`.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import linalg

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.clusters import degrees_of_freedom
from eventpanel.estimators.core.absorb import Absorber, absorber
from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.groups import group_sums
from eventpanel.estimators.core.least_squares import COLLINEAR, cholesky_shares
from eventpanel.estimators.core.moments import cross_products
from eventpanel.estimators.covariance import Clustered, Counts
from eventpanel.estimators.design import Design
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.estimate import GroupSize
from eventpanel.estimators.matrices import Matrices, matrices
from eventpanel.estimators.path import Term
from eventpanel.estimators.regression import Cells, balanced_cells, effects_of
from eventpanel.estimators.solution import (
    ABSORBED_WELL,
    EstimationWarning,
    counts_of,
    sizes_of,
    spread,
)
from eventpanel.estimators.tidy import NUMBERS, numbers

__all__ = ["estimate_many"]

# Whatever a caller names designs by; a mapping takes keys of one type only, so their type is left open.
Label = Any
Step = Callable[[str], None]


def _silent(_: str) -> None:
    """Report no progress."""


@dataclass(frozen=True, slots=True, eq=False)
class _Answer:
    """What a row of the table needs from one estimate."""

    terms: tuple[Term, ...]
    coef: Floats
    vcov: Floats
    dof: Floats
    size: tuple[int, int, int]


def estimate_many(panel: Panel, designs: Mapping[Label, Design], step: Step = _silent) -> pd.DataFrame:
    """Estimate the distributed lag of many designs on one panel.

    Parameters
    ----------
    panel : Panel
    designs : mapping of label to Design
        As many as wanted; they are fastest where many share sample and fixed effects.
    step : callable
        Called with what is absorbed next.

    Returns
    -------
    DataFrame
        One row per design and term: design (the label), outcome, term, event_time, group, estimate, std_error,
        statistic, p_value, conf_low, conf_high (95 %), nobs, n_clusters, n_treated, dof. Terms that cannot be estimated
        are missing.

    Raises
    ------
    DesignError
        And its branches, as for one design.

    Examples
    --------
    >>> from eventpanel.estimators.events import Event
    >>> from eventpanel.estimators.window import EventWindow
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame([(u, t) for u in range(30) for t in range(20)], columns=["unit", "year"])
    >>> frame["x"] = rng.poisson(1.0, len(frame))
    >>> frame["y"], frame["z"] = 2.0 * frame["x"] + frame["unit"], 1.0 * frame["x"]
    >>> designs = {name: Design(outcome=name, event=Event(column="x", kind="dose"),
    ...     window=EventWindow(leads=0, lags=1, reference=None), fixed_effects=("unit", "year"),
    ...     covariance=Clustered("unit", "reghdfe")) for name in ("y", "z")}
    >>> estimate_many(Panel(frame, ("unit",), "year"), designs)["estimate"].abs().round(6).tolist()
    [2.0, 0.0, 1.0, 0.0]
    """
    answers: dict[Label, _Answer] = {}
    names = tuple(dict.fromkeys(name for d in designs.values() for name in (d.outcome, *d.controls)))
    gaps = frozenset(name for name in names if np.isnan(panel.number(name).to_numpy()).any())
    batches: dict[Hashable, dict[Label, Design]] = defaultdict(dict)
    for label, design in designs.items():
        batches[_sharing(design, gaps)][label] = design
    within = _Within(panel, {}, names)
    for number, batch in enumerate(batches.values(), 1):
        step(f"sample and event {number} of {len(batches)}")
        answers |= _batch(within, batch)
    return _table(designs, {label: answers[label] for label in designs})


def _sharing(d: Design, gaps: frozenset[str]) -> Hashable:
    """Name what designs of one batch have in common; they differ in outcomes and controls without gaps only."""
    own = gaps & {d.outcome, *d.controls}
    return d.event, d.window, d.fixed_effects, d.covariance, d.moderator, d.weights, d.sample, own


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """Columns of rows after the fixed effects of one sample, their products per cluster, and the effects."""

    effects: Absorber
    columns: Floats
    products: Floats
    spread: Floats
    certificate: float
    of_cells: Codes
    cells: Cells | None
    sums: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Within:
    """Outcomes and controls after fixed effects, for every sample and set of effects met so far."""

    panel: Panel
    blocks: dict[Hashable, _Block]
    names: tuple[str, ...]

    def of(self, m: Matrices, design: Design) -> _Block:
        key = (design.fixed_effects, design.covariance, design.moderator, design.weights, m.sample.tobytes())
        if key not in self.blocks:
            raw = np.array([self.panel.number(name).to_numpy()[m.sample] for name in self.names]).T
            effects = absorber(effects_of(m), m.weights)
            # A column with gaps in this sample belongs to no design on it.
            done = effects.absorb(np.where(np.isnan(raw).any(axis=0), 0.0, raw))
            root = 1.0 if m.weights is None else np.sqrt(m.weights)[:, None]
            products = cross_products(done.columns * root, m.clusters)
            found = balanced_cells(m)
            sums = group_sums(done.columns, m.cells) if found else done.columns[:0]
            self.blocks[key] = _Block(
                effects, done.columns, products, spread(raw), done.certificate, m.cells, found, sums
            )
        # Other groups of a moderator make other cells.
        block = self.blocks[key]
        return block if np.array_equal(block.of_cells, m.cells) else replace(block, cells=None)


def _batch(within: _Within, batch: Mapping[Label, Design]) -> dict[Label, _Answer]:
    first = next(iter(batch.values()))
    answers: dict[Label, _Answer] = {}
    if _is_plain(first):
        m = matrices(within.panel, first)
        block = within.of(m, first)
        shared = _share(m, block)
        if shared is not None:
            by_terms: dict[tuple[str, ...], dict[Label, Design]] = defaultdict(dict)
            for label, design in batch.items():
                by_terms[design.controls][label] = design
            for controls, designs in by_terms.items():
                answers |= _select(shared, within.names, controls, designs)
    return answers | {label: _alone(within.panel, d) for label, d in batch.items() if label not in answers}


def _is_plain(design: Design) -> bool:
    """Whether cross-products per cluster give the covariance."""
    asked = design.covariance
    if not isinstance(asked, Clustered) or len(asked.ways) > 1:
        return False
    # fixest counts parameters of effects in a way of its own.
    return asked.kind == "CRV1" and asked.small_sample != "fixest"


def _alone(panel: Panel, design: Design) -> _Answer:
    """Estimate one design by itself: other covariances, collinear terms."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EstimationWarning)
        one = distributed_lag(panel, design)
    lost = [term for term, _ in one.dropped]
    k = len(one.terms)
    vcov = np.full((k + len(lost), k + len(lost)), np.nan)
    vcov[:k, :k] = one.vcov
    filled = (np.concatenate([v, np.full(len(lost), np.nan)]) for v in (one.coef, one.dof))
    return _Answer((*one.terms, *lost), next(filled), vcov, next(filled), (one.nobs, one.n_clusters, one.n_treated))


@dataclass(frozen=True, slots=True, eq=False)
class _Shared:
    """Cross-products per cluster of all columns of a batch: outcomes and controls first, then the path."""

    products: Floats
    total: Floats
    spread: Floats
    path: tuple[Term, ...]
    counts: Counts
    sizes: tuple[GroupSize, ...]
    treated: int


def _share(m: Matrices, block: _Block) -> _Shared | None:
    """Reduce a batch to cross-products; None where the effects were not removed well enough."""
    if block.certificate > ABSORBED_WELL:
        return None
    path = m.terms[: m.profiles.shape[1]]
    cells = block.cells
    if cells is None:
        profiles = m.profiles[m.cells]
        done = block.effects.absorb(profiles)
        root = 1.0 if m.weights is None else np.sqrt(m.weights)[:, None]
        products = cross_products(np.hstack([block.columns, done.columns]) * root, m.clusters)
        size, certificate = spread(profiles), done.certificate
    else:
        done = cells.absorber.absorb(m.profiles)
        k, root = block.columns.shape[1], np.sqrt(cells.rows)[:, None]
        products = cross_products(np.hstack([block.sums / root, done.columns * root]), cells.clusters)
        # Outcomes and controls differ inside cells: their own products are those of rows.
        products[:, :k, :k] = block.products
        centred = m.profiles - (cells.rows @ m.profiles) / cells.rows.sum()
        size, certificate = np.sqrt(cells.rows @ centred**2), done.certificate
    if certificate > ABSORBED_WELL:
        return None
    sizes, treated = sizes_of(m)
    counts = counts_of(m, block.effects.rank if m.effects else 0, 0)
    whole = np.concatenate([block.spread, size])
    return _Shared(products, products.sum(axis=0), whole, path, counts, sizes, treated)


def _select(
    shared: _Shared, names: tuple[str, ...], controls: tuple[str, ...], designs: Mapping[Label, Design]
) -> dict[Label, _Answer]:
    """Estimate the designs of a batch that have the same controls, all outcomes at once.

    Left out are those whose terms are too close to collinear for cross-products, or whose outcome is absorbed.
    """
    outcomes = {label: names.index(design.outcome) for label, design in designs.items()}
    X = np.array([*range(len(names), len(names) + len(shared.path)), *map(names.index, controls)])
    gram = shared.total[X[:, None], X]
    scale = np.sqrt(np.diag(gram))
    factor = None if (scale <= COLLINEAR * shared.spread[X]).any() else cholesky_shares(gram / np.outer(scale, scale))
    size = np.sqrt(np.diag(shared.total)[: len(names)])
    there = {label: y for label, y in outcomes.items() if size[y] > COLLINEAR * shared.spread[y]}
    if factor is None or not there:
        return {}
    inverse = linalg.lapack.dtrtri(factor)[0] / scale[:, None]
    bread, ys = inverse @ inverse.T, np.array(list(there.values()))
    coef = bread @ shared.total[X[:, None], ys]
    own = shared.products[:, X]
    # Of each cluster and outcome: what its scores add to the coefficients.
    scores = own[:, :, ys] - own[:, :, X] @ coef
    influence = np.tensordot(bread, scores, axes=(1, 1))
    counts = replace(shared.counts, terms=len(X))
    factor_on = next(iter(designs.values())).covariance.factor(counts)
    terms = (*shared.path, *map(Term, controls))
    dof = degrees_of_freedom(terms, {size.group: size.clusters for size in shared.sizes}, counts.clusters)
    sizes = (counts.nobs, counts.clusters, shared.treated)
    return {
        label: _Answer(terms, coef[:, j], factor_on * (influence[:, :, j] @ influence[:, :, j].T), dof, sizes)
        for j, label in enumerate(there)
    }


def _table(designs: Mapping[Label, Design], answers: Mapping[Label, _Answer]) -> pd.DataFrame:
    rows = [len(answer.terms) for answer in answers.values()]
    terms = [term for answer in answers.values() for term in answer.terms]
    coef, dof = (np.concatenate([getattr(a, name) for a in answers.values()]) for name in ("coef", "dof"))
    variance = np.concatenate([np.diag(answer.vcov) for answer in answers.values()])
    texts = {term: str(term) for term in dict.fromkeys(terms)}
    times = np.array([np.nan if term.event_time is None else term.event_time for term in terms])
    sizes = np.repeat([answer.size for answer in answers.values()], rows, axis=0)
    values = numbers(coef, variance, dof, 0.95)
    return pd.DataFrame(
        {
            "design": [label for label, count in zip(answers, rows, strict=True) for _ in range(count)],
            "outcome": np.repeat([designs[label].outcome for label in answers], rows),
            "term": [texts[term] for term in terms],
            "event_time": pd.array(times, dtype="Int64"),
            "group": [term.group for term in terms],
            **dict(zip(NUMBERS, values, strict=True)),
            **dict(zip(("nobs", "n_clusters", "n_treated"), sizes.T, strict=True)),
            "dof": dof,
        }
    )
