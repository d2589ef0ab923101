"""Detectable: which effect a design could have found, and what a significant estimate of a given effect is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.draws import Weights, draws
from eventpanel.estimators.core.poisson_clusters import working_moments
from eventpanel.estimators.core.power import Drawn, TwoSided, drawn
from eventpanel.estimators.core.rotated import Rotated
from eventpanel.estimators.design import Design, one_way
from eventpanel.estimators.distributed_lag import fitted
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.poisson_model import poisson_model
from eventpanel.estimators.solution import assemble
from eventpanel.estimators.target import Target

__all__ = ["Detectable", "Simulation", "detectable"]

POWERS = (0.5, 0.8, 0.9)
# Effects of the curve, in units of what is found with a power of 80 %.
GRID = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """How to draw outcomes.

    Parameters
    ----------
    seed : int
        Same seed, same draws.
    draws : int
        Number of draws; the same for every effect.
    weights : {"rademacher", "webb", "mammen"}
        What residuals of whole clusters are multiplied by.

    Raises
    ------
    DesignError
        Fewer than one draw, or unknown weights.
    """

    seed: int
    draws: int = 999
    weights: Weights = "rademacher"

    def __post_init__(self) -> None:
        if self.draws < 1:
            raise DesignError("A simulation needs draws.", f"draws={self.draws}", "ask for 999 or more")
        if self.weights not in ("rademacher", "webb", "mammen"):
            raise DesignError(f"Unknown weights {self.weights!r}.", "", "choose one of rademacher, webb, mammen")


@dataclass(frozen=True, slots=True, eq=False)
class Detectable:
    """Which effect a design could have found.

    Attributes
    ----------
    target : str
    estimate : float
    test : TwoSided
        Standard error, degrees of freedom and level.
    minimums : DataFrame
        Size of the smallest effect that is found with a power of 50, 80 and 90 %: power, effect, simulated_effect (of
        the predicted sign, found with this sign; missing without a simulation).
    curve : DataFrame
        One row per effect: effect, asked (whether it was asked for), power, wrong_sign, exaggeration, simulated_power,
        monte_carlo_error.
    draws : int
        Draws of the simulation; zero without one.
    """

    target: str
    estimate: float
    test: TwoSided
    minimums: pd.DataFrame
    curve: pd.DataFrame
    draws: int

    def describe(self) -> list[str]:
        """Sentences for a report."""
        least = self.minimums.set_index("power")["effect"]
        said = [
            f"With a standard error of {self.test.error:.4g} and {self.test.dof:g} degrees of freedom, an effect of "
            f"{least[0.8]:.4g} is found with a power of 80 %, one of {least[0.5]:.4g} with 50 %."
        ]
        said += [
            f"An effect of {row.effect:.4g} is found with a power of {row.power:.0%}; significant estimates are "
            f"{row.exaggeration:.2f} times as large on average, and {row.wrong_sign:.1%} of them have the wrong sign."
            for row in self.curve[self.curve["asked"] & (self.curve["effect"] != 0)].itertuples()
        ]
        return said


def detectable(
    panel: Panel,
    design: Design,
    target: Target,
    *,
    effects: Sequence[float] = (),
    simulation: Simulation | None = None,
    estimator: Literal["distributed_lag", "ppml"] = "distributed_lag",
) -> Detectable:
    """Ask which effect a two-sided test at 5 % of this design would have found.

    Parameters
    ----------
    panel : Panel
    design : Design
    target : Target
    effects : sequence of float
        Effects of interest, such as a published one; in logarithms for ppml.
    simulation : Simulation, optional
        Also draw outcomes with each effect from the fitted design; needs clusters of one way and CRV1.
    estimator : {"distributed_lag", "ppml"}

    Returns
    -------
    Detectable

    Raises
    ------
    DesignError
        An unknown estimator, effects that are not finite, a target without a standard error, a simulation without
        clusters of one way.

    Examples
    --------
    >>> from eventpanel.estimators.covariance import Clustered
    >>> from eventpanel.estimators.events import Event
    >>> from eventpanel.estimators.window import EventWindow
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame([(u, t) for u in range(30) for t in range(20)], columns=["unit", "year"])
    >>> frame["x"], frame["y"] = rng.poisson(1.0, 600), rng.normal(size=600)
    >>> design = Design(outcome="y", event=Event(column="x", kind="dose"),
    ...     window=EventWindow(leads=0, lags=0, reference=None), fixed_effects=("unit", "year"),
    ...     covariance=Clustered("unit", "reghdfe"))
    >>> found = detectable(Panel(frame, ("unit",), "year"), design, Target(), effects=[0.1])
    >>> found.minimums["effect"].round(3).tolist()
    [0.084, 0.12, 0.139]
    """
    asked = sorted(set(map(float, effects)))
    if not np.isfinite(asked).all():
        raise DesignError("An effect is a number.", f"effects={list(effects)}", "for example 0.05")
    if estimator not in ("distributed_lag", "ppml"):
        raise DesignError(f"Unknown estimator {estimator!r}.", "", "use 'distributed_lag' or 'ppml'")
    estimate, turned = _fit(panel, design, estimator, simulation)
    found = target.of(estimate)
    test = TwoSided(float(found.std_errors.iloc[0]), float(found.dof[0]), 0.05)
    if not test.error > 0:
        raise DesignError("The target has no standard error.", target.describe(), "use another covariance or window")
    sample = None
    if simulation is not None and turned is not None:
        sample = _sample(turned, target.weights(estimate.terms), test.error, simulation)
    least = [test.minimum(power) for power in POWERS]
    grid = sorted({*asked, *(target.sign * share * least[1] for share in GRID)})
    simulated = [np.nan if sample is None else sample.minimum(p, test.critical, target.sign) for p in POWERS]
    return Detectable(
        target=target.describe(),
        estimate=float(found.coef[0]),
        test=test,
        minimums=pd.DataFrame({"power": POWERS, "effect": least, "simulated_effect": simulated}),
        curve=pd.DataFrame([{"effect": e, "asked": e in asked} | _point(e, test, sample) for e in grid]),
        draws=0 if sample is None else len(sample.effect),
    )


def _fit(
    panel: Panel, design: Design, estimator: str, simulation: Simulation | None
) -> tuple[Estimate, Rotated | None]:
    if simulation is not None and one_way(design).kind != "CRV1":
        raise DesignError(
            "The simulation fits every draw with CRV1.", design.covariance.describe(), "use kind='CRV1', or none"
        )
    if estimator == "ppml":
        model = poisson_model(panel, design)
        turned = None if simulation is None else working_moments(model.problem, model.fit)
        return assemble("ppml", design, model.matrices, model.solution), turned
    found = fitted(panel, design)
    turned = None if simulation is None else found.rotated()
    return assemble("distributed_lag", design, found.m, found.solution), turned


def _sample(turned: Rotated, weights: Floats, error: float, simulation: Simulation) -> Drawn:
    m, direction = turned.moments, weights @ turned.turn
    # What the standard error holds beside the sums of the clusters: the factor of its small-sample rule.
    factor = error**2 / float(np.sum((m.scores @ (m.bread @ direction)) ** 2))
    return drawn(m, direction, draws(len(m.xy), simulation.draws, simulation.weights, simulation.seed), factor)


def _point(effect: float, test: TwoSided, sample: Drawn | None) -> dict[str, float]:
    power, wrong, size = test.significant(effect)
    share = np.nan if sample is None else sample.power(effect, test.critical)
    number = 1 if sample is None else len(sample.effect)
    return {
        "power": power,
        "wrong_sign": wrong,
        "exaggeration": size,
        "simulated_power": share,
        "monte_carlo_error": (share * (1 - share) / number) ** 0.5,
    }
