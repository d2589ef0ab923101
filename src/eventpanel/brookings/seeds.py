"""Seeds: whether countries that import Chinese AI in years of unrest later export AI, or develop their own."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from eventpanel.brookings.canvas import caption, page
from eventpanel.brookings.exhibit import Coefficient, Column, Content, Exhibit, column_of
from eventpanel.brookings.first_imports import (
    CALM,
    DEVELOPMENT,
    NONE,
    OTHER,
    UNCLEAR,
    UNREST,
    Outcome,
    first_imports,
    outcomes,
)
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.materials import Materials
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.cautions import EstimationWarning
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.linear import Linear, linear
from eventpanel.reports.figures import GROUP_COLORS, STYLE

__all__ = ["EXHIBITS", "around"]

YEARS = 5
GROUPS = {UNREST: GROUP_COLORS[0], CALM: GROUP_COLORS[2], OTHER: GROUP_COLORS[1]}
DIFFERENCE = "First less the others"
WITHIN, BEFORE, AFTER, CHANGE = "any within 5 years", "before", "after", "change"
TERMS = {
    UNREST: f"after first import: {UNREST}",
    CALM: f"after first import: {CALM}",
    OTHER: f"after first import: {OTHER}",
}
PATH = ", by year since the first import"
TITLE = "Seeds: what follows the first import of surveillance AI"
NOTES = (
    "First import: the first deal from China in a year of high unrest (D9); the first deal from China; the first deal "
    "from anyone.",
    "Any within 5 years: share of the countries whose five years after the first import are all watched. Before and "
    "after: share of years with any, of the watched ones of the five before and the five after; change: countries with "
    "both. Standard errors are those of a mean, countries being independent; where all are alike there is none. Trade "
    "in AI grows, so that after exceeds "
    "before also where nothing follows from imports.",
    "Regression: any, by country and year, on being past the first import; country and year effects, clusters by "
    "country; countries without imports are among the comparisons. Domestic development: levels in the place of "
    "shares.",
    "It can show whether importers of one kind come to export more often than others. It cannot show that imports are "
    "the cause: countries choose when and from whom they import, a growing industry buys and sells, and few countries "
    "export at all. With first imports in different years and effects that differ, the regression's weights may be "
    "negative. Lists that are found by searching for exporters know little of domestic deals.",
)


def around(values: pd.DataFrame, start: pd.Series) -> pd.DataFrame:
    """Line years up around the first import.

    Parameters
    ----------
    values : DataFrame
        Index importer, columns years.
    start : Series
        Year of the first import, by importer.

    Returns
    -------
    DataFrame
        Index importer, columns -5 to 5; missing where the year is not known.

    Examples
    --------
    >>> values = pd.DataFrame([[1.0, 2.0, 3.0]], index=["KEN"], columns=[2010, 2011, 2012])
    >>> around(values, pd.Series({"KEN": 2011.0})).loc["KEN", [-1, 0, 1, 2]].tolist()
    [1.0, 2.0, 3.0, nan]
    """
    known = start.dropna().astype(int)
    times = list(range(-YEARS, YEARS + 1))
    rows = [
        values.loc[[country]].reindex(columns=[year + k for k in times]).to_numpy(dtype=float)[0]
        for country, year in zip(known.index, known, strict=True)
    ]
    return pd.DataFrame(np.reshape(rows, (-1, len(times))), index=known.index, columns=times)


def make_seeds(materials: Materials, switches: Switches) -> Content:
    """Make the exhibit: a panel an outcome, with columns before and after by group, a regression, and a path.

    Raises
    ------
    NotAvailableError
        No data on unrest, or no deal has an exporter.
    """
    firsts = first_imports(materials, switches)
    columns: list[Column] = []
    notes: list[str] = list(NOTES)
    found = outcomes(materials, firsts.index)
    for outcome in found:
        lined = around(outcome.values, firsts["start"])
        columns += _before_and_after(outcome, lined, firsts["group"])
        column, words = _regression(outcome, firsts)
        columns.append(column)
        notes += [f"{outcome.name}: {word}" for word in words]
        columns += _paths(outcome, lined, firsts["group"])
    unclear = list(firsts.index[firsts["group"] == UNCLEAR])
    if unclear:
        notes.append(f"Left out, unrest not known in years of deals from China: {', '.join(unclear)}.")
    if len(found) == 1:
        notes.append("Not there: domestic deals or domestic development.")
    return Content(columns=tuple(columns), notes=tuple(notes), more={"first_imports": firsts.reset_index()})


def _before_and_after(outcome: Outcome, lined: pd.DataFrame, group: pd.Series) -> list[Column]:
    facts = _facts(outcome, lined)
    group = group.reindex(facts.index)
    parts = {name: facts[group == name] for name in GROUPS}
    columns = [
        Column(
            panel=outcome.name,
            head=name,
            coefficients=tuple(_mean(term, part[term]) for term in facts.columns),
            counts=(("Countries", f"{len(part):,}"), ("Watched five years on", f"{part[WITHIN].notna().sum():,}")),
            nobs=float(len(part)),
        )
        for name, part in parts.items()
    ]
    others = facts[group.isin([CALM, OTHER])]
    cells = tuple(_difference(term, parts[UNREST][term], others[term]) for term in facts.columns)
    return [
        *columns,
        Column(panel=outcome.name, head=DIFFERENCE, coefficients=cells, nobs=float(group.isin(GROUPS).sum())),
    ]


def _facts(outcome: Outcome, lined: pd.DataFrame) -> pd.DataFrame:
    """Return one row a country: any within five years (of deals), means of years before and after, and change."""
    before, after = lined[list(range(-YEARS, 0))], lined[list(range(1, YEARS + 1))]
    any_after = (after == 1).any(axis=1).astype(float).where(after.notna().all(axis=1))
    facts = pd.DataFrame(
        {
            WITHIN: any_after if outcome.is_any else np.nan,
            BEFORE: before.mean(axis=1),
            AFTER: after.mean(axis=1),
        },
        index=lined.index,
    )
    return facts.assign(**{CHANGE: facts[AFTER] - facts[BEFORE]})


def _mean(term: str, column: pd.Series) -> Coefficient:
    """Return mean and standard error; there is none of one country, or of several that are all alike."""
    known = column.dropna().to_numpy(dtype=float)
    if len(known) == 0 or np.ptp(known) == 0:
        return Coefficient(term, float(known[0]) if len(known) else np.nan)
    return Coefficient(term, float(known.mean()), float(known.std(ddof=1) / np.sqrt(len(known))), float(len(known) - 1))


def _difference(term: str, one: pd.Series, other: pd.Series) -> Coefficient:
    """Subtract means; degrees of freedom by Welch (1947, doi:10.1093/biomet/34.1-2.28)."""
    a, b = _mean(term, one), _mean(term, other)
    parts = np.array([a.std_error**2, b.std_error**2])
    variance = float(parts.sum())
    dof = variance**2 / float((parts**2 / np.array([a.dof, b.dof])).sum())
    return Coefficient(term, a.estimate - b.estimate, float(np.sqrt(variance)), dof)


def _regression(outcome: Outcome, firsts: pd.DataFrame) -> tuple[Column, tuple[str, ...]]:
    """Regress on being past the first import; a column of missing numbers, and why, where that is not possible."""
    held = outcome.values[(firsts["group"] != UNCLEAR).to_numpy()].reset_index()
    frame = held.melt(id_vars="importer", var_name="year", value_name="outcome").dropna().astype({"year": int})
    frame = frame.join(firsts, on="importer")
    past = frame["year"] > frame["start"]
    frame = frame.assign(**{term: (past & (frame["group"] == group)).astype(float) for group, term in TERMS.items()})
    model = Linear(
        outcome="outcome",
        terms=tuple(TERMS.values()),
        covariance=Clustered("importer", "reghdfe"),
        fixed_effects=("importer", "year"),
    )
    names = {term: term for term in TERMS.values()}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", EstimationWarning)
            fit = linear(Panel(frame.drop(columns=["group", "start"]), ("importer",), "year"), model)
    except DesignError as error:
        cells = tuple(Coefficient(term, np.nan) for term in names)
        return Column(panel=outcome.name, head="Regression", coefficients=cells), (f"no regression. {error}",)
    never = int((firsts["group"] == NONE).sum())
    column = column_of(fit, outcome.name, "Regression", names, {"Countries without imports": f"{never:,}"})
    return column, fit.notes


def _paths(outcome: Outcome, lined: pd.DataFrame, group: pd.Series) -> list[Column]:
    group = group.reindex(lined.index)
    return [
        Column(
            panel=outcome.name + PATH,
            head=name,
            coefficients=tuple(_mean(str(k), lined.loc[group == name, k]) for k in lined.columns),
            nobs=float((group == name).sum()),
        )
        for name in GROUPS
    ]


def draw_seeds(content: Content, level: float, label: str) -> Figure:
    """Draw means by year since the first import, a panel an outcome.

    Parameters
    ----------
    content : Content
    level : float
        Level of the intervals.
    label : str
    """
    panels = [name for name in dict.fromkeys(c.panel for c in content.columns) if name.endswith(PATH)]
    with rc_context(STYLE):
        figure = page((max(6.6, 4.6 * len(panels)), 4.6), TITLE, label)
        axes = figure.subplots(1, len(panels), squeeze=False)[0]
        for ax, panel in zip(axes, panels, strict=True):
            for k, column in enumerate(c for c in content.columns if c.panel == panel):
                _path(ax, column, level, 0.16 * (k - 1))
            ax.axvline(-0.5, color="0.7", linewidth=0.8, linestyle=":")
            ax.axhline(0, color="0.4", linewidth=0.8)
            ax.set_title(panel.removesuffix(PATH), weight="bold")
            ax.set(xlabel="Years since the first import", xticks=range(-YEARS, YEARS + 1))
            ax.set_ylabel("Mean over countries" if panel.startswith(DEVELOPMENT) else "Share of countries")
        axes[0].legend(loc="upper left", frameon=False, fontsize=8)
        caption(
            figure, f"Bars: {level:.0%} intervals of the means, those of shares cut at 0 and 1. {NOTES[0]} {NOTES[3]}"
        )
    return figure


def _path(ax: Axes, column: Column, level: float, aside: float) -> None:
    color = GROUPS[column.head]
    times = np.array([int(one.term) for one in column.coefficients]) + aside
    means = np.array([one.estimate for one in column.coefficients])
    half = np.array([stats.t.ppf((1 + level) / 2, one.dof) * one.std_error for one in column.coefficients])
    low, high = means - half, means + half
    if not column.panel.startswith(DEVELOPMENT):
        low, high = low.clip(0), high.clip(None, 1)
    ax.vlines(times, low, high, color=color, linewidth=1.6, alpha=0.5)
    ax.plot(times, means, "o-", color=color, markersize=4, linewidth=1.2, label=f"{column.head} ({column.nobs:.0f})")


EXHIBITS = (
    Exhibit(
        name="seeds",
        number="Seeds",
        title="Whether importers become exporters",
        uses=("unrest_years", "high_unrest"),
        make=make_seeds,
        draw=draw_seeds,
    ),
)
