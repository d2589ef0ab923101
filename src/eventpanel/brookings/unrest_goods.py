"""Figure 5: unrest and trade of each frontier good with China, one regression for each good and for AI."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from eventpanel.brookings.exhibit import Coefficient, Column, Content, Exhibit
from eventpanel.brookings.product_panel import GOODS
from eventpanel.brookings.samples import AI
from eventpanel.brookings.switches import Switches
from eventpanel.brookings.unrest_differences import p_said
from eventpanel.brookings.unrest_drawing import draw_bars
from eventpanel.brookings.unrest_models import SPECIFICATIONS, Fitted, column, fit, method_of_reading, term_name
from eventpanel.brookings.unrest_outcomes import Outcome, any_deal, any_good, log_deals, log_good, product_names
from eventpanel.brookings.unrest_panel import unrest_panel
from eventpanel.brookings.unrest_parts import UNREST_SWITCHES, Part, Parted
from eventpanel.brookings.unrest_words import words
from eventpanel.datasets.materials import Materials
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.joint import joined

__all__ = ["EXHIBITS", "figure_5"]

TITLE = "Unrest and imports from China in the same year, good by good"
WITH_TREND = SPECIFICATIONS[1]


def figure_5(materials: Materials, switches: Switches) -> Content:
    """Estimate the same-year coefficient for each good and for AI.

    Parameters
    ----------
    materials : Materials
    switches : Switches
        ``figure_5_outcome`` and those of all exhibits of equation (3).

    Raises
    ------
    NotAvailableError
        The data lack unrest, regimes, deals with China or trade of goods by year.
    """
    rows, method = unrest_panel(materials, switches), method_of_reading(switches)
    is_any = switches.figure_5_outcome == "any"
    outcomes: dict[str, Outcome] = {
        product: any_good(product) if is_any else log_good(product) for product in product_names(materials)
    }
    outcomes[AI] = any_deal() if is_any else log_deals()
    goods = "any imports from China" if is_any else "log(1 + imports from China), standardised over the sample"
    fits = {name: fit(one.on(materials, rows.panel), WITH_TREND, method) for name, one in outcomes.items()}
    sizes = pd.DataFrame([(name, *_sizes(one)) for name, one in fits.items()], columns=["product", "nobs", "clusters"])
    return Content(
        columns=(_bars(fits, outcomes, sizes),),
        notes=(
            f"Outcome: {goods}; for AI {outcomes[AI].said}. Country trends are held fixed; one regression a bar, of "
            "which the coefficient of the same year is shown.",
            *words(Parted(Part("AI", outcomes[AI], start=0), rows, [fits[AI]]), switches),
            *_ranked(fits),
            *(f"{_label(name)} is not estimated: {one.why}" for name, one in fits.items() if one.estimate is None),
        ),
        more={"rows": sizes},
    )


def _bars(fits: Mapping[str, Fitted], outcomes: Mapping[str, Outcome], sizes: pd.DataFrame) -> Column:
    """Same-year coefficients in one column, goods in the order of their codes, AI last."""
    cells = []
    for name, fitted in fits.items():
        what = outcomes[name].what
        found = {one.term: one for one in column(fitted, "", "(1)", what).coefficients}
        cells.append(found.get(term_name(0, what), Coefficient("", np.nan))._replace(term=_label(name)))
    n, clusters = (sizes[name].dropna().unique() for name in ("nobs", "clusters"))
    return Column(
        panel="",
        head="(1)",
        coefficients=tuple(cells),
        counts=(("N", _span(n)), ("Clusters", _span(clusters)), ("Controls", WITH_TREND.said)),
        nobs=float(n[0]) if len(n) == 1 else np.nan,
        clusters=float(clusters[0]) if len(clusters) == 1 else np.nan,
    )


def _sizes(fitted: Fitted) -> tuple[float, float]:
    """Rows and clusters."""
    return (
        (np.nan, np.nan)
        if fitted.estimate is None
        else (float(fitted.estimate.nobs), float(fitted.estimate.n_clusters))
    )


def _span(values: npt.NDArray[np.float64]) -> str:
    """One number, or the least and the largest."""
    ends = dict.fromkeys((values.min(), values.max())) if len(values) else {}
    return " to ".join(f"{end:,.0f}" for end in ends) or "none"


def _label(product: str) -> str:
    return GOODS.get(product, product)


def _ranked(fits: Mapping[str, Fitted]) -> tuple[str, ...]:
    """Place of AI among the goods, and its difference from their mean, with importers as clusters."""
    now = {name: _same_year(one.estimate) for name, one in fits.items() if one.estimate is not None}
    found = {name: one for name, one in now.items() if one is not None}
    if AI not in found or len(found) < 2:
        return ()
    names = [AI, *(name for name in found if name != AI)]
    coef, weights = np.array([found[name].coef[0] for name in names]), np.full(len(names), -1 / (len(names) - 1))
    weights[0] = 1.0
    error = float(np.sqrt(weights @ joined([found[name] for name in names]).vcov @ weights))
    gap, dof = float(weights @ coef), min(float(found[name].dof[0]) for name in names)
    place, p = int((coef >= coef[0]).sum()), float(2 * stats.t.sf(abs(gap / error), dof))
    return (
        f"AI is number {place} of {len(names)} from the top; of that many exchangeable products the first has a "
        f"one-sided p of 1/{len(names)} = {1 / len(names):.3f}.",
        f"AI less the mean of the goods: {gap:.3f} (standard error {error:.3f}, {p_said(p)}).",
    )


def _same_year(estimate: Estimate) -> Estimate | None:
    terms = [term for term in estimate.path if term.event_time == 0]
    return estimate.select(terms) if terms else None


EXHIBITS: tuple[Exhibit, ...] = (
    Exhibit(
        name="figure_5",
        number="Figure 5",
        title=TITLE,
        uses=(*UNREST_SWITCHES, "figure_5_outcome"),
        make=figure_5,
        draw=partial(draw_bars, f"Figure 5: {TITLE}"),
    ),
)
