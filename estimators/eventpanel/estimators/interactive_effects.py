"""Interactive effects: counterfactual outcomes from unit and period effects and a few factors, on untreated rows."""

from __future__ import annotations

from dataclasses import dataclass

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.choice import Chosen, best
from eventpanel.estimators.completion import Jackknife, Recipe, check, effects, uses
from eventpanel.estimators.core.completion import Problem, Rank
from eventpanel.estimators.design import Design
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.method import Effects, estimated
from eventpanel.estimators.trajectories import Trajectories
from eventpanel.estimators.treatment import LAGS, Reach
from eventpanel.estimators.uses import Uses

__all__ = ["InteractiveEffects", "interactive_effects"]

# Factors to choose among.
MOST = 4
# Untreated rows that a unit and a period need where there are factors, and two more than factors: with as many
# rows as coefficients a unit is fitted exactly, and what its loadings predict elsewhere is arbitrary.
LEAST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractiveEffects:
    """Interactive effects with its options; see :func:`interactive_effects`."""

    reach: Reach = LAGS
    factors: int | None = None
    groups: int = 50
    seed: int = 0

    def __post_init__(self) -> None:
        Jackknife(self.groups, self.seed)
        if (self.factors or 0) < 0:
            raise DesignError("The number of factors cannot be negative.", f"factors={self.factors}", "use 0 for none")

    @property
    def name(self) -> str:
        """Name of the function that runs it."""
        return "interactive_effects"

    @property
    def estimand(self) -> str:
        """What it estimates, in one sentence."""
        return (
            "The mean effect over all event rows of the sample by periods since the most recent event, against the "
            f"outcome that untreated rows and their common factors predict; {self.reach.rule}."
        )

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What it assumes; each a sentence."""
        number = "a few" if self.factors is None else str(self.factors)
        return (
            f"Untreated outcomes are unit effects, period effects, {number} factors with loadings of units, and noise.",
            "The timing of events is unrelated to the noise, given effects and factors.",
            *self.reach.assumptions,
        )

    @property
    def recipe(self) -> Recipe:
        """What distinguishes it from other ways to complete a matrix."""
        least = 1 if self.factors == 0 else max(LEAST, (self.factors or 0) + 2)
        return Recipe(self.reach, self._choose, least, int(self.factors == 0), Jackknife(self.groups, self.seed))

    def _choose(self, problem: Problem, length: int) -> Chosen:
        if self.factors is not None:
            return Chosen(Rank(factors=self.factors), (("Factors", str(self.factors)),))
        place, errors = best(problem, [Rank(factors=r) for r in range(MOST + 1)], length, self.seed)
        listed = ", ".join(f"{r}: {error:.4g}" for r, error in enumerate(errors))
        how = f"{place}, by cross-validation, seed {self.seed} (mean squared errors {listed})"
        return Chosen(Rank(factors=place), (("Factors", how),))

    def check(self, panel: Panel, design: Design) -> None:
        """Refuse a design that the method does not fit."""
        check(self, panel, design)

    def uses(self, t: Trajectories, design: Design) -> Uses:
        """Say what is done with every event and row."""
        return uses(t, design, self.recipe)

    def effects(self, t: Trajectories, design: Design) -> Effects:
        """Effects in one group."""
        return effects(t, design, self.recipe)


def interactive_effects(
    panel: Panel,
    design: Design,
    *,
    reach: Reach = LAGS,
    factors: int | None = None,
    groups: int = 50,
    seed: int = 0,
) -> Estimate:
    """Estimate effects against outcomes that common factors predict, such as shocks that hit units unequally.

    Parameters
    ----------
    panel : Panel
        The whole event record, also outside the sample.
    design : Design
        As for imputation, without weights. Leads come from a second fit that has not seen the periods before events.
    reach : Reach
        How long events are felt.
    factors : int, optional
        Number of factors; if not given, 0 to 4, chosen by cross-validation.
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
    Xu 2017, doi:10.1017/pan.2016.2; Gobillon and Magnac 2016, doi:10.1162/REST_a_00537; Liu, Wang and Xu 2024,
    doi:10.1111/ajps.12723.

    Examples
    --------
    See docs/methods/matrix_completion.md.
    """
    return estimated(InteractiveEffects(reach=reach, factors=factors, groups=groups, seed=seed), panel, design)
