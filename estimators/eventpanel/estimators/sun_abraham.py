"""Sun and Abraham: a coefficient for each cohort and event time in one regression, averaged by cohorts' shares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.adoption import NEVER
from eventpanel.estimators.cohort_path import path_effects, path_uses
from eventpanel.estimators.cohorts import cohorts
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.cells import Solved, solved
from eventpanel.estimators.design import Design
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.method import Effects, base_period, estimated, two_way, without
from eventpanel.estimators.saturated import Regressed, asked_pairs, cell_contrasts, last_as_never, regressors
from eventpanel.estimators.trajectories import Trajectories
from eventpanel.estimators.uses import Uses

__all__ = ["SunAbraham", "sun_abraham"]


@dataclass(frozen=True)
class SunAbraham:
    """Sun and Abraham (2021), as a value.

    Parameters
    ----------
    shares : {"estimated", "fixed"}
        Whether the covariance counts that the shares of cohorts are estimated.
    """

    shares: Literal["estimated", "fixed"] = "estimated"

    def __post_init__(self) -> None:
        if self.shares not in ("estimated", "fixed"):
            raise DesignError(f"Unknown shares {self.shares!r}.", "sun_abraham", "use 'estimated' or 'fixed'")

    name = "sun_abraham"
    estimand = (
        "The average effect of an event that happens once, by periods since it, over the cohorts seen then by their "
        "rows; compared with units that it never strikes, or with the last cohort before it strikes."
    )
    assumptions = (
        "Without the event, every cohort would show the trend of the units that the event never strikes.",
        "The event happens once or stays on, and nothing moves in anticipation of it.",
        "Controls have one linear effect, the same in all cohorts and periods.",
    )

    def check(self, panel: Panel, design: Design) -> None:
        """Refuse what has no place."""
        base_period(self, design)
        two_way(self, panel, design)
        without(self, design, "offset")

    def found(self, t: Trajectories, design: Design, wanted: Callable[[Codes], Mask]) -> Regressed:
        """Effects of cohorts in the periods whose event time is wanted."""
        whole = cohorts(t, self.name, design)
        c = last_as_never(whole)
        free = (c.since != -1) & (c.starts != NEVER)[:, None]
        cells, number = regressors(c, np.ones((len(c.units), 1)), free, within=True)
        system, asked = solved(cells, c.weights), asked_pairs(c, free, wanted)
        contrasts = cell_contrasts(asked, number, np.ones((len(asked.cohort), 1)), cells.values.shape[3])
        beta, influence, names = _controlled(system, c.outcome, t.controls[:, c.units], design.controls)
        grid = np.where(number[0] >= 0, beta[number[0]], 0.0)
        facts = (
            ("Compared with", "never" if whole.starts[-1] == NEVER else "the last cohort, before it is struck"),
            ("Shares of cohorts", self.shares),
            *names,
        )
        effects = np.repeat(grid, np.diff(c.bounds), axis=0)
        kept = self.shares == "estimated"
        return Regressed(c, asked, system, contrasts, effects, influence, facts, kept, everything=bool(names))

    def uses(self, t: Trajectories, design: Design) -> Uses:
        """Say what is done with every event and row."""
        return path_uses(self._of_path(t, design), t, design)

    def effects(self, t: Trajectories, design: Design) -> Effects:
        """Average effects by event time."""
        return path_effects(self._of_path(t, design), t, design)

    def _of_path(self, t: Trajectories, design: Design) -> Regressed:
        return self.found(t, design, lambda since: np.isin(since, design.window.event_times))


def _controlled(
    system: Solved, outcome: Floats, controls: Floats, names: tuple[str, ...]
) -> tuple[Floats, Callable[[Floats], Floats], tuple[tuple[str, str], ...]]:
    """Coefficients, and how units add to the error of their combinations, with controls taken out first."""
    y = np.nan_to_num(outcome)
    beta = system.coefficients(y)
    left = system.residuals(y, beta)
    if not len(controls):
        return beta, partial(system.influence, system.w * left), ()
    Z = np.nan_to_num(controls)
    onto = np.array([system.coefficients(z) for z in Z])
    within = np.array([system.residuals(z, b) for z, b in zip(Z, onto, strict=True)])
    products = np.einsum("ait,bit->ab", within * system.w, within)
    size = np.sqrt(np.einsum("ait,ait->a", Z * system.w, Z))
    scaled: Floats = np.asarray(np.linalg.pinv(products / np.outer(size, size), rcond=1e-12, hermitian=True))
    inverse = scaled / np.outer(size, size)
    slopes = inverse @ np.einsum("ait,it->a", within * system.w, left)
    residuals = left - np.tensordot(slopes, within, axes=1)
    through = np.einsum("ait,it->ia", within, system.w * residuals) @ inverse

    def influence(contrasts: Floats) -> Floats:
        return np.asarray(system.influence(system.w * residuals, contrasts) - through @ (onto @ contrasts.T))

    return (
        beta - slopes @ onto,
        influence,
        tuple((f"Control {n}", f"{b:.6g}") for n, b in zip(names, slopes, strict=True)),
    )


def sun_abraham(panel: Panel, design: Design, *, shares: Literal["estimated", "fixed"] = "estimated") -> Estimate:
    """Estimate the effects of an event that happens once, by periods since it.

    Parameters
    ----------
    panel : Panel
    design : Design
        Window with reference -1; controls enter linearly.
    shares : {"estimated", "fixed"}
        Whether the covariance counts that the shares of cohorts are estimated.

    Raises
    ------
    RecurringEventError
        An event that returns.
    DesignError
        And its branches.

    References
    ----------
    Sun and Abraham 2021, doi:10.1016/j.jeconom.2020.09.006.

    Examples
    --------
    See docs/methods/sun_abraham.md.
    """
    return estimated(SunAbraham(shares), panel, design)
