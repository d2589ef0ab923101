"""Placebo draws: the number that is watched, in the data and in every draw of a randomisation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.permutation import p_value, t_statistics
from eventpanel.estimators.design import Design
from eventpanel.estimators.randomisation import Randomisation, path_of, reassigned
from eventpanel.estimators.target import Target

__all__ = ["PlaceboDraws", "placebo_draws"]


@dataclass(frozen=True, slots=True, eq=False)
class PlaceboDraws:
    """A target in the data and under reassignment.

    Attributes
    ----------
    target : Target
    estimate, statistic : float
        Of the data: the target, and the same over its cluster-robust standard error without small-sample factor, as
        in the table of :func:`eventpanel.estimators.randomisation.randomisation`.
    estimates, statistics : ndarray, each shape (B,)
        Of the draws; missing where a draw could not be estimated.
    enumerated : bool
        Whether the draws are all assignments there are, the data among them.
    held : tuple of str
        Units that keep their own history in every draw, for there is no other to receive.
    units : int
        Of the sample.
    """

    target: Target
    estimate: float
    statistic: float
    estimates: Floats
    statistics: Floats
    enumerated: bool
    held: tuple[str, ...] = ()
    units: int = 0

    @property
    def p_value(self) -> float:
        """Share of draws whose statistic is at least as large in absolute value: that of ``randomisation``."""
        return p_value(abs(self.statistic), np.abs(self.statistics), enumerated=self.enumerated)

    @property
    def p_directed(self) -> float:
        """Share of draws whose statistic is at least as large in the predicted direction."""
        sign = self.target.sign
        return p_value(sign * self.statistic, sign * self.statistics, enumerated=self.enumerated)

    def error_of(self, p: float) -> float:
        """Monte Carlo standard error of one of the p-values; zero where all assignments are taken.

        Parameters
        ----------
        p : float
        """
        return 0.0 if self.enumerated else float(np.sqrt(p * (1 - p) / len(self.statistics)))

    def table(self) -> pd.DataFrame:
        """One row per draw: estimate, statistic."""
        return pd.DataFrame({"estimate": self.estimates, "statistic": self.statistics})


def placebo_draws(
    panel: Panel,
    design: Design,
    how: Randomisation,
    target: Target,
    *,
    workers: int = 1,
    step: Callable[[str], None] | None = None,
) -> PlaceboDraws:
    """Return a target and its distribution under reassignment, for a figure with the true value marked.

    The draws are those of :func:`eventpanel.estimators.randomisation.randomisation` with the same arguments.

    Parameters
    ----------
    panel : Panel
    design : Design
    how : Randomisation
        With ``statistic="coefficient"``, statistics are estimates over the standard error of the data. With
        ``model="poisson score"``, estimates are one Newton step from a fit without the path, also that of the data.
    target : Target
    workers, step
        As for :func:`eventpanel.estimators.randomisation.randomisation`.

    Raises
    ------
    DesignError
        As for :func:`eventpanel.estimators.randomisation.randomisation`; a path that does not hold the target.

    Warns
    -----
    EstimationWarning
        As for :func:`eventpanel.estimators.randomisation.randomisation`.

    Examples
    --------
    >>> from eventpanel.estimators.covariance import Clustered
    >>> from eventpanel.estimators.events import Event
    >>> from eventpanel.estimators.window import EventWindow
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame([(u, t) for u in range(30) for t in range(20)], columns=["unit", "year"])
    >>> frame["x"] = rng.poisson(0.5, len(frame))
    >>> frame["y"] = 0.5 * frame["x"] + frame["unit"] + rng.normal(size=len(frame))
    >>> design = Design(outcome="y", event=Event(column="x", kind="dose"),
    ...     window=EventWindow(leads=1, lags=1, reference=None), fixed_effects=("unit", "year"),
    ...     covariance=Clustered("unit", "reghdfe"))
    >>> how = Randomisation(draws=99, seed=1, scheme="spells")
    >>> drawn = placebo_draws(Panel(frame, ("unit",), "year"), design, how, Target())
    >>> len(drawn.estimates), bool(np.abs(drawn.estimates).max() < drawn.estimate), drawn.p_value
    (99, True, 0.01)
    """
    estimate = path_of(panel, design, how)
    weights = target.weights(estimate.path)[None]
    compared = reassigned(panel, estimate, how, workers=workers, step=step).combine(weights)
    data, draws = compared.data, compared.draws
    return PlaceboDraws(
        target,
        float(data.coef[0, 0]),
        float(t_statistics(data)[0, 0]),
        draws.coef[:, 0],
        t_statistics(draws)[:, 0],
        compared.enumerated,
        compared.held,
        compared.units,
    )
