"""Figure A.7: regime change by imports of AI in years of high unrest."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy import stats

from eventpanel.brookings.exhibit import Coefficient, Column, Content, Exhibit
from eventpanel.brookings.long_differences import EXPOSURE, WEAK, YEARS, long_differences
from eventpanel.brookings.proportions import NAMES, Groups, p_values
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.materials import Materials
from eventpanel.reports.figures import GROUP_COLORS, STYLE, wrap

__all__ = ["ABOVE", "BELOW", "EXHIBITS", "changed_regime"]

ABOVE = "above median AI imports"
BELOW = "at or below median AI imports"
DIFFERENCE, P_VALUE = "difference", "p-value"


def changed_regime(materials: Materials) -> pd.Series:
    """1 where a year from 2000 to 2020 was one of autocratization, 0 where none was, by importer.

    Missing where no year is known.
    """
    panel = materials.panel("countries", "autocratization")
    inside = panel.frame["year"].between(*YEARS)
    held = panel.number("autocratization")[inside].groupby(panel.frame.loc[inside, "importer"]).max()
    return (held > 0).astype(float).where(held.notna())


def _figure_a7(materials: Materials, switches: Switches) -> Content:
    changed = changed_regime(materials)
    frame = long_differences(materials, switches).frame
    frame = frame[frame[WEAK] == 1.0].assign(changed=frame["importer"].map(changed))
    frame = frame.dropna(subset=["changed", EXPOSURE])
    middle = float(frame[EXPOSURE].median())
    above = frame[EXPOSURE] > middle
    hits = (int(frame.loc[above, "changed"].sum()), int(frame.loc[~above, "changed"].sum()))
    groups = Groups((int(above.sum()), int((~above).sum())), hits)
    tests = p_values(groups)
    p_value = float(tests.set_index("test")["p_value"].loc[switches.figure_a7_test])
    countries = frame[["importer", EXPOSURE, "changed"]].assign(group=np.where(above, ABOVE, BELOW))
    counted = pd.DataFrame({"group": [ABOVE, BELOW], "countries": groups.sizes, "changes": groups.hits})
    return Content(
        columns=(_column(groups, p_value, NAMES[switches.figure_a7_test]),),
        notes=(*_notes(middle), f"p-value: {NAMES[switches.figure_a7_test]}; all tests tried are listed."),
        more={"groups": counted, "tests": tests, "countries": countries.reset_index(drop=True)},
    )


def _column(groups: Groups, p_value: float, test: str) -> Column:
    (first, second), (n1, n2) = groups.shares, groups.sizes
    variances = [p * (1 - p) / n if n else np.nan for p, n in zip(groups.shares, groups.sizes, strict=True)]
    # A share of 0 or 1 has no spread that could be estimated.
    errors = [float(np.sqrt(v)) if v > 0 else np.nan for v in (*variances, sum(variances))]
    return Column(
        panel="",
        head="Share with a change of regime",
        coefficients=(
            Coefficient(ABOVE, first, errors[0]),
            Coefficient(BELOW, second, errors[1]),
            Coefficient(DIFFERENCE, first - second, errors[2]),
            Coefficient(P_VALUE, p_value),
        ),
        counts=(
            ("N", f"{n1 + n2:,}"),
            ("Changes of regime", f"{groups.hits[0]} of {n1} and {groups.hits[1]} of {n2}"),
            ("Test", test),
        ),
        nobs=float(n1 + n2),
    )


def _notes(middle: float) -> tuple[str, ...]:
    return (
        f"Autocracies and weak democracies of the base year, among the 100 largest economies. Change of regime: any "
        f"year of an episode of autocratization from {YEARS[0]} to {YEARS[1]}.",
        f"Imports: years of high unrest with any deal from China, median {middle:g}; countries at the median stand "
        "with those below, so that the groups need not be of one size.",
        "The line of high unrest is the country's own, so every country has such years and none is left out for it.",
        "The printed p-value of the paper, .1715 for 1 of 21 and 5 of 23, is that of none of the tests listed; how its "
        "44 countries were chosen is not said.",
        "Intervals of the figure: Wilson's, which stay between 0 and 1.",
    )


def _draw(content: Content, level: float, label: str) -> Figure:
    counted = content.more["groups"]
    with rc_context(STYLE):
        figure = Figure(figsize=(4.8, 3.8), layout="constrained")
        FigureCanvasAgg(figure)
        figure.suptitle(f"Countries with a change of regime\n{wrap(label, 60)}", fontsize=10)
        axes = figure.subplots()
        for place, (hits, size) in enumerate(zip(counted["changes"], counted["countries"], strict=True)):
            if not size:
                continue
            share = hits / size
            bounds = stats.binomtest(int(hits), int(size)).proportion_ci(level, method="wilson")
            axes.bar(place, share, color=GROUP_COLORS[place], width=0.6)
            spread = [[max(share - bounds.low, 0.0)], [max(bounds.high - share, 0.0)]]
            axes.errorbar(place, share, yerr=spread, color="0.2", capsize=4)
            axes.annotate(f"{hits} of {size}", (place, bounds.high), (0, 4), textcoords="offset points", ha="center")
        axes.set_xticks([0, 1], ["above median\nAI imports", "at or below median\nAI imports"])
        axes.set_ylabel("Share of countries")
        axes.set_ylim(0, None)
        figure.supxlabel(f"Bars: shares; lines: {level:.0%} intervals (Wilson).", fontsize=8, color="0.3")
    return figure


EXHIBITS: tuple[Exhibit, ...] = (
    Exhibit(
        name="figure_a7",
        number="Figure A.7",
        title="Change of regime by imports of AI in years of high unrest",
        uses=("regime_cutoff", "regime_base", "high_unrest", "figure_a7_test"),
        make=_figure_a7,
        draw=_draw,
    ),
)
