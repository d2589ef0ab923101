"""Figures 2 and 3: equations (1) and (2) for one good after another in the place of AI."""

from __future__ import annotations

from dataclasses import replace

from matplotlib import rc_context
from matplotlib.figure import Figure
from scipy import stats

from eventpanel.brookings.canvas import caption, page
from eventpanel.brookings.comparative_advantage import ADVANTAGE_SWITCHES, advantage_ask
from eventpanel.brookings.exhibit import Coefficient, Column, Content, Exhibit
from eventpanel.brookings.product_panel import CONTROLS, GOODS, product_panel, with_dummies
from eventpanel.brookings.product_tables import PRODUCTS, Ask, fitted, models, prepared
from eventpanel.brookings.regime_bias import REGIME_SWITCHES, from_exporter, regime_ask, regime_note
from eventpanel.brookings.samples import AI, CHINA
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.materials import Materials
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.linear import LinearFit
from eventpanel.reports.figures import GROUP_COLORS, STYLE

__all__ = ["EXHIBITS", "one_by_one"]

ADVANTAGE = "Comparative advantage of China, good by good"
BIAS = "Regime bias in imports from China, good by good"
EACH = (
    "One regression a bar: this good in the place of AI, compared with all other products, AI among them; controls "
    "as in column (1) of the table."
)
FEWEST = (
    "A rank of AI among 17 products cannot have a p-value below 1/17 = .059: the figure alone shows nothing at the "
    "5 % level."
)


def one_by_one(panel: Panel, term: str, ask: Ask, switches: Switches) -> Column:
    """Regress once for each good, in its own dummy.

    Parameters
    ----------
    panel : Panel
        Of products.
    term : str
        What the good's dummy is multiplied by: ``"China"`` or ``"Low"``.
    ask : Ask
        Of the table, whose dummy is AI.
    switches : Switches

    Returns
    -------
    Column
        A coefficient by good under its printed name, in the order of their codes, AI last.
    """
    panel, dummies = with_dummies(prepared(panel, switches))
    fits: dict[str, LinearFit] = {}
    for product, dummy in dummies.items():
        own = replace(ask, terms=(term, dummy, f"{term}:{dummy}"), dummy=dummy)
        model, _ = next(models(own, switches))
        fits[product] = fitted(panel, model)
    cells = [
        Coefficient(GOODS.get(product, product), *fit.coefficient(f"{term}:{dummies[product]}"))
        for product, fit in fits.items()
    ]
    fit = fits[AI]
    below = {"N": f"{fit.nobs:,}", "Clusters": f"{fit.n_clusters:,}", "Clusters by": ask.cluster}
    return Column(
        panel="",
        head="(1)",
        coefficients=tuple(cells),
        counts=tuple({**below, "Controls": CONTROLS[0][0]}.items()),
        nobs=float(fit.nobs),
        clusters=float(fit.n_clusters),
    )


def figure_2(materials: Materials, switches: Switches) -> Content:
    """Equation (1) for each good."""
    column = one_by_one(product_panel(materials, switches), "China", advantage_ask("any"), switches)
    few = (
        "China is one exporter: intervals from errors clustered by exporter are far too short. See the ranks among "
        "placebo exporters in Table 2."
    )
    return Content(columns=(column,), notes=(EACH, PRODUCTS, few, FEWEST))


def figure_3(materials: Materials, switches: Switches) -> Content:
    """Equation (2) for each good."""
    column = one_by_one(from_exporter(materials, switches, CHINA), "Low", regime_ask("any"), switches)
    return Content(columns=(column,), notes=(EACH, PRODUCTS, regime_note(switches), FEWEST))


def draw_figure_2(content: Content, level: float, label: str) -> Figure:
    """Draw Figure 2.

    Parameters
    ----------
    content : Content
    level : float
        Of the intervals; 0.90 in the paper.
    label : str
        What the data are.
    """
    return _bars(content, level, (f"Figure 2: {ADVANTAGE}", label), "China x good")


def draw_figure_3(content: Content, level: float, label: str) -> Figure:
    """Draw Figure 3.

    Parameters
    ----------
    content : Content
    level : float
        Of the intervals; 0.90 in the paper.
    label : str
        What the data are.
    """
    return _bars(content, level, (f"Figure 3: {BIAS}", label), "Low x good")


def _bars(content: Content, level: float, lines: tuple[str, str], what: str) -> Figure:
    """Horizontal bars in the order of the goods' codes, AI last and in red."""
    cells = content.columns[0].coefficients
    rows = range(len(cells))
    half = [one.std_error * stats.t.ppf((1 + level) / 2, one.dof) for one in cells]
    with rc_context(STYLE):
        figure = page((6.8, 1.6 + 0.27 * len(cells)), *lines)
        ax = figure.subplots()
        colors = [GROUP_COLORS[0] if one.term == AI else "0.72" for one in cells]
        ax.barh(rows, [one.estimate for one in cells], color=colors, height=0.7)
        ax.errorbar(
            [one.estimate for one in cells], rows, xerr=half, fmt="none", ecolor="0.15", elinewidth=1.0, capsize=2.5
        )
        ax.axvline(0.0, color="0.3", linewidth=0.8)
        ax.set_yticks(rows, [one.term for one in cells])
        ax.set_ylim(len(cells) - 0.4, -0.6)
        ax.set_xlabel(f"Coefficient of {what}")
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
        caption(figure, f"Bars: coefficients. Lines: {level:.0%} intervals. {EACH}")
    return figure


EXHIBITS: tuple[Exhibit, ...] = (
    Exhibit(
        name="figure_2",
        number="Figure 2",
        title=ADVANTAGE,
        uses=ADVANTAGE_SWITCHES,
        make=figure_2,
        draw=draw_figure_2,
    ),
    Exhibit(name="figure_3", number="Figure 3", title=BIAS, uses=REGIME_SWITCHES, make=figure_3, draw=draw_figure_3),
)
