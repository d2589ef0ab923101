"""Figure 5: unrest and trade of each frontier good with China, one regression for each good and for AI."""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy import stats

from eventpanel.brookings.exhibit import Coefficient, Column, Content, Exhibit
from eventpanel.brookings.samples import AI
from eventpanel.brookings.switches import Switches
from eventpanel.brookings.unrest_drawing import draw_bars
from eventpanel.brookings.unrest_models import SPECIFICATIONS, Fitted, column, fit, method_of_reading, term_name
from eventpanel.brookings.unrest_outcomes import Outcome, any_deal, any_good, log_deals, log_good, product_names
from eventpanel.brookings.unrest_panel import unrest_panel
from eventpanel.brookings.unrest_tables import UNREST_SWITCHES
from eventpanel.datasets.materials import Materials
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.joint import joined

__all__ = ["EXHIBITS", "SAME_YEAR", "figure_5"]

SAME_YEAR = "Same year as unrest"
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
    empty = [f"{_label(name)} is not estimated: {one.why}" for name, one in fits.items() if one.estimate is None]
    return Content(
        columns=tuple(_column(name, one, outcomes[name].what) for name, one in fits.items()),
        notes=(
            f"Outcome: {goods}; for AI {outcomes[AI].said}. Country trends are held fixed.",
            f"Coefficients are changes of the outcome in the same year, per one standard deviation of unrest "
            f"({rows.scale.sd:,.4g} events a year).",
            *_ranked(fits),
            *empty,
        ),
    )


def _column(name: str, fitted: Fitted, what: str) -> Column:
    made = column(fitted, "", _label(name), what)
    now = next((one for one in made.coefficients if one.term == term_name(0, what)), Coefficient("", np.nan))
    return Column(
        panel="",
        head=made.head,
        coefficients=(now._replace(term=SAME_YEAR),),
        counts=made.counts,
        nobs=made.nobs,
        clusters=made.clusters,
        treated=made.treated,
    )


def _label(product: str) -> str:
    return f"{GOODS[product]} ({product})" if product in GOODS else product


def _ranked(fits: dict[str, Fitted]) -> tuple[str, ...]:
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
        f"AI less the mean of the goods: {gap:.3f} (standard error {error:.3f}, p = {p:.3f}).",
    )


def _same_year(estimate: Estimate) -> Estimate | None:
    terms = [term for term in estimate.path if term.event_time == 0]
    return estimate.select(terms) if terms else None


GOODS = {
    "525": "Radioactive materials",
    "541": "Med. & pharm. products",
    "712": "Steam turbines",
    "716": "Rotating electric plants",
    "718": "Power-generating machinery",
    "728": "Machinery for isotopic separation",
    "731": "Laser and other beam processes",
    "772": "Electrical circuits",
    "774": "Med. electrodiagnostic apparatus",
    "776": "Electronic integrated circuits",
    "781": "Road vehicles",
    "792": "Spacecraft",
    "872": "Med. instruments",
    "874": "Chemical analysis instruments",
    "884": "Optical fibres",
    "899": "Artificial body parts",
}
EXHIBITS: tuple[Exhibit, ...] = (
    Exhibit(
        name="figure_5",
        number="Figure 5",
        title="Unrest and imports from China in the same year, by good",
        uses=(*UNREST_SWITCHES, "figure_5_outcome"),
        make=figure_5,
        draw=partial(draw_bars, "Coefficient of unrest in the same year"),
    ),
)
