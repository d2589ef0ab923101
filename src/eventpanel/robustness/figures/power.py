"""The figure of power: by formula and in simulated samples, over effects."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from eventpanel.estimators.core.power import TwoSided
from eventpanel.reports.figures import wrap
from eventpanel.robustness.case import Case
from eventpanel.robustness.figures.frame import COLORS, framed
from eventpanel.robustness.lines import Found
from eventpanel.robustness.variation import unit_of

__all__ = ["FORMULA", "SIMULATED", "asked_effect", "power_curve"]

# Parts of the check.
FORMULA = "power by formula"
SIMULATED = "power in simulated samples"


def asked_effect(case: Case, effect: float) -> str:
    """Say which effect the design should be able to show, and where it is from.

    Parameters
    ----------
    case : Case
    effect : float
    """
    source = case.section.power.source
    return f"An effect of {effect:.4g}{f' ({source})' if source else ''}"


def power_curve(case: Case, found: Found) -> Figure:
    """Draw power over effects: a line by formula, points with two Monte Carlo errors, the effect that is asked for.

    Parameters
    ----------
    case : Case
    found : Found
    """
    drawn = [line for line in found.lines if line.part == SIMULATED]
    effects = [line.position for line in found.lines if line.part == FORMULA]
    where = np.linspace(min(effects), max(effects), 121)
    test = TwoSided(float(case.headline.std_errors.iloc[0]), float(case.headline.dof[0]), 0.05)
    with framed(7.0, 3.6) as figure:
        axes = figure.subplots()
        axes.plot(where, [test.power(effect) for effect in where], color=COLORS["variation"], label="by formula")
        if drawn:
            places, values = [line.position for line in drawn], [line.estimate for line in drawn]
            axes.errorbar(
                places,
                values,
                yerr=[2 * line.p_error for line in drawn],
                fmt="o",
                color="0.2",
                markersize=4,
                label=f"in {drawn[0].draws:.0f} simulated samples",
            )
        for value, style, name in ((0.8, "-", "80%"), (0.05, ":", "5%, the size of the test")):
            axes.axhline(value, color="0.6", linewidth=0.7, linestyle=style)
            axes.text(1.005, value, name, transform=axes.get_yaxis_transform(), fontsize=7, va="center")
        asked = next(line.position for line in found.lines if line.note.startswith("if the effect is"))
        axes.axvline(asked, color="0.4", linestyle="--", linewidth=0.9, label=wrap(asked_effect(case, asked), 64))
        axes.axvline(float(case.headline.coef[0]), color=COLORS["headline"], linestyle=":", label="the headline")
        axes.set_ylim(0, 1.03)
        axes.set_xlabel(f"Effect on {unit_of(case.question)}", fontsize=8)
        axes.set_ylabel("Power at 5%", fontsize=8)
        figure.legend(loc="outside upper center", ncols=2, fontsize=7, frameon=False)
    return figure
