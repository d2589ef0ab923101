"""Randomisation inference for a path: the same regression with events moved between units or in time."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.comparison import Comparison, contrast, path_rows
from eventpanel.estimators.core.arrays import Mask
from eventpanel.estimators.core.assignments import BLOCK, block, blocks, is_enumerated
from eventpanel.estimators.core.permutation import (
    Drawn,
    Fixed,
)
from eventpanel.estimators.core.separation import separation
from eventpanel.estimators.design import Design
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.histories import Histories, dealt, permuted, shifted
from eventpanel.estimators.matrices import Matrices, matrices, without_rows
from eventpanel.estimators.poisson_model import SEPARATED
from eventpanel.estimators.ppml import ppml
from eventpanel.estimators.redrawn import Evaluate, Model, evaluator
from eventpanel.estimators.regression import effects_of
from eventpanel.estimators.solution import EstimationWarning

__all__ = ["Randomisation", "path_of", "randomisation", "reassigned"]

OPTIONS = {
    "scheme": ("permute", "shift", "spells"),
    "unequal": ("refuse", "match"),
    "statistic": ("t", "coefficient"),
    "model": ("linear", "poisson score", "poisson refit"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Randomisation:
    """What to reassign, how often, and what to compare.

    Parameters
    ----------
    draws : int
        Number of draws. Where no more assignments than that differ from one another, each is taken once.
    seed : int
        Same seed, same draws, whatever the number of workers.
    scheme : {"permute", "shift", "spells"}
        ``"permute"``: units of a stratum exchange their whole event histories. ``"shift"``: each unit's record is
        turned around in time by a random number of periods, independently of the others. ``"spells"``: each unit's
        record is dealt out anew in time: the same spells with the same values, in any order and with any quiet gaps
        between them that fit, all equally likely.
    strata : tuple of str
        Columns with one value a unit, or the name of the moderator, within which histories are permuted. Units
        without a value form a stratum. Without any column, all units may exchange.
    unequal : {"refuse", "match"}
        Where records do not cover the same periods: refuse, or exchange only between units whose records do.
    statistic : {"t", "coefficient"}
        Studentised by the cluster-robust standard error of each draw, or not at all.
    model : {"linear", "poisson score", "poisson refit"}
        Least squares; score tests of a Poisson model fitted once, without the path; Poisson fitted to every draw.

    Raises
    ------
    DesignError
        Fewer than one draw, or options that do not exist or do not fit together.
    """

    draws: int
    seed: int
    scheme: Literal["permute", "shift", "spells"]
    strata: tuple[str, ...] = ()
    unequal: Literal["refuse", "match"] = "refuse"
    statistic: Literal["t", "coefficient"] = "t"
    model: Model = "linear"

    def __post_init__(self) -> None:
        if self.draws < 1:
            raise DesignError("Randomisation needs draws.", f"draws={self.draws}", "ask for 999 or more")
        for name, allowed in OPTIONS.items():
            if getattr(self, name) not in allowed:
                raise DesignError(f"Unknown {name} {getattr(self, name)!r}.", "", f"choose one of {', '.join(allowed)}")
        if self.scheme != "permute" and (self.strata or self.unequal == "match"):
            raise DesignError(
                f"The scheme {self.scheme!r} moves no history between units.",
                f"strata={self.strata}, unequal={self.unequal!r}",
                "leave both out, or use scheme='permute'",
            )

    @property
    def steps(self) -> int:
        """Most steps that are reported while draws are made."""
        return -(-self.draws // BLOCK)


def randomisation(
    panel: Panel,
    design: Design,
    how: Randomisation,
    *,
    difference: Sequence[str] = (),
    workers: int = 1,
    step: Callable[[str], None] | None = None,
) -> pd.DataFrame:
    """Compare every term of the path, all leads, all lags and the largest term with their values under reassignment.

    The null is that the event has no effect on any unit at any event time. Outcomes, fixed effects, controls, groups,
    weights, clusters and the sample stay as they are; only the event moves, and its leads and lags with it.

    Parameters
    ----------
    panel : Panel
    design : Design
        Its covariance names the clusters; its kind and small-sample factor enter ``p_value_parametric`` only.
    how : Randomisation
    difference : sequence of str
        Two groups; the first minus the second is compared too.
    workers : int
        Threads that share the draws.
    step : callable, optional
        Called with a text after every part of the draws, at most ``how.steps`` times.

    Returns
    -------
    DataFrame
        One row per term of the path, and per group for its leads and lags jointly and its largest term: term,
        event_time, group, estimate, statistic (t, F or largest absolute t without small-sample factor), p_value,
        p_error (standard error of p_value by simulation), undefined (draws that could not be estimated; they count
        as larger), p_value_parametric, draws, enumerated.

    Raises
    ------
    DesignError
        As the estimator raises it; and where histories cannot be reassigned, with the units concerned.

    Warns
    -----
    EstimationWarning
        As the estimator warns; and units that cannot receive another history.

    References
    ----------
    Hess 2017, doi:10.1177/1536867X1701700306; MacKinnon and Webb 2020, doi:10.1016/j.jeconom.2020.04.024, on
    studentised statistics with few treated clusters; Phipson and Smyth 2010, doi:10.2202/1544-6115.1585, on the
    p-value.

    Examples
    --------
    See docs/methods/randomisation.md.
    """
    estimate = path_of(panel, design, how)
    asked = contrast(estimate, difference) if difference else None
    compared = reassigned(panel, estimate, how, workers=workers, step=step)
    rows = path_rows(estimate.select(list(estimate.path)), compared)
    if asked is not None:
        rows += path_rows(asked[0], compared.combine(asked[1]))
    table = pd.DataFrame(rows).astype({"event_time": "Int64"})
    return table.assign(draws=len(compared.draws.coef), enumerated=compared.enumerated)


def path_of(panel: Panel, design: Design, how: Randomisation) -> Estimate:
    """Estimate what is compared with the draws.

    Parameters
    ----------
    panel : Panel
    design : Design
    how : Randomisation
    """
    return distributed_lag(panel, design) if how.model == "linear" else ppml(panel, design)


def reassigned(
    panel: Panel,
    estimate: Estimate,
    how: Randomisation,
    *,
    workers: int = 1,
    step: Callable[[str], None] | None = None,
) -> Comparison:
    """Draw assignments and estimate each, in the terms of the path: what every table and figure of draws rests on.

    Parameters
    ----------
    panel : Panel
    estimate : Estimate
        From :func:`path_of`.
    how : Randomisation
    workers, step
        As for :func:`randomisation`.

    Raises
    ------
    DesignError
        Histories that cannot be reassigned, with the units concerned.

    Warns
    -----
    EstimationWarning
        Units that cannot receive another history.
    """
    design = estimate.design
    m, kept = _problem(panel, design, how, estimate)
    path = np.array([term.event_time is not None for term in m.terms])
    histories = _histories(panel, design, m, kept[path], how)
    _warn_of_held(histories, how)
    fixed = Fixed(m.y, m.X[:, ~path & kept], effects_of(m), m.clusters, m.weights)
    return _compare(evaluator(m, fixed, histories, how.model), histories, how, workers, step)


def _problem(panel: Panel, design: Design, how: Randomisation, estimate: Estimate) -> tuple[Matrices, Mask]:
    """Rows that every draw uses, and the terms the estimate could identify."""
    m = matrices(panel, design)
    kept = np.array([term in estimate.terms for term in m.terms])
    if how.model == "linear":
        return m, kept
    others = np.array([term.event_time is None for term in m.terms])
    lost = separation(m.y, m.X[:, kept & others], effects_of(m), m.weights).separated
    m = without_rows(panel, design, m, lost, SEPARATED)
    return m, kept


def _histories(panel: Panel, design: Design, m: Matrices, kept: Mask, how: Randomisation) -> Histories:
    if how.scheme != "permute":
        return (shifted if how.scheme == "shift" else dealt)(panel, design, m, kept)
    return permuted(panel, design, m, kept, how.strata, how.unequal)


def _warn_of_held(histories: Histories, how: Randomisation) -> None:
    held, units = histories.held, len(histories.assignments.own)
    if held:
        note = f"{len(held)} of {units} units keep their own history, for there is no other to receive: "
        instead = "; scheme='shift' would turn it around" if how.scheme == "spells" else ""
        warnings.warn(note + first_few(held) + instead, EstimationWarning, stacklevel=4)


def _compare(
    evaluate: Evaluate,
    histories: Histories,
    how: Randomisation,
    workers: int,
    step: Callable[[str], None] | None,
) -> Comparison:
    chosen = histories.assignments
    data = evaluate(*histories.sources(chosen.own[None]))

    def run(number: int) -> Drawn:
        return evaluate(*histories.sources(block(chosen, how.draws, how.seed, number)))

    parts: list[Drawn] = []
    with ThreadPoolExecutor(max_workers=workers) as pool:
        for drawn in pool.map(run, range(blocks(chosen, how.draws))):
            parts.append(drawn)
            if step is not None:
                step(f"draws: {sum(len(part.coef) for part in parts)}")
    draws = Drawn(np.concatenate([p.coef for p in parts]), np.concatenate([p.vcov for p in parts]))
    if how.statistic == "coefficient":
        # Divided by the same numbers in every draw: comparisons are those of the coefficients.
        draws = replace(draws, vcov=np.where(np.isnan(draws.vcov), np.nan, data.vcov))
    return Comparison(data, draws, is_enumerated(chosen, how.draws), histories.held, len(chosen.own))
