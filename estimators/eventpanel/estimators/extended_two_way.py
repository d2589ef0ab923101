"""Extended two-way effects: a coefficient for each cohort in each period, linear or Poisson (Wooldridge)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np

from eventpanel.datasets.errors import DesignError, IdentificationError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.adoption import NEVER
from eventpanel.estimators.cohort_path import path_effects, path_uses
from eventpanel.estimators.cohorts import Cohorts, Pairs, cohorts
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.cells import Cells, solved
from eventpanel.estimators.core.cells_poisson import Fitted, fitted, positive
from eventpanel.estimators.design import Design
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.method import BASE, Effects, base_period, estimated, two_way, without
from eventpanel.estimators.saturated import Regressed, asked_pairs, cell_contrasts, last_as_never, regressors
from eventpanel.estimators.trajectories import Trajectories
from eventpanel.estimators.uses import Uses

__all__ = ["ExtendedTwoWay", "extended_two_way"]

Model = Literal["linear", "poisson", "poisson_level"]
CHOICES = {
    "model": ("linear", "poisson", "poisson_level"),
    "compared": ("not_yet", "never"),
    "shares": ("estimated", "fixed"),
}


@dataclass(frozen=True)
class ExtendedTwoWay:
    """Wooldridge (2021, 2023), as a value.

    Parameters
    ----------
    model : {"linear", "poisson", "poisson_level"}
        Linear; Poisson, the effect being the mean change of the logarithm of the mean; Poisson, the effect being the
        mean change of the mean itself.
    compared : {"not_yet", "never"}
        Whether rows before events serve as comparisons, or have coefficients of their own, the leads.
    pooled : bool
        Effects of cohorts instead of effects of units.
    shares : {"estimated", "fixed"}
        Whether the covariance counts that the rows over which effects are averaged are a sample.
    """

    model: Model = "linear"
    compared: Literal["not_yet", "never"] = "not_yet"
    pooled: bool = False
    shares: Literal["estimated", "fixed"] = "estimated"

    def __post_init__(self) -> None:
        for what, choices in CHOICES.items():
            held = getattr(self, what)
            if held not in choices:
                raise DesignError(f"Unknown {what} {held!r}.", "extended_two_way", f"choose one of {choices}")

    @property
    def name(self) -> str:
        """Name of the function that runs it."""
        return "extended_two_way"

    @property
    def estimand(self) -> str:
        """What it estimates."""
        kind = {"linear": "the outcome", "poisson": "the logarithm of the mean outcome"}.get(
            self.model, "the mean outcome"
        )
        others = "the event never strikes" if self.compared == "never" else "have no event yet, or never one"
        return (
            f"The average effect on {kind} of an event that happens once, by periods since it, over rows after "
            f"events; compared with units that {others}."
        )

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What it assumes."""
        scale = "outcomes" if self.model == "linear" else "logarithms of mean outcomes"
        return (
            f"Without the event, {scale} of all cohorts would show the same trend, given controls that do not change.",
            "The event happens once or stays on, and nothing moves in anticipation of it.",
        )

    def check(self, panel: Panel, design: Design) -> None:
        """Refuse what has no place."""
        base_period(self, design)
        two_way(self, panel, design)
        if self.model == "linear":
            without(self, design, "offset")

    def found(self, t: Trajectories, design: Design, wanted: Callable[[Codes], Mask]) -> Regressed:
        """Effects of cohorts in the periods whose event time is wanted."""
        whole = cohorts(t, self.name, design)
        c = last_as_never(whole) if self.compared == "never" else whole
        free = (c.since >= 0) if self.compared == "not_yet" else (c.since != -1) & (c.starts != NEVER)[:, None]
        factors = _factors(t, c, design)
        run = self._linear if self.model == "linear" else self._poisson
        return run(t, c, factors, free, wanted)

    def _linear(
        self, t: Trajectories, c: Cohorts, factors: Floats, free: Mask, wanted: Callable[[Codes], Mask]
    ) -> Regressed:
        cells, number = regressors(c, factors, free, within=not self.pooled)
        system = solved(cells, c.weights)
        beta = system.coefficients(np.nan_to_num(c.outcome))
        left = c.weights * system.residuals(np.nan_to_num(c.outcome), beta)
        asked = asked_pairs(c, free, wanted)
        contrasts = cell_contrasts(asked, number, _middle(c, asked, factors), len(beta))
        effects = cells.spread(_own(beta, number))
        return Regressed(
            c, asked, system, contrasts, effects, partial(system.influence, left), self._facts, self._estimated
        )

    def _poisson(
        self, t: Trajectories, c: Cohorts, factors: Floats, free: Mask, wanted: Callable[[Codes], Mask]
    ) -> Regressed:
        y, within = np.nan_to_num(c.outcome), not self.pooled
        if (y < 0).any():
            raise DesignError("A Poisson mean needs outcomes that are not negative.", "", "use model='linear'")
        asked = asked_pairs(c, free, wanted)
        w, _ = positive(y, c.weights, c.bounds, free, within=within)
        c = replace(c, weights=w)
        cells, number = regressors(c, factors, free, within=within)
        fit = _fit(cells, y, w, t.offset[c.units])
        logs = cells.spread(_own(fit.beta, number))
        residuals = np.where(w > 0, w * (y - fit.mean), 0.0)
        influence = partial(fit.system.influence, residuals)
        contrasts = cell_contrasts(asked, number, _middle(c, asked, factors), len(fit.beta))
        effects, level = logs, self.model == "poisson_level"
        if level:
            effects = np.where(w > 0, -fit.mean * np.expm1(-logs), 0.0)
            contrasts = _slopes(c, asked, fit, logs, number)
        keep = level and within
        return Regressed(
            c, asked, fit.system, contrasts, effects, influence, self._facts, self._estimated, keep, everything=True
        )

    @property
    def _estimated(self) -> bool:
        return self.shares == "estimated"

    @property
    def _facts(self) -> tuple[tuple[str, str], ...]:
        return (
            ("Model", self.model.replace("_", ", effects on the ")),
            ("Compared with", self.compared.replace("_", " ")),
            ("Effects of", "cohorts" if self.pooled else "units"),
            ("Shares of cohorts", self.shares),
        )

    def uses(self, t: Trajectories, design: Design) -> Uses:
        """Say what is done with every event and row."""
        return path_uses(self._of_path(t, design), t, design)

    def effects(self, t: Trajectories, design: Design) -> Effects:
        """Average effects by event time."""
        base = BASE if self.compared == "never" else "rows before events are comparisons, all of them"
        return path_effects(self._of_path(t, design), t, design, base)

    def _of_path(self, t: Trajectories, design: Design) -> Regressed:
        return self.found(t, design, lambda since: np.isin(since, design.window.event_times))


def _factors(t: Trajectories, c: Cohorts, design: Design) -> Floats:
    """Stack a constant and the controls, which must not change, centred and scaled; shape (n, 1 + c)."""
    inside = c.weights > 0
    columns = [np.ones(len(c.units))]
    for name, grid in zip(design.controls, t.controls[:, c.units], strict=True):
        low = np.where(inside, grid, np.inf).min(axis=1)
        high = np.where(inside, grid, -np.inf).max(axis=1)
        moves = inside.any(axis=1) & (low < high)
        if moves.any():
            owners = t.owners[np.unique(t.owner[c.units[moves]])]
            raise DesignError(
                f"extended_two_way takes controls that do not change within a unit; {name!r} does.",
                first_few(owners),
                "use its value before any event, such as that of the first period",
            )
        held = np.where(inside.any(axis=1), low, 0.0)
        held = held - held.mean()
        columns.append(held / (held.std() or 1.0))
    return np.array(columns).T


def _own(beta: Floats, number: Codes) -> Floats:
    """Effects of cells by factor, shape (f, C, T); zero without a parameter."""
    return np.where(number >= 0, beta[number], 0.0)


def _middle(c: Cohorts, pairs: Pairs, factors: Floats) -> Floats:
    """Mean of the factors over the rows of each pair, shape (m, f)."""
    mass = np.add.reduceat(c.weights, c.bounds[:-1], axis=0)[pairs.cohort, pairs.period]
    sums = [
        np.add.reduceat(c.weights * f[:, None], c.bounds[:-1], axis=0)[pairs.cohort, pairs.period] for f in factors.T
    ]
    return np.array(sums).T.reshape(len(mass), factors.shape[1]) / np.where(mass > 0, mass, 1.0)[:, None]


def _fit(cells: Cells, y: Floats, w: Floats, offset: Floats) -> Fitted:
    try:
        return fitted(cells, y, w, offset)
    except ArithmeticError as error:
        raise IdentificationError(
            "The Poisson regression has no maximum.",
            str(error),
            "see separated_rows; leave out what is zero, or use the linear model",
        ) from error


def _slopes(c: Cohorts, pairs: Pairs, fit: Fitted, logs: Floats, number: Codes) -> Floats:
    """Differentiate each mean effect in levels by the parameters, effects of units moving along, shape (m, P)."""
    cells, w = fit.system.cells, c.weights
    out = np.zeros((len(pairs.cohort), len(fit.beta)))
    sums = np.einsum("it,it->i", w, fit.mean)[:, None]
    share = np.divide(w * fit.mean, sums, out=np.zeros_like(w), where=sums > 0)
    for j, (e, s) in enumerate(zip(pairs.cohort, pairs.period, strict=True)):
        mine = slice(int(c.bounds[e]), int(c.bounds[e + 1]))
        x, mass = cells.factors[mine], w[mine, s] / (w[mine, s].sum() or 1.0)
        effect = mass * -fit.mean[mine, s] * np.expm1(-logs[mine, s])
        # The mean moves with its regressors, less what the effect of the unit takes back.
        out[j] = np.einsum("a,ap->p", x.T @ effect, cells.values[:, e, s])
        if cells.within:
            out[j] -= np.einsum("at,atp->p", (x * effect[:, None]).T @ share[mine], cells.values[:, e])
        # What it would be without the event falls as the coefficient of the cell rises.
        drop = x.T @ (mass * fit.mean[mine, s] * np.exp(-logs[mine, s]))
        for a in range(x.shape[1]):
            out[j, number[a, e, s]] += drop[a]
    return out


def extended_two_way(
    panel: Panel,
    design: Design,
    *,
    model: Model = "linear",
    compared: Literal["not_yet", "never"] = "not_yet",
    pooled: bool = False,
    shares: Literal["estimated", "fixed"] = "estimated",
) -> Estimate:
    """Estimate the effects of an event that happens once, by periods since it.

    Parameters
    ----------
    panel : Panel
    design : Design
        Window with reference -1; controls do not change within a unit.
    model : {"linear", "poisson", "poisson_level"}
        Linear; Poisson, the effect being the mean change of the logarithm of the mean; Poisson, the effect being the
        mean change of the mean itself.
    compared : {"not_yet", "never"}
        Whether rows before events serve as comparisons, or have coefficients of their own, the leads.
    pooled : bool
        Effects of cohorts instead of effects of units.
    shares : {"estimated", "fixed"}
        Whether the covariance counts that the rows over which effects are averaged are a sample.

    Raises
    ------
    RecurringEventError
        An event that returns.
    DesignError
        And its branches.

    References
    ----------
    Wooldridge 2021, doi:10.2139/ssrn.3906345; Wooldridge 2023, doi:10.1093/ectj/utad016.

    Examples
    --------
    See docs/methods/extended_two_way.md.
    """
    return estimated(ExtendedTwoWay(model, compared, pooled=pooled, shares=shares), panel, design)
