"""Matrix completion: counterfactual outcomes from unit and period effects and a penalised part of low rank."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.choice import Chosen, best
from eventpanel.estimators.completion import Jackknife, Recipe, check, effects, uses
from eventpanel.estimators.core.completion import Problem, Rank, penalties
from eventpanel.estimators.design import Design
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.method import Effects, estimated
from eventpanel.estimators.trajectories import Trajectories
from eventpanel.estimators.treatment import LAGS, Reach
from eventpanel.estimators.uses import Uses

__all__ = ["MatrixCompletion", "matrix_completion"]

# Penalties to choose among.
COUNT = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixCompletion:
    """Matrix completion with its options; see :func:`matrix_completion`."""

    reach: Reach = LAGS
    penalty: float | None = None
    groups: int = 50
    seed: int = 0

    def __post_init__(self) -> None:
        Jackknife(self.groups, self.seed)
        if self.penalty is not None and not 0 < self.penalty < np.inf:
            raise DesignError("The penalty must be positive.", f"penalty={self.penalty}", "leave it out to choose one")

    @property
    def name(self) -> str:
        """Name of the function that runs it."""
        return "matrix_completion"

    @property
    def estimand(self) -> str:
        """What it estimates, in one sentence."""
        return (
            "The mean effect over all event rows of the sample by periods since the most recent event, against the "
            f"outcome that a matrix of low rank completed from untreated rows predicts; {self.reach.rule}."
        )

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What it assumes; each a sentence."""
        return (
            "Untreated outcomes are unit effects, period effects, a matrix of approximately low rank, and noise.",
            "The timing of events is unrelated to the noise, given these.",
            *self.reach.assumptions,
        )

    @property
    def recipe(self) -> Recipe:
        """What distinguishes it from other ways to complete a matrix."""
        return Recipe(self.reach, self._choose, 1, int(self.penalty is not None), Jackknife(self.groups, self.seed))

    def _choose(self, problem: Problem, length: int) -> Chosen:
        if self.penalty is not None:
            return Chosen(Rank(penalty=self.penalty), (("Penalty", f"{self.penalty:.6g}"),))
        asked = penalties(problem, COUNT)
        place, errors = best(problem, [Rank(penalty=float(penalty)) for penalty in asked], length, self.seed)
        how = (
            f"{asked[place]:.6g}, by cross-validation, seed {self.seed} "
            f"(mean squared error {errors[place]:.4g}, without a part of low rank {errors[0]:.4g})"
        )
        return Chosen(Rank(penalty=float(asked[place])), (("Penalty", how),))

    def check(self, panel: Panel, design: Design) -> None:
        """Refuse a design that the method does not fit."""
        check(self, panel, design)

    def uses(self, t: Trajectories, design: Design) -> Uses:
        """Say what is done with every event and row."""
        return uses(t, design, self.recipe)

    def effects(self, t: Trajectories, design: Design) -> Effects:
        """Effects in one group."""
        return effects(t, design, self.recipe)


def matrix_completion(
    panel: Panel,
    design: Design,
    *,
    reach: Reach = LAGS,
    penalty: float | None = None,
    groups: int = 50,
    seed: int = 0,
) -> Estimate:
    """Estimate effects against outcomes from a completed matrix, its singular values shrunken.

    Parameters
    ----------
    panel : Panel
        The whole event record, also outside the sample.
    design : Design
        As for imputation, without weights. Leads come from a second fit that has not seen the periods before events.
    reach : Reach
        How long events are felt.
    penalty : float, optional
        Of the sum of singular values, in half the sum of squared residuals of untreated rows; if not given, one of
        twelve, chosen by cross-validation.
    groups : int
        Standard errors are those of a jackknife over clusters, or over this many random groups where there are more.
    seed : int
        For what is held out, and for random groups.

    Returns
    -------
    Estimate

    Raises
    ------
    DesignError
        And its branches; also where the fit does not settle.

    References
    ----------
    Athey, Bayati, Doudchenko, Imbens and Khosravi 2021, doi:10.1080/01621459.2021.1891924; Liu, Wang and Xu 2024,
    doi:10.1111/ajps.12723.

    Examples
    --------
    See docs/methods/matrix_completion.md.
    """
    return estimated(MatrixCompletion(reach=reach, penalty=penalty, groups=groups, seed=seed), panel, design)
