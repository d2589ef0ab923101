"""Distributed lag: the outcome on leads and lags of an event that may recur and may have a dose.

``y_jt = sum_k beta_k x_{j,t-k} + fixed effects + controls + u_jt``. With binned ends and an event coded as a change
of a policy level this is the event-study regression of Schmidheiny and Siegloch (2023, doi:10.1002/jae.2971); without
them the distributed lag it is equivalent to. Every event-year enters with its own leads and lags, so windows may
overlap; effects of overlapping events add up, and are assumed equal across events.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import ConstantOutcomeError, IdentificationError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.absorb import Absorbed, absorb
from eventpanel.estimators.core.arrays import Floats, Mask
from eventpanel.estimators.core.cluster_robust import crv2, crv3
from eventpanel.estimators.core.groups import is_nested
from eventpanel.estimators.core.least_squares import COLLINEAR, Fit, independent, least_squares
from eventpanel.estimators.core.moments import moments
from eventpanel.estimators.core.sandwich import clustered
from eventpanel.estimators.covariance import Counts
from eventpanel.estimators.design import Design
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.matrices import Matrices, matrices
from eventpanel.estimators.path import Term

__all__ = ["EstimationWarning", "distributed_lag"]

# Below about 20 clusters CRV1 tests reject too often even with t(G-1) (Cameron and Miller 2015,
# doi:10.3368/jhr.50.2.317); with few treated clusters at any number of clusters (MacKinnon and Webb 2018,
# doi:10.1111/ectj.12107).
FEW_CLUSTERS = 20
FEW_TREATED = 10
# A certificate worse than this means that the fixed effects were not removed.
ABSORBED_WELL = 1e-8


class EstimationWarning(UserWarning):
    """A result that should be read with care."""


def distributed_lag(panel: Panel, design: Design) -> Estimate:
    """Regress the outcome on leads and lags of the event, fixed effects absorbed.

    Parameters
    ----------
    panel : Panel
        The whole event record, also outside the sample.
    design : Design
        What is asked.

    Returns
    -------
    Estimate
        One path, or one path for each group of the moderator from one regression.

    Raises
    ------
    DesignError
        And its branches: a window longer than the record, a constant outcome, an event that never varies, too few
        clusters, a path of which nothing is identified.

    Warns
    -----
    EstimationWarning
        Few clusters, few clusters with an event, terms that could not be estimated, a post-treatment moderator.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from eventpanel.estimators.covariance import Clustered
    >>> from eventpanel.estimators.events import Event
    >>> from eventpanel.estimators.window import EventWindow
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame([(u, t) for u in range(30) for t in range(20)], columns=["unit", "year"])
    >>> frame["x"] = rng.poisson(1.0, len(frame))
    >>> frame["y"] = 2.0 * frame["x"] + frame["unit"]
    >>> design = Design(outcome="y", event=Event(column="x", kind="dose"),
    ...     window=EventWindow(leads=1, lags=1, reference=None), fixed_effects=("unit", "year"),
    ...     covariance=Clustered("unit", "reghdfe"))
    >>> abs(distributed_lag(Panel(frame, ("unit",), "year"), design).params.round(6)).tolist()
    [0.0, 2.0, 0.0]
    """
    m = matrices(panel, design)
    within = _absorb(m)
    y, X = within.columns[:, 0], within.columns[:, 1:]
    _check_outcome(m, y, design)
    kept, dropped = _identified(m, X)
    fit = least_squares(y, X[:, kept], m.weights)
    counts = _counts(m, within, int(kept.sum()))
    by_group = _by_group(m)
    treated = len(np.unique(m.clusters[m.happened]))
    terms = tuple(term for term, keep in zip(m.terms, kept, strict=True) if keep)
    vcov, dof = design.covariance.factor(counts) * clustered(fit, m.clusters), _dof(terms, by_group, counts)
    if design.covariance.kind != "CRV1":
        vcov, dof = _corrected(m, design, kept, dof)
    estimate = Estimate(
        estimator="distributed_lag",
        design=design,
        terms=terms,
        coef=fit.coef,
        vcov=vcov,
        dof=dof,
        nobs=counts.nobs,
        n_clusters=counts.clusters,
        n_treated=treated,
        sample=m.sample,
        reference=_reference(design, by_group["group"].tolist()),
        dropped=dropped,
        ledger=m.ledger,
        by_group=by_group,
        facts=_facts(m, within, fit, y, counts),
        notes=_notes(design, counts, treated, by_group, dropped),
    )
    for note in estimate.notes:
        warnings.warn(note, EstimationWarning, stacklevel=2)
    return estimate


def _absorb(m: Matrices) -> Absorbed:
    columns = np.column_stack([m.y, m.X])
    codes = [codes for _, codes in m.effects] or [np.zeros(len(m.y), dtype=np.int64)]
    within = absorb(columns, codes, m.weights)
    if within.certificate > ABSORBED_WELL:
        raise IdentificationError(
            "The fixed effects could not be removed to the accuracy needed.",
            f"largest group mean left: {within.certificate:.1e} of a standard deviation",
            "use fewer or coarser fixed effects",
        )
    return within


def _spread(columns: Floats) -> Floats:
    return np.asarray(np.linalg.norm(columns - columns.mean(axis=0), axis=0))


def _check_outcome(m: Matrices, y: Floats, design: Design) -> None:
    if np.ptp(m.y) == 0:
        raise ConstantOutcomeError(
            f"The outcome {design.outcome!r} is the same in every row.",
            f"value {m.y[0]:g} in {len(m.y)} rows",
            "check the outcome and the sample",
        )
    if np.linalg.norm(y) <= COLLINEAR * _spread(m.y[:, None])[0]:
        raise ConstantOutcomeError(
            f"The fixed effects explain the outcome {design.outcome!r} fully.",
            f"fixed effects: {', '.join(design.fixed_effects)}",
            "use fewer fixed effects",
        )


def _identified(m: Matrices, X: Floats) -> tuple[Mask, tuple[tuple[Term, str], ...]]:
    kept, absorbed = independent(X, _spread(m.X))
    dropped = tuple(
        (term, "explained by the fixed effects" if inside else "collinear with terms before it")
        for term, keep, inside in zip(m.terms, kept, absorbed, strict=True)
        if not keep
    )
    for group in dict.fromkeys(term.group for term in m.terms if term.event_time is not None):
        path = [k for k, t in zip(kept, m.terms, strict=True) if t.event_time is not None and t.group == group]
        if not any(path):
            raise IdentificationError(
                "No term of the path is identified" + (f" for {group}." if group else "."),
                first_few(f"{term}: {reason}" for term, reason in dropped),
                "use fewer fixed effects, or an event that varies within them",
            )
    return kept, dropped


def _counts(m: Matrices, within: Absorbed, terms: int) -> Counts:
    nested = [codes for _, codes in m.effects if is_nested(codes, m.clusters)]
    inside = absorb(np.empty((len(m.y), 0)), nested, m.weights).rank
    return Counts(len(m.y), int(m.clusters.max()) + 1, terms, within.rank, inside)


def _by_group(m: Matrices) -> pd.DataFrame:
    rows = []
    for group in dict.fromkeys(term.group for term in m.terms if term.event_time is not None):
        member = (m.groups == group).to_numpy()
        weights = None if m.weights is None else m.weights[member]
        rows.append(
            {
                "group": group,
                "rows": int(member.sum()),
                "clusters": len(np.unique(m.clusters[member])),
                "treated_clusters": len(np.unique(m.clusters[member & m.happened])),
                "outcome_mean": float(np.average(m.y[member], weights=weights)),
            }
        )
    return pd.DataFrame(rows)


def _dof(terms: Sequence[Term], by_group: pd.DataFrame, counts: Counts) -> Floats:
    """Clusters less one, of the term's group where it has one: a path rests on the clusters of its own group."""
    clusters = dict(zip(by_group["group"], by_group["clusters"], strict=True))
    return np.array([clusters[t.group] if t.event_time is not None else counts.clusters for t in terms]) - 1.0


def _corrected(m: Matrices, design: Design, kept: Mask, dof: Floats) -> tuple[Floats, Floats]:
    """Covariance and degrees of freedom of CRV2 or CRV3."""
    products = moments(m.y, m.X[:, kept], [codes for _, codes in m.effects], m.clusters, m.weights)
    return crv2(products) if design.covariance.kind == "CRV2" else (crv3(products), dof)


def _reference(design: Design, groups: Sequence[str]) -> tuple[Term, ...]:
    if design.window.reference is None:
        return ()
    return tuple(Term(design.event.column, design.window.reference, group) for group in groups)


def _facts(m: Matrices, within: Absorbed, fit: Fit, y: Floats, counts: Counts) -> tuple[tuple[str, str], ...]:
    weights = np.ones(len(y)) if m.weights is None else m.weights
    r2 = 1 - (weights @ fit.residuals**2) / (weights @ y**2)
    levels = [f"{name} ({int(codes.max()) + 1})" for name, codes in m.effects]
    bound = "" if within.exact_rank else " at most"
    return (
        ("Fixed effects", ", ".join(levels) or "none"),
        ("Absorbed degrees of freedom", f"{counts.absorbed}{bound}"),
        ("R2 within", f"{r2:.6f}"),
        ("Largest group mean left", f"{within.certificate:.1e}"),
    )


def _notes(
    design: Design, counts: Counts, treated: int, by_group: pd.DataFrame, dropped: Sequence[tuple[Term, str]]
) -> tuple[str, ...]:
    notes = []
    if counts.clusters < FEW_CLUSTERS:
        notes.append(f"only {counts.clusters} clusters: tests reject too often; prefer a wild cluster bootstrap.")
    elif treated < FEW_TREATED:
        notes.append(f"the event happens in only {treated} clusters: standard errors may be far too small.")
    for row in by_group.to_dict("records"):
        few = row["clusters"] < FEW_CLUSTERS or row["treated_clusters"] < FEW_TREATED
        if row["group"] and few:
            notes.append(
                f"{row['group']}: {row['clusters']} clusters, {row['treated_clusters']} with an event; its standard "
                "errors rest on few clusters."
            )
    if design.moderator is not None and design.moderator.timing == "contemporaneous":
        notes.append(f"{design.moderator.name} is taken in the same period: a post-treatment moderator.")
    notes += [f"not estimated: {term} ({reason})." for term, reason in dropped if term.event_time is not None]
    if design.window.is_restricted:
        notes.append(
            f"the effect at event time {design.window.reference} is set to zero: a restriction, not a normalisation, "
            "since nothing is collinear; compare with no reference."
        )
    return tuple(notes)
