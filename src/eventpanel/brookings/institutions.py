"""Table 5 and its variants A.18 and A.19: institutions change, imports of AI in years of high unrest, equation (4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from eventpanel.brookings.exhibit import Column, Content, Exhibit, column_of
from eventpanel.brookings.left_out import those_possible
from eventpanel.brookings.long_differences import (
    BASELINE,
    CHANGE,
    CHINESE,
    EXPOSURE,
    INDICES,
    LAST_YEARS,
    WEAK,
    Trade,
    known_years,
    long_differences,
)
from eventpanel.brookings.samples import US
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.materials import Materials
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.covariance import Robust
from eventpanel.estimators.design import Sample
from eventpanel.estimators.linear import Linear, LinearFit, linear

__all__ = ["EXHIBITS", "TERM", "influence"]

TERM = "AI x unrest"
# Controls added one by one: their columns, and the columns of ``countries`` that they need.
CONTROLS = {
    "total AI": ("total_ai", "unrest"),
    "total unrest": ("total_unrest", "unrest"),
    "total trade": ("log_trade", "total_trade"),
    "log GDP": ("log_gdp", "gdp"),
}
USES = ("regime_cutoff", "regime_base", "high_unrest", "institution_years")
SHOWN = 3
CAUTIONS = (
    "Imports of AI and institutions may be joint outcomes of one wish to control: the authors say so themselves "
    "(page 22 of the paper), and nothing here tells the two apart.",
    "Countries are few, so that one can carry a coefficient: HC3, the leverage of the countries that pull most and the "
    "coefficient without each stand beside the table.",
)


class Part(NamedTuple):
    """One panel of a table: its name, which deals count, whose institutions and which index."""

    name: str
    trade: Trade = CHINESE
    weak: float = 1.0
    outcome: str = "institutions"


TABLE_5 = (
    Part("A. Autocracies and weak democracies"),
    Part("B. Mature democracies", weak=0.0),
    Part("C. US exports", Trade(US)),
)
TABLE_A18 = tuple(Part(title, outcome=name) for name, title in INDICES.items() if name != "institutions")
TABLE_A19 = (Part("A. Autocracies and weak democracies", Trade(of="smart_city")),)


def influence(panel: Panel, fit: LinearFit, term: str) -> pd.DataFrame:
    """Say how much each row pulls a coefficient of a regression without fixed effects.

    Parameters
    ----------
    panel : Panel
        What the regression was run on; unit importer.
    fit : LinearFit
    term : str

    Returns
    -------
    DataFrame
        One row each in the order of the panel: importer, leverage (0 to 1, sum the number of coefficients) and
        ``without`` (the coefficient without that row, exact; missing where the row is fitted exactly whatever its
        outcome). Empty where the term could not be estimated.
    """
    if term not in fit.terms:
        return pd.DataFrame(columns=["importer", "leverage", "without"])
    rows = panel.frame[fit.sample]
    names = [name for name in fit.terms if name != "constant"]
    design = np.column_stack([np.ones(len(rows)), rows[names].to_numpy(dtype=float)])
    q, r = np.linalg.qr(design / np.linalg.norm(design, axis=0))
    leverage = (q**2).sum(axis=1)
    residual = rows[fit.model.outcome].to_numpy(dtype=float)
    residual = residual - q @ (q.T @ residual)
    place = 1 + names.index(term)
    pull = np.linalg.solve(r, q.T)[place] / np.linalg.norm(design[:, place])
    free = np.where(leverage < 1 - 1e-9, 1 - leverage, np.nan)
    without = float(fit.params[term]) - pull * residual / free
    return pd.DataFrame({"importer": rows["importer"].to_numpy(), "leverage": leverage, "without": without})


class Fitted(NamedTuple):
    """One regression: its column of the table, how steady it is, the countries that pull it most, and its cautions."""

    column: Column
    steadiness: dict[str, object]
    countries: pd.DataFrame
    cautions: tuple[str, ...]


def _fit(materials: Materials, panel: Panel, part: Part, step: int) -> Fitted:
    added = list(CONTROLS)[:step]
    materials.panel("countries", part.outcome, *(CONTROLS[name][1] for name in added))
    model = Linear(
        outcome=f"{CHANGE}{part.outcome}",
        terms=(EXPOSURE, *(CONTROLS[name][0] for name in added)),
        covariance=Robust("HC1"),
        sample=Sample(where=((WEAK, (part.weak,)),)),
    )
    fit = linear(panel, model)
    head = f"({step + 1})"
    column = column_of(fit, part.name, head, {EXPOSURE: TERM}, {"Controls": ", ".join(added) or "none"})
    pulls = influence(panel, fit, EXPOSURE)
    hc3 = linear(panel, replace(model, covariance=Robust("HC3"))).coefficient(EXPOSURE)[1]
    one = column.coefficients[0]
    unknown = dict(fit.dropped).get(EXPOSURE)
    notes = (*fit.notes, *((f"{part.name} {head}: {TERM} is not estimated ({unknown}).",) if unknown else ()))
    place = {"panel": part.name, "column": head, "term": TERM}
    facts = {**place, "estimate": one.estimate, "HC1": one.std_error, "HC3": hc3, **_range(pulls)}
    order = (pulls["without"].astype(float) - one.estimate).abs().sort_values(ascending=False, kind="stable").index
    return Fitted(column, facts, pulls.loc[order[:SHOWN]].assign(**place)[[*place, *pulls.columns]], notes)


def _range(pulls: pd.DataFrame) -> dict[str, object]:
    """Lowest and highest coefficient without one country, and which country that is."""
    without = pulls.set_index("importer")["without"].astype(float).dropna()
    if without.empty:
        return {"lowest": np.nan, "lowest_without": "", "highest": np.nan, "highest_without": ""}
    return {
        "lowest": without.min(),
        "lowest_without": without.idxmin(),
        "highest": without.max(),
        "highest_without": without.idxmax(),
    }


def _content(materials: Materials, switches: Switches, parts: tuple[Part, ...]) -> Content:
    panels = {trade: long_differences(materials, switches, trade) for trade in {part.trade for part in parts}}
    asked = [(part, step) for part in parts for step in range(len(CONTROLS) + 1)]
    found, left = those_possible(
        (f"{part.name} ({step + 1})", partial(_fit, materials, panels[part.trade], part, step)) for part, step in asked
    )
    more: Mapping[str, pd.DataFrame] = {
        "steadiness": pd.DataFrame([one.steadiness for one in found]),
        "influential_countries": pd.concat([one.countries for one in found], ignore_index=True),
    }
    columns = tuple(one.column for one in found)
    found_notes = dict.fromkeys(note for one in found for note in one.cautions)
    notes = (*_definitions(materials, switches), *CAUTIONS, *found_notes, *left)
    return Content(columns=columns, notes=notes, more=more)


def _definitions(materials: Materials, switches: Switches) -> tuple[str, ...]:
    years = known_years(materials)
    last = LAST_YEARS[switches.institution_years]
    line = "median" if switches.high_unrest == "above_median" else "mean plus one standard deviation"
    return (
        f"Outcome: mean index of {last[0]} to {last[1]}, of the years known, less the index of {BASELINE}, in standard "
        f"deviations. The paper does not name the first year.",
        f"{TERM}: years from {years[0]} to {years[-1]} with any deal in which unrest was above the country's own "
        f"{line} of {years[0]} to {years[-1]}. Total AI: years with any deal of the same kind. Total unrest: events. "
        f"Total trade: log of mean yearly imports. GDP: of {switches.regime_base}.",
        f"Countries: the 100 largest by GDP of those with a regime in {switches.regime_base}, without the exporter. "
        "Standard errors: HC1.",
        "A line of its own gives every country years of high unrest: without total AI the coefficient also tells "
        "those that buy often from those that do not.",
    )


def _table_5(materials: Materials, switches: Switches) -> Content:
    return _content(materials, switches, TABLE_5)


def _table_a18(materials: Materials, switches: Switches) -> Content:
    return _content(materials, switches, TABLE_A18)


def _table_a19(materials: Materials, switches: Switches) -> Content:
    return _content(materials, switches, TABLE_A19)


EXHIBITS: tuple[Exhibit, ...] = (
    Exhibit(
        name="table_5",
        number="Table 5",
        title="Imports of AI in years of unrest, and political institutions",
        uses=USES,
        make=_table_5,
    ),
    Exhibit(
        name="table_a18",
        number="Table A.18",
        title="Imports of AI in years of unrest, and parts of the index of institutions",
        uses=USES,
        make=_table_a18,
    ),
    Exhibit(
        name="table_a19",
        number="Table A.19",
        title="Imports of smart-city AI in years of unrest, and political institutions",
        uses=USES,
        make=_table_a19,
    ),
)
