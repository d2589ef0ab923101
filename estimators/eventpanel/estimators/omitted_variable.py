"""Confounding: what an unobserved variable of any strength would make of a target, as a value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError
from eventpanel.estimators.core.omitted import Coefficient, Selection, Strength

__all__ = ["Confounding"]

# Oster's proposal: unobserved variables explain at most this many times what the observed ones do.
R_MAX = 1.3


@dataclass(frozen=True, slots=True, eq=False)
class Confounding:
    """Sensitivity of a target to an unobserved variable.

    Attributes
    ----------
    target : str
    covariance : str
        What the robust standard error is.
    coefficient : Coefficient
        Estimate, classical and robust standard error, degrees of freedom of both.
    alpha : float
        Level of the tests.
    bounds : DataFrame
        An unobserved variable as strong as an observed one, or several times so: benchmark, multiple, r2_treatment,
        r2_outcome, estimate, std_error, statistic, robust_error, robust_statistic, with that variable in the
        regression. Missing where no variable can be so strong.
    selection : Selection, optional
        The regressions without and with controls that Oster's delta rests on, where there are controls.
    """

    target: str
    covariance: str
    coefficient: Coefficient
    alpha: float
    bounds: pd.DataFrame
    selection: Selection | None

    def adjusted(self, r2_treatment: float, r2_outcome: float) -> Coefficient:
        """Target with an unobserved variable of given strength in the regression.

        Parameters
        ----------
        r2_treatment : float
            Share of the target's residual variation that it explains.
        r2_outcome : float
            Share of the outcome's residual variation that it explains, given the target.

        Raises
        ------
        DesignError
            Shares outside [0, 1), or [0, 1] for the outcome.
        """
        if not (0 <= r2_treatment < 1 and 0 <= r2_outcome <= 1):
            raise DesignError(
                "A share lies between 0 and 1, and below 1 for the treatment.",
                f"r2_treatment={r2_treatment:g}, r2_outcome={r2_outcome:g}",
                "for example 0.1",
            )
        return self.coefficient.with_variable(Strength(r2_treatment, r2_outcome))

    def delta(self, r_max: float | None = None) -> float:
        """Oster's delta: selection on unobserved, over that on observed variables, that makes the true effect zero.

        Parameters
        ----------
        r_max : float, optional
            R2 that a regression with the unobserved variables would have, of what fixed effects and other terms leave;
            1.3 times that with the controls, at most 1, where it is not given.

        Returns
        -------
        float
            Missing without controls.

        Raises
        ------
        DesignError
            An R2 below that with the controls, or above one.
        """
        if self.selection is None:
            return np.nan
        least = self.selection.long_r2
        most = min(R_MAX * least, 1.0) if r_max is None else r_max
        if not least <= most <= 1:
            raise DesignError(
                "R2 lies between that with the controls and 1.", f"{most:g}; {least:.4g}", "for example 1"
            )
        return self.selection.delta(most)

    def table(self) -> pd.DataFrame:
        """One row per measure: measure, value, meaning."""
        c = self.coefficient
        level = f"{self.alpha:.3g}"
        rows = [
            ("estimate", c.estimate, self.target),
            ("classical standard error", c.std_error, "rows independent and equally noisy: what shares rest on"),
            ("residual degrees of freedom", c.dof, "rows less fixed effects and terms"),
            ("robust standard error", c.robust_error, self.covariance),
            ("robust degrees of freedom", c.robust_dof, "of the t distribution"),
            ("partial R2", c.partial_r2, "of the target with the outcome: algebra, whatever the clusters"),
            ("robustness value", c.robustness, "share of both that takes the estimate to zero: algebra"),
            (f"robustness value at {level}, classical", c.robustness_at(self.alpha), "share that takes p there"),
            (f"robustness value at {level}, robust", c.robust_robustness_at(self.alpha), "share that takes p there"),
            ("delta at 1.3 R2", self.delta(), "Oster: selection on unobserved over observed; missing without controls"),
            ("delta at R2 of 1", self.delta(1.0), "the same, if nothing were left unexplained"),
        ]
        return pd.DataFrame(rows, columns=["measure", "value", "meaning"])

    def describe(self) -> list[str]:
        """Sentences for a report."""
        c = self.coefficient
        said = [
            f"Target: {self.target}, estimated as {c.estimate:.4g}.",
            f"An unobserved variable that explains {c.robustness:.1%} of what is left of both the event and the "
            "outcome would take the estimate to zero; a weaker one would not.",
            f"With the standard error of the design, {c.robust_robustness_at(self.alpha):.1%} of both would take it to "
            f"the edge of significance at {self.alpha:.3g}.",
            f"One that explains all that is left of the outcome would need {c.partial_r2:.2%} of the event.",
        ]
        once = self.bounds[self.bounds["multiple"] == 1]
        said += [
            f"One as strong as {row.benchmark} would leave {row.estimate:.4g} (t = {row.robust_statistic:.2f})."
            for row in once.itertuples()
        ]
        if self.selection is not None:
            said.append(
                f"Selection on unobserved variables would have to be {self.delta():.3g} times that on the controls if "
                f"they brought R2 to 1.3 times its value, {self.delta(1.0):.3g} times if they explained all (Oster)."
            )
        return said
